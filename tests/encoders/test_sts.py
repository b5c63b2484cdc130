"""The bars on real data: the STS-B test set, by MiniLM; every text of it where asked for."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from textvec import TransformerVectorizer
from textvec.encoders.onnx_export import export_onnx

sentence_transformers = pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")


@pytest.fixture(scope="module")
def all_pairs():
    path = Path(os.environ["TEXTVEC_DATA"]) / "sts/stsb-en-test.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1379
    return [row[0] for row in rows], [row[1] for row in rows], [float(row[2]) for row in rows]


@pytest.fixture(
    scope="module", params=["every fourth", pytest.param("all", marks=pytest.mark.slow)]
)
def pairs(request, all_pairs):
    return all_pairs if request.param == "all" else tuple(side[::4] for side in all_pairs)


@pytest.fixture(scope="module")
def reference(minilm, pairs):
    model = sentence_transformers.SentenceTransformer(minilm, device="cpu")
    return np.split(model.encode([*pairs[0], *pairs[1]]), 2)


def score(sides, gold):
    a, b = sides
    return spearmanr((a * b).sum(axis=1), gold).statistic


def test_vectors_and_score_are_the_references(minilm, pairs, reference):
    vectors = TransformerVectorizer(minilm).transform([*pairs[0], *pairs[1]])
    difference = np.abs(vectors - np.concatenate(reference)).max()
    expected, found = score(reference, pairs[2]), score(np.split(vectors, 2), pairs[2])
    print(f"greatest difference {difference:.1e}; Spearman {found:.4f}, reference {expected:.4f}")
    assert difference <= 1e-5
    assert round(found, 3) == round(expected, 3)
    low, high = (0.815, 0.825) if len(pairs[2]) == 1379 else (0.80, 0.85)
    assert low < found < high


@pytest.mark.slow
def test_int8_onnx_loses_less_than_a_point(minilm, pairs, reference, tmp_path):
    pytest.importorskip("onnx")
    onnx = TransformerVectorizer(export_onnx(minilm, tmp_path), backend="onnx")
    vectors = onnx.transform([*pairs[0], *pairs[1]])
    expected, found = score(reference, pairs[2]), score(np.split(vectors, 2), pairs[2])
    print(f"ONNX int8: Spearman {found:.4f}, reference {expected:.4f}")
    assert expected - found < 0.01


def test_cut_vectors_lose_little_where_a_model_was_trained_for_it(static, all_pairs):
    """wordllama's table in 64 of its 256 dimensions."""
    scores = {}
    for width in (256, 64):
        vectorizer = TransformerVectorizer(static, truncate_dim=width, normalize=True)
        vectors = vectorizer.transform([*all_pairs[0], *all_pairs[1]])
        assert vectors.shape[1] == width
        scores[width] = score(np.split(vectors, 2), all_pairs[2])
    print(f"static table: Spearman by width {scores}")
    assert scores[256] > 0.75
    assert scores[256] - scores[64] < 0.04
