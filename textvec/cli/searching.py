"""What ``textvec search`` does: vectors of texts, an index of them, the best for each query."""

from textvec.cli.models import make_index, make_vectorizer


def search_texts(items, text, id, queries, index, vectorizer, k):
    """Return the best texts for each query.

    Parameters
    ----------
    items : DataFrame
        The texts, one a row.
    text : str
        Their column.
    id : str or None
        The column of their ids; None takes the index.
    queries : list of str
        What is searched for.
    index : str
        A key of ``INDEXES``.
    vectorizer : str or None
        As :func:`~textvec.cli.models.make_vectorizer` takes it; None suits the index.
    k : int
        How many for each query at most.

    Returns
    -------
    DataFrame
        Columns query, id, score and text, best first for each query.
    """
    import numpy as np
    import pandas as pd

    from textvec.recommend.items import check_texts, read_ids

    ids = read_ids(items, id)
    texts = check_texts(items[text], ids)
    name = vectorizer or ("bm25" if index == "exact" else "lsa")
    model = make_vectorizer(name, texts)
    if name == "lsa" and vectorizer is None:  # few texts do not have as many dimensions
        model.set_params(vector_size=max(1, min(model.vector_size, len(texts) // 2)))
    vectors = model.fit_transform(texts)
    if index != "exact" and not isinstance(vectors, np.ndarray):
        raise ValueError(f"--index {index} wants dense vectors, {name} is sparse: use lsa.")
    to_vectors = getattr(model, "transform_queries", model.transform)
    engine = make_index(index, getattr(model, "metric", "cosine"))
    asked = to_vectors(queries)
    if index == "exact":
        scores, rows = engine.fit(vectors).search(asked, k)
    else:
        distances, rows = engine.fit(vectors).kneighbors(asked, min(k, len(texts)))
        scores = 1 - distances
    at, place = np.nonzero(rows >= 0)
    rows = rows[at, place]
    found = {"query": np.array(queries, object)[at], "id": ids[rows], "score": scores[at, place]}
    return pd.DataFrame(found).assign(text=[texts[row] for row in rows])
