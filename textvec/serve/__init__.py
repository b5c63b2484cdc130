"""The service: vectors, searches and recommendations over HTTP, in the shape of OpenAI's API."""


def make_app(models, *, by=None, key=None, hosts=None, limits=None, verbose=False):
    """Return an ASGI application that serves estimators, saved files and pretrained models.

    It answers OpenAI's ``/v1/embeddings`` and ``/v1/models``, and ``/search``, ``/recommend``,
    ``/health`` and ``/metrics``; the command ``textvec serve`` runs it in uvicorn.

    Parameters
    ----------
    models : dict of str to object
        By the name that requests give: a fitted vectorizer, index or recommender; the path of one
        that was saved, which is read anew when the file is replaced; or the folder or name of a
        pretrained model.
    by : dict of str to list of str, default=None
        For each index the names of the vectorizers that turn its queries into vectors: one, or as
        many as a :class:`~textvec.HybridIndex` has views.
    key : str, default=None
        What requests must bear as ``Authorization: Bearer KEY``, but for ``/health``. None asks
        for no key.
    hosts : collection of str, default=None
        The names by which clients may call this server, against DNS rebinding. None is this
        machine's loopback names; ``["*"]`` any.
    limits : Limits, default=None
        How large, how many and how slow requests may be.
    verbose : bool, default=False
        Whether to write a line to the log for each file that is read anew.

    Returns
    -------
    starlette.applications.Starlette
        The application.

    Raises
    ------
    ImportError
        If the extra ``serve`` is not installed.
    TypeError, ValueError
        If a model is none, is not fitted, or an index lacks its vectorizers; the message says
        which. If ``key`` is empty, or it, ``hosts`` or ``limits`` is something else.

    Examples
    --------
    >>> from starlette.testclient import TestClient
    >>> from textvec import TfidfVectorizer
    >>> from textvec.serve import make_app
    >>> tfidf = TfidfVectorizer().fit(["sea view", "city view"])
    >>> with TestClient(make_app({"tfidf": tfidf}), base_url="http://localhost") as client:
    ...     answer = client.post("/v1/embeddings", json={"model": "tfidf", "input": "sea view"})
    >>> [round(value, 3) for value in answer.json()["data"][0]["embedding"]]
    [0.0, 0.815, 0.58]
    """
    from textvec._checks import as_list, check_type, import_optional
    from textvec.serve.limits import Limits

    if not isinstance(key, str | None):  # whose value no message shows
        raise TypeError(f"key must be a str, or None. Got {type(key).__name__} instead.")
    if key == "":
        raise ValueError("key must not be empty. Got '' instead: None asks for no key.")
    check_type("limits", limits, Limits | None, "a Limits, or None")
    hosts = None if hosts is None else as_list("hosts", hosts, "a list of names")
    import_optional("starlette", "serve")
    from textvec.serve.app import Service
    from textvec.serve.shelf import Shelf

    return Service(Shelf(models, by), key, hosts, limits, verbose).app()
