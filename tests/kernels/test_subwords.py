"""Kernels of subwords: hashes of fastText and floret, gradients, and the plain twin."""

import numpy as np
import pytest

from textvec.kernels import word_vectors
from textvec.kernels.subwords import (
    FNV,
    add_in_turn,
    compose,
    fnv_hash,
    mean_rows,
    murmur_hash,
    parts_of,
    spread,
    train_plainly,
)
from textvec.kernels.word_vectors import CBOW_MEAN, CBOW_SUM, LANES, SKIPGRAM

pytestmark = pytest.mark.usefixtures("wrapping_integers")

# n-grams of 2 to 3 characters in 1,000 rows, as fastText 0.10 and floret 0.10 with four hashes say
OF_FASTTEXT = {"a": [750, 600, 806], "酒店": [441, 383, 205, 849, 975]}
OF_FLORET = {
    "a": [305, 722, 636, 578, 105, 384, 289, 943, 305, 722, 636, 578, 281, 878, 36, 886],
    "酒店": [
        *(669, 995, 50, 122, 494, 206, 433, 365, 610, 125, 612, 347),
        *(714, 498, 668, 118, 142, 885, 695, 266, 960, 192, 988, 187),
    ],
}


def wrapped(words):
    raw = [f"<{word}>".encode() for word in words]
    return np.frombuffer(b"".join(raw), np.uint8), np.cumsum([len(one) for one in raw])


def spelled_out(word, min_n, max_n):
    """Return the n-grams of a word as the top of the module says."""
    word = f"<{word}>"
    grams = [
        word[i : i + n]
        for i in range(len(word))
        for n in range(max(1, min_n), max_n + 1)
        if i + n <= len(word)
    ]
    return [gram for gram in grams if gram not in ("<", ">")]


def bytes_of(text):
    return np.frombuffer(text.encode(), np.uint8)


def test_fnv_has_the_known_answers():
    for text, expected in (("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)):
        assert fnv_hash(bytes_of(text), 0, len(text)) == expected


def test_fnv_widens_bytes_by_their_sign():
    expected = (0x811C9DC5 ^ 0xFFFFFFC3) * 16777619 % 2**32
    assert fnv_hash(np.array([0xC3], np.uint8), 0, 1) == expected


def test_murmur_is_the_same_wherever_the_bytes_lie():
    text = bytes_of("The quick brown fox jumps over the lazy dog")
    for length in range(35):
        begin = 3
        low, high = murmur_hash(text, begin, begin + length)
        again = murmur_hash(text[begin : begin + length].copy(), 0, length)
        assert (low, high) == again
        assert low != high


@pytest.mark.parametrize(("word", "expected"), OF_FASTTEXT.items())
def test_parts_are_those_of_fasttext(word, expected):
    parts, ends = parts_of(*wrapped([word]), 2, 3, 1000, FNV)
    assert parts.tolist() == expected
    assert ends.tolist() == [len(expected)]


@pytest.mark.parametrize(("word", "expected"), OF_FLORET.items())
def test_parts_are_those_of_floret(word, expected):
    assert parts_of(*wrapped([word]), 2, 3, 1000, 4)[0].tolist() == expected
    first_two = np.reshape(expected, (-1, 4))[:, :2].ravel()
    assert parts_of(*wrapped([word]), 2, 3, 1000, 2)[0].tolist() == first_two.tolist()


@pytest.mark.parametrize(("min_n", "max_n"), [(0, 1), (1, 1), (1, 2), (3, 6), (5, 5), (2, 100)])
def test_every_ngram_is_hashed_once(min_n, max_n):
    words = ["a", "", "naïve", "酒店房间", "😀x", "aaaa"]
    parts, ends = parts_of(*wrapped(words), min_n, max_n, 2**31 - 1, FNV)
    for word, row in zip(words, np.split(parts, ends[:-1])):
        grams = [gram.encode() for gram in spelled_out(word, min_n, max_n)]
        hashes = [fnv_hash(np.frombuffer(gram, np.uint8), 0, len(gram)) for gram in grams]
        assert row.tolist() == [int(hashed) % (2**31 - 1) for hashed in hashes]
    whole, whole_ends = parts_of(*wrapped(words), min_n, max_n, 50, 3)
    n_grams = np.diff(ends, prepend=0) + 1  # and the word as a whole
    assert np.diff(whole_ends, prepend=0).tolist() == (3 * n_grams).tolist()
    assert whole.min() >= 0
    assert whole.max() < 50


def small_words(n_words=12, n_rows=20, width=2 * LANES, dtype=np.float32):
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 6, n_words)
    lengths[3] = 0
    parts = rng.integers(0, n_rows, lengths.sum()).astype(np.int32)
    own = rng.normal(scale=0.3, size=(n_words, width)).astype(dtype)
    rows = rng.normal(scale=0.3, size=(n_rows, width)).astype(dtype)
    context_vectors = rng.normal(scale=0.3, size=(n_words, width)).astype(dtype)
    return parts, lengths.cumsum(), own, rows, context_vectors


def small_text(n_words=12, n_tokens=60):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, n_words, n_tokens).astype(np.int32)
    noise = rng.integers(0, n_words, 16).astype(np.int32)
    return tokens, np.array([1, 1, 20, 22, n_tokens]), noise


def loss_of(tokens, ends, noise, parts, part_ends, own, rows, context_vectors, architecture):
    """The loss of a span whose vectors stay as they are."""
    begins = np.append(0, part_ends[:-1])
    means = [
        rows[parts[begin:end]].sum(axis=0) / max(1, end - begin)
        for begin, end in zip(begins, part_ends)
    ]
    state = np.array([1], np.uint64)
    vectors = own + np.array(means)
    return word_vectors.train_plainly(
        tokens, ends, noise, vectors, context_vectors.copy(), 2, True, 3, architecture, 0.0, state
    )[0]


@pytest.mark.parametrize("architecture", [SKIPGRAM, CBOW_SUM])
def test_steps_go_against_the_gradient(architecture):
    """Against finite differences of the loss, by the factors that the top of the module gives."""
    text = small_text(n_tokens=22)
    parts, part_ends, own, rows, contexts = small_words(width=3, dtype=np.float64)
    lengths = np.diff(part_ends, prepend=0)
    alpha, step = 1e-7, 1e-5
    for changed in (own, rows):
        for cell in np.ndindex(changed.shape):
            if changed is rows and len(set(lengths[_words_with(cell[0], parts, part_ends)])) != 1:
                continue  # words of unequal length: no one factor
            before = changed[cell]
            losses = []
            for side in (step, -step):
                changed[cell] = before + side
                losses.append(loss_of(*text, parts, part_ends, own, rows, contexts, architecture))
            changed[cell] = before
            gradient = (losses[0] - losses[1]) / (2 * step)
            now = [matrix.copy() for matrix in (own, rows, contexts)]
            train_plainly(
                *text, parts, part_ends, *now, 2, True, 3, architecture, alpha,
                np.array([1], np.uint64),
            )  # fmt: skip
            taken = (now[0] if changed is own else now[1])[cell] - before
            if changed is own:
                factor = 0.1 if lengths[cell[0]] else 1
            else:
                factor = 0.5 * lengths[_words_with(cell[0], parts, part_ends)][0]
            assert taken == pytest.approx(-alpha * factor * gradient, rel=1e-3, abs=1e-10)


def _words_with(row, parts, part_ends):
    return np.unique(part_ends.searchsorted(np.flatnonzero(parts == row), "right"))


@pytest.mark.parametrize("architecture", [SKIPGRAM, CBOW_MEAN, CBOW_SUM])
def test_the_fast_kernels_learn_what_the_plain_one_does(architecture):
    tokens, ends, noise = small_text()
    parts, part_ends, *matrices = small_words()
    plain = [matrix.copy() for matrix in matrices]
    how = (3, True, 5, architecture, np.float32(0.05))
    expected = train_plainly(
        tokens, ends, noise, parts, part_ends, *plain, *how, np.array([1], np.uint64)
    )
    own, rows, contexts = fast = [matrix.copy() for matrix in matrices]
    words = np.unique(tokens).astype(np.int32)
    vectors = np.zeros_like(own)
    vectors[words] = compose(words, parts, part_ends, own, rows)
    loss, n_inputs = word_vectors.train(
        tokens, ends, noise, vectors, contexts, *how, np.array([1], np.uint64)
    )
    copies, changes = vectors[words], np.empty((len(words), own.shape[1]), np.float32)
    which = np.arange(len(words), dtype=np.int32)[:, None]
    met = np.ones((1, len(words), 2), np.int32)
    updates = np.array([1, 0], np.float32)
    for part in ((0, 3), (3, len(words))):
        add_in_turn(
            own, rows, parts, part_ends, copies, words, which, met, updates, 0.1, changes, *part
        )
    for part in ((0, 7), (7, len(rows))):
        spread(rows, words, parts, part_ends, changes, *part)
    assert (loss, n_inputs) == pytest.approx(expected, rel=1e-3)
    for changed, other, start in zip(fast, plain, matrices):
        step = np.abs(other - start).max()
        assert step > 0
        np.testing.assert_allclose(changed, other, rtol=0, atol=0.01 * step)


def test_shares_of_changes():
    """A word with parts takes a tenth, they a half; the second span's is damped as in `spans`."""
    own, rows = np.zeros((3, 2), np.float32), np.zeros((4, 2), np.float32)
    parts, part_ends = np.array([1, 3], np.int32), np.array([0, 2, 2])
    shared, which = np.array([2, 1], np.int32), np.array([[0, 0], [1, 1]], np.int32)
    met = np.zeros((2, 2, 2), np.int32)
    met[:, :, 0] = 10
    changes, updates = np.empty((2, 2), np.float32), np.array([1, 0], np.float32)
    add_in_turn(
        own, rows, parts, part_ends, np.ones((4, 2), np.float32), shared, which, met, updates, 0.1,
        changes, 0, 2,
    )  # fmt: skip
    whole = 1 + np.exp(-1)
    np.testing.assert_allclose(changes, [[whole / 2] * 2, [whole / 2] * 2], rtol=1e-6)
    np.testing.assert_allclose(own, [[0, 0], [whole / 10] * 2, [whole] * 2], rtol=1e-6)
    assert not rows.any()


def test_means_of_rows():
    rows = np.arange(8, dtype=np.float32).reshape(4, 2)
    means = mean_rows(np.array([3, 3, 0], np.int32), np.array([0, 3]), rows)
    assert means.tolist() == [[0, 0], [4, 5]]
