"""Put the service through a day in minutes: a mixed crowd, hostile guests, reloads, restarts.

Sixteen clients ask for all that it has, one time in ten for what is none, and each answer is held
against what the estimators say alone. Beside them are guests that write or read byte by byte or not
at all, send bodies without end, leave, or come in floods; files are replaced, some by broken ones,
and the service is told to stop and started anew. Memory, files and threads are read each second.
Run it for twenty minutes, on two cores: python benchmarks/bench_serve_day.py [--seconds 1200]
"""

import argparse
import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import pandas as pd
from _timing import print_table, processor
from bench_serve import exchange, free_port, line, percentile, short_texts

from textvec import (
    BM25Vectorizer,
    ContentRecommender,
    ExactIndex,
    HybridIndex,
    LSAVectorizer,
    TfidfVectorizer,
)

CLIENTS = 16
BODY, CONNECTIONS, PATIENCE = 1 << 20, 128, 3  # the bounds: small, to be met often
SERVE = f"""
from functools import partial
from textvec.cli import main
from textvec.serve import limits
limits.Limits = partial(
    limits.Limits, body={BODY}, connections={CONNECTIONS}, patience={PATIENCE}
)
main()
"""
MODELS = ["lsa", "tfidf", "bm25", "fixed", "index@bm25", "hybrid@bm25,fixed", "items"]
RESTARTS = (0.05, 0.1, 0.15, 0.2)  # of the time; then one long life
RELOAD_EVERY = 4  # seconds
ODD = [
    "",
    "nothing known",
    "\ud800",
    "海边的酒店，安静的房间",
    "🏖 naïve " * 40,
    "sort array " * 500,
]


class Job(NamedTuple):
    """A request, and what may be answered: statuses, or what a part of the answer is equal to."""

    request: bytes
    statuses: frozenset = frozenset({200})
    part: object = None
    wanted: tuple = ()


def main():
    """Print what was seen through the time, and what was found with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=1200)
    options = parser.parse_args()
    print(processor(), f"{options.seconds:.0f} seconds\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder), options.seconds)
        asyncio.run(day.run())
        lines = day.hours()
        print_table(lines, list(lines[0]))
        print()
        found = day.verdict()
    print_table(found, ["what", "found", "bar", "met"])
    for wrong in day.wrong[:10]:
        print(*wrong, sep="\n  ")
    return int(any(one["met"] == "NO" for one in found))


class Day:
    """A service, its guests, and what is seen of them."""

    def __init__(self, folder, seconds):
        self.folder, self.seconds = folder, seconds
        self.key = f"sk-{secrets.token_hex(16)}"
        self.port = free_port()
        self.counts = Counter()
        self.wrong = []  # what was asked, and what came
        self.answered = []  # (when, seconds)
        self.samples = []  # (when, life, MB, files, threads)
        self.stops = []  # seconds from SIGTERM to the end
        self.lives = 0
        self.excused = 0.0  # until when the door may be shut
        self.process = None
        self.files, self.jobs, self.malformed, self.large = self.prepared()

    def prepared(self):
        """Save what is served; return both versions of files, and what may be asked."""
        texts = short_texts(2000)
        halves = texts[:1500], texts[500:]
        lsa = [LSAVectorizer(vector_size=32, random_state=0).fit(half) for half in halves]
        tfidf = [TfidfVectorizer().fit(half) for half in halves]
        bm25 = BM25Vectorizer().fit(texts)
        documents = bm25.transform(texts)
        items = pd.DataFrame({"id": [f"i{row}" for row in range(300)], "text": texts[:300]})
        things = {
            "lsa": lsa,
            "tfidf": tfidf,
            "bm25": [bm25],
            "fixed": [lsa[0]],
            "index": [ExactIndex(metric="dot").fit(documents)],
            "hybrid": [HybridIndex().fit([documents, lsa[0].transform(texts)])],
            "items": [ContentRecommender().fit(items, ids="id", text="text")],
        }
        files = {}
        for name, versions in things.items():
            files[name] = []
            for thing in reversed(versions):  # the first is what is served first
                thing.save(self.folder / f"{name}.textvec")
                files[name].insert(0, (self.folder / f"{name}.textvec").read_bytes())
        draw = np.random.default_rng(0)
        jobs = [self.job(draw, things, texts + ODD) for _ in range(2000)]
        some = texts[:100]
        dense = [vectorizer.transform(some).toarray().astype("f4").tolist() for vectorizer in tfidf]
        large = self.asked("/v1/embeddings", {"model": "tfidf", "input": some}, vectors, *dense)
        return files, jobs, self.none_of_these(), large

    def job(self, draw, things, texts):
        """Draw something to ask for, and have the answer at hand."""
        some = [texts[at] for at in draw.integers(len(texts), size=draw.integers(1, 9))]
        one, k, kind = some[0], int(draw.integers(1, 20)), draw.random()
        if kind < 0.6:
            name = str(draw.choice(["lsa", "tfidf", "bm25"]))
            form = "sparse" if name != "lsa" else str(draw.choice(["float", "base64", "sparse"]))
            side = str(draw.choice(["document", "query"])) if name == "bm25" else "document"
            ask = "transform_queries" if side == "query" else "transform"
            wanted = [in_form(getattr(thing, ask)(some), form) for thing in things[name]]
            body = {"model": name, "input": some, "encoding_format": form, "input_type": side}
            return self.asked("/v1/embeddings", body, vectors, *wanted)
        if kind < 0.8:
            name = str(draw.choice(["index", "hybrid"]))
            views = [things["bm25"][0].transform_queries([one])]
            views = views[0] if name == "index" else [*views, things["fixed"][0].transform([one])]
            scores, rows = things[name][0].search(views, k)
            best = [[i, s] for i, s in zip(rows[0].tolist(), scores[0].tolist()) if i >= 0]
            return self.asked("/search", {"model": name, "query": one, "k": k}, pairs, [best])
        items = things["items"][0]
        ids = [f"i{row}" for row in draw.choice(300, size=3, replace=False)]
        wishes = (
            ({"id": ids[0]}, lambda: items.similar(ids[0], k)),
            ({"liked": ids[:2], "disliked": ids[2:]}, lambda: items.recommend(ids[:2], ids[2:], k)),
            ({"query": one}, lambda: items.query(one, k)),
        )
        if kind < 0.95:
            wish, answer = wishes[draw.integers(3)]
            found = answer()
            best = [list(pair) for pair in zip(found["id"].tolist(), found["score"].tolist())]
            return self.asked("/recommend", {"model": "items", **wish, "k": k}, pairs, best)
        path = str(draw.choice(["/health", "/metrics", "/v1/models", "/v1/models/lsa"]))
        return Job(self.raw("GET", path))

    def none_of_these(self):
        """Return requests that are none, each with the status that says so."""
        wrong_key = f"Bearer {self.key[:-1]}{'0' if self.key[-1] != '0' else '1'}"
        post, good = "/v1/embeddings", {"model": "lsa", "input": "sort"}
        wish = {"model": "items"}
        bodies = {
            400: (b"", b"{", bytes(99), b"[" * 9999, b'"text"', {"model": "lsa"},
                  {**good, "colour": 1}, {**good, "input": [1]}, {**good, "input": [""] * 2049},
                  {**good, "input": "x" * 100_001}, {**good, "dimensions": 33}),
            404: ({"model": "nobody", "input": "a"}, {"model": "\ud800", "input": "a"}),
        }  # fmt: skip
        found = [
            (self.raw("POST", post, body), status) for status in bodies for body in bodies[status]
        ]
        found += [
            (self.raw("POST", "/recommend", {**wish, "id": "i1", "diversity": 10**400}), 400),
            (self.raw("POST", "/recommend", {**wish, "liked": {"zz": 1}}), 400),
            (self.raw("GET", "/nobody/knows"), 404),
            (self.raw("DELETE", "/v1/models"), 405),
            (self.raw("POST", post, good, authorization=""), 401),
            (self.raw("POST", post, good, authorization=wrong_key), 401),
            (self.raw("POST", post, good, host="evil.example"), 421),
            (self.raw("POST", post, good, origin="http://evil.example"), 403),
            (self.raw("POST", post, good, origin="http://["), 403),
            (self.raw("POST", post, b"", **{"content-length": str(BODY + 1)}), 413),
            (self.raw("GET", "/health", x="y" * (70 << 10)), 431),
            (b"NOT HTTP AT ALL\r\n\r\n", 400),
            (f"GET /metrics HTTP/1.1\r\nAuthorization Bearer {self.key}\r\n\r\n".encode(), 400),
        ]  # fmt: skip
        return [Job(request, frozenset({status})) for request, status in found]

    def asked(self, path, body, part, *wanted):
        """Return a job that posts a body."""
        return Job(self.raw("POST", path, body), part=part, wanted=wanted)

    def raw(self, method, path, body=None, **headers):
        """Return the bytes of a request that bears the key."""
        content = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        headers = {
            "host": f"127.0.0.1:{self.port}",
            "authorization": f"Bearer {self.key}",
            "content-length": str(len(content)),
            **headers,
        }
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "\r\n"]).encode() + content

    # ---------------------------------------------------------------------------------- the course

    async def run(self):
        """Live through the day."""
        await self.start()
        self.quiet = self.seen()
        self.began = time.monotonic()
        self.end = self.began + self.seconds
        guests = (
            self.silent, self.slow_head, self.slow_second_head, self.slow_body, self.endless_body,
            self.slow_reader, self.deaf, self.leaver, self.pipeliner, self.flood,
        )  # fmt: skip
        sampler = asyncio.create_task(self.sample())
        await asyncio.gather(
            self.direct(),
            *(self.client(number) for number in range(CLIENTS)),
            *(self.again(guest) for guest in guests),
        )
        sampler.cancel()
        await asyncio.sleep(3 * PATIENCE + 6)  # until all that was held is let go
        self.after = self.seen()
        self.reloads = Counter()
        job = Job(self.raw("GET", "/metrics"))
        for text in (await self.ask(job))[1].decode().splitlines():
            if text.startswith("textvec_reloads_total"):
                self.reloads[text.split('"')[1]] = int(text.split()[-1])
            if 'status="5' in text:
                self.counts["status " + text.split('status="')[1][:3]] += int(text.split()[-1])
        await self.stop()

    async def start(self):
        """Start the service, and wait until its port answers."""
        models = [
            f"{name.split('@')[0]}.textvec{name[len(name.split('@')[0]) :]}" for name in MODELS
        ]
        with open(self.folder / "log.txt", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE, "serve", *models, "--port", str(self.port)],
                cwd=self.folder, env=os.environ | {"TEXTVEC_API_KEY": self.key},
                stdout=log, stderr=log,
            )  # fmt: skip
        while True:
            self.excused = time.monotonic() + 1
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log.txt").read_text()[-2000:])
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                break
            await asyncio.sleep(0.1)
        self.lives += 1

    async def stop(self):
        """Tell the service to stop while it is asked, and wait for its end."""
        begun = time.monotonic()
        self.excused = begun + 120
        self.process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.to_thread(self.process.wait, 100)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "none within 100 s"
        self.stops.append(time.monotonic() - begun)
        if code not in (0, -signal.SIGTERM):
            self.blame("the end", f"code {code}")

    async def direct(self):
        """Replace files, break one now and then, and stop and start the service."""
        restarts = [self.began + share * self.seconds for share in RESTARTS]
        turn = 0
        while time.monotonic() < self.end - 2 * RELOAD_EVERY:
            await asyncio.sleep(RELOAD_EVERY)
            turn += 1
            if turn % 5 == 0:
                whole = self.files["lsa"][0]
                (self.folder / "lsa.textvec").write_bytes(whole[: len(whole) // 2])
                await asyncio.sleep(RELOAD_EVERY)
            for name in ("lsa", "tfidf") if turn % 2 else ("lsa", "bm25", "index", "items"):
                versions = self.files[name]
                beside = self.folder / "new"
                beside.write_bytes(versions[turn // 2 % len(versions)])
                beside.replace(self.folder / f"{name}.textvec")
            if restarts and time.monotonic() > restarts[0]:
                restarts.pop(0)
                await self.stop()
                await self.start()

    def seen(self):
        """Return MB, open files and threads of the service."""
        place = Path(f"/proc/{self.process.pid}")
        status = dict(
            text.split(":\t", 1)
            for text in (place / "status").read_text().splitlines()
            if ":\t" in text
        )
        n_files = len(list((place / "fd").iterdir()))
        return int(status["VmRSS"].split()[0]) * 1.024e-3, n_files, int(status["Threads"])

    async def sample(self):
        """Look at the service each second."""
        while True:
            with suppress(OSError, KeyError):
                self.samples.append((time.monotonic() - self.began, self.lives, *self.seen()))
            await asyncio.sleep(1)

    # ------------------------------------------------------------------------------- who comes

    async def client(self, number):
        """Ask for one thing after another, over connections that stay open."""
        draw = np.random.default_rng(number)
        connection = None
        while time.monotonic() < self.end:
            some = self.malformed if draw.random() < 0.1 else self.jobs
            job = some[draw.integers(len(some))]
            begun = time.monotonic()
            status, body, connection = await self.ask(job, connection)
            if status == 503 and begun < self.excused:
                self.counts["503 in a flood"] += 1
                await asyncio.sleep(0.1)
            elif status is None and begun < self.excused:
                self.counts["not taken"] += 1
                await asyncio.sleep(0.1)
            else:
                self.judge(job, status, body)
                self.answered.append((begun - self.began, time.monotonic() - begun))
        if connection is not None:
            connection[1].close()

    async def ask(self, job, connection=None):
        """Return status, body and the connection, None where it has ended."""
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
            status, body, stays = await asyncio.wait_for(exchange(*connection, job.request), 60)
        except TimeoutError:
            return "no answer in 60 s", b"", None
        except OSError:
            return None, b"", None
        if not stays:
            connection[1].close()
            connection = None
        return status, body, connection

    def judge(self, job, status, body):
        """Hold an answer against what it should be."""
        good = status in job.statuses
        if good and job.part is not None:
            good = job.part(json.loads(body)) in job.wanted
        self.counts["answers"] += 1
        self.counts["malformed"] += job.statuses != {200}
        self.counts["key told"] += self.key.encode() in body
        if status == "cut":
            self.counts["lost"] += 1
        elif not good:
            self.blame(job.request[:300].replace(self.key.encode(), b"KEY"), (status, body[:300]))

    def blame(self, what, came):
        """Keep what went wrong."""
        self.counts["wrong"] += 1
        self.wrong.append((what, came))

    async def again(self, guest):
        """Have a guest come as often as there is time."""
        name = guest.__name__
        while time.monotonic() < self.end:
            begun = time.monotonic()
            try:
                right = await asyncio.wait_for(guest(), 60)
            except (OSError, asyncio.IncompleteReadError) as error:
                right = repr(error)
            except TimeoutError:
                right = "60 s, and no end"
            self.counts["guests"] += 1
            self.counts[name] += 1
            if right is not True and not begun < self.excused:
                self.blame(name, right)
            await asyncio.sleep(0.2)

    async def ended(self, reader, n_bytes=1 << 26):
        """Return whether the service ends a connection in good time; and what it said."""
        said = b""
        try:
            async with asyncio.timeout(4 * PATIENCE + 10):
                while len(said) < n_bytes and (some := await reader.read(1 << 16)):
                    said += some
        except TimeoutError:
            return False, said
        except OSError:
            pass
        return True, said

    async def connected(self):
        """Return a connection of a guest."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def silent(self):
        """Say nothing; be sent away."""
        reader, writer = await self.connected()
        right, said = await self.ended(reader)
        writer.close()
        return (right and not said) or said

    async def dripping(self, reader, writer, content, pause=0.1):
        """Send byte by byte until the service ends it."""

        async def drip():
            with suppress(OSError):
                for place in range(len(content)):
                    writer.write(content[place : place + 1])
                    await asyncio.sleep(pause)

        sending = asyncio.create_task(drip())
        found = await self.ended(reader)
        sending.cancel()
        writer.close()
        return found

    async def slow_head(self):
        """Write headers byte by byte; be sent away."""
        head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1000
        right, said = await self.dripping(*await self.connected(), head)
        return (right and not said) or said

    async def slow_second_head(self):
        """Ask well, and then write headers byte by byte; be answered, and sent away."""
        reader, writer = await self.connected()
        writer.write(self.raw("GET", "/health"))
        head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1000
        right, said = await self.dripping(reader, writer, head)
        return (right and said.count(b"HTTP/1.1") == 1 and b" 200 " in said) or said

    async def slow_body(self):
        """Write a body byte by byte; hear 408."""
        reader, writer = await self.connected()
        writer.write(self.raw("POST", "/search", b"", **{"content-length": "5000"}))
        right, said = await self.dripping(reader, writer, b" " * 5000)
        return (right and b" 408 " in said) or said

    async def endless_body(self):
        """Send a body in pieces without end; have a bounded number of bytes taken."""
        _, writer = await self.connected()
        head = self.raw("POST", "/search", b"", **{"transfer-encoding": "chunked"})
        writer.write(head.replace(b"content-length: 0\r\n", b""))
        piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        n_sent = 0
        try:
            while n_sent < 64 * BODY:
                writer.write(piece)
                await asyncio.wait_for(writer.drain(), 20)
                n_sent += len(piece)
        except OSError:
            pass
        writer.close()
        return n_sent < 32 * BODY or f"{n_sent} bytes taken"

    async def slow_reader(self):
        """Ask for much and take it up in small pieces; have all of it, and right."""
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", self.port))
            await loop.sock_sendall(client, self.large.request)
            said = b""
            while b"\r\n\r\n" not in said or len(said.partition(b"\r\n\r\n")[2]) < length_of(said):
                some = await loop.sock_recv(client, 1 << 15)
                if not some:
                    break
                said += some
                await asyncio.sleep(0.02)
        head, _, body = said.partition(b"\r\n\r\n")
        if b" 503 " in head and self.excused > time.monotonic() - 30:
            return True
        if len(body) < length_of(said) or b" 200 " not in head:
            return head[:200], len(body)
        return vectors(json.loads(body)) in self.large.wanted or "other vectors"

    async def deaf(self):
        """Ask for much and take nothing up; be sent away."""
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", self.port))
            await loop.sock_sendall(client, self.large.request)
            await asyncio.sleep(3 * PATIENCE + 6)
            with suppress(ConnectionError):
                async with asyncio.timeout(20):
                    while await loop.sock_recv(client, 1 << 20):
                        pass
        return True

    async def leaver(self):
        """Ask and go, without a word or by a slammed door."""
        for turn in range(20):
            _, writer = await self.connected()
            writer.write(self.jobs[turn].request)
            if turn % 2:
                slam = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, slam
                )
            writer.close()
        return True

    async def pipeliner(self):
        """Ask five times in one breath; have five answers in that order."""
        some = [self.jobs[at] for at in np.random.default_rng().integers(len(self.jobs), size=5)]
        connection = await self.connected()
        connection[1].write(b"".join(job.request for job in some))
        for job in some:
            begun = time.monotonic()
            status, body, stays = await exchange(*connection, b"")
            if status in (503, None) and begun < self.excused + 30:
                return True
            self.judge(job, status, body)
            if not stays:
                break
        connection[1].close()
        return True

    async def flood(self):
        """Come as hundreds at once, half of them with a wish; and stay until sent away."""
        await asyncio.sleep(15)
        n_more = CONNECTIONS + 100

        async def one(number):
            with suppress(OSError):
                reader, writer = await self.connected()
                if number % 2:
                    writer.write(self.raw("GET", "/health"))
                right, said = await self.ended(reader)
                writer.close()
                return (right and b" 500 " not in said) or said
            return True

        self.excused = max(self.excused, time.monotonic() + 30)
        found = await asyncio.gather(*map(one, range(n_more)))
        self.excused = max(self.excused - 30, time.monotonic() + 1)
        bad = [right for right in found if right is not True]
        return not bad or bad[:2]

    # ------------------------------------------------------------------------------ what was seen

    def hours(self):
        """Return lines of what was seen in each tenth of the time."""
        lines = []
        for tenth in range(10):
            begin, end = (self.seconds * at / 10 for at in (tenth, tenth + 1))
            taken = [seconds for when, seconds in self.answered if begin <= when < end]
            samples = [sample[2:] for sample in self.samples if begin <= sample[0] < end]
            if not taken or not samples:
                continue
            memory, files, threads = zip(*samples)
            lines.append(
                {
                    "from s": f"{begin:.0f}",
                    "answers": str(len(taken)),
                    "median ms": f"{percentile(taken, 50):.0f}",
                    "p99 ms": f"{percentile(taken, 99):.0f}",
                    "MB": f"{min(memory):.0f} to {max(memory):.0f}, median {median(memory):.0f}",
                    "files": f"{min(files)} to {max(files)}, median {median(files):.0f}",
                    "threads": f"{min(threads)} to {max(threads)}",
                }
            )
        return lines

    def verdict(self):
        """Return lines of what was found, with the bars."""
        counts = self.counts
        log = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        last = [sample for sample in self.samples if sample[1] == self.lives]
        early, late = last[len(last) // 4 : len(last) // 2], last[3 * len(last) // 4 :]
        grown = median(s[2] for s in late) / median(s[2] for s in early)
        threads = [max((s[4] for s in some), default=0) for some in (early, late)]
        told = counts["key told"] + log.count(self.key)
        failed = log.count("Traceback") + counts["status 500"]
        guests = ("silent", "slow_head", "slow_second_head", "slow_body", "endless_body",
                  "slow_reader", "deaf", "leaver", "pipeliner", "flood")  # fmt: skip
        return [
            line("answers", f"{counts['answers']:,}, {counts['malformed']:,} to malformed"),
            line("503 in a flood, and not taken at an end",
                 f"{counts['503 in a flood']}, {counts['not taken']}"),
            line("guests", ", ".join(f"{counts[name]} {name}" for name in guests)),
            none("wrong, or another's", counts["wrong"]),
            none("lost after they were taken", counts["lost"]),
            none("failures in log and metrics", failed),
            none("places where the key stands", told),
            line("ends after SIGTERM", f"{len(self.stops)}, longest {max(self.stops):.1f} s"),
            line("files read anew, and refused, in the last life",
                 f"{self.reloads['read']}, {self.reloads['failed']}"),
            line("memory of the last quarter of that life", f"{grown:.3f} of the second", "1.05",
                 grown <= 1.05),
            line("threads", f"{threads[0]} then {threads[1]}", "equal", threads[0] == threads[1]),
            line("open files, quiet", f"{self.quiet[1]} then {self.after[1]}", "equal",
                 self.after[1] <= self.quiet[1]),
            line("log", f"{len(log):,} characters, {log.count(chr(10)):,} lines"),
        ]  # fmt: skip


def none(what, number):
    """Return a line about what must not be."""
    return line(what, f"{number}", "0", number == 0)


def vectors(answer):
    """Return the vectors of an answer."""
    return [one["embedding"] for one in answer["data"]]


def pairs(answer):
    """Return ids with scores of an answer, of each query where there are several."""
    found = answer["results"]
    if found and isinstance(found[0], list):
        return [[[one["id"], one["score"]] for one in best] for best in found]
    return [[one["id"], one["score"]] for one in found]


def in_form(rows, form):
    """Return vectors as they stand in an answer."""
    if form == "base64":
        return [base64.b64encode(row.astype("<f4").tobytes()).decode() for row in rows]
    if form == "float":
        return rows.tolist()
    columns = [np.flatnonzero(row) for row in rows] if isinstance(rows, np.ndarray) else None
    if columns is None:
        rows = [rows[[at]] for at in range(rows.shape[0])]
        return [{"indices": row.indices.tolist(), "values": row.data.tolist()} for row in rows]
    return [{"indices": at.tolist(), "values": row[at].tolist()} for row, at in zip(rows, columns)]


def length_of(said):
    """Return how many bytes a body has by its headers."""
    head = said.partition(b"\r\n\r\n")[0].lower()
    return int(head.partition(b"content-length:")[2].split()[0])


if __name__ == "__main__":
    sys.exit(main())
