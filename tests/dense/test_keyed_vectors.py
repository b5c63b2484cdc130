"""KeyedVectors against gensim's, number for number, and what gensim does not promise."""

import copy
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone

import textvec
from textvec import KeyedVectors

# gensim's cosmul calls a method that gensim deprecates
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")

DATA = os.environ.get("TEXTVEC_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="TEXTVEC_DATA is not set")
WORDS = [f"w{i}" for i in range(200)]


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(200, 25)).astype(np.float32)


@pytest.fixture(scope="module")
def ours(vectors):
    return KeyedVectors(vectors, WORDS, np.arange(200, 0, -1))


@pytest.fixture(scope="module")
def theirs(ours):
    pytest.importorskip("gensim")
    return ours.to_gensim()


def assert_same_ranking(got, expected):
    assert [word for word, _ in got] == [word for word, _ in expected]
    assert_allclose([score for _, score in got], [score for _, score in expected], atol=1e-6)


VECTOR = np.linspace(-1, 1, 25, dtype=np.float32)


# ------------------------------------------------------------------------------------ parity


@pytest.mark.parametrize(
    "question",
    [
        {"positive": "w3"},
        {"positive": 3},
        {"positive": ["w3"]},
        {"positive": ["w3", "w5"], "negative": ["w9"]},
        {"positive": ["w3", "w5"], "negative": "w9", "topn": 3},
        {"negative": ["w3"]},
        {"positive": [("w3", 0.5), "w4"], "negative": [("w8", -2.0)]},
        {"positive": [VECTOR, "w3"], "negative": ["w9"]},
        {"positive": VECTOR},
        {"positive": np.stack([VECTOR, VECTOR**2])},
        {"positive": ["w3"], "restrict_vocab": 20},
        {"positive": ["w100"], "restrict_vocab": 20, "topn": 30},
        {"positive": ["w3"], "topn": 1000},
        {"positive": ["w3", "w3"]},
        {"positive": ["w3"], "topn": 0},
    ],
)
def test_most_similar_is_gensims(question, ours, theirs):
    assert_same_ranking(ours.most_similar(**question), theirs.most_similar(**question))


@pytest.mark.parametrize(
    "question",
    [
        {"positive": "w3"},
        {"positive": ["w3", "w5"], "negative": ["w9"]},
        {"positive": ["w3", "w5", "w7"], "negative": ["w9", "w11"], "topn": 200},
        {"positive": [VECTOR / np.linalg.norm(VECTOR), "w3"]},
    ],
)
def test_cosmul_is_gensims(question, ours, theirs):
    ranking = theirs.most_similar_cosmul(**question)
    assert_same_ranking(ours.most_similar_cosmul(**question), ranking)


def test_cosmul_looks_only_among_the_first(ours, theirs):
    # gensim ignores restrict_vocab here
    everywhere = theirs.most_similar_cosmul(["w3", "w5"], ["w9"], topn=200)
    expected = [(word, score) for word, score in everywhere if int(word[1:]) < 50]
    got = ours.most_similar_cosmul(["w3", "w5"], ["w9"], topn=200, restrict_vocab=50)
    assert_same_ranking(got, expected)


@pytest.mark.parametrize("method", ["most_similar", "most_similar_cosmul"])
def test_all_similarities_are_gensims(method, ours, theirs):
    got = getattr(ours, method)(["w3"], ["w4"], topn=None)
    assert got.dtype == np.float32
    assert_allclose(got, getattr(theirs, method)(["w3"], ["w4"], topn=None), atol=1e-6)
    assert ours.most_similar("w3", topn=None, restrict_vocab=7).shape == (7,)


def test_small_questions_are_gensims(ours, theirs):
    assert ours.similarity("w1", "w2") == pytest.approx(theirs.similarity("w1", "w2"), abs=1e-6)
    lists = ["w1", "w2"], ["w3", "w4", "unknown"]
    assert ours.n_similarity(*lists) == pytest.approx(theirs.n_similarity(*lists), abs=1e-6)
    for other in WORDS[:20]:
        assert ours.rank("w9", other) == theirs.rank("w9", other)
    for start in range(0, 100, 7):
        group = WORDS[start : start + 5]
        assert ours.doesnt_match(group) == theirs.doesnt_match(group)
    assert_same_ranking(ours.similar_by_vector(VECTOR), theirs.similar_by_vector(VECTOR))
    assert_same_ranking(ours.similar_by_key("w5"), theirs.similar_by_key("w5"))


@pytest.mark.parametrize("pre", [True, False])
@pytest.mark.parametrize("post", [True, False])
@pytest.mark.parametrize("weights", [None, [0.5, -2, 1, 3]])
def test_mean_vector_is_gensims(pre, post, weights, ours, theirs):
    keys = ["w1", 7, "unknown", VECTOR]
    got = ours.get_mean_vector(keys, weights, pre, post)
    assert got.dtype == np.float32
    assert_allclose(got, theirs.get_mean_vector(keys, weights, pre, post), atol=1e-6)


def test_lookup_is_gensims(ours, theirs):
    assert_array_equal(ours["w5"], theirs["w5"])
    assert_array_equal(ours[["w5", 7]], theirs[["w5", 7]])
    assert_array_equal(ours[7], theirs[7])
    assert_allclose(ours.get_vector("w5", norm=True), theirs.get_vector("w5", norm=True), atol=1e-6)
    for key in ["w5", "unknown", 5, 200, -1]:
        assert (key in ours) == (key in theirs)
    assert len(ours) == len(theirs)
    assert ours.key_to_index == theirs.key_to_index


def test_added_vectors_are_gensims(vectors):
    pytest.importorskip("gensim")
    for replace in (False, True):
        ours = KeyedVectors(vectors, WORDS)
        theirs = ours.to_gensim()
        ours.most_similar("w1")  # remembers the lengths, which change below
        for table in (ours, theirs):
            table.add_vectors(["new", "w1"], np.stack([VECTOR, 9 * VECTOR]), replace=replace)
        theirs.fill_norms(force=True)
        assert_array_equal(ours.vectors, theirs.vectors)
        assert ours.index_to_key == theirs.index_to_key
        assert_same_ranking(ours.most_similar("w1"), theirs.most_similar("w1"))


def test_gensim_and_back(ours, theirs):
    back = KeyedVectors.from_gensim(theirs)
    assert_array_equal(back.vectors, ours.vectors)
    assert back.index_to_key == ours.index_to_key
    assert_array_equal(back.counts, ours.counts)
    assert theirs.get_vecattr("w3", "count") == 197
    theirs.vectors[0, 0] += 1
    assert back.vectors[0, 0] != theirs.vectors[0, 0]  # a copy
    theirs.vectors[0, 0] = ours.vectors[0, 0]
    assert KeyedVectors(ours.vectors, WORDS).to_gensim().expandos == {}


def test_a_gensim_model_is_told_apart_from_its_table():
    class Model:
        wv = None

    with pytest.raises(TypeError, match=r"Got Model instead. Pass its .wv"):
        KeyedVectors.from_gensim(Model())


# -------------------------------------------------------------------------- several questions


def test_several_questions_are_answered_as_each_alone(ours):
    questions = [["w1"], ["w2", "w3"], [VECTOR], ["w4"]]
    minus = [["w9"], [], ["w8", "w7"], []]
    for method in (ours.most_similar, ours.most_similar_cosmul):
        alone = [method(plus, less, topn=7) for plus, less in zip(questions, minus)]
        assert method(questions, minus, topn=7) == alone
        assert method([["w1"]], topn=2) == [method(["w1"], topn=2)]
        everything = method(questions, minus, topn=None)
        assert everything.shape == (4, 200)


def test_many_questions_in_blocks_are_answered_as_each_alone(ours, monkeypatch):
    together = ours.similar_by_key(WORDS)
    assert together == [ours.most_similar(word) for word in WORDS]
    monkeypatch.setattr("textvec.dense.similar_words.CELLS", 700)  # three questions a block
    assert ours.similar_by_key(WORDS) == together
    assert ours.similar_by_vector(ours.vectors[:5], topn=3) == [
        ours.similar_by_vector(vector, topn=3) for vector in ours.vectors[:5]
    ]
    assert ours.similar_by_key([]) == []


@pytest.mark.parametrize(
    ("positive", "negative", "error", "message"),
    [
        ([["w1"], "w2"], None, TypeError, "a mix of both"),
        ([["w1"], ["w2"]], [["w3"]], ValueError, "as many lists"),
        ([["w1"], ["w2"]], ["w3", "w4"], TypeError, "a mix of both"),
        ([["w1"], []], None, ValueError, "at least one word"),
        ([], None, ValueError, "at least one word"),
        (None, None, ValueError, "at least one word"),
        ([1.5], None, TypeError, "Got 1.5"),
        (1.5, None, TypeError, "positive must be a list of words. Got 1.5"),
        ("w1", 1.5, TypeError, "negative must be a list of words. Got 1.5"),
        ([np.ones(3)], None, ValueError, r"shape \(25,\). Got \(3,\)"),
        ([np.full(25, np.nan)], None, ValueError, "finite"),
    ],
)
def test_questions_that_cannot_be_understood(positive, negative, error, message, ours):
    with pytest.raises(error, match=message):
        ours.most_similar(positive, negative)


@settings(max_examples=40)
@given(st.data())
def test_rankings_are_those_of_the_naive_formula(data):
    shape = data.draw(st.tuples(st.integers(2, 30), st.integers(1, 4)))
    cells = st.lists(st.integers(-2, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    table = np.array(data.draw(cells), np.float32).reshape(shape)  # many ties, zeros, equal rows
    ours = KeyedVectors(table, WORDS[: shape[0]])
    row = data.draw(st.integers(0, shape[0] - 1))
    lengths = np.linalg.norm(table.astype(float), axis=1)
    units = table / np.where(lengths > 0, lengths, 1)[:, None]
    cosines = (units * units[row]).sum(axis=1)
    expected = sorted(set(range(shape[0])) - {row}, key=lambda i: (-np.float32(cosines[i]), i))
    got = ours.most_similar(row, topn=4)
    assert_allclose([score for _, score in got], cosines[expected[:4]], atol=1e-6)
    assert len({word for word, _ in got} - {WORDS[row]}) == min(4, shape[0] - 1)
    assert ours.similar_by_key([row] * 3, topn=4) == [got] * 3


def test_equal_vectors_come_in_the_order_of_the_table():
    table = KeyedVectors(np.ones((5000, 3)), [f"w{i}" for i in range(5000)])
    assert [word for word, _ in table.most_similar("w1", topn=3)] == ["w0", "w2", "w3"]


@pytest.mark.parametrize("vector_size", [2, 3, 50, 100])
def test_similarities_are_never_beyond_one(vector_size):
    vectors = np.random.default_rng(0).normal(size=(300, vector_size))
    table = KeyedVectors(np.concatenate([vectors, -vectors]), [f"w{i}" for i in range(600)])
    for row in range(300):
        for similar in (table.similarity, lambda one, two: table.n_similarity([one], [two, two])):
            assert 1 - 1e-9 < similar(row, row) <= 1
            assert -1 <= similar(row, row + 300) < -1 + 1e-6


def test_a_zero_vector_is_similar_to_nothing():
    table = KeyedVectors([[0, 0], [1, 0], [0, 1]], ["zero", "x", "y"])
    assert table.most_similar("zero") == [("x", 0.0), ("y", 0.0)]
    assert table.similarity("zero", "x") == 0
    assert_array_equal(table.get_vector("zero", norm=True), [0, 0])


def test_half_precision_is_kept_and_computed_in_single(ours):
    half = KeyedVectors(ours.vectors.astype(np.float16), WORDS)
    assert half.vectors.dtype == np.float16
    single = KeyedVectors(half.vectors.astype(np.float32), WORDS)
    assert_same_ranking(half.most_similar("w3"), single.most_similar("w3"))
    assert half.most_similar("w3", topn=None).dtype == np.float32
    half.add_vectors("big", np.full(25, 1.0))
    with pytest.raises(ValueError, match="finite float16"):
        half.add_vectors("bigger", np.full(25, 1e5))


# -------------------------------------------------------------------------------- the table


def test_unknown_words_are_answered_with_the_nearest_spellings():
    table = KeyedVectors(np.eye(4), ["harbour", "Hotel", "room", "海景"])
    with pytest.raises(KeyError) as caught:
        table["harbor"]
    assert caught.value.args == ("harbor",)
    expected = "'harbor' is not among the 4 words of the table. Did you mean 'harbour'"
    assert str(caught.value).startswith(expected)
    assert "'harbour'" in str(pickle.loads(pickle.dumps(caught.value)))
    for ask in (table.similarity, table.rank):
        with pytest.raises(KeyError, match="Did you mean 'Hotel'"):
            ask("harbour", "hotel")
    with pytest.raises(KeyError, match="海景"):
        table.most_similar(positive=["room"], negative=["海"])
    with pytest.raises(KeyError, match="'harbour'"):
        table.most_similar_cosmul("harbor")
    with pytest.raises(KeyError, match="'harbour'"):
        table.get_mean_vector(["harbor"], ignore_missing=False)
    with pytest.raises(KeyError, match="no row 4: the table has 4 words"):
        table[4]
    with pytest.raises(TypeError, match="Got 1.5"):
        table[[1.5]]


def test_lists_of_words_are_told_apart_from_a_word(ours):
    for ask in (ours.doesnt_match, ours.get_mean_vector):
        with pytest.raises(TypeError, match="put it in a list"):
            ask("w1")
    with pytest.raises(ValueError, match="None of the words"):
        ours.doesnt_match(["unknown"])
    with pytest.warns(UserWarning, match="passed over: .'unknown'"):
        assert ours.doesnt_match(["w1", "unknown"]) == "w1"
    with pytest.raises(ValueError, match="one number a key"):
        ours.get_mean_vector(["w1"], weights=[1, 2])
    with pytest.raises(ValueError, match="at least one word"):
        ours.n_similarity(["w1"], [])
    assert ours.n_similarity(["unknown"], ["w1"]) == 0


@pytest.mark.parametrize(
    ("vectors", "words", "counts", "error", "message"),
    [
        ([[1, 2]], ["a", "b"], None, ValueError, "Got 2 words and 1 vectors"),
        ([1, 2], ["a", "b"], None, ValueError, "one row a word"),
        (np.ones((2, 0)), ["a", "b"], None, ValueError, "at least one column"),
        ([[1], [np.nan]], ["a", "b"], None, ValueError, "NaN or infinity in row 1"),
        ([[-np.inf], [1]], ["a", "b"], None, ValueError, "NaN or infinity in row 0"),
        ([[1e300], [1]], ["a", "b"], None, ValueError, "finite float32"),
        ([[1j], [1]], ["a", "b"], None, TypeError, "must be numbers"),
        ([["1"], ["2"]], ["a", "b"], None, TypeError, "must be numbers"),
        ([[1], [2]], ["a", "a"], None, ValueError, "'a' twice"),
        ([[1], [2]], "ab", None, TypeError, "index_to_key must be a list of words. Got the str"),
        ([[1], [2]], None, None, TypeError, "index_to_key must be a list of words. Got None"),
        ([[1], [2]], ["a", None], None, TypeError, "Got None"),
        ([[1], [2]], ["a", b"b"], None, TypeError, "Got b'b'"),
        ([[1], [2]], ["a", "b"], [1], ValueError, "2 integers"),
        ([[1], [2]], ["a", "b"], [1.5, 2], ValueError, "2 integers"),
        ([[1], [2]], ["a", "b"], [1, -2], ValueError, "at least 0"),
    ],
)
def test_bad_tables(vectors, words, counts, error, message):
    with pytest.raises(error, match=message):
        KeyedVectors(vectors, words, counts)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda table: table[1.0], TypeError, "keys must be a list of words. Got 1.0"),
        (lambda table: table[:1], TypeError, "keys must be a list of words. Got slice"),
        (lambda table: table.most_similar(), ValueError, "positive or negative must name"),
        (lambda table: table.most_similar([("a", np.nan)]), ValueError, "weights must be finite"),
        (lambda table: table.similar_by_vector("a"), ValueError, r"vector must be .* shape \(\)"),
    ],
)
def test_bad_questions(ask, error, message):
    with pytest.raises(error, match=message):
        ask(KeyedVectors(np.eye(2), ["a", "b"]))


def test_vectors_are_read_only_and_not_copied():
    mine = np.eye(3, dtype=np.float32)
    table = KeyedVectors(mine, ["a", "b", "c"])
    assert np.shares_memory(table.vectors, mine)
    assert mine.flags.writeable
    for array in (table.vectors, table["a"], table.get_vector("a", norm=True)):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1
    assert table[[]].shape == (0, 3)
    assert list(table) == ["a", "b", "c"]
    assert repr(table) == "KeyedVectors(3 words, vector_size=3)"


def test_counts_are_added_and_replaced():
    table = KeyedVectors(np.eye(2), ["a", "b"], [5, 4])
    table.add_vectors(["c", "a"], np.ones((2, 2)), counts=[3, 9])
    assert table.counts.tolist() == [5, 4, 3]
    assert_array_equal(table["a"], [1, 0])
    table.add_vectors(["a", "d"], np.ones((2, 2)), counts=[9, 2], replace=True)
    assert table.counts.tolist() == [9, 4, 3, 2]
    assert_array_equal(table["a"], [1, 1])
    table.add_vectors("e", [1, 2])
    assert table.counts.tolist() == [9, 4, 3, 2, 0]
    table = KeyedVectors(np.eye(2), ["a", "b"])
    table.add_vectors("c", [1, 2], counts=7)
    assert table.counts.tolist() == [0, 0, 7]


@pytest.mark.parametrize(
    ("keys", "weights", "message"),
    [
        (["c", "c"], np.ones((2, 2)), "'c' twice"),
        (["c"], np.ones((1, 3)), "2 columns. Got 3"),
        (["c", "d"], np.ones((1, 2)), "Got 2 words and 1 vectors"),
        (["c"], [[1, np.inf]], "NaN or infinity"),
    ],
)
def test_a_refused_addition_changes_nothing(keys, weights, message):
    table = KeyedVectors(np.eye(2), ["a", "b"])
    with pytest.raises(ValueError, match=message):
        table.add_vectors(keys, weights, replace=True)
    assert table.index_to_key == ["a", "b"]
    assert table.vectors.shape == (2, 2)


def test_an_empty_table():
    table = KeyedVectors(np.empty((0, 3)), [])
    assert len(table) == 0
    with pytest.raises(KeyError, match="0 words"):
        table.most_similar("a")
    assert table.similar_by_vector([1, 2, 3]) == []
    table.add_vectors("a", [1, 2, 3])
    assert table.most_similar("a") == []


def test_copies_and_clones(ours):
    for twin in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
        assert_array_equal(twin.vectors, ours.vectors)
        assert_array_equal(twin.counts, ours.counts)
        assert twin.index_to_key == ours.index_to_key
        assert not twin.vectors.flags.writeable

    class Holder(BaseEstimator):
        def __init__(self, table):
            self.table = table

    assert clone(Holder(ours)).table is ours  # tables are large: grid searches share them


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_saved_and_loaded(ours, mmap_mode, dtype, tmp_path):
    words = ["海 景", "\ud83d", "", *WORDS[3:]]  # no vector file of other tools could hold these
    table = KeyedVectors(ours.vectors.astype(dtype), words, ours.counts)
    table.save(tmp_path / "table.textvec")
    loaded = textvec.load(tmp_path / "table.textvec", mmap_mode=mmap_mode)
    assert loaded.vectors.dtype == dtype
    assert_array_equal(loaded.vectors, table.vectors)
    assert_array_equal(loaded.counts, table.counts)
    assert loaded.index_to_key == words
    assert loaded.most_similar("海 景") == table.most_similar("海 景")
    if mmap_mode:
        base = loaded.vectors
        while not isinstance(base, np.memmap):
            base = base.base  # views of the file, never a copy
    loaded.add_vectors("new", np.ones(25))
    loaded.save(tmp_path / "table.textvec")
    assert textvec.load(tmp_path / "table.textvec").counts[-1] == 0


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_an_unverified_table_is_mapped_and_not_read(mmap_mode, tmp_path):
    path = tmp_path / "table.textvec"
    table = KeyedVectors(np.ones((3, 2), np.float32), ["sea", "view", "bar"], [3, 2, 1])
    table.vectors = np.array([[1, 0], [0, np.nan], [1, 1]], np.float32)  # a file made up by others
    table.save(path)
    with pytest.raises(ValueError, match="must be finite float32. Got NaN or infinity in row 1"):
        textvec.load(path, mmap_mode)
    loaded = textvec.load(path, mmap_mode, verify=False)
    np.testing.assert_array_equal(loaded.vectors, table.vectors)
    assert loaded.similarity("sea", "bar") == pytest.approx(0.5**0.5)
    assert loaded.counts.tolist() == [3, 2, 1]
    assert not loaded.vectors.flags.writeable
    table.index_to_key = ["sea", "view"]
    table.save(path)
    with pytest.raises(ValueError, match="one vector a word. Got 2 words and 3 vectors"):
        textvec.load(path, mmap_mode, verify=False)


# ------------------------------------------------------------------------------- evaluation


ANALOGIES = """\
: letters
w1 w2 w3 w4
W5 w6 w7 w8
w1 w2 w3 unknown
four words are not
these are five words here
: empty
: more
w9 w10 w11 w199
"""


@pytest.fixture
def cased(vectors):
    """A table with variants in case, among which the best answers hide."""
    words = [f"w{i}" for i in range(160)] + [f"W{i}" for i in range(40)]
    near = vectors.copy()
    near[160:] = near[:40] + 0.05 * vectors[:40][::-1]
    rng = np.random.default_rng(1)
    for i in range(4, 160, 4):  # i - 4 is to i - 3 as i - 2 is to i - 1, more or less
        near[i - 1] = near[i - 2] + near[i - 3] - near[i - 4] + rng.normal(0, 0.8, 25)
    return KeyedVectors(near, words)


def write_analogies(path, n=160):
    lines = [": one"]
    for i in range(0, n, 4):
        lines.append(f"w{i} W{i + 1} w{i + 2} w{i + 3}")
        lines.append(f"w{i} w{i + 1} w{i} w{i + 1}")
        lines.append(f"w{i} w{i + 1} w{i + 2} unknown{i}")
        if i == 80:
            lines += ["a line of five words", "", ": A", ": two"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("restrict_vocab", [30, 170, 300000])
@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
def test_analogies_are_scored_as_gensim_does(
    cased, restrict_vocab, case_insensitive, dummy4unknown, tmp_path
):
    pytest.importorskip("gensim")
    path = write_analogies(tmp_path / "analogies.txt")
    options = restrict_vocab, case_insensitive, dummy4unknown
    score, sections = cased.evaluate_word_analogies(path, *options)
    expected, their_sections = cased.to_gensim().evaluate_word_analogies(str(path), *options)
    assert sections == their_sections
    assert score == expected
    assert len(sections) == 4
    if restrict_vocab > 30 and case_insensitive:
        assert 0.05 < score < 0.95


def test_analogies_in_blocks_and_by_cosmul(cased, tmp_path, monkeypatch):
    path = write_analogies(tmp_path / "analogies.txt")
    score, sections = cased.evaluate_word_analogies(path)
    by_cosmul, cosmul_sections = cased.evaluate_word_analogies(
        path, case_insensitive=False, similarity_function="most_similar_cosmul"
    )
    monkeypatch.setattr("textvec.dense.word_tests.CELLS", 2000)
    assert cased.evaluate_word_analogies(path) == (score, sections)
    for right in (True, False):
        for a, b, c, d in cosmul_sections[-1]["correct" if right else "incorrect"]:
            assert (cased.most_similar_cosmul([b, c], [a], topn=1)[0][0] == d) == right
    assert by_cosmul > 0.05


def test_analogies_in_a_tiny_table(tmp_path):
    path = tmp_path / "analogies.txt"
    path.write_text(": all\na b c a\na b c d\n", encoding="utf-8")
    three = KeyedVectors(np.eye(3), ["a", "b", "c"])
    assert three.evaluate_word_analogies(path)[0] == 0  # no word is left to answer with
    four = KeyedVectors(np.eye(4), ["a", "b", "c", "d"])
    score, sections = four.evaluate_word_analogies(path)
    assert score == 0.5
    assert sections[0]["correct"] == [("A", "B", "C", "D")]


@pytest.mark.parametrize(
    ("text", "message"),
    [("a b c d\n", "line 1: expected a section"), (": one\na b c\n", "lines of four words")],
)
def test_bad_analogies(text, message, ours, tmp_path):
    path = tmp_path / "analogies.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        ours.evaluate_word_analogies(path)


def test_questions_of_tests_are_files(ours, tmp_path):
    with pytest.raises(TypeError, match="analogies must be the path of a file. Got 7"):
        ours.evaluate_word_analogies(7)
    with pytest.raises(TypeError, match="pairs must be the path of a file. Got 7"):
        ours.evaluate_word_pairs(7)
    (tmp_path / "pairs").write_text("w1\tw2\t3\n")
    with pytest.raises(ValueError, match="encoding must be one .*unknown encoding: utf9"):
        ours.evaluate_word_pairs(tmp_path / "pairs", encoding="utf9")
    with pytest.raises(ValueError, match="delimiter must be at least one character"):
        ours.evaluate_word_pairs(tmp_path / "pairs", delimiter="")


def test_numbers_that_are_none_are_named(ours):
    with pytest.raises(TypeError, match="weights must be one number a key. Got .'heavy'."):
        ours.get_mean_vector(["w1"], ["heavy"])
    with pytest.raises(ValueError, match="vectors must be a table of one row a word: .*inhomogen"):
        KeyedVectors([[1], [1, 2]], ["a", "b"])


@pytest.mark.parametrize("restrict_vocab", [20, None])
@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
def test_pairs_are_scored_as_gensim_does(
    cased, restrict_vocab, case_insensitive, dummy4unknown, tmp_path
):
    pytest.importorskip("gensim")
    path = tmp_path / "pairs.csv"
    rng = np.random.default_rng(2)
    drawn = (rng.integers(0, 15, (80, 2)) * 2 + [0, 1]).tolist()
    lines = [f"{'wW'[a // 2 % 2]}{a},w{b},{b % 7}.5" for a, b in drawn]
    path.write_text("# a,b,3\n" + "\n".join(lines) + "\nw1,w2\nw1,w2,high\n\n", encoding="utf-8")
    options = {
        "delimiter": ",",
        "restrict_vocab": restrict_vocab,
        "case_insensitive": case_insensitive,
        "dummy4unknown": dummy4unknown,
    }
    got = cased.evaluate_word_pairs(path, **options)
    expected = cased.to_gensim().evaluate_word_pairs(str(path), **options)
    for ours, theirs in zip(got, expected, strict=True):
        assert_allclose(ours, theirs, atol=1e-6)
    assert got[0].statistic == got[0][0]


def test_pairs_of_which_too_few_are_known(ours, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("w1\tw2\t3\nw1\tunknown\t3\nw1 w3 4\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"at least two lines .* Got 1, and 1 with unknown words"):
        ours.evaluate_word_pairs(path)


@pytest.fixture(scope="module")
def english():
    """Vectors of the words of the test files, with sense enough to score above chance."""
    words = {}
    for path in sorted(Path(DATA, "wordsim").glob("EN-*.txt")):
        words.update(dict.fromkeys(path.read_text(encoding="utf-8").lower().split()))
    for line in Path(DATA, "analogy/questions-words.txt").read_text(encoding="utf-8").split("\n"):
        words.update(dict.fromkeys([] if line.startswith(":") else line.split()))
    words = [word for word in words if word[0].isalpha()]
    rng = np.random.default_rng(0)
    letters = rng.normal(size=(1 << 16, 40))
    pieces = [[row_of(word[i : i + 3]) for i in range(len(word))] for word in words]
    vectors = [letters[rows].sum(axis=0) for rows in pieces]
    return KeyedVectors(np.array(vectors), words)


def row_of(piece):
    return int.from_bytes(piece.encode(), "little") * 2654435761 % (1 << 32) >> 16


@needs_data
def test_word_pairs_of_the_literature_are_gensims(english):
    pytest.importorskip("gensim")
    theirs = english.to_gensim()
    for path in sorted(Path(DATA, "wordsim").glob("EN-*.txt")):
        got = english.evaluate_word_pairs(path, restrict_vocab=3000)
        expected = theirs.evaluate_word_pairs(str(path), restrict_vocab=3000)
        for mine, other in zip(got, expected, strict=True):
            assert_allclose(mine, other, atol=1e-6)


@needs_data
def test_analogies_of_the_literature_are_gensims(english, tmp_path):
    pytest.importorskip("gensim")
    lines = Path(DATA, "analogy/questions-words.txt").read_text(encoding="utf-8").splitlines()
    some = [line for i, line in enumerate(lines) if line.startswith(":") or i % 29 == 0]
    path = tmp_path / "some.txt"
    path.write_text("\n".join(some), encoding="utf-8")
    score, sections = english.evaluate_word_analogies(path)
    expected, their_sections = english.to_gensim().evaluate_word_analogies(str(path))
    assert len(sections) == 15
    assert sections == their_sections
    assert score == expected > 0.01


@needs_data
def test_chinese_analogies_are_read():
    path = Path(DATA, "analogy/zh_CA8_semantic.txt")
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    words = list(dict.fromkeys(word for line in lines if len(line) == 4 for word in line))
    rng = np.random.default_rng(0)
    table = KeyedVectors(rng.normal(size=(len(words), 10)), words)
    _, sections = table.evaluate_word_analogies(path)
    n_asked = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    assert n_asked == sum(len(line) == 4 for line in lines)
