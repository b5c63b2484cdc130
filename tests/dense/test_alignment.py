"""Tables moved into one space, and words translated in it, against plain NumPy."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import textvec
from textvec import KeyedVectors, Word2Vec, align
from textvec.dense import translations
from textvec.dense.alignment import _dictionary, _profiles, _rotation
from textvec.dense.subwords import Subwords
from textvec.dense.translations import crowding
from textvec.evaluate.tasks import WordTranslationTask

N_WORDS, SIZE = 300, 12


def clustered(seed=0, n_words=N_WORDS, size=SIZE):
    """Return vectors that stand in groups, longer along some axes, as those of words do."""
    rng = np.random.default_rng(seed)
    groups = rng.normal(size=(20, size))
    vectors = groups[rng.integers(20, size=n_words)] + rng.normal(size=(n_words, size))
    return (vectors * np.linspace(2, 0.5, size) + 0.5).astype(np.float32)


def turned(vectors, seed=1):
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(vectors.shape[1],) * 2))[0]
    return (vectors @ turn).astype(np.float32)


@pytest.fixture(scope="module")
def target():
    return KeyedVectors(clustered(), [f"t{i}" for i in range(N_WORDS)])


@pytest.fixture(scope="module")
def source(target):
    """The target's vectors turned, in another order."""
    order = np.random.default_rng(2).permutation(N_WORDS)
    counts = np.arange(N_WORDS, 0, -1)
    return KeyedVectors(turned(target.vectors)[order], [f"s{i}" for i in order], counts)


def pairs_of(source, n):
    return [(word, f"t{word[1:]}") for word in source.index_to_key[:n]]


# ------------------------------------------------------------------------------- known answers


@pytest.mark.parametrize("refine", [True, False])
def test_a_turn_is_found_exactly(source, target, refine):
    moved = align(source, target, pairs_of(source, 40), refine=refine)
    wanted = target[[f"t{word[1:]}" for word in source]]
    assert_allclose(moved.vectors, wanted, atol=2e-5)
    assert moved.index_to_key == source.index_to_key
    assert_array_equal(moved.counts, source.counts)
    assert moved.vectors.dtype == np.float32


def test_a_turn_is_found_exactly_without_pairs(source, target):
    moved = align(source, target, random_state=0)
    wanted = target[[f"t{word[1:]}" for word in source]]
    assert_allclose(moved.vectors, wanted, atol=2e-5)


def test_noise_is_learned_away_from_few_pairs():
    vectors = clustered(n_words=300, size=20)
    rng = np.random.default_rng(3)
    noisy = turned(vectors) + 0.15 * rng.normal(size=vectors.shape)
    words = [f"w{i}" for i in range(300)]
    one, other = KeyedVectors(noisy, words), KeyedVectors(vectors, words)
    few = [(word, word) for word in words[:6]]
    right = {}
    for refine in (False, True):
        with pytest.warns(UserWarning, match="6 known pairs for 20 dimensions"):
            moved = align(one, other, few, refine=refine, random_state=0)
        answers = moved.translate(words, other, topn=1)
        right[refine] = np.mean([best[0][0] == word for word, best in zip(words, answers)])
    assert right[False] < 0.5
    assert right[True] > 0.95


def test_likenesses_within_the_source_stay(source, target):
    noisy = KeyedVectors(
        source.vectors + 0.3 * np.random.default_rng(4).normal(size=source.vectors.shape),
        source.index_to_key,
    )
    moved = align(noisy, target, pairs_of(source, 40))
    lengths = np.linalg.norm(noisy.vectors, axis=1, keepdims=True)
    shift = moved.vectors / lengths - turned_part(noisy, moved) / lengths
    assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-5)


def turned_part(table, moved):
    """Return v W, by fitting v -> v W + |v| shift, and check that W is orthogonal."""
    lengths = np.linalg.norm(table.vectors, axis=1, keepdims=True)
    inputs = np.hstack([table.vectors, lengths]).astype(np.float64)
    weights = np.linalg.lstsq(inputs, moved.vectors.astype(np.float64), rcond=None)[0]
    turn = weights[:-1]
    assert_allclose(turn @ turn.T, np.eye(len(turn)), atol=1e-4)
    return table.vectors @ turn


def test_the_rotation_is_the_best_orthogonal_matrix():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 30, 4)).astype(np.float32)
    best = _rotation(x, y)
    assert_allclose(best @ best.T, np.eye(4), atol=1e-12)
    least = ((x @ best - y) ** 2).sum()
    for _ in range(200):
        other = np.linalg.qr(best + 0.1 * rng.normal(size=(4, 4)))[0]
        other *= np.sign(np.diag(other.T @ best))
        assert ((x @ other - y) ** 2).sum() >= least


def test_one_seed_gives_one_result(source, target):
    one, other = (align(source, target, random_state=7).vectors for _ in range(2))
    assert_array_equal(one, other)


def test_words_that_were_never_seen_move_along(target):
    parts = Subwords(clustered(6, n_words=500), min_n=2, max_n=3, hashes=2)
    words = [f"w{i}" for i in range(N_WORDS)]
    one = KeyedVectors(target.vectors, words, subwords=parts)
    turned_parts = Subwords(turned(parts.rows), min_n=2, max_n=3, hashes=2)
    other = KeyedVectors(turned(target.vectors), words, subwords=turned_parts, oov="zero")
    moved = align(other, one, [(word, word) for word in words[:40]])
    assert moved.oov == "zero"
    assert moved.translate("unseen", one) == []
    moved.oov = "subwords"
    assert_allclose(moved["unseen"], one["unseen"], atol=1e-4)
    wanted = one.most_similar("unseen", topn=3)
    found = moved.translate(["unseen", "w3"], one, topn=3, metric="cosine")[0]
    assert [word for word, _ in found] == [word for word, _ in wanted]


@pytest.mark.slow
def test_two_trainings_of_a_corpus_and_two_halves_of_it_meet(data_folder):
    import lzma
    import re

    text = lzma.decompress((data_folder / "corpora" / "en_wiki_2018.txt.xz").read_bytes())
    lines = [re.findall("[a-z]+", line.lower()) for line in text.decode("utf-8").split("\n")]
    half = len(lines) // 2

    def learn(lines, seed):
        settings = {"min_count": 10, "sample": 1e-4, "alpha": 0.05, "epochs": 5}
        model = Word2Vec(**settings, n_jobs=2, random_state=seed)
        return model.fit(lines).keyed_vectors_

    for tables, least in (
        ((learn(lines, 1), learn(lines, 2)), 0.95),
        ((learn(lines[:half], 1), learn(lines[half:], 2)), 0.6),
    ):
        one, other = tables
        words = [word for word in one if word in other][:5000]
        known = set(np.random.default_rng(0).choice(words, 500, replace=False))
        moved = align(one, other, [(word, word) for word in sorted(known)])
        asked = [word for word in words if word not in known]
        assert WordTranslationTask(asked, asked, other).evaluate(moved)["precision@1"] > least


# ---------------------------------------------------------------------------------- parts


def naive_crowding(vectors, others, k):
    return np.sort(vectors @ others.T, axis=1)[:, -k:].mean(axis=1)


@pytest.mark.parametrize("n_others", [1, 4, 10, 11, 60])
def test_crowding_is_the_mean_of_the_nearest(n_others, monkeypatch):
    monkeypatch.setattr(translations, "PRODUCTS", 100)
    rng = np.random.default_rng(0)
    vectors, others = rng.normal(size=(23, 5)), rng.normal(size=(n_others, 5))
    got = crowding(vectors.astype(np.float32), others.astype(np.float32))
    assert_allclose(got, naive_crowding(vectors, others, min(10, n_others)), rtol=1e-5)
    assert_array_equal(crowding(vectors.astype(np.float32), np.zeros((0, 5), np.float32)), 0)


def test_a_dictionary_has_the_best_word_for_each(monkeypatch):
    monkeypatch.setattr("textvec.dense.alignment.PRODUCTS", 100)
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(n, 6)).astype(np.float32) for n in (30, 40))
    x, y = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (x, y))
    scores = 2 * x @ y.T - naive_crowding(x, y, 10)[:, None] - naive_crowding(y, x, 10)
    rows, others, fit = _dictionary(x, y, 1.0, None)
    assert_array_equal(rows, [*range(30), *scores.argmax(axis=0)])
    assert_array_equal(others, [*scores.argmax(axis=1), *range(40)])
    cosines = x @ y.T
    there, back = scores.argmax(axis=1), scores.argmax(axis=0)
    wanted = (cosines[np.arange(30), there].mean() + cosines[back, np.arange(40)].mean()) / 2
    assert fit == pytest.approx(wanted, abs=1e-6)
    _, others, _ = _dictionary(x, y, 0.1, np.random.default_rng(0))
    assert len(set(others[:30])) <= 4  # a tenth of 40


def test_profiles_do_not_depend_on_the_turn_or_the_order():
    vectors = clustered(n_words=50)
    order = np.random.default_rng(0).permutation(50)
    assert_allclose(_profiles(turned(vectors)[order]), _profiles(vectors)[order], atol=1e-4)


# ---------------------------------------------------------------------------------- translate


def naive_translations(ours, theirs, row, topn, metric, stop):
    one, other = (
        table.vectors.astype(np.float64) / np.linalg.norm(table.vectors, axis=1, keepdims=True)
        for table in (ours, theirs)
    )
    cosines = one @ other.T
    scores = cosines[row, :stop]
    if metric == "csls":
        crowd = np.sort(cosines[row, :stop])[-10:].mean()
        scores = 2 * scores - crowd - np.sort(cosines, axis=0)[-10:].mean(axis=0)[:stop]
    best = np.argsort(-scores, kind="stable")[:topn]
    return [(theirs.index_to_key[i], scores[i]) for i in best]


@pytest.fixture(scope="module")
def languages():
    rng = np.random.default_rng(9)
    return [
        KeyedVectors(rng.normal(size=(n, 7)), [f"{name}{i}" for i in range(n)])
        for name, n in (("a", 60), ("b", 80))
    ]


@pytest.mark.parametrize("metric", ["csls", "cosine"])
@pytest.mark.parametrize(("topn", "limit"), [(1, None), (5, 30), (200, None), (0, None)])
def test_translations_are_those_of_the_formula(languages, metric, topn, limit):
    ours, theirs = languages
    words = ["a3", 7, "a59"]
    answers = ours.translate(words, theirs, topn, metric, limit)
    assert len(answers) == 3
    for word, got in zip((3, 7, 59), answers):
        wanted = naive_translations(ours, theirs, word, topn, metric, limit or 80)
        assert [one for one, _ in got] == [one for one, _ in wanted]
        assert_allclose([score for _, score in got], [score for _, score in wanted], atol=1e-6)


def test_a_word_is_translated_alone_as_among_others(languages, monkeypatch):
    ours, theirs = languages
    together = ours.translate(list(ours), theirs)
    monkeypatch.setattr(translations, "PRODUCTS", 7 * 80)
    assert ours.translate(list(ours), theirs) == together
    assert [ours.translate(word, theirs) for word in ours] == together
    assert ours.translate([], theirs) == []


def test_what_is_kept_of_a_table_is_not_taken_for_another(languages):
    ours, theirs = languages
    grown = KeyedVectors(theirs.vectors, theirs.index_to_key)
    alone = ours.translate("a3", grown)
    assert ours.translate("a3", theirs) == alone
    grown.add_vectors("hub", ours["a3"])
    assert ours.translate("a3", grown)[0][0] == "hub"
    assert ours.translate("a3", theirs) == alone
    mine = KeyedVectors(ours.vectors, ours.index_to_key)
    before = mine.translate("a3", theirs)
    mine.add_vectors([f"c{i}" for i in range(20)], np.repeat(theirs.vectors[:1], 20, axis=0))
    after = dict(mine.translate("a3", theirs, topn=80))
    assert after[theirs.index_to_key[0]] == pytest.approx(
        dict(naive_translations(mine, theirs, 3, 80, "csls", 80))[theirs.index_to_key[0]], abs=1e-6
    )
    assert before == alone


def test_hubs_are_no_translations():
    rng = np.random.default_rng(0)
    words = rng.normal(size=(200, 50)) + 1.5
    ours = KeyedVectors(words, [f"a{i}" for i in range(200)])
    hub = words.mean(axis=0)
    theirs = KeyedVectors(
        np.vstack([words + 1.5 * rng.normal(size=words.shape), hub]),
        [*(f"a{i}" for i in range(200)), "hub"],
    )
    right = {
        metric: np.mean([ours.translate(w, theirs, 1, metric)[0][0] == w for w in ours])
        for metric in ("csls", "cosine")
    }
    assert right["cosine"] < 0.2
    assert right["csls"] > 0.7


@pytest.mark.parametrize("metric", ["csls", "cosine"])
def test_zero_vectors_are_like_nothing(metric):
    ours = KeyedVectors([[0, 0], [1, 0.2]], ["nothing", "sea"])
    theirs = KeyedVectors([[0, 0], [1, 0], [-1, 0]], ["无", "海", "山"])
    assert ours.translate("nothing", theirs, metric=metric) == []
    found = ours.translate("sea", theirs, metric=metric)
    assert [word for word, _ in found] == ["海", "山"]
    assert np.isfinite([score for _, score in found]).all()


def test_tables_of_half_the_precision_are_translated_too(languages):
    ours, theirs = (
        KeyedVectors(table.vectors.astype(np.float16), table.index_to_key) for table in languages
    )
    got, wanted = (one.translate("a3", other) for one, other in ((ours, theirs), languages))
    assert [word for word, _ in got][:3] == [word for word, _ in wanted][:3]


# ---------------------------------------------------------------------------------- bad input


def small(n_words=5, size=3, name="w"):
    return KeyedVectors(
        clustered(n_words=n_words, size=size), [f"{name}{i}" for i in range(n_words)]
    )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"target": small(size=4)}, ValueError, "of one width .* vectors of 3 and 4 numbers"),
        ({"source": [[1, 2]]}, TypeError, r"source must be a KeyedVectors. Got \[\[1, 2\]\]"),
        ({"target": "chinese.vec"}, TypeError, "target must be a KeyedVectors. Got 'chinese.vec'"),
        ({"pairs": []}, ValueError, "at least once. Got 0 pairs without one. Those of source"),
        ({"pairs": [("W1", "w1")]}, ValueError, r"Got 1 pairs such as \('W1', 'w1'\) without"),
        ({"pairs": [("w1",)]}, TypeError, r"two words, both str. Got \('w1',\) as number 1"),
        ({"pairs": ["w1"]}, TypeError, "two words, both str. Got 'w1' as number 1"),
        ({"pairs": [("w1", 1)]}, TypeError, r"Got \('w1', 1\) as number 1"),
        ({"pairs": "en-zh.txt"}, TypeError, "pairs must be an iterable .* Got 'en-zh.txt'"),
        ({"pairs": 3}, TypeError, "pairs must be an iterable"),
        ({"refine": "yes"}, ValueError, "refine must be one of False, True"),
        ({"n_words": 0}, ValueError, "n_words must be at least 1. Got 0"),
        ({"random_state": "x"}, ValueError, "random_state must be an int"),
        ({"source": small(1)}, ValueError, "Got 0 vectors other than the mean in source: give"),
        (
            {"target": KeyedVectors(np.zeros((5, 3)), list("abcde"))},
            ValueError,
            "Got 0 vectors other than the mean in target: give pairs",
        ),
        (
            {"pairs": [("w1", "z")], "target": KeyedVectors(np.zeros((1, 3)), ["z"])},
            ValueError,
            "pairs must hold",
        ),
        (
            {"source": small(name="s"), "target": small(name="t"), "pairs": {"t1": "s1"}},
            ValueError,
            "turn them round",
        ),
    ],
)
def test_what_align_refuses(given, error, message):
    with pytest.raises(error, match=message):
        align(**{"source": small(), "target": small(), **given})


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"into": small(size=4)}, ValueError, "of one space. Got vectors of 3 and 4 numbers"),
        ({"into": [[1, 2]]}, TypeError, "into must be a KeyedVectors"),
        ({"metric": "dot"}, ValueError, "metric must be one of 'csls', 'cosine'. Got 'dot'"),
        ({"topn": -1}, ValueError, "topn must be at least 0"),
        ({"restrict_vocab": -1}, ValueError, "restrict_vocab must be at least 1"),
        ({"words": "W1"}, KeyError, "'W1' is not among the 5 words.* Did you mean 'w1'"),
        ({"words": 5}, KeyError, "There is no row 5"),
        ({"words": None}, TypeError, "words must be a list of words"),
    ],
)
def test_what_translate_refuses(given, error, message):
    with pytest.raises(error, match=message):
        small().translate(**{"words": "w1", "into": small(), **given})


@pytest.mark.parametrize("refine", [True, False])
def test_tables_of_one_word_meet_by_a_pair(refine):
    one, other = (KeyedVectors([vector], [word]) for vector, word in (([3, 4], "a"), ([1, 0], "b")))
    with pytest.warns(UserWarning, match="1 known pairs for 2 dimensions"):
        moved = align(one, other, [("a", "b")], refine=refine)
    assert_allclose(moved["a"], [5, 0], atol=1e-6)  # its length, in the other's direction
    assert moved.translate("a", other) == [("b", pytest.approx(0, abs=1e-6))]


def test_zero_vectors_stay_zero_and_teach_nothing(source, target):
    def with_nothing(table):
        return KeyedVectors(
            np.vstack([np.zeros((1, SIZE)), table.vectors]), ["nothing", *table.index_to_key]
        )

    pairs = pairs_of(source, 40)
    for refine in (True, False):
        alone = align(source, target, pairs, refine=refine)
        moved = align(
            with_nothing(source), with_nothing(target), [("nothing", "nothing"), *pairs],
            refine=refine,
        )  # fmt: skip
        assert not moved["nothing"].any()
        assert_allclose(moved.vectors[1:], alone.vectors, atol=1e-5)
    assert np.isfinite(
        align(with_nothing(source), with_nothing(target), random_state=0).vectors
    ).all()


def test_pairs_come_in_any_form_and_count_once(source, target):
    pairs = pairs_of(source, 40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = align(source, target, pairs, refine=False).vectors
        for form in (
            dict(pairs),
            iter(pairs),
            [list(pair) for pair in pairs],
            np.array(pairs),
            pairs + pairs[:9] * 5,
            [("unknown", "t1"), *pairs, (pairs[0][0], "unknown")],
        ):
            assert_array_equal(align(source, target, form, refine=False).vectors, wanted)


def test_nothing_given_is_changed_and_all_is_found_at_the_top(source, target):
    before = source.vectors.copy(), target.vectors.copy()
    textvec.align(source, target, pairs_of(source, 40))
    assert_array_equal(source.vectors, before[0])
    assert_array_equal(target.vectors, before[1])
