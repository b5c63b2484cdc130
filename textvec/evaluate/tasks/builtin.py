"""The tasks that ship with textvec: on its hotels, and on a small set of each type."""

from textvec.evaluate.tasks.labels import ClassificationTask, ClusteringTask
from textvec.evaluate.tasks.pairs import PairClassificationTask, STSTask, SummarizationTask
from textvec.evaluate.tasks.ranking import BitextMiningTask, RerankingTask, RetrievalTask
from textvec.evaluate.tasks.task import Task


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
        task.description_zh += "酒店是为 textvec 虚构的：要下结论，请用真实数据。"
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
        task.description_zh += "文本是为 textvec 写的：只是演示，不能据此下结论。"
    return tasks


def _partners(pairs, kind):
    """Return {id: {id of each partner: 1}} over both directions of the pairs of one kind."""
    partners = {}
    for a, b in pairs.loc[pairs["kind"] == kind, ["a", "b"]].itertuples(index=False):
        partners.setdefault(a, {})[b] = 1
        partners.setdefault(b, {})[a] = 1
    return partners
