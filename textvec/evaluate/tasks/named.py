"""Tasks by the name of their data set: what ships with textvec, and what can be fetched."""

from textvec import datasets
from textvec._checks import check_choice, closest_names
from textvec.evaluate.tasks.builtin import hotel_tasks, mini_benchmark_tasks
from textvec.evaluate.tasks.labels import ClassificationTask, ClusteringTask
from textvec.evaluate.tasks.pairs import STSTask
from textvec.evaluate.tasks.ranking import BitextMiningTask, RetrievalTask
from textvec.evaluate.tasks.task import Task


def tasks_of(name, language=None) -> list[Task]:
    """Return the tasks of a data set.

    Texts with labels make a classification task: trained on one part and tested on another as the
    set's authors split them, or five-fold where they did not (of THUCNews titles, which
    have no training part here, on the development part). What was gathered to be clustered makes a
    clustering task. Of pairs and queries, the test part counts; of AFQMC, which has none here, the
    development part.

    Parameters
    ----------
    name : str
        "mini_benchmark" or "hotels", which ship with textvec, or one of those that can be fetched:
        "20newsgroups", "afqmc", "atec", "banking77", "chnsenticorp", "cmrc2018", "cranfield",
        "lcqmc", "msrp", "npl", "pawsx", "scifact", "searchsnippets", "semeval_sts", "sst2",
        "stackoverflow", "stsb", "tatoeba", "thucnews_titles".
        What :func:`~textvec.datasets.list_datasets` lists by language, such as "hotels_zh", is
        understood, too.
    language : {"en", "zh"} or None, default=None
        Only the tasks of that language; None means all.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If no data set with tasks has that name, or it has none in that language.
    OSError
        If the data are neither on this machine nor can be downloaded.

    Examples
    --------
    >>> from textvec.evaluate import tasks_of
    >>> [task.name for task in tasks_of("hotels", "zh")]
    ['hotel style (zh)', 'sister hotels (zh)', 'duplicate hotels (zh)']
    >>> len(tasks_of("mini_benchmark"))
    16
    """
    found, languages = _find(name)
    if language is not None:
        check_choice(f"language of {name}", language, languages_of(name))
        languages = tuple(one for one in languages if language in one.split("-"))
    return [task for one in languages for task in _SETS[found][1](one)]


def languages_of(name) -> tuple[str, ...]:
    """Return the languages of the tasks of a data set, without loading it.

    Parameters
    ----------
    name : str
        As :func:`tasks_of` takes it.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If no data set with tasks has that name.

    Examples
    --------
    >>> languages_of("hotels"), languages_of("hotels_zh")
    (('en', 'zh'), ('zh',))
    """
    _, languages = _find(name)
    return tuple(dict.fromkeys(code for one in languages for code in one.split("-")))


def _find(name):
    """Return the key in ``_SETS`` of a name such as "hotels" or "hotels_zh", and its languages."""
    stem, _, suffix = str(name).rpartition("_")
    if stem in _SETS and suffix in _SETS[stem][0]:
        return stem, (suffix,)
    if name not in _SETS:
        near = ", ".join(closest_names(name, _SETS)) or ", ".join(_SETS)
        raise ValueError(
            "name must be that of a data set with tasks. "
            f"Got {name!r} instead. Close to it: {near}."
        )
    return name, _SETS[name][0]


def _classification(name, fetch, train="train", test="test"):
    def make(language):
        texts, tested = fetch(train), fetch(test)
        held_out = (tested.data, tested.target)
        task = ClassificationTask(texts.data, texts.target, name, test=held_out, language=language)
        return _described(task, texts)

    return make


def _chnsenticorp(language):
    texts = datasets.fetch_chnsenticorp()
    task = ClassificationTask(texts.data, texts.target, "ChnSentiCorp", language=language)
    return _described(task, texts)


def _clustering(name, fetch):
    def make(language):
        texts = fetch()
        return _described(ClusteringTask(texts.data, texts.target, name, language=language), texts)

    return make


def _retrieval(name, fetch):
    def make(language):
        texts = fetch()
        parts = texts.queries, texts.corpus, texts.relevant_docs
        return _described(RetrievalTask(*parts, name, language=language), texts)

    return make


def _similarity(name, fetch):
    def make(language):
        pairs = fetch(language)
        task = STSTask(*zip(*pairs.data), pairs.target, name.format(language), language=language)
        return _described(task, pairs)

    return make


def _tatoeba(language):
    pairs = datasets.fetch_tatoeba()
    return _described(BitextMiningTask(*zip(*pairs.data), "Tatoeba", language=language), pairs)


def _described(task, texts):
    """Let the description begin with what the texts are; return the task as a list."""
    title = texts.DESCR.splitlines()[0]
    task.description = f"{title}. {task.description}"
    task.description_zh = f"{title}。{task.description_zh}"
    return [task]


# Name of a data set -> the languages of its tasks, and what makes those of one language.
_SETS = {
    "mini_benchmark": (("en", "zh"), mini_benchmark_tasks),
    "hotels": (("en", "zh"), hotel_tasks),
    "afqmc": (("zh",), _similarity("AFQMC", lambda _: datasets.fetch_afqmc("dev"))),
    "atec": (("zh",), _similarity("ATEC", lambda _: datasets.fetch_atec())),
    "20newsgroups": (("en",), _classification("20 newsgroups", datasets.fetch_20newsgroups)),
    "banking77": (("en",), _classification("Banking77", datasets.fetch_banking77)),
    "chnsenticorp": (("zh",), _chnsenticorp),
    "cmrc2018": (("zh",), _retrieval("CMRC2018", datasets.fetch_cmrc2018)),
    "cranfield": (("en",), _retrieval("Cranfield", datasets.fetch_cranfield)),
    "lcqmc": (("zh",), _similarity("LCQMC", lambda _: datasets.fetch_lcqmc())),
    "msrp": (("en",), _similarity("MSRP", lambda _: datasets.fetch_msrp("test"))),
    "npl": (("en",), _retrieval("NPL", datasets.fetch_npl)),
    "pawsx": (("zh",), _similarity("PAWS-X ({})", lambda _: datasets.fetch_pawsx("test"))),
    "scifact": (("en",), _retrieval("SciFact", datasets.fetch_scifact)),
    "searchsnippets": (("en",), _clustering("SearchSnippets", datasets.fetch_searchsnippets)),
    "semeval_sts": (("en",), _similarity("SemEval STS", lambda _: datasets.fetch_semeval_sts())),
    "sst2": (("en",), _classification("SST-2", datasets.fetch_sst2)),
    "stackoverflow": (("en",), _clustering("Stack Overflow", datasets.fetch_stackoverflow)),
    "stsb": (("en", "zh"), _similarity("STS-B ({})", datasets.fetch_stsb)),
    "tatoeba": (("zh-en",), _tatoeba),
    "thucnews_titles": (
        ("zh",),
        _classification("THUCNews titles", datasets.fetch_thucnews_titles, train="dev"),
    ),
}
