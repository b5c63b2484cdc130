"""Tasks: what a vectorizer is asked to do, with the truth to score it against.

One class for each of the eight types of MTEB (Muennighoff et al. 2023, "MTEB: Massive Text
Embedding Benchmark", EACL), with its protocols, and two for tables of word vectors.
"""

from textvec._checks import check_choice
from textvec.evaluate._labels import ClassificationTask, ClusteringTask
from textvec.evaluate._pairs import PairClassificationTask, STSTask, SummarizationTask
from textvec.evaluate._ranking import BitextMiningTask, RerankingTask, RetrievalTask
from textvec.evaluate._task import Task, TaskResult, fresh
from textvec.evaluate._words import WordAnalogyTask, WordSimilarityTask

__all__ = [
    "BitextMiningTask",
    "ClassificationTask",
    "ClusteringTask",
    "PairClassificationTask",
    "RerankingTask",
    "RetrievalTask",
    "STSTask",
    "SummarizationTask",
    "Task",
    "TaskResult",
    "WordAnalogyTask",
    "WordSimilarityTask",
    "fresh",
    "hotel_tasks",
    "mini_benchmark_tasks",
    "select_tasks",
]


def hotel_tasks(language="en") -> list[Task]:
    """Return the built-in tasks on the embedded hotels of a language.

    Predict the style of a hotel from its description; find its planted sister hotels (the same
    style and offer in other words); find its planted near-duplicates. The hotels are the project's
    own writing, so the tasks show methods at work; conclusions want real data.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        Language of the hotels.

    Returns
    -------
    list of one ClassificationTask and two RetrievalTask
    """
    from textvec.datasets import load_hotels

    hotels = load_hotels(language)
    corpus = dict(zip(hotels.frame["id"], hotels.frame["desc"], strict=True))
    duplicates = _partners(hotels.pairs, "duplicate")
    # A duplicate in the test part would give away the label that its twin has in training.
    groups = [min([item, *duplicates.get(item, ())]) for item in corpus]
    style = ClassificationTask(
        corpus.values(),
        hotels.frame["style"],
        f"hotel style ({language})",
        groups,
        language=language,
    )
    searches = [
        RetrievalTask(
            {item: corpus[item] for item in relevance},
            corpus,
            relevance,
            f"{name} hotels ({language})",
            language=language,
            category="p2p",
        )
        for name, relevance in (
            ("sister", _partners(hotels.pairs, "sister")),
            ("duplicate", duplicates),
        )
    ]
    tasks: list[Task] = [style, *searches]
    for task in tasks:
        task.description += " Invented hotels, written for textvec: conclusions want real data."
    return tasks


def mini_benchmark_tasks(language="en") -> list[Task]:
    """Return a task of each of MTEB's eight types on texts that ship with textvec.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        Language of the texts; bitext mining goes from it to the other one.

    Returns
    -------
    list of Task
        See :func:`~textvec.datasets.load_mini_benchmark`: they show methods at work, and
        conclusions want real data.

    Examples
    --------
    >>> [task.type for task in mini_benchmark_tasks("zh")][:3]
    ['BitextMining', 'Classification', 'Clustering']
    """
    from textvec.datasets import load_mini_benchmark

    mini = load_mini_benchmark(language)

    def columns(part):
        return [mini[part][column].tolist() for column in mini[part]]

    def named(kind):
        return {"name": f"{kind} ({language})", "language": language}

    retrieval = mini.retrieval
    other = {"en": "zh", "zh": "en"}[language]
    both = {"name": f"bitext mining ({language})", "language": f"{language}-{other}"}
    tasks: list[Task] = [
        BitextMiningTask(*columns("bitext_mining"), **both),
        ClassificationTask(*columns("classification"), **named("classification")),
        ClusteringTask(*columns("clustering"), **named("clustering")),
        PairClassificationTask(*columns("pair_classification"), **named("pair classification")),
        RerankingTask(*columns("reranking"), **named("reranking")),
        RetrievalTask(
            retrieval.queries, retrieval.corpus, retrieval.relevant_docs, **named("retrieval")
        ),
        STSTask(*columns("sts"), **named("similarity")),
        SummarizationTask(*columns("summarization"), **named("summarization")),
    ]
    for task in tasks:
        task.description += (
            " Texts written for textvec: a demonstration, no ground for conclusions."
        )
    return tasks


def select_tasks(tasks, types=None, categories=None, languages=None) -> list[Task]:
    """Return the tasks of given types, categories and languages, in their order.

    Parameters
    ----------
    tasks : iterable of Task
        What to choose from.
    types : str, sequence of str or None, default=None
        Such as ``["Retrieval", "STS"]``, or one alone; None means any.
    categories : str, sequence of {"s2s", "s2p", "p2p", "s2c"} or None, default=None
        None means any.
    languages : str, sequence of str or None, default=None
        Codes such as "en". A task in two languages counts for both; None means any.

    Returns
    -------
    list of Task

    Raises
    ------
    ValueError
        If none of the tasks is of a type that is asked for, or there is no such category.

    Examples
    --------
    >>> [task.name for task in select_tasks(mini_benchmark_tasks(), categories=["s2p"])]
    ['retrieval (en)']
    """
    tasks = list(tasks)
    types, categories, languages = (
        [chosen] if isinstance(chosen, str) else chosen for chosen in (types, categories, languages)
    )
    known = sorted({task.type for task in tasks})
    for one in types or ():
        check_choice("type of a task", one, known)
    for one in categories or ():
        check_choice("category of a task", one, ("s2s", "s2p", "p2p", "s2c"))
    return [
        task
        for task in tasks
        if (types is None or task.type in types)
        and (categories is None or task.category in categories)
        and (languages is None or set(task.language.split("-")) & set(languages))
    ]


def _partners(pairs, kind):
    """Return {id: {id of each partner: 1}} over both directions of the pairs of one kind."""
    partners = {}
    for a, b in pairs.loc[pairs["kind"] == kind, ["a", "b"]].itertuples(index=False):
        partners.setdefault(a, {})[b] = 1
        partners.setdefault(b, {})[a] = 1
    return partners
