"""Tell which public names work with which extra alone, and print docs/extras.rst's table.

``python .ci/check_extras.py WHEEL`` resolves each extra by pip without installing it, and has a
process try every name with only those packages to be seen that pip would install; run it where all
extras are installed. ``--install EXTRA...`` installs the wheel with these extras in fresh
environments and tries all names there, from an empty folder and without a home that can be written
to. Both must find the same. Exit code 1 where they do not, or where docs/extras.rst says else.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import warnings
from importlib import import_module, metadata
from importlib.machinery import PathFinder
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEVELOPERS = {"all", "bench", "docs", "fuzz", "models", "models-slow", "test", "test-stores"}
TEXTS = ["a quiet room by the sea", "rooms with a view of the sea", "a spa in the city"] * 2
NEEDS = re.compile(r"pip install \"textvec\[([\w-]+)\]\"")


class ReachedError(Exception):
    """A store's client was asked: all that must be imported is there."""


class Client:
    """Stands for the client of a store that runs elsewhere."""

    def __getattr__(self, name):
        raise ReachedError


# ------------------------------------------------------------------ what is done with each name


def vectors():
    """Return a few dense vectors."""
    import numpy as np

    return np.random.default_rng(0).normal(size=(40, 8)).astype("f4")


def fitted(name="BM25Vectorizer"):
    """Return a vectorizer that knows the texts."""
    import textvec

    more = {"vector_size": 2} if name == "LSAVectorizer" else {}
    return getattr(textvec, name)(**more).fit(TEXTS)


def searching(name, **more):
    """Return what builds an index and asks it."""
    return lambda t: getattr(t, name)(**more).fit(vectors()).kneighbors(vectors()[:2], 2)


def transforming(name, **more):
    """Return what fits a vectorizer and uses it."""
    return lambda t: getattr(t, name)(**more).fit(TEXTS).transform(TEXTS)


def encoding(backend, model):
    """Return what encodes by a backend."""
    return lambda t, places: t.TransformerVectorizer(
        places[model], backend=backend, device="auto"
    ).transform(TEXTS)


def tuning(strategy):
    """Return what tunes a tiny model by a strategy."""

    def tune(t, places):
        training = t.Training(epochs=1, batch_size=4)
        way = "full" if strategy is None else getattr(t, strategy)()
        t.FineTunedVectorizer(places["bert"], strategy=way, training=training, random_state=0).fit(
            [[f"sea {one}", f"view {one}"] for one in "abcdefgh"]
        )

    return tune


def items():
    """Return a small table."""
    import pandas as pd

    return pd.DataFrame({"name": list("abcdef"), "text": TEXTS})


def part_of(name, ask):
    """Return what asks a module of the package that is named by a path."""
    return lambda t: ask(import_module(f"textvec.{name}"))


def asked(service):
    """Ask a service for its models."""
    import asyncio

    async def one():
        said = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            said.append(message)

        scope = {"type": "http", "method": "GET", "path": "/v1/models", "query_string": b"",
                 "headers": [(b"host", b"localhost")], "raw_path": b"", "root_path": "",
                 "scheme": "http", "server": ("localhost", 80), "client": ("localhost", 1),
                 "http_version": "1.1", "asgi": {"version": "3.0"}}  # fmt: skip
        await service.make_app({"bm25": fitted()})(scope, receive, send)
        assert said[0]["status"] == 200, said
        import_module("textvec.serve.running")._patient_protocol(None)

    asyncio.run(one())


def pairs(name):
    """Return what has a language model, a function here, write records."""
    return lambda t: getattr(t, name)(lambda prompt: '["where is the sea?"]', TEXTS[:1], n=1)


USES = {  # name -> what is done with it; in a second argument the places of tiny models
    "AnnoyIndex": searching("AnnoyIndex"),
    "BM25Transformer": lambda t: t.BM25Transformer().fit(t.CountVectorizer().fit_transform(TEXTS)),
    "BM25Vectorizer": transforming("BM25Vectorizer"),
    "CharacterRecommender": lambda t: t.CharacterRecommender(random_state=0).fit(
        import_module("textvec.datasets").load_novel().text[:20_000]
    ),
    "CollectedPairs": lambda t: t.PPMI(vector_size=2, min_count=1).collect(TEXTS),
    "CollectedTerms": lambda t: t.CountVectorizer().collect(TEXTS),
    "ContentRecommender": lambda t: (
        t.ContentRecommender().fit(items(), ids="name", text="text").similar("a", 2)
    ),
    "CountVectorizer": transforming("CountVectorizer"),
    "CrossEncoderReranker": lambda t, places: t.CrossEncoderReranker(places["judge"]).rank(
        "sea", TEXTS[:3]
    ),
    "DocumentVectorizer": lambda t: t.DocumentVectorizer(
        t.KeyedVectors([[1.0, 0.0], [0.0, 1.0]], ["sea", "view"])
    ).fit_transform(TEXTS),
    "ExactIndex": searching("ExactIndex"),
    "FaissIndex": searching("FaissIndex"),
    "FineTunedVectorizer": tuning(None),
    "FineTunedVectorizer, strategy=BitFit()": tuning("BitFit"),
    "FineTunedVectorizer, strategy=Head()": tuning("Head"),
    "FineTunedVectorizer, strategy=LoRA()": tuning("LoRA"),
    "FineTunedVectorizer, strategy=Prefix()": tuning("Prefix"),
    'FineTunedVectorizer, strategy="adapter"': lambda t: t.FineTunedVectorizer(
        fitted("LSAVectorizer"), strategy="adapter", random_state=0
    ).fit([["sea view", "a room by the sea"], ["city spa", "a spa"]] * 4),
    "HashingVectorizer": transforming("HashingVectorizer"),
    "HnswlibIndex": searching("HnswlibIndex"),
    "HybridIndex": lambda t: t.HybridIndex().fit([vectors(), vectors()]),
    "JiebaTokenizer": lambda t: t.JiebaTokenizer()("海边的酒店"),
    "KeyedVectors": lambda t: t.KeyedVectors([[1.0, 0.0], [0.0, 1.0]], ["a", "b"]).most_similar(
        "a"
    ),
    "KeyedVectors.to_static_model": lambda t: t.KeyedVectors(
        [[1.0, 0.0], [0.0, 1.0]], ["sea", "view"]
    ).to_static_model(tempfile.mkdtemp()),
    "KeyedVectors.to_gensim": lambda t: t.KeyedVectors([[1.0, 0.0]], ["a"]).to_gensim(),
    "LSAVectorizer": transforming("LSAVectorizer", vector_size=2),
    "MinHashLSH": lambda t: t.MinHashLSH().fit(TEXTS).near_duplicates(),
    "PPMI": transforming("PPMI", vector_size=2, min_count=1),
    "ScannIndex": searching("ScannIndex"),
    "SparseAnnIndex": lambda t: t.SparseAnnIndex().fit(fitted().transform(TEXTS)),
    "SparseTransformerVectorizer": lambda t, places: t.SparseTransformerVectorizer(
        places["splade"]
    ).transform(TEXTS),
    "TfidfTransformer": lambda t: t.TfidfTransformer().fit(
        t.CountVectorizer().fit_transform(TEXTS)
    ),
    "TfidfVectorizer": transforming("TfidfVectorizer"),
    'TfidfVectorizer(tokenizer="jieba", stop_words="chinese")': transforming(
        "TfidfVectorizer", tokenizer="jieba", stop_words="chinese"
    ),
    'TfidfVectorizer(stem="english")': transforming("TfidfVectorizer", stem="english"),
    "TransformerVectorizer, PyTorch": encoding("transformers", "bert"),
    "TransformerVectorizer, sentence-transformers": encoding("sentence-transformers", "bert"),
    "TransformerVectorizer, ONNX": encoding("onnx", "onnx"),
    "TransformerVectorizer, static": encoding("static", "static"),
    "TransformerVectorizer, a server": lambda t: import_module("textvec._checks").import_optional(
        "openai", "openai"
    ),
    "TreeIndex": searching("TreeIndex"),
    "UsearchIndex": searching("UsearchIndex"),
    "Word2Vec": transforming("Word2Vec", vector_size=4, min_count=1),
    "align": lambda t: t.align(*[t.KeyedVectors(vectors()[:9], [*"abcdefghi"])] * 2),
    "compare": lambda t: t.compare(
        {"tfidf": t.TfidfVectorizer()},
        [import_module("textvec.evaluate.tasks").mini_benchmark_tasks("en")[0]],
    ),
    "Comparison.plot": lambda t: t.compare(
        {"tfidf": t.TfidfVectorizer()},
        [import_module("textvec.evaluate.tasks").mini_benchmark_tasks("en")[0]],
    ).plot(),
    "generate_pairs": pairs("generate_pairs"),
    "generate_triplets": lambda t: t.generate_triplets(
        lambda prompt: (
            '["Find the sea."]'
            if prompt.startswith("Think")
            else '{"query": "sea", "positive": "the sea", "negative": "a city"}'
        ),
        ["short-long"],
        n=1,
    ),
    "load": lambda t: t.load(saved(fitted())),
    "load_documents, text": lambda t: t.load_documents(written("a.md", "# Sea\n\nA view.")),
    "load_documents, HTML": lambda t: t.load_documents(
        written("a.html", "<html><body><p>" + "A view of the sea. " * 30 + "</p></body></html>")
    ),
    "longer_positions": lambda t, places: t.longer_positions(
        places["bert"], 100, Path(tempfile.mkdtemp(), "longer")
    ),
    "measure_index": lambda t: t.measure_index(t.ExactIndex(), vectors(), vectors()[:2], k=2),
    "mine_hard_negatives": lambda t: t.mine_hard_negatives(
        ["sea", "spa"], [TEXTS[0], TEXTS[2]], TEXTS[:3], t.TfidfVectorizer(), (1, 3), 1
    ),
    "pretrain_retromae": lambda t, places: t.pretrain_retromae(
        places["splade"], TEXTS, Path(tempfile.mkdtemp(), "mae")
    ),
    "show_map": lambda t: t.show_map(
        t.TfidfVectorizer(),
        [f"{text} {n}" for n in range(20) for text in TEXTS[:3]],
        Path(tempfile.mkdtemp(), "map.html"),
    ),
    "top_k": lambda t: t.top_k(vectors(), vectors(), 2),
    "tune_static": lambda t: t.tune_static(
        t.KeyedVectors(vectors(), [f"w{n}" for n in range(40)]),
        [[f"w{n}", f"w{n + 1}"] for n in range(39)],
        Path(tempfile.mkdtemp(), "static"),
    ),
    "columns of pyarrow, Parquet files": lambda t: t.CountVectorizer().fit(arrow(TEXTS)),
    "course.copy": part_of("course", lambda course: course.copy(Path(tempfile.mkdtemp(), "c"))),
    "serve.make_app": part_of("serve", asked),
    "integrations.as_mteb_model": part_of(
        "integrations.mteb", lambda one: one.as_mteb_model(fitted("TfidfVectorizer"))
    ),
    "integrations.chroma": part_of(
        "integrations.chroma", lambda one: one.as_chroma_function(saved(fitted("LSAVectorizer")))
    ),
    "integrations.dask": part_of("integrations.dask", lambda one: daskful(one)),
    "integrations.haystack": part_of(
        "integrations.haystack", lambda one: one.TextvecTextEmbedder(saved(fitted("LSAVectorizer")))
    ),
    "integrations.lancedb": part_of(
        "integrations.lancedb", lambda one: one.as_lancedb_function(saved(fitted("LSAVectorizer")))
    ),
    "integrations.langchain": part_of(
        "integrations.langchain", lambda one: one.as_embeddings(fitted("LSAVectorizer"))
    ),
    "integrations.llama_index": part_of(
        "integrations.llama_index", lambda one: one.as_embedding(fitted("LSAVectorizer"))
    ),
    "integrations.milvus": part_of(
        "integrations.milvus", lambda one: one.MilvusCollection(Client(), "a", fitted())
    ),
    "integrations.passages": part_of(
        "integrations.passages", lambda one: one.PassageIndex(fitted()).fit(TEXTS[:3])
    ),
    "integrations.pgvector": part_of(
        "integrations.pgvector", lambda one: one.PgvectorTable(Client(), "a", fitted())
    ),
    "integrations.qdrant": part_of(
        "integrations.qdrant", lambda one: one.QdrantCollection(Client(), "a", fitted())
    ),
    "integrations.sentence_transformers": part_of(
        "integrations.sentence_transformers", lambda one: one.as_sparse_encoder(fitted())
    ),
}
# These are built and handed over, and load nothing of their own.
USES |= {
    name: (lambda t, name=name: getattr(t, name)())
    for name in ("Adapter", "BitFit", "Head", "LoRA", "NegativeChecks", "Prefix", "Training")
}
USES["EWC"] = lambda t: t.EWC(TEXTS)
USES["Comparison"] = lambda t: t.Comparison


def saved(estimator):
    """Return the file of an estimator."""
    path = Path(tempfile.mkdtemp(), "one.textvec")
    estimator.save(path)
    return path


def written(name, text):
    """Return a file with a text."""
    path = Path(tempfile.mkdtemp(), name)
    path.write_text(text, encoding="utf-8")
    return path


def arrow(texts):
    """Return a column in Arrow's memory."""
    return import_module("textvec._checks").import_optional("pyarrow", "parquet").array(texts)


def daskful(one):
    """Fit on parts of a dask bag."""
    bag = import_module("textvec._checks").import_optional("dask.bag", "dask")
    import textvec

    one.fit(textvec.CountVectorizer(), bag.from_sequence(TEXTS, npartitions=2))


# ----------------------------------------------------------------------------------------- trying


class Only(PathFinder):
    """Finds what lies on the path, but for modules that are to be hidden."""

    hidden: frozenset = frozenset()

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return where a module is, or None."""
        if path is None and fullname in cls.hidden:
            return None
        return PathFinder.find_spec(fullname, path, target)


def hide_all_but(packages):
    """Hide what other packages brought."""
    allowed = {plain(name) for name in packages} | {"textvec", "pip", "setuptools"}
    Only.hidden = frozenset(
        module
        for module, owners in metadata.packages_distributions().items()
        if not allowed & {plain(owner) for owner in owners}
    )
    sys.meta_path[:] = [Only if finder is PathFinder else finder for finder in sys.meta_path]


def plain(name):
    """Return the name of a package as indexes have it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def probe(places):
    """Try all names; print, as JSON, what each says: "" where it works."""
    warnings.simplefilter("ignore")
    import textvec

    found = {}
    for name, use in USES.items():
        try:
            if use.__code__.co_argcount - len(use.__defaults__ or ()) == 2:
                use(textvec, places)
            else:
                use(textvec)
            found[name] = ""
        except ReachedError:
            found[name] = ""
        except Exception as error:
            extra = NEEDS.search(str(error))
            found[name] = extra[1] if extra else f"{type(error).__name__}: {error}"[:300]
    covered = {re.split(r"\W", name)[0] for name in USES}
    found |= dict.fromkeys(set(textvec._HOME) - covered, "is not tried")
    print(json.dumps(found))


def tiny_models(folder):
    """Write tiny models, where all libraries are; return their places."""
    sys.path.insert(0, str(ROOT))
    from tests.contract import models
    from textvec.encoders.onnx_export import export_onnx

    export_onnx(models.tiny_encoder(), folder / "onnx", int8=False)
    return {
        "bert": models.tiny_encoder(),
        "splade": models.tiny_splade(),
        "judge": models.tiny_classifier(),
        "static": models.tiny_static(),
        "onnx": str(folder / "onnx"),
    }


def resolved(wheel, extra):
    """Return the names and versions of all that pip would install for an extra."""
    wish = f"{wheel}[{extra}]" if extra else str(wheel)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet",
         "--report", "-", wish],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    installs = json.loads(done.stdout)["install"]
    return {one["metadata"]["name"]: one["metadata"]["version"] for one in installs}


def tried(python, places, folder, only=None, **environment):
    """Return what a process says of all names."""
    script = Path(folder, "check_extras.py")
    script.write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    arguments = ["--probe", json.dumps({"places": places, "only": only})]
    done = subprocess.run(
        [python, script, *arguments], cwd=folder, env=os.environ | environment,
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def installed(wheel, extra, folder):
    """Install a wheel with an extra in a fresh environment; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    wish = f"{wheel}[{extra}]" if extra else str(wheel)
    subprocess.run([python, "-m", "pip", "install", "--quiet", wish], check=True)
    return python


def main():
    """Try the extras, and print which name works with which."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel", type=Path, nargs="?")
    parser.add_argument("--extras", nargs="*", help="Some extras; all by default. '' is none.")
    parser.add_argument("--install", nargs="*", default=[], help="Extras to install for real.")
    parser.add_argument("--probe", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        asked_for = json.loads(options.probe)
        if asked_for["only"] is not None:
            hide_all_but(asked_for["only"])
        probe(asked_for["places"])
        return 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ["", *(set(project["optional-dependencies"]) - DEVELOPERS)]
    extras = sorted(extras if options.extras is None else options.extras)
    wheel = options.wheel.resolve()
    found = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        places = tiny_models(folder)
        for extra in extras:
            packages = resolved(wheel, extra)
            if extra in options.install:
                fresh = folder / f"fresh-{extra}"
                fresh.mkdir()
                python = installed(wheel, extra, fresh)
                found[extra] = tried(python, places, fresh, HOME="/dev/null/home", PYTHONPATH="")
            else:
                found[extra] = tried(
                    sys.executable, places, folder, [*packages], PYTHONPATH=str(ROOT)
                )
            works = sum(said == "" for said in found[extra].values())
            odd = {n: said for n, said in found[extra].items() if said and said not in extras}
            how = "installed" if extra in options.install else "resolved"
            print(f"{extra or 'none':12} {how}, {len(packages)} packages: {works} work", odd or "")
    bare = found.get("", {})
    for name in sorted(USES, key=str.lower):
        adds = [extra for extra in extras if extra and found[extra][name] == "" and bare.get(name)]
        print(f"{name:60} {'bare' if bare.get(name) == '' else ', '.join(adds) or 'NONE'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
