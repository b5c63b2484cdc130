"""Tasks out of files: BEIR folders, and records in JSON, JSONL, CSV or TSV."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from textvec.evaluate._labels import ClassificationTask, ClusteringTask
from textvec.evaluate._pairs import PairClassificationTask, STSTask, SummarizationTask
from textvec.evaluate._ranking import BitextMiningTask, RerankingTask, RetrievalTask
from textvec.evaluate._task import Task


def read_task(wanted, path, name, language, options):
    """Return the task that a file or folder holds; see :meth:`Task.from_files`."""
    path = Path(path)
    name = path.stem if name is None else name
    if path.is_dir():
        content, fields = _read_beir(path, options.pop("split", "test")), "corpus"
    else:
        content = _read(path)
        if isinstance(content, Mapping):
            fields = "corpus"
        else:
            fields = _fields(content, path)
    build = _BUILDERS[fields]
    task_class = _class_for(wanted, fields, path)
    return build(task_class, content, path)(name=name, language=language, **options)


def _class_for(wanted, fields, path):
    usual, *others = _CLASSES[fields]
    if wanted is Task:
        return usual
    for one in (usual, *others):
        if wanted is one:
            return one
    can = " or ".join(one.__name__ for one in (usual, *others))
    raise ValueError(f"{path} can be read by {can}. {wanted.__name__} cannot read its fields.")


def _fields(records, path):
    if not records:
        raise ValueError(f"{path} must hold at least one record. Got none.")
    for fields in _BUILDERS:
        if isinstance(fields, tuple) and set(fields) <= records[0].keys():
            for number, record in enumerate(records, start=1):
                for field in fields:
                    if record.get(field) is None:
                        raise ValueError(
                            f"Every record must have a value for {field!r}. "
                            f"Record {number} of {path} has none."
                        )
            return fields
    known = "; ".join(", ".join(fields) for fields in _BUILDERS if isinstance(fields, tuple))
    raise ValueError(
        f"The records of {path} must have the fields of one kind of task: {known}. "
        f"Got {', '.join(map(str, records[0])) or 'none'} instead: rename them."
    )


def _read(path):
    kind = path.suffix.lower()
    if kind == ".jsonl":
        return _read_lines(path)
    if kind == ".json":
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path} must hold JSON: {error}.") from error
        if isinstance(content, Mapping):
            missing = {"corpus", "queries", "relevant_docs"} - content.keys()
            if missing:
                raise ValueError(
                    f"{path} must hold a list of records, or an object with corpus, queries and "
                    f"relevant_docs. It lacks {', '.join(sorted(missing))}."
                )
            return content
        if not isinstance(content, list) or not all(isinstance(one, Mapping) for one in content):
            raise ValueError(f"{path} must hold a list of records (objects), or one object.")
        return content
    if kind in (".csv", ".tsv"):
        separator = "," if kind == ".csv" else "\t"
        # As str: a text may look like a number, and "NA" may be one.
        frame = pd.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
        return frame.to_dict("records")
    raise ValueError(
        "A task must be a BEIR folder or a file that ends in .json, .jsonl, .csv or .tsv. "
        f"Got {path} instead."
    )


def _read_lines(path):
    records = []
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise ValueError(f"Line {number} of {path} must hold JSON: {error}.") from error
    return records


def _read_beir(folder, split):
    """Return corpus, queries and relevance of a BEIR folder: judged queries of the split only."""
    judged = folder / "qrels" / f"{split}.tsv"
    if not judged.is_file():
        splits = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
        raise FileNotFoundError(
            f"{judged} is not there. Splits in {folder}: {', '.join(splits) or 'none'}."
        )
    relevance: dict[str, dict[str, float]] = {}
    with judged.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t")
        for number, row in enumerate(rows, start=1):
            if number == 1 and row[0] in ("query-id", "query_id", "qid"):
                continue
            query, item, grade = row[0], row[-2], row[-1]  # a TREC file has a column more
            relevance.setdefault(query, {})[item] = float(grade)
    corpus = _by_id(
        folder / "corpus.jsonl",
        lambda one: f"{one.get('title', '')} {one['text']}".strip(),
    )
    return {
        "corpus": corpus,
        "queries": _by_id(folder / "queries.jsonl", lambda one: one["text"]),
        "relevant_docs": relevance,
        "judged only": True,
    }


def _by_id(path, text_of):
    texts: dict[str, str] = {}
    for number, record in enumerate(_read_lines(path), start=1):
        one = str(record["_id"])
        if one in texts:
            raise ValueError(
                f"Every id must stand once. {one!r} of record {number} of {path} does not."
            )
        texts[one] = text_of(record)
    return texts


def _from_corpus(task_class, content, path):
    def as_grades(found):
        if isinstance(found, Mapping):
            return {str(item): float(grade) for item, grade in found.items()}
        return dict.fromkeys(map(str, found), 1.0)

    def as_texts(found):
        return {str(one): text for one, text in found.items()}

    relevance = {str(query): as_grades(found) for query, found in content["relevant_docs"].items()}
    queries = as_texts(content["queries"])
    if "judged only" in content:
        relevance = {q: g for q, g in relevance.items() if any(v > 0 for v in g.values())}
        queries = {query: text for query, text in queries.items() if query in relevance}
    return lambda **options: task_class(queries, as_texts(content["corpus"]), relevance, **options)


def _from_triples(task_class, records, path):
    query, pos, neg = _column_names(records)
    queries = [record[query] for record in records]
    positives = [_as_list(record[pos]) for record in records]
    negatives = [_as_list(record[neg]) for record in records]
    if task_class is RerankingTask:
        return lambda **options: RerankingTask(queries, positives, negatives, **options)
    corpus: dict[str, str] = {}
    relevance: dict[str, dict[str, int]] = {}
    for number, (good, bad) in enumerate(zip(positives, negatives, strict=True)):
        for text in (*good, *bad):
            corpus.setdefault(text, f"d{len(corpus)}")
        relevance.setdefault(f"q{number}", {}).update({corpus[text]: 1 for text in good})
    by_id = {one: text for text, one in corpus.items()}
    asked = {f"q{number}": text for number, text in enumerate(queries)}
    return lambda **options: RetrievalTask(asked, by_id, relevance, **options)


def _column_names(records):
    if "query" in records[0]:
        return "query", "pos", "neg"
    return "text", "positive_text", "negative_text"


def _from_columns(*fields):
    def build(task_class, records, path):
        columns = [[record[field] for record in records] for field in fields]
        return lambda **options: task_class(*columns, **options)

    return build


def _from_labelled_pairs(task_class, records, path):
    texts = [[record[field] for record in records] for field in ("text1", "text2")]
    try:
        labels = [float(record["label"]) for record in records]
    except (TypeError, ValueError) as error:
        raise ValueError(f"Every label of {path} must be a number: {error}.") from error
    if task_class is PairClassificationTask:
        labels = [int(label) if label == int(label) else label for label in labels]
    return lambda **options: task_class(*texts, labels, **options)


def _as_list(value):
    return [value] if isinstance(value, str) else list(value)


# Fields of a record -> how to build its task, and the classes that can read it, the usual first.
# The order decides where a record has the fields of two.
_BUILDERS = {
    "corpus": _from_corpus,
    ("query", "pos", "neg"): _from_triples,
    ("text", "positive_text", "negative_text"): _from_triples,
    ("text", "scored_text", "score"): _from_columns("text", "scored_text", "score"),
    ("text", "human_summaries", "machine_summaries", "scores"): _from_columns(
        "text", "human_summaries", "machine_summaries", "scores"
    ),
    ("text1", "text2", "label"): _from_labelled_pairs,
    ("text1", "text2"): _from_columns("text1", "text2"),
    ("text", "label"): _from_columns("text", "label"),
}
_CLASSES = {
    "corpus": [RetrievalTask],
    ("query", "pos", "neg"): [RerankingTask, RetrievalTask],
    ("text", "positive_text", "negative_text"): [RerankingTask, RetrievalTask],
    ("text", "scored_text", "score"): [STSTask],
    ("text", "human_summaries", "machine_summaries", "scores"): [SummarizationTask],
    ("text1", "text2", "label"): [PairClassificationTask, STSTask],
    ("text1", "text2"): [BitextMiningTask],
    ("text", "label"): [ClassificationTask, ClusteringTask],
}
