"""The graph of hnswlib behind the contract of the engines."""

from textvec._checks import import_optional
from textvec._threads import effective_n_jobs
from textvec.search.engines._engine import EXTRA, EngineIndex, as_file, bytes_of


class HnswlibIndex(EngineIndex):
    """Search by hnswlib: a navigable small-world graph.

    Parameters
    ----------
    M : int, default=16
        Links of an item; more find more and take more memory.
    ef_construction : int, default=200
        Candidates kept while linking; more find more and take longer to fit.
    ef : int, default=50
        Candidates kept while searching, at least the neighbours asked for.
    random_seed : int, default=100
        Seed of the levels.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads that search: None is 1, -1 all cores. One builds: a graph that several build depends
        on their pace. Calls from several threads wait for one another.

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

    Examples
    --------
    >>> index = HnswlibIndex(metric="dot").fit([[1.0, 0.0], [0.0, 2.0]])
    >>> index.kneighbors([[0.0, 1.0]], n_neighbors=2, return_distance=False)
    array([[1, 0]])
    """

    _grows = True
    _least = {"M": 2, "ef_construction": 1, "ef": 1, "random_seed": 0}

    def __init__(
        self, M=16, ef_construction=200, ef=50, random_seed=100, metric="cosine", n_jobs=None
    ):
        self.M = M
        self.ef_construction = ef_construction
        self.ef = ef
        self.random_seed = random_seed
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        engine = self._new(rows.shape[1])
        engine.init_index(
            max_elements=len(rows), M=self.M, ef_construction=self.ef_construction,
            random_seed=self.random_seed,
        )  # fmt: skip
        engine.add_items(rows, num_threads=1)
        return engine

    def _extend(self, engine, rows):
        engine.resize_index(self.n_items_ + len(rows))
        engine.add_items(rows, num_threads=1)

    def _search(self, queries, k):
        n_jobs = effective_n_jobs(self.n_jobs)
        try:
            with self._searching:
                self._engine.set_ef(max(self.ef, k))
                indices, distances = self._engine.knn_query(queries, k, num_threads=n_jobs)
        except RuntimeError as error:
            raise ValueError(
                f"hnswlib reaches fewer than n_neighbors={k} items from some query: raise M or ef, "
                "or ask for fewer."
            ) from error
        return self._space(1 - distances, distances), indices

    def _new(self, width):
        hnswlib = import_optional("hnswlib", EXTRA)
        return hnswlib.Index(self._space("ip", "l2"), width)

    def _freeze(self, engine):
        return bytes_of(engine.save_index)

    def _thaw(self, saved):
        engine = self._new(self.n_features_in_)
        with as_file(saved) as path:
            engine.load_index(path)
        return engine

    def _shape_of(self, engine):
        return engine.get_current_count(), self.n_features_in_
