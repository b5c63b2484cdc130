"""Words by their n-grams: what Word2Vec learns of them, and what a table says of unseen words."""

from threading import Event

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from textvec import DocumentVectorizer, KeyedVectors, Word2Vec, load
from textvec.dense.subwords import Subwords
from textvec.dense.training import Parts, Progress, Settings, Training
from textvec.dense.unknown_words import UnknownWordError
from textvec.kernels.subwords import train_plainly
from textvec.kernels.word_vectors import SKIPGRAM, draw
from textvec.persistence import save
from textvec.ragged import Ragged

SEA = ["beach", "beaches", "beachy", "wave", "waves", "wavy", "sandy", "sands"]
CITY = ["street", "streets", "metro", "metros", "tower", "towers", "crowd", "crowds"]
BY_PARTS = {"min_n": 3, "max_n": 5, "buckets": 500}


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(0)
    kinds = [SEA, CITY]
    documents = [[*rng.choice(kinds[i % 2], 9).tolist(), "the"] for i in range(300)]
    return [*documents, ["beachwear", "waving"], ["townspeople"]]


def trained(documents, **parameters):
    given = {"vector_size": 16, "sample": 0, "random_state": 1, **BY_PARTS} | parameters
    return Word2Vec(**given).fit(documents)


@pytest.fixture(scope="module")
def model(documents):
    return trained(documents, epochs=10)


@pytest.fixture
def table():
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    vectors = np.random.default_rng(1).normal(size=(3, 4))
    return KeyedVectors(vectors, ["sea", "view", "酒店"], [3, 2, 1], Subwords(rows, 2, 3, 2))


def assert_same(one, other):
    assert_same_table(one.keyed_vectors_, other.keyed_vectors_)
    for name in ("own_vectors_", "context_vectors_", "loss_history_"):
        assert_array_equal(getattr(one, name), getattr(other, name))


def assert_same_table(one, other):
    assert one.index_to_key == other.index_to_key
    assert_array_equal(one.vectors, other.vectors)
    assert_array_equal(one.subwords.rows, other.subwords.rows)
    assert one.oov == other.oov
    for name in ("min_n", "max_n", "hashes"):
        assert getattr(one.subwords, name) == getattr(other.subwords, name)


# ------------------------------------------------------------------------------------- training


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("random_state", [1, None])
def test_unseen_words_come_to_those_that_share_their_parts(documents, architecture, random_state):
    table = trained(
        documents, architecture=architecture, random_state=random_state, epochs=10, n_jobs=2
    ).keyed_vectors_
    for unseen, topic in (("beachside", SEA), ("sandwaves", SEA), ("streetcrowd", CITY)):
        assert unseen not in table
        nearest = [near for near, _ in table.most_similar(unseen, topn=5)]
        assert len(set(nearest) & set(topic)) >= 4


def test_a_word_is_its_own_row_and_the_mean_of_its_parts(model):
    table = model.keyed_vectors_
    expected = model.own_vectors_ + table.subwords.vectors_of(table.index_to_key)
    assert_allclose(table.vectors, expected, atol=1e-6)
    assert model.own_vectors_.any()
    assert table.subwords.rows.shape == (500, 16)


def test_without_max_n_there_are_no_subwords(documents):
    model = trained(documents, max_n=0, min_n=0, epochs=1)
    assert model.own_vectors_ is None
    assert model.keyed_vectors_.subwords is None
    with pytest.raises(UnknownWordError, match="beachside"):
        model.keyed_vectors_["beachside"]


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_no_result_depends_on_n_jobs(architecture):
    rng = np.random.default_rng(4)
    documents = [[f"w{n}" for n in rng.zipf(1.4, 40) if n < 500] for _ in range(300)]
    models = [
        trained(documents, architecture=architecture, n_jobs=n_jobs, sample=1e-3, epochs=2)
        for n_jobs in (1, 2, 3, 4)
    ]
    for other in models[1:]:
        assert_same(models[0], other)


@pytest.mark.parametrize("free", [True, False])
def test_a_span_learns_what_the_plain_kernel_does(free):
    rng = np.random.default_rng(0)
    tokens = Ragged(rng.integers(0, 9, 12).astype(np.int32), np.array([5, 12]))
    parts = Ragged(rng.integers(0, 7, 20).astype(np.int32), np.array([0, *range(6, 22, 2)]))
    matrices = [rng.normal(size=(n, 16)).astype(np.float32) for n in (9, 7, 9)]
    own, rows, contexts = fast = [matrix.copy() for matrix in matrices]
    settings = Settings(2, 0, 3, 0.75, "skipgram", True, 0.1, 0.1, 1, True)
    counts = np.bincount(tokens.values, minlength=9) + 1
    training = Training(
        tokens, counts, own, contexts, settings, Progress([1, 0], free), 1, Parts(rows, parts)
    )
    training._begin_epoch()
    spans = len(training._spans)
    states, order = training._states.copy(), training._order
    training.run(Event(), lambda: None)
    assert spans == 1
    kept = draw(tokens.values, tokens.ends, order, np.ones(9), *training.noise, states)
    plain = [matrix.copy() for matrix in matrices]
    how = (2, True, 3, SKIPGRAM, np.float32(0.1))
    train_plainly(*kept, *parts, *plain, *how, states)
    for changed, expected, start in zip(fast, plain, matrices):
        step = np.abs(expected - start).max()
        assert step > 0
        assert_allclose(changed, expected, rtol=0, atol=0.01 * step)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_take_turns_whatever_the_seed(n_jobs):
    """One that took back what another added to rows that words share made vectors of any length."""
    rng = np.random.default_rng(0)
    tokens = Ragged(rng.integers(0, 50, 30_000).astype(np.int32), np.arange(20, 30_001, 20))
    parts = Ragged(rng.integers(0, 7, 200).astype(np.int32), np.arange(4, 201, 4))
    matrices = [rng.normal(size=(n, 16)).astype(np.float32) / 10 for n in (50, 7, 50)]
    settings = Settings(2, 0, 3, 0.75, "skipgram", True, 0.002, 0.002, 1, True)
    counts, found = np.bincount(tokens.values), []
    for free, threads in ((False, 1), (True, n_jobs)):
        own, rows, contexts = now = [matrix.copy() for matrix in matrices]
        progress = Progress([1, 0], free)
        Training(
            tokens, counts, own, contexts, settings, progress, threads, Parts(rows, parts)
        ).run(Event(), lambda: None)
        found.append(now)
    for one, other in zip(*found):
        assert_array_equal(one, other)


def test_loss_falls(model):
    assert (np.diff(model.loss_history_)[:3] < 0).all()


def test_chinese_words_are_helped_by_their_characters():
    rng = np.random.default_rng(0)
    kinds = [["海边", "海滩", "海浪", "海水"], ["城市", "城区", "城镇", "城门"]]
    documents = [rng.choice(kinds[i % 2], 6).tolist() for i in range(200)]
    table = trained(documents, min_n=1, max_n=2, epochs=10).keyed_vectors_
    assert table.most_similar("海风", topn=1)[0][0] in kinds[0]
    assert table.most_similar("城墙", topn=1)[0][0] in kinds[1]


def test_what_is_learned_is_saved_and_trained_on(documents, model, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert_same(again, model)
    assert_array_equal(again.keyed_vectors_["beachside"], model.keyed_vectors_["beachside"])
    more = [*documents[:50], *[["seaside", "beach", "waves"]] * 6]
    for one in (again, other := load(tmp_path / "model")):
        one.set_params(epochs=1).partial_fit(more)
    assert_same(again, other)
    assert "seaside" in again.keyed_vectors_
    assert len(again.own_vectors_) == len(again.keyed_vectors_) == len(model.keyed_vectors_) + 1
    assert not np.array_equal(
        again.keyed_vectors_.subwords.rows, model.keyed_vectors_.subwords.rows
    )


def test_a_training_cut_off_goes_on_from_its_checkpoint(documents, tmp_path, monkeypatch):
    unbroken, saved = trained(documents, epochs=4), []

    def keep(model, path):
        saved.append(model._unfinished)
        save(model, path if len(saved) == 2 else tmp_path / "other")

    monkeypatch.setattr(Word2Vec, "save", keep)
    trained(documents, epochs=4, checkpoint=tmp_path / "model")
    assert saved[1]["progress"]["epoch"] == 2
    assert_same(Word2Vec.resume(tmp_path / "model", documents), unbroken)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"max_n": 4}, "max_n was 5 in fit. Got 4 instead"),
        ({"min_n": 2}, "min_n was 3 in fit. Got 2 instead"),
        ({"buckets": 501}, "buckets was 500 in fit. Got 501"),
        ({"hashes": 2}, "hashes was 1 in fit. Got 2"),
        ({"min_n": 0, "max_n": 0}, "max_n was 5 in fit. Got 0"),
        ({"vector_size": 3}, "vector_size was 16 in fit. Got 3"),
    ],
)
def test_other_parts_cannot_be_trained_on(model, documents, tmp_path, parameters, message):
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "model").set_params(**parameters).partial_fit(documents)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_n": 6}, "min_n must be at most max_n. Got min_n=6 and max_n=5"),
        ({"min_n": -1}, "min_n must be at least 0. Got -1"),
        ({"buckets": 0}, "buckets must be between 1 and 2147483647. Got 0"),
        ({"hashes": 0}, "hashes must be between 1 and 4. Got 0"),
        ({"hashes": 5}, "hashes must be between 1 and 4. Got 5"),
    ],
)
def test_bad_parameters(documents, parameters, message):
    with pytest.raises(ValueError, match=message):
        trained(documents, **parameters)


# ------------------------------------------------------------------------- what is not in a table


def test_a_table_answers_for_any_word(table):
    made = table.subwords.vectors_of(["seaview"])[0]
    assert_array_equal(table["seaview"], made)
    assert_allclose(table.get_vector("seaview", norm=True), made / np.linalg.norm(made), rtol=1e-6)
    assert_array_equal(table[["sea", "seaview", 1]], [table["sea"], made, table["view"]])
    assert "seaview" not in table
    expected = made @ table["sea"] / np.linalg.norm(made) / np.linalg.norm(table["sea"])
    assert table.similarity("seaview", "sea") == pytest.approx(expected)
    assert table.similarity("seaview", "seaview") == pytest.approx(1)
    order = [word for word, _ in table.most_similar("seaview")]
    assert [table.rank("seaview", word) for word in order] == [1, 2, 3]
    assert 1 <= table.rank("sea", "seaview") <= 3
    assert table.doesnt_match(["sea", "seaview"]) in ("sea", "seaview")
    assert_allclose(table.get_mean_vector(["seaview"], pre_normalize=False), made, rtol=1e-6)
    for asked in (table.most_similar_cosmul("seaview"), table.similar_by_key(["seaview"])[0]):
        assert len(asked) == 3
    assert table.n_similarity(["seaview"], ["seaview"]) == pytest.approx(1)


def test_oov_says_what_answers(table):
    table.oov = "zero"
    assert not table["seaview"].any()
    assert table.similarity("seaview", "sea") == 0
    assert_array_equal(table.get_mean_vector(["sea", "seaview"]), table.get_mean_vector(["sea"]))
    table.oov = "raise"
    with pytest.raises(UnknownWordError, match="'seaview' is not among the 3 words"):
        table["seaview"]
    with pytest.raises(UnknownWordError):
        table.most_similar("seaview")
    table.oov = "guess"
    with pytest.raises(ValueError, match="oov must be one of 'subwords', 'raise', 'zero'"):
        table["seaview"]
    with pytest.raises(ValueError, match="Got 'guess'"):
        KeyedVectors(table.vectors, table.index_to_key, oov="guess")
    plain = KeyedVectors(table.vectors, table.index_to_key, oov="zero")
    assert plain["seaview"].tolist() == [0, 0, 0, 0]


def test_a_word_without_parts_is_zero(table):
    alone = KeyedVectors(
        table.vectors, table.index_to_key, subwords=Subwords(table.subwords.rows, 6, 6, 0)
    )
    for word in ("a", "", "</s>"):
        assert not alone[word].any()
    assert not table["</s>"].any()
    assert table["\ud800"].any()  # half a character, which documents may hold


def test_tables_are_saved_with_what_they_say_of_others(table, tmp_path):
    table.oov = "zero"
    table.save(tmp_path / "table")
    for how in ({}, {"verify": False}, {"mmap_mode": "r"}):
        assert_same_table(load(tmp_path / "table", **how), table)
    grown = load(tmp_path / "table")
    grown.add_vectors("beach", np.ones(4))
    assert grown.oov == "zero"
    assert grown.subwords.hashes == 2


@pytest.mark.parametrize(
    ("subwords", "error", "message"),
    [
        ("subwords", TypeError, "subwords must be a Subwords, or None. Got 'subwords'"),
        (Subwords(np.ones((5, 3), np.float32), 1, 2, 1), ValueError, "rows of 4 numbers.*Got 3"),
        (Subwords(np.full((5, 4), np.nan, np.float32), 1, 2, 1), ValueError, "NaN or infinity"),
    ],
)
def test_what_does_not_fit_a_table_is_refused(table, subwords, error, message):
    with pytest.raises(error, match=message):
        KeyedVectors(table.vectors, table.index_to_key, subwords=subwords)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((np.ones((5, 3)), 1, 2, 1), "rows must be a table of float32"),
        ((np.ones((0, 3), np.float32), 1, 2, 1), "buckets must be between 1 and 2147483647. Got 0"),
        ((np.ones((5, 3), np.float32), 3, 2, 1), "min_n must be at most max_n"),
        ((np.ones((5, 3), np.float32), 0, 0, 0), "max_n must be at least 1"),
        ((np.ones((5, 3), np.float32), 1, 2, 5), "hashes must be between 0 and 4"),
    ],
)
def test_bad_subwords(given, message):
    with pytest.raises(ValueError, match=message):
        Subwords(*given)


def test_word_pairs_know_all_words(table, tmp_path):
    path = tmp_path / "pairs"
    path.write_text("sea\tview\t3\nSeaview\tview\t2\nsea\tOcean\t1\n", encoding="utf-8")
    pairs = [("sea", "view"), ("seaview", "view"), ("sea", "ocean")]
    cosines = [table.similarity(*pair) for pair in pairs]
    pearson, _, oov_ratio = table.evaluate_word_pairs(path)
    assert pearson.statistic == pytest.approx(np.corrcoef(cosines, [3, 2, 1])[0, 1], abs=1e-6)
    assert oov_ratio == pytest.approx(200 / 3)
    table.oov = "raise"
    with pytest.raises(ValueError, match="Got 1, and 2 with unknown words"):
        table.evaluate_word_pairs(path)


# ------------------------------------------------------------------------------------ documents


def test_documents_have_the_vectors_of_words_that_were_never_seen(table):
    texts = ["sea view", "seaview", "a seaview, the sea", ""]
    vectors = DocumentVectorizer(table).fit_transform(texts)
    words = [["sea", "view"], ["seaview"], ["a", "seaview", "the", "sea"]]
    for vector, tokens in zip(vectors, words):
        assert_allclose(vector, table[tokens].mean(axis=0), rtol=1e-5)
    assert not vectors[3].any()
    table.oov = "raise"
    vectors = DocumentVectorizer(table).fit_transform(texts)
    assert not vectors[1].any()
    assert_allclose(vectors[2], table["sea"], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("pooling", ["mean", "idf", "sif", "max"])
def test_fit_transform_is_fit_then_transform(table, pooling, dtype):
    table = KeyedVectors(table.vectors.astype(dtype), table.index_to_key, None, table.subwords)
    texts = ["sea view", "seaview", "a seaview, the sea", "", "the view 酒店", "oceans"]
    one = DocumentVectorizer(table, pooling=pooling)
    vectors = one.fit_transform(texts)
    assert_array_equal(
        vectors, DocumentVectorizer(table, pooling=pooling).fit(texts).transform(texts)
    )
    assert_array_equal(vectors[2:3], one.transform(texts[2:3]))
    assert len(vectors[5]) == 4
    if pooling == "idf":
        rarest = one.word_weights_.max()
        weights = [one.word_weights_[0], rarest]
        expected = np.average(table[["sea", "seas"]].astype(float), axis=0, weights=weights)
        assert_allclose(one.transform(["sea seas"])[0], expected, rtol=1e-3)


@pytest.mark.parametrize("pooling", ["mean", "idf", "sif", "max"])
def test_a_trained_model_makes_vectors_of_rare_words_too(documents, pooling):
    one = Word2Vec(8, epochs=1, random_state=0, pooling=pooling, **BY_PARTS)
    vectors = one.fit_transform(iter(documents))
    assert "beachwear" not in one.keyed_vectors_
    assert vectors[-2:].any(axis=1).all()
    assert_array_equal(vectors, one.transform(documents))


def test_a_table_without_words_makes_vectors_of_texts(table):
    none = KeyedVectors(np.zeros((0, 4)), [], subwords=table.subwords)
    vectors = DocumentVectorizer(none, pooling="sif").fit_transform(["sea view", "the bar", ""])
    assert vectors[:2].any()
    assert none.most_similar("sea") == []
