"""One case: a drop-in with parameters and documents, tried beside scikit-learn's own."""

import random
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse
from sklearn.feature_extraction import text as peer

import textvec
from drop_ins.parameters import parameters
from drop_ins.suite import parity
from drop_ins.suite.test_parity_tfidf import KINDS_OF_MATRIX
from drop_ins.texts import CONTAINERS, corpus, encoded
from textvec.sparse import counts
from textvec.text import vocabulary

KINDS = ["CountVectorizer"] * 4 + ["TfidfVectorizer"] * 4 + ["HashingVectorizer"] * 3
KINDS += ["TfidfTransformer"]
_NO_TEXT = "Documents must be str or bytes. Got "


@dataclass(frozen=True)
class Case:
    """What is tried.

    Parameters
    ----------
    kind : str
        The class.
    params : dict
        Those of scikit-learn's.
    docs, new_docs : list
        What is fitted and transformed, and what is transformed after that; matrices for the
        transformer.
    container : str, default="list"
        What holds the documents: one of `CONTAINERS`.
    n_jobs : int, default=1
        Threads.
    block : int, default=1 << 19
        Characters of a block: in small ones, even a small corpus is one of many.
    few : int, default=4000
        Characters that are looked up in Python; 0 for compiled code always.
    """

    kind: str
    params: dict
    docs: list = field(default_factory=list)
    new_docs: list = field(default_factory=list)
    container: str = "list"
    n_jobs: int = 1
    block: int = 1 << 19
    few: int = 4000


def drawn(seed, number):
    """Return a case.

    Parameters
    ----------
    seed, number : int
        Which: the same for the same two.

    Returns
    -------
    Case
    """
    rng = random.Random(f"{seed} {number}")
    kind = rng.choice(KINDS)
    params, n_jobs = parameters(kind, rng), rng.randint(1, 4)
    if kind == "TfidfTransformer":
        return Case(kind, params, [_matrix(rng)], [_matrix(rng)], n_jobs=n_jobs)
    in_words = params["analyzer"] not in ("char", "char_wb")
    docs, new_docs = (corpus(rng, 3000 if in_words else 150) for _ in range(2))
    container = "list" if rng.random() < 0.5 else rng.choice([*CONTAINERS])
    if container == "list" and rng.random() < 0.2:
        docs, more = encoded(docs, rng)
        params |= more
    if container == "files":
        params["input"] = "file"
    block, few = rng.choice([1 << 19, 1, 20, 200]), rng.choice([4000, 0])
    return Case(kind, params, docs, new_docs, container, n_jobs, block, few)


def _matrix(rng):
    """Return counts, or other numbers, as a matrix of any kind."""
    numpy_rng = np.random.default_rng(rng.getrandbits(32))
    shape = rng.randint(1, 30), rng.choice([1, 4, 4, 4, 200])
    dtype = np.dtype(rng.choice(["f8", "f8", "f4", "i8", "i4", "u1"]))
    cells = numpy_rng.poisson(rng.choice([0.1, 1, 30]), shape).astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.3:
        cells *= numpy_rng.normal(size=shape).astype(dtype)
    if dtype.kind == "f" and rng.random() < 0.03:
        cells[0, 0] = rng.choice([np.nan, np.inf, 1e38])
    if rng.random() < 0.2:  # unsorted, with duplicates and zeros
        n_entries = rng.randrange(60)
        places = [numpy_rng.integers(0, most, n_entries) for most in shape]
        X = sparse.coo_array((numpy_rng.integers(0, 4, n_entries).astype(dtype), places), shape)
        rows = np.argsort(X.row, kind="stable")
        indptr = np.searchsorted(X.row[rows], range(shape[0] + 1)).astype(np.int32)
        return sparse.csr_array((X.data[rows], X.col[rows].astype(np.int32), indptr), shape)
    return rng.choice(KINDS_OF_MATRIX)(cells)


def difference(case):
    """Try a case.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str or None
        What differs, None if nothing does.
    """
    tried = _try_transformer if case.kind == "TfidfTransformer" else _try_vectorizer
    try:
        with _sizes(case):
            tried(case)
    except _Meant:
        return None
    except AssertionError as error:
        return str(error).strip() or "an assertion of the parity suite's fails"
    except Exception as error:  # a defect, too: of what is done after both gave a result
        return f"{type(error).__name__}: {error}"
    return None


class _Meant(Exception):  # noqa: N818
    """We give a result where scikit-learn gives none, as documented: the rest cannot be equal."""


@contextmanager
def _sizes(case):
    usual = vocabulary.BLOCK_CHARACTERS, counts._FEW_CHARACTERS
    vocabulary.BLOCK_CHARACTERS, counts._FEW_CHARACTERS = case.block, case.few
    try:
        yield
    finally:
        vocabulary.BLOCK_CHARACTERS, counts._FEW_CHARACTERS = usual


def _pair(case):
    mine = getattr(textvec, case.kind)(**case.params, n_jobs=case.n_jobs)
    return mine, getattr(peer, case.kind)(**case.params)


def _try_vectorizer(case):
    mine, other = _pair(case)
    ours, theirs = CONTAINERS[case.container]
    for method in ("fit_transform", "transform"):
        X, Y = _agree(
            lambda: getattr(mine, method)(ours(case.docs)),  # noqa: B023
            lambda: getattr(other, method)(theirs(case.docs)),  # noqa: B023
            case,
        )
        _check_matrices(mine, other, X, Y, case)
    fresh, other_fresh = _pair(case)
    _agree(
        lambda: fresh.fit(ours(case.docs)) and None,
        lambda: other_fresh.fit(theirs(case.docs)) and None,
        case,
    )
    if case.kind != "HashingVectorizer":
        parity.assert_same_learned(fresh, other_fresh)
    X, Y = _agree(
        lambda: fresh.transform(ours(case.new_docs)),
        lambda: other_fresh.transform(theirs(case.new_docs)),
        case,
    )
    _check_matrices(fresh, other_fresh, X, Y, case)


def _check_matrices(mine, other, X, Y, case):
    """Check what two vectorizers gave, what they learned, and the way back."""
    is_hashing = case.kind == "HashingVectorizer"
    if not is_hashing:
        parity.assert_same_learned(mine, other)
    if X is None or Y is None:
        assert X is Y, f"{type(X).__name__} and {type(Y).__name__}"
        return
    parity.assert_same_matrix(X, Y)
    if not is_hashing:
        A, B = _agree(
            lambda: mine.inverse_transform(X[:20]), lambda: other.inverse_transform(Y[:20]), case
        )
        for a, b in zip(A or (), B or (), strict=True):
            assert a.dtype == b.dtype, "the types of inverse_transform"
            assert a.tolist() == b.tolist(), "the terms of inverse_transform"


def _try_transformer(case):
    mine, other = _pair(case)
    for method in ("fit_transform", "transform"):
        for X in case.docs if method == "fit_transform" else [*case.docs, *case.new_docs]:
            A, B = _agree(
                lambda: getattr(mine, method)(deepcopy(X)),  # noqa: B023
                lambda: getattr(other, method)(deepcopy(X)),  # noqa: B023
                case,
            )
            if B is not None:
                parity.assert_same_matrix(A, B)
        assert hasattr(mine, "idf_") == hasattr(other, "idf_"), "idf_"
        if hasattr(other, "idf_"):
            assert mine.idf_.tobytes() == other.idf_.tobytes(), "idf_"


def _agree(ours, theirs, case):
    """Make two calls; raise unless they raise and warn alike, or differ as the docs say."""
    mine, my_error, my_warnings = parity.outcome(ours)
    other, error, other_warnings = parity.outcome(theirs)
    if my_error != error:
        if not _is_documented(my_error, error, case):
            raise AssertionError(f"we raise {my_error}, scikit-learn {error}")
        if my_error is None:
            raise _Meant
        return None, None
    assert my_warnings == other_warnings, f"we warn {my_warnings}, scikit-learn {other_warnings}"
    return mine, other


def _is_documented(my_error, error, case):
    """Whether errors differ as documented: rows are named, what is odd can be hashed, ..."""
    if error is not None and error[1].endswith("has no len()"):
        return case.params.get("tokenizer") is not None  # lazy ones are welcome
    if error is not None and error[0] in ("UnicodeEncodeError", "StopIteration"):
        return case.kind == "HashingVectorizer"
    if my_error is None:
        return False
    if error is None:  # a bad value is refused by transform, too, though it is of use in fit alone
        return my_error[0] == "InvalidParameterError" and "'min_df' parameter" in my_error[1]
    (my_type, message), (their_type, _) = my_error, error
    by_row = my_type == "TypeError" and message.startswith(_NO_TEXT) and "in row " in message
    return by_row and their_type in ("AttributeError", "TypeError")


def shrunk(case):
    """Return a smaller case that still differs: fewer and shorter documents, usual parameters.

    Parameters
    ----------
    case : Case
        Differs.

    Returns
    -------
    Case
    """
    usual = Case(case.kind, {})
    smaller = True
    while smaller:
        smaller = next((one for one in _smaller(case, usual) if difference(one)), None)
        case = smaller or case
    return case


def _smaller(case, usual):
    for name in case.params:
        yield replace(case, params={one: case.params[one] for one in case.params if one != name})
    for name in ("container", "n_jobs", "block", "few"):
        if getattr(case, name) != getattr(usual, name):
            yield replace(case, **{name: getattr(usual, name)})
    for name in ("docs", "new_docs"):
        docs = getattr(case, name)
        for place in range(len(docs)):
            yield replace(case, **{name: docs[:place] + docs[place + 1 :]})
            if isinstance(docs[place], str | bytes) and len(docs[place]) > 1:
                half = len(docs[place]) // 2
                for part in (docs[place][:half], docs[place][half:]):
                    yield replace(case, **{name: [*docs[:place], part, *docs[place + 1 :]]})
