"""What is no document, no path and no list is refused by the name of the parameter, and shown."""

import pytest

from textvec import (
    BM25Vectorizer,
    ContentRecommender,
    CountVectorizer,
    KeyedVectors,
    LSAVectorizer,
    MinHashLSH,
    load,
    load_documents,
)
from textvec.encoders.batching import check_texts
from textvec.encoders.multi_vector import max_sim_scores
from textvec.evaluate.metrics import ndcg_at_k
from textvec.evaluate.tasks import ClassificationTask, WordAnalogyTask, read_task, select_tasks
from textvec.finetune.records import read_records
from textvec.integrations.passages import PassageIndex
from textvec.integrations.vectors import from_dicts, to_pairs
from textvec.recommend.defaults import default_vectorizer, default_vectorizers
from textvec.recommend.headings import titles_of
from textvec.recommend.names import short_forms
from textvec.show.csv_files import write_csv
from textvec.show.pages import write_page
from textvec.text.splitters import RecursiveTextSplitter

TEXTS = ["sea view", "sea and sun"]


class Thing:
    """Neither a path nor an iterable."""

    def __repr__(self):
        return "<thing>"


DOCUMENTS = {
    "BM25Vectorizer.fit": lambda it: BM25Vectorizer().fit(it),
    "BM25Vectorizer.transform": lambda it: BM25Vectorizer().fit(TEXTS).transform(it),
    "BM25Vectorizer.transform_queries": lambda it: (
        BM25Vectorizer().fit(TEXTS).transform_queries(it)
    ),
    "CountVectorizer.collect": lambda it: CountVectorizer().collect(it),
    "CountVectorizer.partial_fit": lambda it: CountVectorizer().partial_fit(it),
    "LSAVectorizer.collect": lambda it: LSAVectorizer().collect(it),
    "LSAVectorizer.fit": lambda it: LSAVectorizer().fit(it),
    "LSAVectorizer.transform": lambda it: LSAVectorizer(vector_size=1).fit(TEXTS).transform(it),
    "MinHashLSH.fit": lambda it: MinHashLSH().fit(it),
    "MinHashLSH.transform": lambda it: MinHashLSH().fit(TEXTS).transform(it),
    "what networks read": check_texts,
}
FILES = {
    "load_floret_format": KeyedVectors.load_floret_format,
    "load_word2vec_format": KeyedVectors.load_word2vec_format,
    "save_word2vec_format": lambda it: KeyedVectors([[1.0]], ["sea"]).save_word2vec_format(it),
}
PATHS = {
    "KeyedVectors.save": lambda it: KeyedVectors([[1.0]], ["sea"]).save(it),
    "KeyedVectors.to_static_model": lambda it: KeyedVectors([[1.0]], ["sea"]).to_static_model(it),
    "load": load,
    "load_documents": load_documents,
    "read_task": read_task,
    "write_csv": lambda it: write_csv(it, None),
    "write_page": lambda it: write_page(it, ""),
}
LISTS = {
    ("labels", "ClassificationTask"): lambda it: ClassificationTask(TEXTS, it),
    ("questions", "WordAnalogyTask"): WordAnalogyTask,
    ("ranking", "ndcg_at_k"): lambda it: ndcg_at_k(it, {}, 1),
    ("relevance", "ndcg_at_k"): lambda it: ndcg_at_k(["a"], it, 1),
    ("tasks", "select_tasks"): select_tasks,
    ("queries", "max_sim_scores"): lambda it: max_sim_scores(it, []),
    ("lines", "titles_of"): titles_of,
    ("names", "short_forms"): short_forms,
    ("ids", "PassageIndex.get"): PassageIndex().get,
    ("ids", "PassageIndex.remove"): PassageIndex().remove,
    ("dicts", "from_dicts"): lambda it: from_dicts(it, 3),
    ("texts", "default_vectorizer"): default_vectorizer,
    ("texts", "default_vectorizers"): default_vectorizers,
    ("words", "unseen_vectors"): KeyedVectors([[1.0]], ["sea"]).unseen_vectors,
    ("documents", "split_documents"): lambda it: RecursiveTextSplitter().split_documents(it),
}
CALLS = [
    *(pytest.param("raw_documents", call, id=name) for name, call in DOCUMENTS.items()),
    *(pytest.param("fname", call, id=name) for name, call in FILES.items()),
    *(pytest.param("path", call, id=name) for name, call in PATHS.items()),
    *(pytest.param(name, call, id=f"{name} of {of}") for (name, of), call in LISTS.items()),
]


@pytest.mark.parametrize(("name", "call"), CALLS)
@pytest.mark.parametrize("value", [5, None, Thing()], ids=repr)
def test_what_cannot_be_read_is_named_and_shown(name, call, value):
    with pytest.raises(TypeError, match=f"^{name} must be .* Got {value!r} instead"):
        call(value)


@pytest.mark.parametrize("value", [5, None, ""], ids=repr)
def test_one_number_is_no_row(value):
    with pytest.raises(ValueError, match="X must be rows of vectors. .* put one vector into a lis"):
        to_pairs(value)


@pytest.mark.parametrize("call", PATHS.values(), ids=PATHS)
def test_an_empty_name_is_not_taken_for_the_current_folder(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="^path must name a file or folder. Got '' instead"):
        call("")
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


ROWS = {
    ("items", "ContentRecommender.fit"): lambda it: ContentRecommender().fit(it),
    ("items", "ContentRecommender.add"): lambda it: ContentRecommender().fit(TEXTS).add(it),
    ("texts", "PassageIndex.fit"): lambda it: PassageIndex().fit(it),
    ("ids", "PassageIndex.fit"): lambda it: PassageIndex().fit(TEXTS, ids=it),
    ("metadata", "PassageIndex.fit"): lambda it: PassageIndex().fit(TEXTS, it),
    ("index_to_key", "KeyedVectors"): lambda it: KeyedVectors([[1.0], [2.0]], it),
    ("documents", "ClassificationTask"): lambda it: ClassificationTask(it, ["x", "y"]),
    ("ranking", "ndcg_at_k"): lambda it: ndcg_at_k(it, {}, 1),
    ("X", "read_records"): read_records,
}


@pytest.mark.parametrize(
    ("name", "call"),
    [pytest.param(name, call, id=f"{name} of {of}") for (name, of), call in ROWS.items()],
)
@pytest.mark.parametrize("kind", [set, frozenset])
def test_what_is_known_by_its_place_is_no_set(name, call, kind):
    with pytest.raises(TypeError, match=rf"^{name} must have an order.* Got a {kind.__name__} in"):
        call(kind(TEXTS))


def test_what_is_counted_may_be_a_set():
    """As scikit-learn's; what is learned of documents, and which items go, has no order."""
    assert CountVectorizer().fit_transform(set(TEXTS)).shape == (2, 4)
    assert set(BM25Vectorizer().fit(set(TEXTS)).vocabulary_) == {"sea", "view", "and", "sun"}
    assert ContentRecommender().fit(TEXTS).remove({0}).ids_.tolist() == [1]
    assert PassageIndex().fit(TEXTS, ids=["a", "b"]).remove({"a"}).ids_ == ["b"]


def test_a_splitter_is_no_str(tmp_path):
    (tmp_path / "sea.txt").write_text("The sea.")
    with pytest.raises(TypeError, match=r"^splitter must have split\(text\).* Got '' instead"):
        load_documents(tmp_path, splitter="")


def test_documents_may_be_of_a_class_that_counts_them():
    class Shelf:
        def __getitem__(self, row):
            return TEXTS[row]

    expected = BM25Vectorizer().fit_transform(TEXTS).toarray()
    assert (BM25Vectorizer().fit_transform(Shelf()).toarray() == expected).all()
