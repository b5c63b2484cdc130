"""Works that are interrupted by Ctrl-C; each then checks what is left, and works again."""

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
from scipy import sparse

from textvec import (
    CountVectorizer,
    ExactIndex,
    MinHashLSH,
    TfidfVectorizer,
    TransformerVectorizer,
    Word2Vec,
    compare,
    load,
    show_map,
)
from textvec.dense.training import Training
from textvec.evaluate.tasks import RetrievalTask

RNG = np.random.default_rng(0)
NAMES = np.array([f"word{i}" for i in range(20_000)])
TEXTS = [" ".join(NAMES[RNG.zipf(1.3, 100) % len(NAMES)]) for _ in range(6_000)]


class CtrlC:
    """Sends it from a thread aside, so many seconds after a condition holds; then looks.

    Until it is heeded all threads may compute for ``prompt`` seconds: others may use the processor.
    """

    def __init__(self, seconds, condition=lambda: True, prompt=0.4):
        self.prompt = prompt

        def send():
            while not condition():
                time.sleep(0.01)
            time.sleep(seconds)
            self.sent = time.process_time()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=send, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        computed = time.process_time() - self.sent
        assert kind is KeyboardInterrupt, f"{kind} {error}"
        assert computed < self.prompt, f"{computed:.2f} s of computing"
        names = {thread.name for thread in threading.enumerate()} - {"tqdm_monitor"}
        assert names == {"MainThread"}, names
        return True


def search_dense(n_jobs):
    vectors = RNG.random((50_000, 512), np.float32)
    index = ExactIndex(n_jobs=n_jobs).fit(vectors)
    index.search(vectors[:5], 1)
    with CtrlC(0.3):
        index.search(vectors, 10)
    assert index.search(vectors[:5], 1)[1].ravel().tolist() == [0, 1, 2, 3, 4]


def search_sparse(n_jobs):
    n_rows, n_terms = 40_000, 80
    columns = np.sort(RNG.zipf(1.2, (n_rows, n_terms)) % 50_000, axis=1).ravel()
    indptr = np.arange(0, n_rows * n_terms + 1, n_terms)
    vectors = sparse.csr_array((np.ones(len(columns)), columns, indptr))
    vectors.sum_duplicates()
    index = ExactIndex(n_jobs=n_jobs).fit(vectors)
    index.search(vectors[:5], 1)
    with CtrlC(0.3):
        index.search(vectors, 10)
    np.testing.assert_allclose(index.search(vectors[:5], 1)[0], 1)


def find_duplicates(n_jobs):
    """Interrupt the search for pairs, then for neighbours; each item meets hundreds of others."""
    lsh = MinHashLSH(threshold=0.5, n_jobs=n_jobs).fit(TEXTS[:5])
    signatures = lsh.signatures_
    lsh.near_duplicates()
    lsh.kneighbors(TEXTS[:5], 1)
    lsh._take(RNG.integers(0, 4, (100_000, 128)).astype(np.uint32))
    lsh.kneighbors(TEXTS[:5], 1)
    for search in (lsh.near_duplicates, lsh.kneighbors):
        with CtrlC(0.3):
            search()
    lsh._take(signatures)
    assert lsh.near_duplicates(1)[0].tolist() == []
    assert lsh.kneighbors(TEXTS[:5], 1)[1].ravel().tolist() == [0, 1, 2, 3, 4]


def train(random_state, path):
    """Interrupt training in the midst of a round."""
    run, begun = Training.run, threading.Event()

    def announced(*arguments):
        begun.set()
        return run(*arguments)

    Training.run = announced
    options = {"vector_size": 300, "window": 10, "negative": 15, "sample": 0, "n_jobs": 2}
    model = Word2Vec(epochs=1_000, random_state=random_state, **options)
    with CtrlC(0.4, begun.is_set, prompt=1.5):
        model.fit(TEXTS)
    assert model.transform(TEXTS[:2]).any()
    model.save(path)
    assert load(path)._unfinished["progress"]["epoch"] < 1_000
    model.set_params(epochs=1).fit(TEXTS[:100])
    assert len(model.loss_history_) == 1


def count():
    vectorizer = TfidfVectorizer(ngram_range=(1, 3))
    vectorizer.fit(TEXTS[:10])
    with CtrlC(0.3, prompt=1.5):
        while True:
            vectorizer.fit(TEXTS)
    assert vectorizer.fit_transform(["sea view"]).shape == (1, 3)


def compare_methods(folder):
    """Interrupt the second cell."""
    methods = {"quick": CountVectorizer(), "slow": TfidfVectorizer(ngram_range=(1, 3))}
    corpus = dict(enumerate(TEXTS))
    tasks = [RetrievalTask({"q": "sea"}, corpus, {"q": {0: 1}}, f"{n}") for n in range(50)]
    with CtrlC(0.5, prompt=1, condition=lambda: len(list(Path(folder).glob("*.json"))) > 0):
        compare(methods, tasks, cache=folder)
    cells = list(Path(folder).glob("*.json"))
    assert 0 < len(cells) < 100
    assert len(list(Path(folder).iterdir())) == len(cells)


def encode(url, texts, folder):
    """Interrupt the wait for a server, after its first answer."""
    vectorizer = TransformerVectorizer(
        "tiny", backend="openai", model_kwargs={"base_url": url}, cache=folder, batch_size=1,
        max_length=64,
    )  # fmt: skip
    database = Path(folder, "vectors.sqlite")
    with CtrlC(0.1, database.exists):
        vectorizer.transform(texts)


def draw_map(path):
    """Interrupt the drawing of a large map; the page before it stays."""
    path = Path(path)
    show_map(RNG.random((20, 8)), TEXTS[:20], path)
    before = path.read_bytes()
    vectors = RNG.random((len(TEXTS), 64))
    with CtrlC(1, prompt=1.5):
        while True:
            show_map(vectors, TEXTS, path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


_WORKS = search_dense, search_sparse, find_duplicates, train, count, compare_methods, encode
_WORKS += (draw_map,)
WORKS = {f"interrupt_{work.__name__}": work for work in _WORKS}
