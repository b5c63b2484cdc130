"""PassageIndex: what is found, with filters, in changing contents, out of files."""

import json
import threading
import zipfile

import numpy as np
import pytest

from textvec import BM25Vectorizer, HybridIndex, LSAVectorizer, TfidfVectorizer, load, top_k
from textvec.integrations.passages import PassageIndex

WORDS = ["sea", "view", "oysters", "harbour", "ski", "snow", "lift", "pier", "quay", "wine"]


def made_texts(n, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, 6)) + f" w{row % 7}" for row in range(n)]


TEXTS = made_texts(120)
METADATA = [{"group": row % 3, "name": f"n{row}"} for row in range(120)]
NONE = {"type": "dict", "keys": [], "values": []}
IDS = [f"p{row}" for row in range(120)]
QUERIES = ["sea view harbour", "snow lift w3", "wine and bread"]


def bm25():
    return BM25Vectorizer().fit(TEXTS)


def lsa():
    return LSAVectorizer(vector_size=5, random_state=0).fit(TEXTS)


def ids_of(found):
    return [one.id for one in found]


@pytest.mark.parametrize("make", [bm25, lsa])
def test_one_vectorizer_ranks_as_top_k(make):
    vectorizer = make()
    passages = PassageIndex(vectorizer).add(TEXTS, METADATA, IDS)
    ask = getattr(vectorizer, "transform_queries", vectorizer.transform)
    metric = getattr(vectorizer, "metric", "cosine")
    scores, rows = top_k(ask(QUERIES), vectorizer.transform(TEXTS), 10, metric=metric)
    for query, its_scores, its_rows in zip(QUERIES, scores, rows):
        found = passages.search(query)
        assert ids_of(found) == [IDS[row] for row in its_rows]
        np.testing.assert_allclose([one.score for one in found], its_scores)
        assert found[0].text == TEXTS[its_rows[0]]
        assert found[0].metadata == METADATA[its_rows[0]]


def test_several_are_fused_as_hybrid_index():
    vectorizers = [bm25(), lsa()]
    for settings in ({}, {"fusion": "weighted", "weights": [1.0, 0.3]}):
        passages = PassageIndex(vectorizers, **settings).add(TEXTS, ids=IDS)
        hybrid = HybridIndex(None, **settings)
        hybrid.indexes_, hybrid.n_items_ = passages.indexes_, len(TEXTS)
        views = [vectorizers[0].transform_queries(QUERIES), vectorizers[1].transform(QUERIES)]
        _, rows = hybrid.search(views, 10)
        for query, its_rows in zip(QUERIES, rows):
            assert ids_of(passages.search(query)) == [IDS[row] for row in its_rows]


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({"group": 1}, [row for row in range(120) if row % 3 == 1]),
        ({"group": [0, 2]}, [row for row in range(120) if row % 3 != 1]),
        ({"group": 1, "name": ("n1", "n4")}, [1, 4]),
        (lambda metadata: metadata["group"] > 1, [row for row in range(120) if row % 3 == 2]),
        ({"absent": None}, []),
    ],
)
@pytest.mark.parametrize("vectorizers", [[bm25()], [bm25(), lsa()]], ids=["one", "two"])
def test_a_filter_ranks_as_if_nothing_else_were_there(where, rows, vectorizers):
    passages = PassageIndex(vectorizers).add(TEXTS, METADATA, IDS)
    alone = PassageIndex(vectorizers).add([TEXTS[r] for r in rows], None, [IDS[r] for r in rows])
    for query in QUERIES:
        found, expected = passages.search(query, where=where), alone.search(query)
        assert ids_of(found) == ids_of(expected)
        np.testing.assert_allclose([f.score for f in found], [e.score for e in expected])


def test_add_replaces_and_remove_forgets():
    vectorizers = [bm25(), lsa()]
    passages = PassageIndex(vectorizers).add(TEXTS[:60], METADATA[:60], IDS[:60])
    passages.add(
        [TEXTS[100], *TEXTS[60:100]], [{"new": 1}, *METADATA[60:100]], IDS[5:6] + IDS[60:100]
    )
    passages.remove(IDS[7:9]).remove("p11")
    assert len(passages) == 97
    texts = [*TEXTS[:5], TEXTS[100], *TEXTS[6:7], *TEXTS[9:11], *TEXTS[12:100]]
    again = PassageIndex(vectorizers).add(texts, ids=passages.ids_)
    assert passages.texts_ == texts
    for query in QUERIES:
        assert passages.search(query, 50)[0][:2] == again.search(query, 50)[0][:2]
        assert ids_of(passages.search(query, 50)) == ids_of(again.search(query, 50))
    assert passages.get(["p5", "p7"])[0].metadata == {"new": 1}
    assert len(passages.get(["p5", "p7"])) == 1
    with pytest.raises(KeyError, match="no passage has the id 'p7'"):
        passages.remove(["p1", "p7"])
    assert len(passages) == 97


def test_empty_finds_nothing_and_can_be_filled_again():
    passages = PassageIndex()
    assert passages.search("sea") == []
    assert len(passages) == 0
    assert passages.add([]).search("sea") == []
    passages.add(TEXTS[:5], ids=IDS[:5]).remove(IDS[:5])
    assert passages.search("sea") == []
    assert passages.add(TEXTS[:5]).search("sea view", 3)


def test_what_was_not_fitted_learns_first_and_when_asked():
    passages = PassageIndex(BM25Vectorizer()).add(["the sea", "a hill"], ids=["a", "b"])
    passages.add(["贾宝玉 the sea"], ids=["c"])
    assert passages.search("宝玉") == []
    passages.add(["宝钗 the sea"], ids=["d"], refit=True)
    assert ids_of(passages.search("宝玉")) == ["c", "d"]
    fitted = bm25()
    passages = PassageIndex(fitted).add(["宝钗 the sea"], refit=True)
    assert passages.vectorizers_ == [fitted]
    assert passages.fit(TEXTS, ids=IDS).ids_ == IDS


def test_unknown_words_find_nothing():
    assert PassageIndex(bm25()).add(TEXTS).search("量子") == []
    two = PassageIndex([bm25(), lsa()]).add(TEXTS)
    assert two.search("量子") == []


class Longest:
    """A reranker that likes long texts."""

    def score(self, pairs):
        return np.array([len(text) for _, text in pairs], np.float32)


def test_a_reranker_orders_the_candidates():
    passages = PassageIndex(bm25(), reranker=Longest(), n_candidates=30).add(TEXTS, ids=IDS)
    plain = PassageIndex(bm25()).add(TEXTS, ids=IDS)
    candidates = plain.search("sea view", 30)
    expected = sorted(candidates, key=lambda one: -len(one.text))
    found = passages.search("sea view", 5)
    assert ids_of(found) == ids_of(expected)[:5]
    assert found[0].score == len(found[0].text)


def test_threshold_and_diversity():
    passages = PassageIndex(lsa()).add(TEXTS, ids=IDS)
    found = passages.search("sea view", 50)
    least = found[20].score
    assert ids_of(passages.search("sea view", 50, threshold=least)) == ids_of(found)[:21]
    assert ids_of(passages.search("sea view", 5, diversity=0.0)) == ids_of(found)[:5]
    diverse = passages.search("sea view", 5, diversity=0.9)
    assert ids_of(diverse)[0] == found[0].id
    assert ids_of(diverse) != ids_of(found)[:5]
    for vectorizers in (bm25(), [bm25(), lsa()]):
        several = PassageIndex(vectorizers).add(TEXTS, ids=IDS)
        assert len(several.search("sea view", 5, diversity=0.5)) == 5


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"texts": "one"}, TypeError, "texts must be a list"),
        ({"texts": ["a", None]}, TypeError, r"texts\[1\] must be a str. Got NoneType"),
        ({"ids": [1, 2]}, TypeError, r"ids\[0\] must be a str. Got 1"),
        ({"ids": ["x", "x"]}, ValueError, "'x' stands twice"),
        ({"ids": ["x"]}, ValueError, "ids must be as many as texts: 2. Got 1"),
        ({"ids": "xy"}, TypeError, "ids must be a list"),
        ({"metadata": [{}]}, ValueError, "metadata must be as many as texts: 2. Got 1"),
        ({"metadata": ["a", {}]}, TypeError, r"metadata\[0\] must be a mapping"),
        ({"metadata": {"a": 1}}, TypeError, "metadata must be a list"),
        ({"refit": 1.5}, ValueError, "refit"),
    ],
)
def test_bad_passages_are_refused_and_nothing_changes(change, error, message):
    passages = PassageIndex(bm25()).add(TEXTS[:3], ids=IDS[:3])
    with pytest.raises(error, match=message):
        passages.add(**({"texts": ["one", "two"]} | change))
    assert passages.ids_ == IDS[:3]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"query": 3}, TypeError, "query must be a str"),
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"diversity": 2}, ValueError, "diversity must be between 0 and 1"),
        ({"threshold": "high"}, TypeError, "threshold must be a number"),
        ({"n_candidates": 0}, ValueError, "n_candidates must be at least 1"),
        ({"where": "group = 1"}, TypeError, "where must be a mapping"),
    ],
)
def test_bad_questions_are_refused(change, error, message):
    passages = PassageIndex(bm25()).add(TEXTS)
    with pytest.raises(error, match=message):
        passages.search(**({"query": "sea"} | change))


def test_a_class_is_no_vectorizer():
    for wrong in (BM25Vectorizer, [], ["bm25"]):
        with pytest.raises((TypeError, ValueError), match="vectorizer"):
            PassageIndex(wrong).add(TEXTS)


@pytest.mark.parametrize("vectorizers", [bm25(), [bm25(), lsa()], None], ids=["one", "two", "own"])
def test_saved_and_loaded_answers_the_same(tmp_path, vectorizers):
    passages = PassageIndex(vectorizers).add(TEXTS, METADATA, IDS)
    passages.save(tmp_path / "p.textvec")
    again = load(tmp_path / "p.textvec")
    assert again.search("sea view") == passages.search("sea view")
    again.add(["sea"], ids=["new"]).remove("p3")
    assert len(again) == 120
    PassageIndex().add(["a text"], ids=["x"]).remove("x").save(tmp_path / "empty.textvec")
    assert load(tmp_path / "empty.textvec").search("a text") == []


def test_metadata_that_no_file_holds_is_named(tmp_path):
    passages = PassageIndex().add(["a text"], [{"made": threading.Lock()}])
    with pytest.raises(TypeError, match=r"metadata_\[0\]\['made'\]"):
        passages.save(tmp_path / "p.textvec")


def test_made_up_files_are_refused(tmp_path):
    path = tmp_path / "p.textvec"
    PassageIndex().add(["a sea", "b view"], ids=["x", "y"]).save(path)
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    header = json.loads(members["header.json"])

    def altered(change):
        with zipfile.ZipFile(path, "w") as whole:
            state = json.loads(members["header.json"])
            change(state["root"]["state"])
            for name, content in members.items():
                text = json.dumps(state) if name == "header.json" else content
                whole.writestr(name, text)

    assert header["root"]["state"]["ids_"] == ["x", "y"]
    for change in (
        lambda state: state.update(ids_=["x"]),
        lambda state: state.update(ids_=["x", 2]),
        lambda state: state.update(texts_="ab"),
        lambda state: state.update(metadata_=[1, 2]),
        lambda state: state.update(indexes_=[]),
        lambda state: state.update(indexes_=[None]),
        lambda state: state.pop("texts_"),
        lambda state: state.update(ids_=["x", "y", "z"], texts_=["a"] * 3, metadata_=[NONE] * 3),
    ):
        altered(change)
        with pytest.raises(ValueError, match="p.textvec"):
            load(path)


def test_threads_that_search_see_passages_before_or_after():
    passages = PassageIndex([bm25(), lsa()]).add(TEXTS, ids=IDS)
    stop, wrong = threading.Event(), []

    def ask():
        while not stop.is_set():
            try:
                found = passages.search("sea view", 20)
                if any(one.text != passages_of[one.id] for one in found):
                    wrong.append(found)
            except Exception as error:  # told below
                wrong.append(error)

    passages_of = dict(zip(IDS, TEXTS, strict=True))
    thread = threading.Thread(target=ask)
    thread.start()
    for row in range(30):
        passages.remove(IDS[row])
        passages.add([TEXTS[row]], ids=[IDS[row]])
    stop.set()
    thread.join()
    assert wrong == []


def test_clone_and_parameters():
    from sklearn.base import clone

    passages = PassageIndex(TfidfVectorizer(), weights=[1.0], n_candidates=7)
    assert clone(passages).get_params(deep=False)["n_candidates"] == 7


def test_to_fit_on_nothing_is_to_start_anew():
    passages = PassageIndex().fit(["sea view"], ids=["a"]).fit([])
    assert (len(passages), passages.ids_, passages.search("sea")) == (0, [], [])
    assert ids_of(passages.add(["a pier"], ids=["b"]).search("pier")) == ["b"]


def test_one_id_is_as_good_as_a_list_of_one():
    passages = PassageIndex().add(["sea view", "ab"], ids=["ab", "a"])
    assert ids_of(passages.get("ab")) == ids_of(passages.get(["ab"])) == ["ab"]
