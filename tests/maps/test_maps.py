"""Neighbours, places and regions of a map, against what is known of small collections."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.manifold import trustworthiness

from textvec.maps import layout
from textvec.maps.charts import Vectors, draw_chart, heaviest, name_regions
from textvec.maps.layout import lay_out, rough_places
from textvec.maps.neighbours import Neighbours, best_of, common, nearest
from textvec.maps.regions import hills, name_groups, term_counts

pytest.importorskip("openTSNE")


def blobs(n_each=60, n_groups=3, width=12, seed=0):
    """Return vectors in groups around axes of their own, and the group of each."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(n_groups), n_each)
    return np.abs(rng.normal(scale=0.15, size=(len(of), width)) + 2 * np.eye(width)[of]), of


@pytest.mark.parametrize("as_matrix", [np.asarray, sparse.csr_array])
def test_neighbours_are_those_of_brute_force(as_matrix):
    vectors, _ = blobs(n_each=20)
    vectors[7] = 0
    found = nearest(as_matrix(vectors), 5)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -1)
    cosines[:, 7] = -1
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :5]
    rest = np.delete(np.arange(len(vectors)), 7)
    assert_array_equal(found.indices[rest], order[rest])
    assert_allclose(found.scores[rest], np.take_along_axis(cosines, order, 1)[rest], atol=1e-6)
    assert_array_equal(found.indices[7], [-1] * 5)


def test_fewer_items_than_neighbours_leave_empty_places():
    found = nearest(np.eye(2) + 1, 4)
    assert_array_equal(found.indices, [[1, -1, -1, -1], [0, -1, -1, -1]])
    assert_array_equal(nearest(np.ones((1, 3)), 2).indices, [[-1, -1]])
    assert_array_equal(best_of(np.array([[1.0]]), 2).indices, [[-1, -1]])


def test_a_vector_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        nearest(np.array([[1.0, 2], [np.nan, 1], [1, 1]]), 1)


def test_common_neighbours_are_counted_whatever_their_order():
    rng = np.random.default_rng(0)
    tables = [np.array([rng.choice(30, 6, replace=False) for _ in range(50)]) for _ in range(2)]
    tables[0][3, 2:] = tables[1][3, 2:] = -1
    found = common(*(Neighbours(table, np.zeros(table.shape)) for table in tables))
    expected = [len((set(a) & set(b)) - {-1}) for a, b in zip(*(t.tolist() for t in tables))]
    assert_array_equal(found, expected)


def test_a_layout_keeps_neighbours():
    vectors, of = blobs()
    found = nearest(vectors, 30)
    start = rough_places(vectors)
    places = lay_out(found, start, random_state=3)
    assert trustworthiness(vectors, places, n_neighbors=10, metric="cosine") > 0.85
    nearest_on_plane = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(nearest_on_plane, np.inf)
    assert (of[nearest_on_plane.argmin(axis=1)] == of).mean() > 0.95


def test_a_layout_repeats_its_bits_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(layout, "_MANY", 0)
    monkeypatch.setattr(layout, "_ROUNDS", ((15, 12.0, 0.5), (15, 1.0, 0.8)))
    vectors, _ = blobs()
    found, start = nearest(vectors, 30), rough_places(vectors)
    places = [lay_out(found, start, 3, n_jobs).tobytes() for n_jobs in (1, 2, 1)]
    assert places[0] == places[1] == places[2]
    assert lay_out(found, start, 4).tobytes() != places[0]


def test_a_layout_resembles_what_it_starts_from():
    vectors, of = blobs()
    first = lay_out(nearest(vectors, 30), rough_places(vectors))
    noisy = np.abs(vectors + np.random.default_rng(1).normal(scale=0.1, size=vectors.shape))
    second = lay_out(nearest(noisy, 30), first)
    middles = [
        np.array([one[of == group].mean(axis=0) for group in range(3)]) for one in (first, second)
    ]
    assert np.linalg.norm(middles[0] - middles[1], axis=1).max() < 0.5


@pytest.mark.parametrize("n_items", [4, 6, 8, 13, 31])
def test_few_items_stand_beside_their_kind(n_items):
    vectors, of = blobs(n_each=n_items, n_groups=2)
    vectors, of = vectors[n_items // 2 :][:n_items], of[n_items // 2 :][:n_items]
    shuffled = np.random.default_rng(1).permutation(n_items)
    vectors, of = vectors[shuffled], of[shuffled]
    places = lay_out(nearest(vectors, 30), rough_places(vectors))
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert_array_equal(of[apart.argmin(axis=1)], of)
    same = of[:, None] == of[None]
    assert apart[~same].min() > np.where(same & np.isfinite(apart), apart, 0).max()
    assert apart.min() > 0.05  # no point hides another one


@pytest.mark.parametrize("n_items", [1, 2, 3, 5, 9])
def test_few_items_have_places_of_their_own(n_items):
    vectors = np.eye(n_items) + 1
    places = lay_out(nearest(vectors, 30), rough_places(vectors))
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(6), axis=0)) == n_items


def test_equal_items_and_zeros_stand_somewhere():
    vectors = np.zeros((1010, 3))
    vectors[:1000] = [1, 2, 3]
    with pytest.warns(UserWarning, match="10 of 1010 items have no neighbour under X"):
        chart = draw_chart(Vectors("X", vectors))
    assert np.isfinite(chart.places).all()
    assert chart.places[1000:, 1].min() > chart.places[:1000, 1].max()  # below, as y points down
    assert (chart.neighbours[1000:] == -1).all()
    assert_allclose(chart.scores[:1000], 1, atol=1e-6)


def test_places_that_are_no_numbers_stand_aside(monkeypatch):
    def broken(affinities, start, *rest):
        places = np.random.default_rng(0).normal(size=start.shape)
        places[4] = np.nan
        return places

    monkeypatch.setattr(layout, "_t_sne", broken)
    vectors, _ = blobs(n_each=10)
    places = lay_out(nearest(vectors, 30), rough_places(vectors))
    assert np.isfinite(places).all()
    assert places[4, 1] > np.delete(places, 4, axis=0)[:, 1].max()


def test_hills_are_the_groups_of_points():
    rng = np.random.default_rng(0)
    middles = np.array([[0, 0], [10, 0], [0, 10], [9, 9]])
    places = np.concatenate([middle + rng.normal(scale=0.4, size=(50, 2)) for middle in middles])
    found = hills(places, 0)
    assert len(found.peaks) == 4
    assert_array_equal(found.of, found.of[::50].repeat(50))
    for group, middle in enumerate(middles):
        assert np.linalg.norm(found.peaks[found.of[50 * group]] - middle) < 1
    assert len(hills(places, 3).peaks) > 4


def test_names_are_by_class_based_tf_idf():
    texts = ["sea pier sea", "sea pier", "ski lift sea", "ski slope sea"]
    counts, terms = term_counts(texts)
    assert "pier" in terms  # of two texts
    assert "slope" not in terms
    of = np.array([0, 0, 1, 1])
    at = {term: terms.index(term) for term in ("sea", "ski")}
    tf = {term: counts[2:, [at[term]]].sum() for term in at}
    every = {term: counts[:, [at[term]]].sum() for term in at}
    mean = counts.sum() / 2
    weigh = {term: tf[term] * np.log(1 + mean / every[term]) for term in at}
    assert weigh["ski"] > weigh["sea"]
    names = name_groups(counts, terms, of, 2)
    assert names[1][0] == "ski"
    assert names[0][0] == "sea pier"


@pytest.mark.parametrize(("n_plain", "n_loud"), [(3, 1), (250, 2)])
def test_what_hardly_any_item_of_a_region_says_does_not_name_it(n_plain, n_loud):
    texts = [*["sea pier"] * n_plain, *["sea " + "zebra " * 500] * n_loud, "ski lift", "ski zebra"]
    counts, terms = term_counts(texts)
    assert "zebra" in terms  # of two texts, and of one or two loud ones in the first region
    of = np.repeat([0, 1], [n_plain + n_loud, 2])
    assert name_groups(counts, terms, of, 2)[0] == ["sea pier"]
    one_more = [*texts[: n_plain + n_loud], texts[n_plain], *texts[-2:]]
    counts, terms = term_counts(one_more)
    of = np.repeat([0, 1], [n_plain + n_loud + 1, 2])
    assert "zebra" in " ".join(name_groups(counts, terms, of, 2)[0])


def test_chinese_regions_are_named_by_words_without_stop_words():
    texts = ["这里的海滩很美丽，我们喜欢海滩", "海滩边的酒店", "滑雪场的酒店很好", "我们去滑雪场"]
    counts, terms = term_counts(texts)
    assert {"海滩", "酒店"} <= set(terms)
    assert not {"我们", "的", "很"} & set(terms)
    names = name_groups(counts, terms, np.array([0, 0, 1, 1]), 2)
    assert names[0][0] == "海滩"


def test_contractions_name_nothing():
    texts = ["I'll say it’s the sea, don't you?", "We’ve a sea pier; can't you see? I'll show it's"]
    _, terms = term_counts([*texts, *texts])
    assert {"sea", "sea pier"} <= set(terms)
    assert not [term for term in terms if "'" in term or "’" in term]


def test_pairs_are_those_that_texts_have():
    texts = ["mouldy, we stayed by the sea. Spotless view", "Mouldy; then we stayed a sunny week"]
    counts, terms = term_counts([*texts, *texts])
    assert {"mouldy", "stayed", "sea", "spotless view", "sunny week"} <= set(terms)
    strange = {"mouldy stayed", "sea spotless", "stayed sunny", "stayed sea", "the sea"}
    assert not strange & set(terms)
    assert counts.shape == (4, len(terms))


def test_texts_without_words_have_no_names():
    assert term_counts(["😀", "", "!!", "12 13"]) == (None, [])


def test_regions_of_groups_bear_their_words():
    rng = np.random.default_rng(0)
    words = [["harbour", "oyster", "quay"], ["ski", "lift", "slope"], ["museum", "opera", "square"]]
    texts = [" ".join(rng.choice(words[i % 3], 6)) for i in range(150)]
    counts, terms = term_counts(texts)
    chart = draw_chart(Vectors("counts", counts))
    regions, of = name_regions(chart, counts, terms)
    told = {
        word
        for region in regions
        if region.level == 0
        for word in region.label.replace(" · ", " ").split()
    }
    assert {"harbour", "ski", "museum"} & told
    for i, name in enumerate(of):
        assert not name or set(name.replace(" · ", " ").split()) <= set(words[i % 3])
    assert len({(one.level, one.label) for one in regions}) == len(regions)


def test_the_heaviest_terms_are_kept():
    rows = sparse.random(40, 30, density=0.3, random_state=0, format="csr")
    kept, names, is_cut = heaviest(rows, list(range(30)), 4)
    assert is_cut
    for row in range(40):
        whole = rows.toarray()[row]
        best = sorted(whole[whole > 0])[::-1][:4]
        assert_allclose(sorted(kept.toarray()[row][kept.toarray()[row] > 0])[::-1], best)
    assert_allclose(
        kept.toarray(), np.where(kept.toarray() > 0, rows.toarray()[:, list(map(int, names))], 0)
    )
    assert not heaviest(rows, list(range(30)), 30)[2]
