"""What a search asks of a vectorizer, be it a pipeline: readiness, vectors of queries, a metric."""

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def check_vectorizer(vectorizer):
    """Raise TypeError unless it is a vectorizer, fitted or not."""
    if isinstance(vectorizer, type) or not hasattr(vectorizer, "transform"):
        raise TypeError(
            "vectorizer must be a vectorizer, such as BM25Vectorizer().fit(texts). "
            f"Got {vectorizer!r} instead."
        )


def is_fitted(vectorizer):
    """Return whether a vectorizer was fitted or need not be; of a pipeline, whether all steps are.

    scikit-learn itself asks the last step only, which may have nothing to learn.
    """
    try:
        for step in _steps(vectorizer):
            check_is_fitted(step)
    except (NotFittedError, TypeError):  # TypeError: something that only looks like one
        return False
    return True


def metric_of(vectorizer):
    """Return how vectors are compared: the ``metric`` of a vectorizer, "cosine" if it has none.

    A pipeline is compared by dot product where its last step is; any other metric of a step may be
    how that step works inside.
    """
    *_, last = _steps(vectorizer)
    metric = getattr(last, "metric", "cosine")
    return metric if last is vectorizer or metric == "dot" else "cosine"


def queries_differ(vectorizer):
    """Return whether queries have other vectors than documents."""
    *_, last = _steps(vectorizer)
    return hasattr(last, "transform_queries")


def document_vectors(vectorizer, documents):
    """Return what ``transform`` makes of documents: an array or a sparse matrix, never a table.

    ``set_output`` says what users get; whoever searches or stores needs rows.
    """
    vectors = vectorizer.transform(documents)
    return vectors.to_numpy() if hasattr(vectors, "to_numpy") else vectors


def query_vectors(vectorizer, queries):
    """Return what ``transform_queries`` makes of queries, or ``transform`` where there is no such.

    In a pipeline the last step may have it; the others transform queries as they do documents.
    """
    if not queries_differ(vectorizer):
        return document_vectors(vectorizer, queries)
    *first, last = _steps(vectorizer)
    for step in first:
        queries = step.transform(queries)
    return last.transform_queries(queries)


def _steps(vectorizer):
    """Return the steps of a pipeline, and of pipelines in it, that do something."""
    if not isinstance(vectorizer, Pipeline):
        return [vectorizer]
    steps = [step for _, step in vectorizer.steps if step is not None and step != "passthrough"]
    return [one for step in steps for one in _steps(step)]
