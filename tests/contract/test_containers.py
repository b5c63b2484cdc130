"""Documents and matrices in whatever they come in, and tables that come out."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from .families import assert_same
from .registry import needs
from .texts import CORPUS, ODD

pytestmark = pytest.mark.filterwarnings("ignore:.* items (is|are) all zeros")
TEXTS = [*CORPUS, *(text for kind, text in ODD.items() if kind not in ("lone surrogates", "NUL"))]

CONTAINERS = {
    "tuple": tuple,
    "generator": lambda texts: (text for text in texts),
    "dict values": lambda texts: dict(enumerate(texts)).values(),
    "NumPy object": lambda texts: np.array(texts, object),
    "NumPy str": np.array,
    "NumPy StringDType": lambda texts: np.array(texts, np.dtypes.StringDType()),
    "pandas object": lambda texts: pd.Series(texts, [f"row {text}" for text in texts], object),
    "pandas str": lambda texts: pd.Series(texts, range(len(texts), 0, -1), "str"),
    "pandas string": lambda texts: pd.Series(texts, dtype="string"),
    "pandas arrow": lambda texts: pd.Series(texts, dtype="string[pyarrow]"),
    "polars": pl.Series,
    "Arrow": pa.array,
    "Arrow chunks": lambda texts: pa.chunked_array([texts[:2], [], texts[2:]], pa.large_string()),
    "Arrow dictionary": lambda texts: pa.array(["x", *texts]).dictionary_encode()[1:],
}


@needs("texts")
@pytest.mark.parametrize("kind", CONTAINERS)
def test_documents_in_any_container(entry, kind):
    made = CONTAINERS[kind](TEXTS)
    estimator = entry.family.fit(entry.make(), made)
    queries = CONTAINERS[kind](TEXTS)
    calls = [name for name in entry.family.calls if hasattr(estimator, name)]
    expected = entry.family.fit(entry.make(), TEXTS)
    if "rows" in entry.family.without:  # texts may bring names of items with them
        found, expected = (one.query("a sea view") for one in (estimator, expected))
        assert found["score"].tolist() == expected["score"].tolist()
        return
    for name in calls:
        queries = CONTAINERS[kind](TEXTS)
        found = getattr(estimator, name)(queries)
        assert_same(found, getattr(expected, name)(TEXTS), entry.atol)


MATRICES = {
    "lists": lambda X: X.tolist(),
    "columns first": np.asfortranarray,
    "every other": lambda X: np.repeat(X, 2, axis=0)[::2],
    "read-only": lambda X: _read_only(X.copy()),
    "pandas": lambda X: pd.DataFrame(X),
    "polars": lambda X: pl.DataFrame(X, schema=[f"x{i}" for i in range(X.shape[1])]),
    "float64": lambda X: X.astype(np.float64),
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "64-bit indices": lambda X: _wide(sparse.csr_array(X)),
    "read-only csr": lambda X: _frozen(sparse.csr_array(X)),
    "unsorted csr": lambda X: _unsorted(sparse.csr_array(X)),
}
SPARSE = {"csr_array", "csr_matrix", "csc_array", "coo_array", "64-bit indices"}
SPARSE |= {"read-only csr", "unsorted csr"}


def _read_only(X):
    X.flags.writeable = False
    return X


def _wide(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def _frozen(X):
    for part in (X.data, X.indices, X.indptr):
        part.flags.writeable = False
    return X


def _unsorted(X):
    order = np.concatenate(
        [np.arange(start, end)[::-1] for start, end in zip(X.indptr[:-1], X.indptr[1:])]
    )
    return sparse.csr_array((X.data[order], X.indices[order], X.indptr), X.shape)


@needs("matrix")
@pytest.mark.parametrize("kind", MATRICES)
def test_matrices_in_any_container(entry, kind):
    family = entry.family
    corpus, queries = (
        X.toarray() if sparse.issparse(X) else X for X in (family.corpus, family.queries)
    )
    if kind in SPARSE and not entry.make().__sklearn_tags__().input_tags.sparse:
        with pytest.raises(TypeError, match="[Ss]parse data"):
            entry.make().fit(MATRICES[kind](corpus))
        return
    estimator = family.fit(entry.make(), MATRICES[kind](corpus))
    found = family.ask(estimator, MATRICES[kind](queries))
    expected = family.ask(family.fit(entry.make(), corpus), queries)
    for one, other in zip(_flat(found), _flat(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def _flat(answers):
    for answer in answers:
        for part in answer if isinstance(answer, tuple) else [answer]:
            yield part.toarray() if sparse.issparse(part) else part


@needs("columns")
def test_columns_have_names(entry):
    estimator = entry.family.fit(entry.make())
    names = estimator.get_feature_names_out()
    assert names.dtype == object
    assert set(map(type, names)) == {str}
    assert len(set(names)) == len(names)
    assert len(names) == estimator.transform(entry.family.queries).shape[1]


@needs("columns", "tables")
def test_set_output_gives_tables(entry):
    estimator = entry.make()
    plain = entry.family.fit(entry.make())
    assert estimator.set_output(transform="pandas") is estimator
    corpus = entry.family.corpus
    if isinstance(corpus, list):
        corpus = pd.Series(corpus, index=[f"row {i}" for i in range(len(corpus))])
    table = estimator.fit(corpus).transform(corpus)
    expected = plain.transform(entry.family.corpus)
    expected = expected.toarray() if sparse.issparse(expected) else expected
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == list(plain.get_feature_names_out())
    assert list(table.index) == list(getattr(corpus, "index", range(len(expected))))
    np.testing.assert_array_equal(table.to_numpy(), expected)
    fitted = entry.make().set_output(transform="pandas").fit_transform(corpus)
    np.testing.assert_allclose(fitted.to_numpy(), expected, rtol=0, atol=entry.atol)
    back = estimator.set_output(transform="default").transform(corpus)
    assert_same(back, plain.transform(entry.family.corpus))
    with pytest.raises(ValueError, match="excel"):
        estimator.set_output(transform="excel").transform(corpus)
