"""The routes of the service and what answers them."""

import asyncio
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from textvec.encoders.encoder import TransformerVectorizer
from textvec.persistence.classes import is_ours
from textvec.recommend.characters import CharacterRecommender
from textvec.search._vectorizers import queries_differ, query_vectors
from textvec.search.hybrid import candidates
from textvec.serve.asking import RefusedError, field, number_of, read_body, texts_of
from textvec.serve.batching import Batcher, BusyError
from textvec.serve.guard import LOOPBACK, Guard
from textvec.serve.limits import Limits
from textvec.serve.metrics import Metrics
from textvec.serve.rows import Rows, as_dense, as_sparse, n_numbers
from textvec.serve.shelf import views_of
from textvec.show.records import records
from textvec.sparse.counts import CountVectorizer

_log = logging.getLogger("textvec.serve")
_QUICK = 2_000  # characters: what a vectorizer of counts reads sooner than a thread wakes
_SHORT = 20_000  # numbers: what is written sooner than others notice
_LOOK_EVERY = 1.0  # seconds between looks whether files were replaced
_text = json.JSONEncoder(allow_nan=False, default=str, ensure_ascii=False).encode
_words = re.compile(r"[^\W\u3400-\u9fff]+|[\u3400-\u9fff]").findall
_BAD_WISH = (KeyError, ValueError, TypeError)  # what recommenders say of what was asked


class Service:
    """All that a running service holds.

    Parameters
    ----------
    shelf : Shelf
        What is served.
    key : str or None, default=None
        What requests must bear.
    hosts : collection of str or None, default=None
        Names by which clients may call; None is the loopback's.
    limits : Limits or None, default=None
        Bounds of requests.
    verbose : bool, default=False
        Whether files that are read anew are logged.
    """

    def __init__(self, shelf, key=None, hosts=None, limits=None, verbose=False):
        self._shelf = shelf
        self._key = key
        self._hosts = LOOPBACK if hosts is None else hosts
        self._limits = limits or Limits()
        self._verbose = verbose
        self._metrics = Metrics()
        n_threads = len(shelf.served) + 2  # each may compute while a file is read
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix="textvec-serve")
        self._batchers: dict = {}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="textvec-serve-writing")
        self._n_asking = 0

    def app(self):
        """Return the ASGI application."""
        routes = {
            "/v1/embeddings": (self.embeddings, "POST"),
            "/v1/models": (self.models, "GET"),
            "/search": (self.search, "POST"),
            "/recommend": (self.recommend, "POST"),
            "/health": (self.health, "GET"),
            "/metrics": (self.metrics, "GET"),
        }
        app = Starlette(
            routes=[
                *(
                    Route(path, answer, methods=[method])
                    for path, (answer, method) in routes.items()
                ),
                Route("/v1/models/{name:path}", self.model, methods=["GET"]),
            ],
            exception_handlers={
                RefusedError: lambda request, error: _refusal(error),
                404: lambda request, error: _refusal(
                    RefusedError(404, f"There is no such path. There are: {', '.join(routes)}.")
                ),
                405: lambda request, error: _refusal(
                    RefusedError(
                        405, f"{request.method} is not for this path.", headers=error.headers
                    )
                ),
                Exception: self._failed,
            },
            lifespan=self._living,
        )
        app.add_middleware(
            Guard,
            refuse=_refusal,
            metrics=self._metrics,
            paths=routes,
            key=self._key,
            hosts=self._hosts,
            limits=self._limits,
        )
        return app

    # ------------------------------------------------------------------------------ OpenAI's API

    async def embeddings(self, request):
        """Answer ``POST /v1/embeddings``."""
        known = ("model", "input", "encoding_format", "dimensions", "input_type", "user")
        fields = read_body(await request.body(), known)
        name = self._named(fields, "model", "vectorizer")
        texts = texts_of(fields, "input", self._limits)
        form = _choice(fields, "encoding_format", ("float", "base64", "sparse"))
        side = _choice(fields, "input_type", ("document", "query"))
        width = number_of(fields, "dimensions", None, 1 << 31)
        if form == "sparse" and width is not None:
            raise RefusedError(
                400, "dimensions is for dense vectors, not sparse ones.", "dimensions"
            )
        vectorizer = self._shelf[name].thing
        if side == "query" and not queries_differ(vectorizer):
            side = "document"
        vectors, n_tokens = await self._batched(("vectors", name, side), texts)
        usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}

        def write():
            if form == "sparse":
                embeddings = as_sparse(vectors)
            else:
                embeddings = as_dense(vectors, width, form, self._limits.values, name)
            data = (
                f'{{"object": "embedding", "index": {place}, "embedding": {_text(embedding)}}}'
                for place, embedding in enumerate(embeddings)
            )
            return _list_of("data", data, model=name, usage=usage)

        return await self._written(write, n_numbers(vectors, form))

    async def models(self, request):
        """Answer ``GET /v1/models``."""
        return _json(
            {"object": "list", "data": [self._described(name) for name in self._shelf.served]}
        )

    async def model(self, request):
        """Answer ``GET /v1/models/NAME``."""
        name = request.path_params["name"]
        self._check_named(name, "model", tuple(self._shelf.served))
        return _json(self._described(name))

    def _described(self, name):
        one = self._shelf[name]
        described = {"id": name, "object": "model", "created": one.since, "owned_by": "textvec"}
        return {**described, "kind": one.kind, "class": type(one.thing).__name__}

    # ------------------------------------------------------------------ searches and wishes

    async def search(self, request):
        """Answer ``POST /search``."""
        fields = read_body(await request.body(), ("model", "query", "k"))
        name = self._named(fields, "model", "index", "recommender")
        queries = texts_of(fields, "query", self._limits)
        k = number_of(fields, "k", 10, self._limits.results)
        one = self._shelf[name]
        if one.kind == "index":
            found = await self._batched(("found", name, ""), [(query, k) for query in queries])
        elif isinstance(one.thing, CharacterRecommender):
            raise RefusedError(400, f"{name!r} knows names, and no texts: use /recommend.", "model")
        else:
            found = [await self._aside(lambda q=q: records(one.thing.query(q, k))) for q in queries]

        def write():
            return _list_of("results", map(_text, found), model=name)

        return await self._written(write, sum(map(len, found)))

    async def recommend(self, request):
        """Answer ``POST /recommend``."""
        known = ("model", "id", "liked", "disliked", "query", "k", "diversity")
        fields = read_body(await request.body(), known)
        name = self._named(fields, "model", "recommender")
        k = number_of(fields, "k", 10, self._limits.results)
        recommender = self._shelf[name].thing
        if isinstance(recommender, CharacterRecommender):
            for other in ("liked", "disliked", "query", "diversity"):
                if fields.get(other) is not None:
                    raise RefusedError(400, f"{name!r} is asked by id alone, not {other}.", other)
            wish = _wish(fields, ("id",))
            found = await self._aside(lambda: recommender.similar(wish["id"], k))
        else:
            wish = _wish(fields, ("id", "liked", "query"))
            diversity = field(fields, "diversity", int | float, "a number from 0 to 1", 0)
            if "query" in wish:
                texts_of(fields, "query", self._limits)
            if fields.get("disliked") is not None and "liked" not in wish:
                raise RefusedError(400, "disliked goes with liked: name both.", "disliked")

            def answer():
                if "query" in wish:
                    return recommender.query(wish["query"], k, diversity=diversity)
                liked = wish.get("liked", wish.get("id"))
                disliked = fields.get("disliked")
                return recommender.recommend(liked, disliked, k, diversity=diversity)

            found = await self._aside(answer)
        return _json({"object": "list", "model": name, "results": records(found)})

    # -------------------------------------------------------------------------- the service itself

    async def health(self, request):
        """Answer ``GET /health``."""
        return _json({"status": "ok"})

    async def metrics(self, request):
        """Answer ``GET /metrics``."""
        return PlainTextResponse(self._metrics.text(), media_type="text/plain; version=0.0.4")

    @asynccontextmanager
    async def _living(self, app):
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            self._pool.shutdown()
            self._writing.shutdown()

    async def _watch(self):
        """Read files anew when they are replaced, for as long as the service lives."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                changed = await loop.run_in_executor(self._pool, self._shelf.refresh)
            except Exception as error:
                self._metrics.count("textvec_reloads_total", result="failed")
                _log.error("What was served stays: a file that was replaced fails. %s", error)
            else:
                for name in changed:
                    self._metrics.count("textvec_reloads_total", result="read")
                    if self._verbose:
                        _log.info("Read %r anew.", name)

    def _failed(self, request, error):
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _refusal(RefusedError(500, "The service failed at this request; its log says how."))

    def _named(self, fields, name, *kinds):
        """Return the name of something of one of some kinds."""
        given = field(fields, name, str, "the name of what is served")
        names = [found for kind in kinds for found in self._shelf.of_kind(kind)]
        self._check_named(given, name, names)
        return given

    def _check_named(self, given, param, names):
        if given not in names:
            there = ", ".join(map(repr, names)) or "none"
            raise RefusedError(
                404,
                f"There is no {given[:200]!r} for this path. There are: {there}.",
                param,
                "model_not_found",
            )

    async def _written(self, write, n_values):
        """Return an answer of JSON; a long one is written in a thread, one at a time."""
        if n_values <= _SHORT:
            content = write()
        else:
            content = await asyncio.get_running_loop().run_in_executor(self._writing, write)
        return Response(content, media_type="application/json")

    async def _batched(self, what, items):
        """Return the results of items, computed together with what others ask."""
        if what not in self._batchers:
            kind, name, side = what
            compute = self._vectors_by(name, side) if kind == "vectors" else self._search_by(name)
            self._batchers[what] = Batcher(
                compute,
                self._pool,
                self._limits.batch,
                self._limits.waiting,
                lambda n: self._metrics.observe("textvec_batch_texts", n, model=name),
                self._quickly_by(name) if kind == "vectors" else lambda wishes: False,
            )
        self._metrics.count("textvec_texts_total", len(items), model=what[1])
        try:
            return await self._batchers[what](items)
        except BusyError:
            raise self._busy() from None

    def _busy(self):
        return RefusedError(
            429,
            f"{self._limits.waiting} texts wait already: ask again in a moment.",
            code="rate_limit_exceeded",
            headers={"retry-after": "1"},
        )

    def _vectors_by(self, name, side):
        def compute(texts):
            vectorizer = self._shelf[name].thing  # as it is by now: files are read anew
            make = query_vectors if side == "query" else lambda model, some: model.transform(some)
            return Rows(make(vectorizer, texts), _tokens_of(vectorizer, texts))

        return compute

    def _quickly_by(self, name):
        def is_quick(texts):
            vectorizer = self._shelf[name].thing
            if not (isinstance(vectorizer, CountVectorizer) and is_ours(vectorizer)):
                return False
            steps = vectorizer.preprocessor, vectorizer.tokenizer, vectorizer.analyzer
            return not any(map(callable, steps)) and sum(map(len, texts)) <= _QUICK

        return is_quick

    def _search_by(self, name):
        def compute(wishes):
            served = self._shelf.served
            found = [None] * len(wishes)
            for k in {k for _, k in wishes}:  # how deep some engines look depends on it
                places = [place for place, wish in enumerate(wishes) if wish[1] == k]
                views = views_of(served, name, [wishes[place][0] for place in places])
                for place, scores, rows in zip(places, *candidates(served[name].thing, views, k)):
                    best = zip(rows.tolist(), scores.tolist())
                    found[place] = [{"id": row, "score": score} for row, score in best if row >= 0]
            return found

        return compute

    async def _aside(self, ask):
        """Return what a recommender answers, in a thread; what it refuses is the client's doing."""
        if self._n_asking >= self._limits.waiting:
            raise self._busy()
        self._n_asking += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        except _BAD_WISH as error:
            message = error.args[0] if isinstance(error, KeyError) and error.args else error
            raise RefusedError(400, str(message)) from error
        finally:
            self._n_asking -= 1


def _tokens_of(vectorizer, texts):
    """Return how many tokens each text has: of the model, or else words and Han characters."""
    network = getattr(vectorizer, "vectorizer_", vectorizer)  # of one that was tuned
    if isinstance(network, TransformerVectorizer):
        return network.count_tokens(texts)
    return [len(_words(text)) for text in texts]


def _choice(fields, name, choices):
    """Return a field that is one of some words, the first of which is the default."""
    wanted = f"one of {', '.join(map(repr, choices))}"
    value = field(fields, name, str, wanted, choices[0])
    if value not in choices:
        raise RefusedError(400, f"{name} must be {wanted}. Got {value[:60]!r}.", name)
    return value


def _wish(fields, names):
    """Return the one field of some that says what is wanted."""
    given = [name for name in names if fields.get(name) is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none"
        raise RefusedError(400, f"Give one of {', '.join(names)}. Got {got}.", names[0])
    return {given[0]: fields[given[0]]}


def _json(body, status=200, headers=None):
    return Response(_in_utf8(_text(body)), status, headers, media_type="application/json")


def _in_utf8(text):
    """Return JSON as bytes: lone surrogates, all that UTF-8 lacks, as JSON writes them."""
    return text.encode("utf-8", "backslashreplace")


def _list_of(name, parts, **fields):
    """Return a list as the bytes of an answer, of parts that are JSON each.

    One by one, for the interpreter lets nobody else in while it writes one.
    """
    begun = _text({"object": "list", **fields})[:-1]
    return _in_utf8(f'{begun}, "{name}": [{", ".join(parts)}]}}')


def _refusal(error):
    return _json(error.body(), error.status, error.headers)
