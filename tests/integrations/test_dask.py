"""Dask: the same bits as one fit, in threads, in processes and on a cluster of its own."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from textvec import (
    BM25Vectorizer,
    CollectedTerms,
    CountVectorizer,
    HashingVectorizer,
    LSAVectorizer,
    TfidfVectorizer,
    Word2Vec,
)
from textvec.datasets import load_hotels
from textvec.integrations import dask as ours

dask = pytest.importorskip("dask")
bag = pytest.importorskip("dask.bag")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

TEXTS = load_hotels().data[:60]


@pytest.fixture(autouse=True)
def in_threads():
    with dask.config.set(scheduler="threads"):
        yield


def assert_equal(found, expected):
    assert found.vocabulary_ == expected.vocabulary_
    assert (found.transform(TEXTS) != expected.transform(TEXTS)).nnz == 0


@pytest.mark.parametrize("n_partitions", [1, 3, 40])
def test_a_bag_fits_as_all_at_once(n_partitions):
    documents = bag.from_sequence(TEXTS, npartitions=n_partitions)
    for model in (TfidfVectorizer(min_df=2), BM25Vectorizer(max_features=50), CountVectorizer()):
        expected = type(model)(**model.get_params()).fit(TEXTS)
        assert ours.fit(model, documents, fan_in=3) is model
        assert_equal(model, expected)


def test_delayed_blocks_and_series_fit_as_all_at_once():
    expected = TfidfVectorizer().fit(TEXTS)
    blocks = [dask.delayed(TEXTS[i::2]) for i in range(2)]
    assert_equal(ours.fit(TfidfVectorizer(), [*blocks, dask.delayed([])]), expected)
    frames = pytest.importorskip("dask.dataframe")
    import pandas as pd

    table = frames.from_pandas(pd.DataFrame({"text": TEXTS}), npartitions=3)
    assert_equal(ours.fit(TfidfVectorizer(), table["text"]), expected)
    with pytest.raises(TypeError, match=r"table with the columns \['text'\]"):
        ours.fit(TfidfVectorizer(), table)


def test_transform_gives_blocks_of_rows_or_a_bag():
    documents = bag.from_sequence(TEXTS, npartitions=3)
    tfidf = ours.fit(TfidfVectorizer(), documents)
    expected = tfidf.transform(TEXTS)
    rows = ours.transform(tfidf, documents)
    assert rows.dtype == expected.dtype
    assert rows.numblocks == (3, 1)
    assert sparse.issparse(rows._meta)
    found = rows.compute()
    assert type(found) is type(expected)
    assert (found != expected).nnz == 0
    one_by_one = ours.transform(tfidf, documents, to="bag").compute()
    assert (sparse.vstack(one_by_one) != expected).nnz == 0
    assert ours.transform(HashingVectorizer(n_features=8), documents).compute().shape == (60, 8)

    lsa = LSAVectorizer(vector_size=4, random_state=0).fit(TEXTS)
    dense = ours.transform(lsa, [dask.delayed([]), dask.delayed(TEXTS)]).compute()
    np.testing.assert_array_equal(dense, lsa.transform(TEXTS))
    one_by_one = ours.transform(lsa, documents, to="bag").compute()
    np.testing.assert_allclose(np.stack(one_by_one), dense, atol=1e-6)


class Loading(HashingVectorizer):
    """Holds, like a pretrained model, what is loaded for the first answer and never sent."""

    loaded = 0

    def transform(self, texts):
        if not hasattr(self, "_network"):
            type(self).loaded += 1
            self._network = "weights"
        return super().transform(texts)

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_network"}


def test_a_process_loads_a_model_once():
    here = ours._Here(Loading(n_features=8))
    arrived = [pickle.loads(pickle.dumps(here)) for _ in range(3)]
    assert arrived[0] is arrived[1] is arrived[2]
    assert arrived[0] is not here
    for one in arrived:
        ours._transform(one, TEXTS[:2])
    assert Loading.loaded == 1
    others = [pickle.loads(pickle.dumps(ours._Here(object()))) for _ in range(20)]
    assert len(ours._HERE) <= ours._MOST_HERE
    assert len({id(one) for one in others}) == 20


def test_what_cannot_be_is_refused():
    documents = bag.from_sequence(TEXTS, npartitions=2)
    with pytest.raises(TypeError, match="Word2Vec cannot be fitted on parts.*one machine"):
        ours.fit(Word2Vec(), documents)
    with pytest.raises(TypeError, match="LSAVectorizer cannot be fitted on parts alone"):
        ours.fit(LSAVectorizer(), documents)
    with pytest.raises(TypeError, match="must be a dask Bag.*Got list instead"):
        ours.fit(TfidfVectorizer(), TEXTS)
    with pytest.raises(TypeError, match="put it in a list"):
        ours.fit(TfidfVectorizer(), dask.delayed(TEXTS))
    with pytest.raises(ValueError, match="no blocks"):
        ours.fit(TfidfVectorizer(), [])
    with pytest.raises(ValueError, match="fan_in must be at least 2"):
        ours.fit(TfidfVectorizer(), documents, fan_in=1)
    with pytest.raises(ValueError, match="to must be one of"):
        ours.transform(HashingVectorizer(), documents, to="frame")


@pytest.mark.slow
def test_processes_and_a_cluster_give_the_same_bits():
    distributed = pytest.importorskip("distributed")
    documents = bag.from_sequence(TEXTS, npartitions=4)
    expected = TfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        worker_dashboard_address=None,
    )  # fmt: skip
    with cluster, distributed.Client(cluster) as client, dask.config.set(scheduler=client):
        tfidf = ours.fit(TfidfVectorizer(ngram_range=(1, 2)), documents)
        assert_equal(tfidf, expected)
        rows = ours.transform(tfidf, documents).compute()
        assert (rows != expected.transform(TEXTS)).nnz == 0
        merged = client.submit(CollectedTerms.merge, client.map(CountVectorizer().collect, [TEXTS]))
        assert merged.result() == CountVectorizer().collect(TEXTS)
