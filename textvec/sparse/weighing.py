"""What tf-idf and BM25 share: a vectorizer whose counts a transformer weighs."""

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import FLOAT_DTYPES, check_is_fitted

from textvec._checks import warn_user
from textvec._threads import held
from textvec.sparse.counts import CountVectorizer


class WeighingVectorizer(CountVectorizer):
    """CountVectorizer whose counts a transformer weighs in place.

    A subclass says which: ``_new_weigher()`` builds it, unfitted.
    """

    _not_fitted: str | None = None  # scikit-learn's message, where it is not the usual one

    def _check_loaded(self):
        super()._check_loaded()
        n_terms = self._n_terms()
        n_weighed = getattr(getattr(self, "_weigher", None), "n_features_in_", n_terms)
        if n_weighed != n_terms:
            raise ValueError(f"vocabulary_ has {n_terms} terms, and {n_weighed} have weights")

    def _check_params(self):
        if self.dtype not in FLOAT_DTYPES:
            warn_user(
                f"Only {FLOAT_DTYPES} 'dtype' should be used. {self.dtype} 'dtype' will "
                "be converted to np.float64.",
            )

    def _check_set(self):
        super()._check_set()
        try:
            np.dtype(self.dtype)
        except TypeError as error:
            raise TypeError(
                f"dtype must be float64 or float32. Got {self.dtype!r} instead."
            ) from error

    def _begin_fit(self):
        if not hasattr(self, "_weigher"):  # it stays where fit fails: messages are scikit-learn's
            self._weigher = self._new_weigher()

    def _fit_matrix(self, raw_documents):
        self._check_params()
        self._weigher = self._new_weigher()
        X = super()._fit_matrix(raw_documents)
        self._learn_weights(X)
        return self._weigh(X)

    def _matrix(self, raw_documents):
        return self._weigh(self._count_only(raw_documents))

    def _count_only(self, raw_documents):
        check_is_fitted(self, ("_weigher", "fixed_vocabulary_"), msg=self._not_fitted)
        return super()._matrix(raw_documents)

    def _learn_more(self, raw_documents):
        counts = super()._learn_more(raw_documents)
        known = getattr(self, "_weigher", None)
        self._weigher = self._new_weigher() if known is None else held(known)
        self._weigher._learn_more(counts)
        return counts

    def _learn_from_parts(self, parts):
        self._check_params()
        self._weigher = self._new_weigher()
        statistics = super()._learn_from_parts(parts)
        self._learn_statistics(statistics)
        return statistics

    def _learn_statistics(self, statistics):
        if not statistics.n_documents:
            raise ValueError(
                "The parts are of no document: there is nothing to learn weights from."
            )
        self._weigher._add(statistics, np.dtype(self.dtype))

    def _learn_weights(self, X):
        self._weigher.fit(X)

    def _weigh(self, X):
        return self._weigher.transform(X, copy=False)

    def _from_weigher(self, name):
        """Return a learned attribute of the transformer inside."""
        weigher = getattr(self, "_weigher", None)
        if weigher is None:
            raise NotFittedError(
                f"{self.__class__.__name__} is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this attribute."
            )
        return getattr(weigher, name)
