"""The partitions of ScaNN behind the contract of the engines."""

import math
import tempfile
from pathlib import Path

import numpy as np

from textvec._checks import check_number, import_optional
from textvec._threads import effective_n_jobs
from textvec.search.engines._engine import LARGEST, EngineIndex, is_array

_CENTRES = 16  # of each block of numbers


class ScannIndex(EngineIndex):
    """Search by ScaNN: a partition, quantisation and exact scores of the best (Linux only).

    Parameters
    ----------
    num_leaves : int, default=None
        Parts that items are cut into, at most as many as there are items. None is the square root
        of their number, 100 at most.
    num_leaves_to_search : int, default=10
        Parts that are looked at.
    dimensions_per_block : int, default=2
        Neighbouring numbers that are quantised as one.
    reorder : int, default=100
        Best items that are scored exactly, at least the neighbours asked for.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        What is near.
    n_jobs : int, default=None
        Threads that search: None is 1, else all cores.

    Attributes
    ----------
    n_items_, n_features_in_ : int
        Items, and features of an item.
    effective_metric_ : str
        The metric that the items were made ready for.

    Notes
    -----
    Fewer than 16 items, of which ScaNN can learn no 16 centres, are all scored exactly.

    References
    ----------
    Guo et al. 2020, "Accelerating large-scale inference with anisotropic vector quantization".
    """

    # What ScaNN writes of an index. Only these are saved and read: it would also unpickle.
    _CONFIG = "scann_config.pb"
    _ASSETS = {
        "AH_CENTERS": "ah_codebook.pb",
        "PARTITIONER": "serialized_partitioner.pb",
        "TOKENIZATION_NPY": "datapoint_to_token.npy",
        "AH_DATASET_NPY": "hashed_dataset.npy",
        "DATASET_NPY": "dataset.npy",
    }

    _least = dict.fromkeys(("num_leaves_to_search", "dimensions_per_block", "reorder"), 1)

    def __init__(
        self, num_leaves=None, num_leaves_to_search=10, dimensions_per_block=2, reorder=100,
        metric="cosine", n_jobs=None,
    ):  # fmt: skip
        self.num_leaves = num_leaves
        self.num_leaves_to_search = num_leaves_to_search
        self.dimensions_per_block = dimensions_per_block
        self.reorder = reorder
        self.metric = metric
        self.n_jobs = n_jobs

    def _build(self, rows):
        scann = import_optional("scann", "scann")
        measure = self._space("dot_product", "squared_l2")
        builder = scann.scann_ops_pybind.builder(rows, 10, measure)
        if len(rows) < _CENTRES:
            return builder.score_brute_force().build()
        n_leaves = self.num_leaves or min(100, math.isqrt(len(rows)))
        builder = builder.tree(n_leaves, self.num_leaves_to_search, training_sample_size=len(rows))
        try:
            return builder.score_ah(self.dimensions_per_block).reorder(self.reorder).build()
        except RuntimeError as error:
            raise ValueError(
                f"ScaNN refuses num_leaves={n_leaves} for {len(rows)} rows of width "
                f"{rows.shape[1]}: {error}"
            ) from error

    def _check_parameters(self):
        super()._check_parameters()
        if self.num_leaves is not None:
            check_number("num_leaves", self.num_leaves, low=1, high=LARGEST, integer=True)

    def _search(self, queries, k):
        indices, closeness = np.full((len(queries), k), -1), np.zeros((len(queries), k), np.float32)
        one = effective_n_jobs(self.n_jobs) == 1
        search = self._engine.search_batched if one else self._engine.search_batched_parallel
        if len(queries):
            found, near = search(
                queries, final_num_neighbors=k, pre_reorder_num_neighbors=max(self.reorder, k)
            )
            is_found = np.isfinite(near)
            indices[:, : found.shape[1]][is_found] = found[is_found]
            closeness[:, : found.shape[1]][is_found] = near[is_found]
        return closeness, indices

    def _freeze(self, engine):
        with tempfile.TemporaryDirectory() as folder:
            engine.serialize(folder, relative_path=True)
            paths = [Path(folder, name) for name in (self._CONFIG, *self._assets().values())]
            return {
                path.name: np.load(path) if path.suffix == ".npy" else np.fromfile(path, np.uint8)
                for path in paths
            }

    def _is_saved(self, saved):
        arrays = {
            "datapoint_to_token.npy": (np.int32, (self.n_items_,)),
            "hashed_dataset.npy": (np.uint8, (self.n_items_, -1)),
            "dataset.npy": (np.float32, (self.n_items_, self.n_features_in_)),
        }
        names = {self._CONFIG, *self._assets().values()}
        return (isinstance(saved, dict) and saved.keys() == names) and all(
            is_array(part, *arrays.get(name, (np.uint8, (-1,)))) for name, part in saved.items()
        )

    def _thaw(self, saved):
        scann = import_optional("scann", "scann")
        assets = self._assets()
        with tempfile.TemporaryDirectory() as folder:
            for name in (self._CONFIG, *assets.values()):
                path = Path(folder, name)
                np.save(path, saved[name]) if path.suffix == ".npy" else saved[name].tofile(path)
            lines = [
                f'assets {{asset_type: {kind} asset_path: "{name}"}}'
                for kind, name in assets.items()
            ]
            Path(folder, "scann_assets.pbtxt").write_text("\n".join(lines))
            return scann.scann_ops_pybind.load_searcher(folder)

    def _assets(self):
        """Return what ScaNN writes for so many items: kind -> name."""
        few = self.n_items_ < _CENTRES
        return {"DATASET_NPY": self._ASSETS["DATASET_NPY"]} if few else self._ASSETS
