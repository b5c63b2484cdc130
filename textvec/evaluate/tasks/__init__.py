"""Tasks: what a vectorizer is asked to do, with the truth to score it against.

One class for each of the eight types of MTEB (Muennighoff et al. 2023, "MTEB: Massive Text
Embedding Benchmark", EACL), with its protocols, and three for tables of word vectors.
"""

from importlib import import_module as _import_module

# Public name -> module that defines it. Names load on first use: `significance`, which needs the
# seed alone, does not wait for classifiers and kernels.
_HOME = {
    "BitextMiningTask": "ranking",
    "ClassificationTask": "labels",
    "ClusteringTask": "labels",
    "PairClassificationTask": "pairs",
    "RerankingTask": "ranking",
    "RetrievalTask": "ranking",
    "STSTask": "pairs",
    "SummarizationTask": "pairs",
    "Task": "task",
    "TaskResult": "task",
    "WordAnalogyTask": "words",
    "WordSimilarityTask": "words",
    "WordTranslationTask": "words",
    "fresh": "task",
    "hotel_tasks": "builtin",
    "mini_benchmark_tasks": "builtin",
    "read_task": "files",
    "select_tasks": "task",
}

__all__ = sorted(_HOME)


def __getattr__(name):
    if name in _HOME:
        value = getattr(_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'textvec.evaluate.tasks' has no attribute {name!r}")


def _module(name):
    """Return a module of this folder; their names are spelled out."""
    match name:
        case "builtin":
            return _import_module("textvec.evaluate.tasks.builtin")
        case "files":
            return _import_module("textvec.evaluate.tasks.files")
        case "labels":
            return _import_module("textvec.evaluate.tasks.labels")
        case "pairs":
            return _import_module("textvec.evaluate.tasks.pairs")
        case "ranking":
            return _import_module("textvec.evaluate.tasks.ranking")
        case "words":
            return _import_module("textvec.evaluate.tasks.words")
    return _import_module("textvec.evaluate.tasks.task")


def __dir__():
    return __all__
