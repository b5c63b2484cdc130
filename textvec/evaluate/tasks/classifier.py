"""The classifier of a classification task, and how strongly its weights are held back."""

import warnings

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from threadpoolctl import threadpool_limits

from textvec.evaluate.tasks.task import SEED

_STEPS = (0, 1, 2)  # exponents of ten, from where C times the spread of the rows is about 1
_USUAL = 1  # the step that is taken where there is nothing to choose by
_N_FOLDS = 3
_MANY = 3000  # training documents, from which on one fold alone tells the values of C apart


def predict(vectors, labels, tested, C, groups=None):
    """Train on vectors with labels, and return the labels that others seem to have.

    Parameters
    ----------
    vectors : array or CSR matrix of shape (n_documents, n_features)
        To train on.
    labels : array of shape (n_documents,)
        Of ``vectors``.
    tested : array or CSR matrix of shape (n_others, n_features)
        To predict.
    C : float or "auto"
        Inverse strength of the penalty; "auto" chooses it by :func:`choose_penalty`.
    groups : array of shape (n_documents,) or None, default=None
        Groups of ``vectors`` that no fold of the choice may split.

    Returns
    -------
    predicted : array of labels
    C : float or None
        What was chosen, or None where there was nothing to choose.
    is_sure : bool
        False where C should have been chosen, and there was nothing to choose it by.
    """
    if sparse.issparse(vectors):
        # A column without a value in training starts with the weight 0 and keeps it, but the solver
        # would hold it some twenty times for each label: gigabytes where words are hashed.
        occurring = np.unique(vectors.indices)
        if 0 < len(occurring) < vectors.shape[1]:
            vectors, tested = vectors[:, occurring], tested[:, occurring]
    # One thread: on such small problems more of them mostly wait for each other.
    with threadpool_limits(1), warnings.catch_warnings():
        # The protocol stops at 100 iterations; who has not converged is scored as it is.
        warnings.simplefilter("ignore", ConvergenceWarning)
        chosen, is_sure = choose_penalty(vectors, labels, groups) if C == "auto" else (None, True)
        classifier = _classifier(C if chosen is None else chosen)
        return classifier.fit(vectors, labels).predict(tested), chosen, is_sure


def choose_penalty(vectors, labels, groups=None):
    """Choose the C of a logistic regression by cross-validation on what it is trained on.

    A penalty weighs more on vectors that lie close together: stretched by s, they give the same
    classifier at C / s². So the powers of ten that are tried begin where C times the spread of the
    rows, their mean squared distance from their mean, is about 1. The most accurate is taken, of
    equals the smallest.

    Parameters
    ----------
    vectors : array or CSR matrix of shape (n_documents, n_features)
        Of the training documents.
    labels : array of shape (n_documents,)
        Their labels.
    groups : array of shape (n_documents,) or None, default=None
        Groups that no fold may split.

    Returns
    -------
    C : float
        A power of ten.
    is_sure : bool
        False where there was nothing to choose by, since no label has two documents (or groups):
        then C is ten times the smallest.
    """
    spread = _spread(vectors)
    first = -round(np.log10(spread)) if spread > 0 else 0
    candidates = [10.0 ** (first + step) for step in _STEPS]
    folds = _folds(labels, groups)
    if not folds:
        return candidates[_USUAL], False
    right = np.zeros(len(candidates))
    for train, test in folds:
        classifier = _classifier(None).set_params(warm_start=True)
        for place, C in enumerate(candidates):  # each begins with the weights of the last
            classifier.set_params(C=C).fit(vectors[train], labels[train])
            right[place] += np.sum(classifier.predict(vectors[test]) == labels[test])
    return candidates[int(right.argmax())], True


def _classifier(C):
    return LogisticRegression(C=C, max_iter=100, random_state=SEED)


def _folds(labels, groups):
    """Return pairs of places to train and to test on, alike for every method."""
    _, of_label = np.unique(labels, return_inverse=True)
    units = of_label
    if groups is not None:  # of each label, one for each of its groups
        units = np.unique(np.column_stack([of_label, groups]), axis=0)[:, 0].astype(int)
    n_folds = min(_N_FOLDS, int(np.bincount(units).max()))
    if n_folds < 2:
        return []
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    with warnings.catch_warnings():  # a label with few members is missing in training now and then
        warnings.filterwarnings("ignore", message="The least populated class")
        splitter = kind(n_folds, shuffle=True, random_state=SEED)
        folds = list(splitter.split(labels, labels, groups))
    if len(labels) >= _MANY:
        folds = folds[:1]
    return [
        (train, test) for train, test in folds if len(test) and len(np.unique(of_label[train])) > 1
    ]


def _spread(vectors):
    """Return the mean squared distance of the rows from their mean."""
    mean = np.asarray(vectors.mean(axis=0), dtype=np.float64)
    values = vectors.data if sparse.issparse(vectors) else np.asarray(vectors)
    squares = np.square(values, dtype=np.float64).sum() / vectors.shape[0]
    return float(squares - np.square(mean).sum())
