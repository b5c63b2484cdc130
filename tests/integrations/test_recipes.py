"""The guide's recipes for other engines: shards collected there, and the bits of one fit here."""

import os
import sys

import numpy as np
import pytest

from textvec import CollectedTerms, TfidfVectorizer
from textvec.datasets import load_hotels

TEXTS = load_hotels().data
SHARDS = [TEXTS[i::4] for i in range(4)]
QUIET = pytest.mark.filterwarnings("ignore")  # of engines that have warnings of their own


@pytest.fixture
def workers_find_us(monkeypatch):
    """Processes of other engines import the package that is tested."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)


def assert_as_one_fit(fitted):
    expected = TfidfVectorizer(min_df=2).fit(TEXTS)
    assert fitted.vocabulary_ == expected.vocabulary_
    np.testing.assert_array_equal(fitted.idf_, expected.idf_)
    assert (fitted.transform(TEXTS) != expected.transform(TEXTS)).nnz == 0


def test_loky():
    from joblib import Parallel, delayed

    parts = Parallel(n_jobs=2)(delayed(TfidfVectorizer().collect)(shard) for shard in SHARDS)
    fitted = TfidfVectorizer(min_df=2).fit_collected(parts)
    assert_as_one_fit(fitted)
    blocks = Parallel(n_jobs=2)(delayed(fitted.transform)(shard) for shard in SHARDS)
    for block, shard in zip(blocks, SHARDS):
        assert (block != fitted.transform(shard)).nnz == 0


@pytest.mark.slow
@QUIET
def test_ray(workers_find_us):
    ray = pytest.importorskip("ray", reason="ray is not installed")

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:

        @ray.remote
        def collect(lines):
            return TfidfVectorizer().collect(lines)

        @ray.remote
        def transform(fitted, lines):
            return fitted.transform(lines)

        parts = ray.get([collect.remote(shard) for shard in SHARDS])
        fitted = TfidfVectorizer(min_df=2).fit_collected(parts)
        assert_as_one_fit(fitted)
        here = ray.put(fitted)
        blocks = ray.get([transform.remote(here, shard) for shard in SHARDS])
        for block, shard in zip(blocks, SHARDS):
            assert (block != fitted.transform(shard)).nnz == 0
    finally:
        ray.shutdown()


@pytest.mark.slow
@QUIET
def test_spark(workers_find_us):
    pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")

    context = pyspark.SparkContext("local[2]", "textvec")
    try:
        texts = context.parallelize(TEXTS, 4)
        parts = texts.mapPartitions(lambda lines: [TfidfVectorizer().collect(lines)])
        merged = parts.treeReduce(lambda a, b: CollectedTerms.merge([a, b]))
        fitted = TfidfVectorizer(min_df=2).fit_collected([merged])
        assert_as_one_fit(fitted)
        here = context.broadcast(fitted)
        blocks = texts.mapPartitions(lambda lines: [here.value.transform(list(lines))]).collect()
        assert sum(block.shape[0] for block in blocks) == len(TEXTS)
        assert (blocks[0] != fitted.transform(TEXTS[: blocks[0].shape[0]])).nnz == 0
    finally:
        context.stop()
