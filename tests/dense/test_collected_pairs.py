"""Counts of words and pairs that add up: PPMI of parts is PPMI of all documents."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from textvec import PPMI, CollectedPairs, CollectedTerms, load

documents = st.lists(st.lists(st.sampled_from("abcdé"), max_size=7).map(" ".join), max_size=8)


def distinct_frequencies(n_words=12):
    """Documents in which no two words are equally frequent."""
    rng = np.random.default_rng(0)
    words = [f"w{number}" for number in range(n_words) for _ in range(number + 2)]
    rng.shuffle(words)
    return [" ".join(words[i : i + 6]) for i in range(0, len(words), 6)]


def pairs_of(docs, window):
    """Count pairs as the definition says: tokens of one document, so many apart at most."""
    found = Counter()
    for doc in docs:
        words = doc.split()
        for i, word in enumerate(words):
            for other in words[max(0, i - window) : i] + words[i + 1 : i + 1 + window]:
                found[word, other] += 1
    return found


@settings(max_examples=60, deadline=None)
@given(documents, st.integers(1, 3), st.integers(1, 4))
def test_pairs_add_up_whatever_the_cut(docs, window, n_parts):
    ppmi = PPMI(min_count=1, window=window)
    parts = [ppmi.collect(docs[i::n_parts]) for i in range(n_parts)]
    merged = CollectedPairs.merge(parts)
    assert merged == CollectedPairs.merge(parts[::-1]) == ppmi.collect(docs)
    words = merged.words.terms()
    assert words == sorted(set(" ".join(docs).split()))
    matrix, expected = merged.matrix().toarray(), pairs_of(docs, window)
    for i, word in enumerate(words):
        for j, other in enumerate(words):
            assert matrix[i, j] == expected[word, other]


@pytest.mark.parametrize("min_count", [1, 5])
@pytest.mark.parametrize("pooling", ["mean", "idf", "max"])
def test_a_fit_on_parts_is_one_fit(min_count, pooling, tmp_path):
    docs = distinct_frequencies()
    params = {"min_count": min_count, "window": 2, "pooling": pooling, "random_state": 0}
    expected = PPMI(3, **params).fit(docs)
    ppmi = PPMI(3, **params)
    shards = [docs[::3], [], docs[1::3], docs[2::3]]
    parts = [ppmi.collect(shard) for shard in shards]
    if min_count > 1:
        words = CollectedPairs.merge(parts)
        parts = [ppmi.collect(shard, words) for shard in shards]
    parts[0].save(tmp_path / "part")
    found = ppmi.fit_collected([parts[2], tmp_path / "part", parts[3], parts[1]])
    table, wanted = found.keyed_vectors_, expected.keyed_vectors_
    assert table.index_to_key == wanted.index_to_key
    np.testing.assert_array_equal(table.counts, wanted.counts)
    np.testing.assert_array_equal(table.vectors, wanted.vectors)
    np.testing.assert_array_equal(found.singular_values_, expected.singular_values_)
    np.testing.assert_array_equal(found.transform(docs), expected.transform(docs))


def test_what_is_rare_goes_by_how_much_text_all_shards_are():
    docs = distinct_frequencies()
    ppmi = PPMI(2, random_state=0)
    assert ppmi.min_count == "auto"
    expected = clone(ppmi).fit(docs).keyed_vectors_
    shards = docs[:4], docs[4:]
    words = CollectedPairs.merge(ppmi.collect(shard) for shard in shards)
    with pytest.raises(ValueError, match="min_count=2 drops words before"):
        ppmi.fit_collected([words])
    found = ppmi.fit_collected([ppmi.collect(shard, words) for shard in shards]).keyed_vectors_
    assert found.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(found.vectors, expected.vectors)


def test_equals_stand_in_alphabetical_order():
    ppmi = PPMI(2, min_count=1, random_state=0)
    found = ppmi.fit_collected([ppmi.collect(["b a c", "d c", "a d"])])
    assert found.keyed_vectors_.index_to_key == ["a", "c", "d", "b"]


def test_token_lists_and_n_jobs_and_a_single_thread_agree():
    docs = [doc.split() for doc in distinct_frequencies()]
    one = PPMI(min_count=1).collect(docs)
    assert one == PPMI(min_count=1, n_jobs=2).collect(" ".join(doc) for doc in docs)
    assert repr(one) == "<CollectedPairs: 12 words and 64 pairs of 15 documents>"
    assert len(one) == 12


def test_what_does_not_fit_is_refused_with_the_cure(tmp_path):
    docs = distinct_frequencies()
    ppmi = PPMI(2, min_count=3, random_state=0)
    first = ppmi.collect(docs)
    assert not first.has_pairs
    assert repr(first).endswith("and no pairs of 15 documents>")
    with pytest.raises(ValueError, match="min_count=3 drops words before.*words=textvec"):
        ppmi.fit_collected([first])
    with pytest.raises(ValueError, match="min_count=3 drops words before"):
        ppmi.fit_collected([PPMI(min_count=1).collect(docs)])
    second = ppmi.collect(docs, words=first)
    with pytest.raises(ValueError, match="part 1 was collected with words="):
        ppmi.fit_collected([second, first])
    with pytest.raises(ValueError, match="part 1 holds pairs, and those before hold words alone"):
        CollectedPairs.merge([first, PPMI(min_count=1).collect(docs)])
    with pytest.raises(ValueError, match="holds words alone. Collect its documents once more"):
        first.matrix()
    with pytest.raises(TypeError, match="words must be None, or what CollectedPairs.merge"):
        ppmi.collect(docs, words=[first])
    with pytest.raises(ValueError, match="window=5.*this PPMI has window=2"):
        PPMI(min_count=3, window=2).fit_collected([second])
    with pytest.raises(ValueError, match="rarer than min_count=4"):
        PPMI(2, min_count=4).fit_collected([second])
    with pytest.raises(ValueError, match="pooling='sif'.*DocumentVectorizer"):
        PPMI(pooling="sif").fit_collected([second])
    with pytest.raises(ValueError, match="no parts"):
        ppmi.fit_collected([])
    with pytest.raises(TypeError, match="Parts must be CollectedPairs"):
        ppmi.fit_collected([first.words])
    with pytest.raises(ValueError, match="No words"):
        PPMI(min_count=1).fit_collected([PPMI(min_count=1).collect([])])


@pytest.mark.parametrize(
    "changed",
    [
        {"counts": np.array([1], np.uint8)},
        {"counts": None},
        {"row_lengths": np.array([1, 1], np.uint8)},
        {"row_lengths": np.array([2**63, 2**63, 2], np.uint64)},
        {"contexts": np.array([1, 9], np.uint8)},
        {"contexts": np.array([0, 0], np.uint8)},
        {"contexts": np.array([1, 2], np.int64)},
        {"words": None},
    ],
    ids=str,
)
def test_made_up_parts_are_refused(changed, tmp_path):
    part = PPMI(min_count=1, window=1).collect(["a b c"])
    part.save(tmp_path / "part")
    assert load(tmp_path / "part") == part
    assert type(part.words) is CollectedTerms
    vars(part).update(changed)
    part.save(tmp_path / "part")
    with pytest.raises(ValueError, match="does not describe a model"):
        load(tmp_path / "part")
