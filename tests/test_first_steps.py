"""What beginners try first with vectors, files and comparisons is refused with a cure."""

import numpy as np
import pytest

import textvec
from textvec import (
    PPMI,
    AnnoyIndex,
    BM25Vectorizer,
    DocumentVectorizer,
    ExactIndex,
    HybridIndex,
    KeyedVectors,
    Word2Vec,
    compare,
    measure_index,
    top_k,
)
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask

WORDS = KeyedVectors(np.eye(3, dtype=np.float32), ["king", "queen", "man"])
ROWS = np.random.default_rng(0).normal(size=(20, 4))
TEXTS = ["sea view", "the sea"]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: top_k(["sea"], TEXTS, k=1), "is a text: turn texts into"),
        (
            lambda: ExactIndex().fit(np.array(TEXTS)),
            "must be vectors, and .*'sea view'.* is a text",
        ),
        (lambda: AnnoyIndex().fit(TEXTS), "must be vectors, and 'sea view' is a text"),
        (lambda: AnnoyIndex().fit(ROWS).kneighbors(TEXTS, 1), "'sea view' is a text"),
        (lambda: measure_index(ExactIndex, ROWS, ROWS), "Got the class ExactIndex instead"),
        (
            lambda: measure_index("faiss", ROWS, ROWS),
            "index must be an index.* Got 'faiss' instead",
        ),
        (lambda: measure_index(ROWS, ExactIndex(), ROWS), "Got ndarray instead"),
        (lambda: measure_index(ExactIndex(), ROWS, ROWS, k=50), "k must be at most 20, the number"),
        (lambda: HybridIndex().fit(ROWS), "put it in a list with the others"),
        (
            lambda: DocumentVectorizer("a.vec").fit(TEXTS),
            r"Pass KeyedVectors.load_word2vec_format\(",
        ),
        (lambda: DocumentVectorizer(Word2Vec()).fit(TEXTS), "Fit it first, and pass its .keyed_ve"),
        (
            lambda: WORDS.evaluate_word_pairs([("king", "man", 1)]),
            "pairs must be the path of a file",
        ),
        (
            lambda: PPMI(min_count=1).fit([["cat"], ["dog"]]),
            "PPMI learns from words next to others",
        ),
        (lambda: compare({}, ClassificationTask(TEXTS * 5, [0, 1] * 5)), "put it in a list"),
        (
            lambda: compare({"BM25": BM25Vectorizer()}, TEXTS),
            "ClassificationTask.texts, labels.,.* make",
        ),
        (lambda: compare([BM25Vectorizer()]), "take {.BM25.: BM25Vectorizer"),
        (
            lambda: RetrievalTask(["ab"], ["cd"], {0: {0: 1}}),
            "queries must be .* dict.enumerate.texts",
        ),
        (lambda: RetrievalTask({0: "a"}, {0: "b"}, ["b"]), "relevance must be a mapping from ids"),
        (lambda: textvec.TfIdfVectorizer, "Did you mean 'TfidfVectorizer'"),
    ],
)
def test_a_first_step_is_refused_with_a_cure(ask, message):
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        ask()


def test_files_of_another_kind_are_named(tmp_path):
    read = KeyedVectors.load_word2vec_format
    text, pointer, own, pairs = (tmp_path / name for name in ("a.vec", "lfs.bin", "own", "a.csv"))
    WORDS.save_word2vec_format(text)
    with pytest.raises(ValueError, match=r"read by textvec.KeyedVectors.load_word2vec_format"):
        textvec.load(text)
    text.write_text("1 1\nking 0.2500\n")
    with pytest.raises(ValueError, match="of a text file, pass binary=False"):
        read(text, binary=True)
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    with pytest.raises(ValueError, match=r"lfs.bin is a pointer of Git LFS"):
        read(pointer, binary=True)
    WORDS.save(own)
    with pytest.raises(ValueError, match=r"textvec wrote it, and textvec.load reads it"):
        read(own)
    pairs.write_text("king,man,1\nking,queen,2\n")
    with pytest.raises(ValueError, match="with delimiter=.* Say by delimiter"):
        WORDS.evaluate_word_pairs(pairs)
