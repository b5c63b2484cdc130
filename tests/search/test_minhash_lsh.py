"""MinHashLSH: known answers, exact Jaccard, near-duplicates, every kind of text, bad input."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

from textvec import load
from textvec.search.minhash_lsh import MinHashLSH, choose_bands, shingles

WORDS = np.array(["sea", "view", "room", "bar", "pool", "park", "bed", "quiet", "café", "海", "景"])


def random_text(rng, n_words):
    return " ".join(rng.choice(WORDS, n_words))


def edited(rng, text, n_edits):
    words = text.split(" ")
    for place in rng.integers(len(words), size=n_edits):
        words[place] = str(rng.choice(WORDS))
    return " ".join(words)


def jaccard(first, second):
    return len(first & second) / len(first | second)


@pytest.fixture(scope="module")
def pairs():
    """1,000 random pairs of texts, from alike to unlike."""
    rng = np.random.default_rng(0)
    texts = [random_text(rng, n) for n in rng.integers(5, 120, 1000)]
    return texts, [edited(rng, text, rng.integers(0, 40)) for text in texts]


@pytest.fixture(scope="module")
def corpus():
    """300 texts, among them 30 near-duplicates of the first 30."""
    rng = np.random.default_rng(1)
    texts = [random_text(rng, 60) for _ in range(270)]
    return texts + [edited(rng, text, 1) for text in texts[:30]]


def test_shingles_of_a_known_sentence():
    found = shingles("learning datascience is fascinating", size=3)
    assert len(found) == 30
    assert {"lea", "ear", "g d", "ing"} <= found


@pytest.mark.parametrize(("analyzer", "size"), [("char", 3), ("char", 5), ("word", 1), ("word", 2)])
def test_1024_permutations_estimate_jaccard_within_5_percent(pairs, analyzer, size):
    first, second = pairs
    lsh = MinHashLSH(analyzer=analyzer, shingle_size=size, n_permutations=1024).fit(["any"])
    estimates = (lsh.transform(first) == lsh.transform(second)).mean(axis=1)
    exact = [
        jaccard(shingles(a, size, analyzer), shingles(b, size, analyzer)) for a, b in zip(*pairs)
    ]
    assert np.ptp(exact) > 0.8
    assert np.abs(estimates - exact).max() < 0.05


def test_near_duplicates_are_the_planted_ones(corpus):
    lsh = MinHashLSH(threshold=0.7).fit(corpus)
    pairs, similarities = lsh.near_duplicates()
    assert_array_equal(pairs, [[i, 270 + i] for i in range(30)])
    assert similarities.dtype == np.float32
    assert similarities.min() >= 0.7
    fewer, _ = lsh.near_duplicates(threshold=0.95)
    assert set(map(tuple, fewer.tolist())) < set(map(tuple, pairs.tolist()))


def test_kneighbors_find_the_original(corpus):
    lsh = MinHashLSH(threshold=0.7).fit(corpus[:270])
    distances, indices = lsh.kneighbors(corpus[270:], n_neighbors=3)
    assert_array_equal(indices[:, 0], np.arange(30))
    assert distances.dtype == np.float32
    assert (np.diff(distances, axis=1) >= 0).all()
    assert_array_equal(distances[indices < 0], 1)
    itself = MinHashLSH(threshold=0.7).fit(corpus).kneighbors(n_neighbors=1, return_distance=False)
    assert_array_equal(itself[:30, 0], np.arange(270, 300))


def test_n_jobs_and_batches_change_nothing(corpus):
    one = MinHashLSH(threshold=0.6, analyzer="word", shingle_size=2).fit(corpus)
    two = MinHashLSH(threshold=0.6, analyzer="word", shingle_size=2, n_jobs=2).fit(iter(corpus))
    assert_array_equal(one.signatures_, two.signatures_)
    assert_array_equal(one.near_duplicates()[0], two.near_duplicates()[0])
    assert_array_equal(one.kneighbors(corpus[:9], 4), two.kneighbors(corpus[:9], 4))
    assert_array_equal(one.transform(corpus[5:6]), one.signatures_[5:6])


def test_added_and_removed_documents(corpus):
    whole = MinHashLSH(threshold=0.7).fit(corpus)
    grown = MinHashLSH(threshold=0.7).fit(corpus[:100])
    assert len(grown.near_duplicates()[0]) == 0
    grown.add(corpus[100:])
    assert_array_equal(grown.near_duplicates()[0], whole.near_duplicates()[0])
    left = grown.remove([0, 299])
    assert_array_equal(left.near_duplicates()[0], [[i - 1, 269 + i] for i in range(1, 29)])


def test_empty_texts_match_nothing():
    lsh = MinHashLSH().fit(["", "sea view", "", "sea view", " "])
    pairs, similarities = lsh.near_duplicates(threshold=0)
    assert_array_equal(pairs, [[1, 3]])
    assert_array_equal(similarities, [1])
    assert_array_equal(lsh.kneighbors([""], 2), [[[1, 1]], [[-1, -1]]])
    words = MinHashLSH(analyzer="word").fit(["?!", "sea", "?!"])
    assert len(words.near_duplicates(threshold=0)[0]) == 0


@pytest.mark.parametrize("document", [b"sea view", Path("x.txt"), None, 3])
def test_what_is_no_str_is_refused_with_its_row(document):
    with pytest.raises(TypeError, match=r"Documents must be str.* in row 1"):
        MinHashLSH().fit(["sea", document])


def test_case_and_white_space():
    one, other = ["Sea  View\n\nBar"], ["sea view bar"]
    lsh = MinHashLSH().fit(other)
    assert_array_equal(lsh.transform(one), lsh.signatures_)
    exact = MinHashLSH(lowercase=False).fit(other)
    assert (exact.transform(one) != exact.signatures_).any()


@pytest.mark.parametrize("text", ["孙悟空大闹天宫", "🙂🙂 sea", "\ud800 lone", "x", "\x00\x00\x00"])
@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_every_kind_of_text(text, analyzer, tmp_path):
    lsh = MinHashLSH(analyzer=analyzer, shingle_size=2).fit([text, "another text", text])
    lsh.save(tmp_path / "saved.tv")
    has_shingles = bool(shingles(text, 2, analyzer))
    for index in (lsh, load(tmp_path / "saved.tv")):
        assert index.near_duplicates()[0].tolist() == [[0, 2]] * has_shingles


def test_random_state_is_a_seed():
    texts = ["sea view", "a bar"]
    one, same, other = (MinHashLSH(random_state=seed).fit(texts).signatures_ for seed in (3, 3, 4))
    assert_array_equal(one, same)
    assert (one != other).mean() > 0.9


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.8, 0.95])
def test_the_bands_chosen_have_the_least_area(threshold):
    """Compared with numbers from a numerical integral over a few bands tried one by one."""
    n_bands, n_rows = choose_bands(threshold, 60)
    s = np.linspace(0, 1, 20_001)

    def area(bands, rows):
        found = 1 - (1 - s**rows) ** bands
        return np.where(s < threshold, found, 1 - found).mean()

    least = min(area(bands, rows) for rows in range(1, 61) for bands in range(1, 60 // rows + 1))
    assert n_bands * n_rows <= 60
    assert area(n_bands, n_rows) < least + 1e-3


def test_weights_move_the_bands_to_where_they_belong():
    eager, strict = (choose_bands(0.5, 128, weight) for weight in (0.1, 0.9))
    curves = [1 - (1 - 0.5**n_rows) ** n_bands for n_bands, n_rows in (eager, strict)]
    assert curves[0] > 0.8 > 0.3 > curves[1]


def test_candidates_are_found_as_probably_as_the_curve_says(pairs):
    first, second = pairs
    exact = np.array([jaccard(shingles(a), shingles(b)) for a, b in zip(*pairs)])
    shares = []
    for seed in range(5):  # all texts share their words, so one seed's luck is that of many pairs
        lsh = MinHashLSH(threshold=0.5, n_permutations=64, random_state=seed).fit(second)
        found = lsh.kneighbors(first, 1000, return_distance=False)
        shares.append((found == np.arange(1000)[:, None]).any(axis=1).mean())
    assert abs(np.mean(shares) - lsh.candidate_probability(exact).mean()) < 0.02


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: MinHashLSH().fit([]), ValueError, "at least one document. Got none"),
        (lambda: MinHashLSH().fit("sea view"), ValueError, "put it in"),
        (lambda: MinHashLSH().fit(pd.DataFrame({"a": ["sea"]})), TypeError, "the columns 'a'"),
        (lambda: MinHashLSH(threshold=1.5).fit(["sea"]), ValueError, "threshold must be between"),
        (lambda: MinHashLSH(shingle_size=0).fit(["sea"]), ValueError, "shingle_size must be at le"),
        (lambda: MinHashLSH(n_permutations=0).fit(["sea"]), ValueError, "n_permutations must be"),
        (
            lambda: MinHashLSH(n_permutations=10**12).fit(["sea"]),
            ValueError,
            "n_permutations must be between 1 and 16384",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).near_duplicates(max_pairs=0),
            ValueError,
            "max_pairs mu",
        ),
        (lambda: MinHashLSH(analyzer="line").fit(["sea"]), ValueError, "analyzer must be one of"),
        (
            lambda: MinHashLSH().fit(["sea"]).set_params(shingle_size=-5).transform(["sea", "bar"]),
            ValueError,
            "shingle_size must be at least 1",
        ),
        (lambda: MinHashLSH().near_duplicates(), NotFittedError, "not fitted yet"),
        (lambda: MinHashLSH().kneighbors(["sea"]), NotFittedError, "not fitted yet"),
        (lambda: MinHashLSH().fit(["sea"]).kneighbors(["sea"], 0), ValueError, "at least 1. Got 0"),
        (lambda: MinHashLSH().fit(["sea"]).kneighbors(["sea"], 2), ValueError, "at most 1"),
        (
            lambda: MinHashLSH().fit(["sea"]).kneighbors(None, 1),
            ValueError,
            "at most 0, .* one",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).remove(1),
            IndexError,
            "indices must be numbers of the 1 items, counted from 0: index 1 is out of bounds",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).candidate_probability([0.5, 80]),
            ValueError,
            "similarity must be between 0 and 1. Got 80.0 instead",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).candidate_probability("high"),
            TypeError,
            "similarity must be a number. Got 'high' instead",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).candidate_probability([[1, 0], [0.5, np.nan]]),
            ValueError,
            "similarity must be between 0 and 1. Got nan instead",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).candidate_probability([0.5, -0.1, 2]),
            ValueError,
            "similarity must be between 0 and 1. Got -0.1 instead",
        ),
        (
            lambda: MinHashLSH().fit(["sea"]).candidate_probability([True, False]),
            TypeError,
            "similarity must be a number. Got True instead",
        ),
        (lambda: shingles(b"sea"), TypeError, "document must be a str. Got b'sea' instead"),
        (lambda: shingles("sea", lowercase="no"), ValueError, "lowercase must be one of"),
    ],
)
def test_bad_input_is_refused_clearly(call, error, message):
    with pytest.raises(error, match=message):
        call()


COPIED = "All rights reserved; what this page shows belongs to the company and to nobody else. "


@pytest.mark.parametrize("copies", [lambda i: COPIED, lambda i: COPIED * 4 + f"Page {i:03d}."])
def test_pairs_of_copies_grow_with_their_number_and_not_with_its_square(copies):
    texts = [f"a text of its own, number {i}: {WORDS[i % 9] * i}" for i in range(1, 20)]
    texts += map(copies, range(500))
    lsh = MinHashLSH(threshold=0.7).fit(texts)
    with pytest.warns(UserWarning, match="more than max_pairs=20 near-duplicates after them"):
        pairs, similarities = lsh.near_duplicates(max_pairs=20)
    assert len(pairs) <= 500 * 20 * lsh.n_bands_
    every, similar = lsh.near_duplicates(max_pairs=None)
    assert len(every) > 500 * 499 / 2 * 0.9
    known = dict(zip(map(tuple, every.tolist()), similar.tolist()))
    assert known.items() >= dict(zip(map(tuple, pairs.tolist()), similarities.tolist())).items()
    assert_array_equal(np.unique(pairs[:, 1]), np.unique(every[:, 1]))  # which to leave out


def test_of_a_few_copies_all_pairs_are_found_without_a_warning():
    lsh = MinHashLSH().fit([COPIED] * 101)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pairs, similarities = lsh.near_duplicates()
    assert len(pairs) == 101 * 100 / 2
    assert set(similarities) == {1}
    first = lsh.near_duplicates(max_pairs=10**12)[0]
    assert_array_equal(first, pairs)


def test_neighbors_among_copies_are_the_first():
    lsh = MinHashLSH().fit([COPIED, "a text of its own", *[COPIED] * 300])
    distances, indices = lsh.kneighbors([COPIED, "a text of its own"], 4)
    assert_array_equal(indices, [[0, 2, 3, 4], [1, -1, -1, -1]])
    assert_array_equal(distances[0], 0)
    assert_array_equal(
        lsh.kneighbors(n_neighbors=2)[1][[0, 2, 3, 300]], [[2, 3], [0, 3], [0, 2], [0, 2]]
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"signatures_": None}, "signatures_ must be rows of uint32"),
        ({"signatures_": np.ones((2, 128))}, "signatures_ must be rows of uint32"),
        ({"signatures_": np.ones(128, np.uint32)}, "signatures_ must be rows of uint32"),
        (
            {"signatures_": np.ones((128, 128), np.uint32, "F")},
            "signatures_ must lie row after row",
        ),
        ({"seed_": -1}, "seed_ must be between 0 and"),
        ({"n_bands_": 10**12}, "room for 1000000000000 bands"),
        ({"n_rows_": 0}, "n_rows_ must be at least 1"),
    ],
    ids=str,
)
def test_made_up_learned_attributes_are_refused(state, message, tmp_path):
    lsh = MinHashLSH().fit(["sea"])
    vars(lsh).update(state)
    lsh.save(tmp_path / "saved.tv")
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "saved.tv")
