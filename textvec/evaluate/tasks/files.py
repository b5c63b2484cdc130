"""Tasks out of files: BEIR folders, and records in JSON, JSONL, CSV or TSV."""

import csv
import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from io import StringIO

from textvec._checks import as_path, warn_user
from textvec._reading import decode, parse_json, read_json_lines, read_table, spells_number
from textvec.evaluate.tasks.labels import ClassificationTask, ClusteringTask
from textvec.evaluate.tasks.pairs import PairClassificationTask, STSTask, SummarizationTask
from textvec.evaluate.tasks.ranking import BitextMiningTask, RerankingTask, RetrievalTask
from textvec.evaluate.tasks.task import Task, counted
from textvec.evaluate.tasks.words import WordTranslationTask


def read_task(path, kind=None, name=None, language="en", encoding="utf-8", **options) -> Task:
    """Read a task from a file or a folder; what is in it decides about the type.

    Parameters
    ----------
    path : str or path-like
        A BEIR folder (``corpus.jsonl``, ``queries.jsonl`` and ``qrels/*.tsv``), or a JSON,
        JSONL, CSV or TSV file: an object with ``corpus``, ``queries`` and ``relevant_docs``,
        or records with the fields ``query, pos[, neg]``; ``text, positive_text[,
        negative_text]``; ``text, scored_text, score``; ``text, human_summaries,
        machine_summaries, scores``; ``text1, text2, label``; ``text1, text2, score``; ``text,
        label``; ``word, translation``; or ``text1, text2`` and no other. In a CSV file, cells with
        commas stand in quotation marks; in a TSV file, these are characters like any other. A file
        that ends in .txt is a dictionary as MUSE has them: a word, white space and its translation
        in each line. Records without negatives are queries, each of which looks for its positives
        among those of all; where others have negatives to put behind, they are left out of
        `RerankingTask`, with a warning.
    kind : class or None, default=None
        Class of the task, such as `RetrievalTask` for queries with ``pos`` and ``neg``, or
        `ClusteringTask` for texts with labels; None means the one that suits the fields best.
    name : str or None, default=None
        Names the task; None means the name of the file, without its ending, or of the folder.
    language : str, default="en"
        Language of the texts.
    encoding : str, default="utf-8"
        Encoding of the file or files. A byte order mark is understood.
    **options
        Further parameters of the task, such as ``into`` of `WordTranslationTask`, which it must
        have. For a BEIR folder also ``split="test"``. Where a label
        has two to four texts, ``n_splits`` of classification is as many, and a warning says so.

    Returns
    -------
    Task
        Of the class ``kind``. A BEIR folder may judge documents that its corpus lacks, as that of
        ArguAna does: a warning counts them, and as in trec_eval, which BEIR scores with, those
        that are relevant belong to the ideal ranking and cannot be found. Judged queries without
        a text are left out.

    Raises
    ------
    ValueError
        If the fields are none of these, or those of another kind, a value is missing, an id or a
        name of a field stands twice, a line of a table has more or fewer cells than its header, or
        the encoding is another.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "hotels.csv")
    ...     _ = path.write_text("query,pos,neg\\nthe sea,sea view,free shuttle\\n")
    ...     read_task(path), read_task(path, RetrievalTask, name="all")
    (RerankingTask(name='hotels', language='en'), RetrievalTask(name='all', language='en'))
    """
    path = as_path("path", path)
    if name is None:  # of ".", that of the folder
        name = os.path.basename(os.path.abspath(path)) if path.is_dir() else path.stem
    if path.is_dir():
        content, fields = _read_beir(path, options.pop("split", "test"), encoding), "corpus"
    else:
        content = read_content(path, encoding)
        if isinstance(content, Mapping):
            fields = "corpus"
        else:
            fields = _fields(content, path)
    kinds = _CLASSES[fields]
    if fields == _WORDS and "into" not in options:
        raise ValueError(
            f"{path} is a dictionary, which takes the table of the other language: "
            "read_task(path, into=KeyedVectors(...))."
        )
    if kind not in (None, *kinds):
        can = ", ".join(one.__name__ for one in kinds)
        given = kind.__name__ if isinstance(kind, type) else repr(kind)
        raise ValueError(
            f"kind must be a class that can read the fields of {path}: {can}; or None. "
            f"Got {given} instead."
        )
    build = _BUILDERS[fields](kind or kinds[0], content, path)
    return build(name=name, language=language, **options)


def _fields(records, path):
    if not records:
        raise ValueError(f"{path} must hold at least one record. Got none.")
    columns = set().union(*records)
    with_negatives = {name for name in _NEGATIVES for record in records if record.get(name)}
    for fields in _BUILDERS:
        if (
            fields == _ALONE
            and columns != set(fields)
            or {*fields[2:]} & _NEGATIVES - with_negatives
        ):
            continue
        if isinstance(fields, tuple) and set(fields) <= records[0].keys() | with_negatives:
            for number, record in enumerate(records, start=1):
                for field in fields:
                    found, (wanted, holds) = record.get(field), _VALUES[field]
                    if field in _NEGATIVES and (found is None or found != found):
                        continue
                    if found is None or found != found or found == "" and field in _NEVER_EMPTY:
                        raise ValueError(
                            f"Every record must have a value for {field!r}. "
                            f"Record {number} of {path} has none."
                        )
                    if not holds(found):
                        raise ValueError(
                            f"{field!r} must be {wanted}. Record {number} of {path} has "
                            f"{found!r:.60} instead."
                        )
            return fields
    known = "; ".join(", ".join(fields) for fields in _BUILDERS if isinstance(fields, tuple))
    raise ValueError(
        f"The records of {path} must have the fields of one kind of task: {known} (and no other). "
        f"Got {', '.join(map(str, records[0])) or 'none'} instead: {_renaming(records)}."
    )


def _renaming(records):
    """Return which names columns may have: of two, the one whose values recur holds labels."""
    columns = list(records[0])
    recurs = [
        len({str(record.get(name)) for record in records}) <= len(records) / 2 for name in columns
    ]
    if sorted(recurs) != [False, True]:
        return "rename them"
    text, label = columns[recurs.index(False)], columns[recurs.index(True)]
    return f"if these are texts and their classes, rename {text!r} to 'text', {label!r} to 'label'"


def fields_of(task_class):
    """Return the fields of the records that a class of task is read from: tuples of names."""
    return [fields for fields, kinds in _CLASSES.items() if task_class in kinds]


def read_content(path, encoding):
    """Return the records of a file, or an object of corpus, queries and relevant_docs.

    Parameters
    ----------
    path : Path
        A JSON, JSONL, CSV or TSV file, or a dictionary that ends in .txt.
    encoding : str
        Its encoding.

    Returns
    -------
    list of dict, or dict

    Raises
    ------
    ValueError
        If it is none of these; the message names it, and the line.
    """
    suffix = path.suffix.lower()
    if suffix not in (".json", ".jsonl", ".csv", ".tsv", ".txt"):
        raise ValueError(
            "A task must be a BEIR folder or a file that ends in .json, .jsonl, .csv, .tsv or "
            f".txt. Got {path} instead."
        )
    text = decode(path, path.read_bytes(), encoding)
    if suffix == ".txt":
        return _read_dictionary(path, text)
    if suffix == ".jsonl":
        return read_json_lines(path, text)
    if suffix == ".csv":
        return _read_table(path, text, ",")
    if suffix == ".tsv":
        return _read_table(path, text, "\t")
    try:
        content = parse_json(text)
    except ValueError as error:
        raise ValueError(f"{path} must hold JSON: {error}.") from error
    if isinstance(content, Mapping):
        missing = {"corpus", "queries", "relevant_docs"} - content.keys()
        if missing:
            raise ValueError(
                f"{path} must hold a list of records, or an object with corpus, queries and "
                f"relevant_docs. It lacks {', '.join(sorted(missing))}."
            )
        return content | {"relevant_docs": as_grades(content["relevant_docs"], path)}
    if not isinstance(content, list) or not all(isinstance(one, Mapping) for one in content):
        raise ValueError(f"{path} must hold a list of records (objects), or one object.")
    return content


def _read_table(path, text, separator):
    """Return the rows of a table as records, all of text: one may look like a number, or be "NA".

    In a TSV file a quotation mark is a character like any other: so the field's sets are written,
    and a text that begins with one would otherwise swallow the rows after it.
    """
    _, _, header, rows = read_table(path, text, separator, quoted=separator == ",")
    return [{name: cell for name, cell in zip(header, row) if name} for row in rows]


def _read_dictionary(path, text):
    """Return the lines of a dictionary of MUSE as records."""
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        words = line.split()
        if len(words) != 2:
            raise ValueError(
                f"Every line of {path} must hold a word and its translation, between white space. "
                f"Got {line.strip()!r:.60} in line {number} instead."
            )
        records.append(dict(zip(_WORDS, words)))
    return records


def _read_beir(folder, split, encoding):
    """Return corpus, queries and relevance of a BEIR folder: judged queries of the split only."""
    judged = folder / "qrels" / f"{split}.tsv"
    if not judged.is_file():
        splits = sorted(path.stem for path in (folder / "qrels").glob("*.tsv"))
        raise FileNotFoundError(
            f"{judged} is not there. Splits in {folder}: {', '.join(splits) or 'none'}."
        )
    relevance: dict[str, dict[str, float]] = {}
    text = decode(judged, judged.read_bytes(), encoding)
    rows = csv.reader(StringIO(text, newline=""), delimiter="\t")
    try:
        for number, row in enumerate(rows, start=1):
            if not row or number == 1 and row[0] in ("query-id", "query_id", "qid"):
                continue
            if len(row) < 3 or not is_number(row[-1]):
                raise ValueError(
                    f"Line {number} of {judged} must hold the ids of a query and a document and a "
                    f"grade, between tabs. Got {row} instead."
                )
            query, item, grade = row[0], row[-2], float(row[-1])  # a TREC file has a column more
            if relevance.setdefault(query, {}).setdefault(item, grade) != grade:
                raise ValueError(
                    f"Line {number} of {judged} must agree with those above it. They grade "
                    f"document {item!r} of query {query!r} with {relevance[query][item]:g}, it "
                    f"says {grade:g}."
                )
    except csv.Error as error:
        raise ValueError(f"{judged} must be a table: {error}.") from error
    return {
        "corpus": _by_id(folder / "corpus.jsonl", encoding, titled=True),
        "queries": _by_id(folder / "queries.jsonl", encoding),
        "relevant_docs": relevance,
        "judged only": judged,
    }


def _by_id(path, encoding, titled=False):
    """Return the text of each id, after its title where it may have one."""
    texts: dict[str, str] = {}
    records = read_json_lines(path, decode(path, path.read_bytes(), encoding))
    for number, record in enumerate(records, start=1):
        one, text = record.get("_id"), record.get("text")
        title = (titled and record.get("title")) or ""
        if not (isinstance(one, str | int) and _is_text(text) and _is_text(title)):
            raise ValueError(
                f"Every record must have an _id, a text and perhaps a title. Record {number} of "
                f"{path} has {one!r:.60}, {text!r:.60} and {title!r:.60} instead."
            )
        if str(one) in texts:
            raise ValueError(
                f"Every id must stand once. {one!r} of record {number} of {path} does not."
            )
        texts[str(one)] = f"{title} {text}".strip() if titled else text
    return texts


def as_grades(found, path):
    """Return the grades of documents by query, out of lists of ids or maps of id to grade."""
    if not isinstance(found, Mapping):
        raise ValueError(f"relevant_docs of {path} must be an object. Got {found!r:.60} instead.")
    grades = {}
    for query, judged in found.items():
        if isinstance(judged, list):
            judged = dict.fromkeys(map(str, judged), 1.0)
        if not isinstance(judged, Mapping) or not all(map(is_number, judged.values())):
            raise ValueError(
                f"relevant_docs of {path} must have for each query a list of ids, or an object of "
                f"id to grade. Got {judged!r:.60} for {query!r} instead."
            )
        grades[query] = {item: float(grade) for item, grade in judged.items()}
    return grades


def _from_corpus(task_class, content, path):
    corpus, queries, relevance = (content[one] for one in ("corpus", "queries", "relevant_docs"))
    for name, texts in (("corpus", corpus), ("queries", queries)):
        if not isinstance(texts, Mapping) or not all(map(_is_text, texts.values())):
            raise ValueError(f"{name} of {path} must be an object of id to text.")
    settings = {}
    if "judged only" in content:
        relevance = {q: g for q, g in relevance.items() if any(v > 0 for v in g.values())}
        relevance = _as_judged(relevance, queries, corpus, content["judged only"])
        queries = {query: text for query, text in queries.items() if query in relevance}
        if any(grades.keys() & corpus.keys() for grades in relevance.values()):
            settings["absent"] = "count"  # else they are judgements of another corpus
    return lambda **options: task_class(queries, corpus, relevance, **settings | options)


def _as_judged(relevance, queries, corpus, path):
    """Return the relevance of known queries; warn of what is judged and is not there."""
    unasked = [query for query in relevance if query not in queries]
    if unasked:
        warn_user(
            f"{path} judges {counted(len(unasked), 'query', 'queries')} that queries.jsonl lacks, "
            f"such as {unasked[0]!r}: left out."
        )
        relevance = {query: relevance[query] for query in relevance if query in queries}
    absent = [item for grades in relevance.values() for item in grades if item not in corpus]
    if absent:
        warn_user(
            f"{path} judges {counted(len(absent), 'document')} that corpus.jsonl lacks, such as "
            f"{absent[0]!r}: where relevant, they count as not found, as in trec_eval."
        )
    return relevance


def _from_pairs(query, pos, neg, task_class, records, path):
    """Return how to build a task of queries with their positives and, perhaps, negatives."""
    rows = [(record[query], _as_list(record[pos]), _as_list(record.get(neg))) for record in records]
    if task_class is RerankingTask:
        fitting = [row for row in rows if row[2]]
        if len(fitting) < len(rows):
            which = next(number for number, row in enumerate(rows, start=1) if not row[2])
            warn_user(
                f"{len(rows) - len(fitting)} of {len(rows)} records of {path} have no {neg!r}, "
                f"such as record {which}: left out, as there is nothing to rank behind the "
                "positives. kind=RetrievalTask takes all."
            )
        return lambda **options: RerankingTask(*zip(*fitting), **options)
    corpus: dict[str, str] = {}
    queries: dict[str, str] = {}
    relevance: dict[str, dict[str, int]] = {}
    for text, good, bad in rows:
        for candidate in (*good, *bad):
            corpus.setdefault(candidate, f"d{len(corpus)}")
        place = queries.setdefault(text, f"q{len(queries)}")
        relevance.setdefault(place, {}).update({corpus[one]: 1 for one in good})
    asked, by_id = ({one: text for text, one in texts.items()} for texts in (queries, corpus))
    return lambda **options: RetrievalTask(asked, by_id, relevance, **options)


def _from_columns(*fields):
    def build(task_class, records, path):
        columns = [[record[field] for record in records] for field in fields]
        return lambda **options: task_class(*columns, **options)

    return build


def _from_labelled(task_class, records, path):
    texts, labels = ([record[field] for record in records] for field in ("text", "label"))

    def build(**options):
        if task_class is ClassificationTask and not {"n_splits", "test", "groups"} & options.keys():
            label, fewest = min(Counter(labels).items(), key=lambda item: item[1])
            if 2 <= fewest < _N_SPLITS:
                warn_user(
                    f"{path} has {fewest} texts with the label {label!r}: cross-validation takes "
                    f"{fewest} folds instead of {_N_SPLITS}."
                )
            options["n_splits"] = min(max(2, fewest), _N_SPLITS)
        return task_class(texts, labels, **options)

    return build


def _from_labelled_pairs(task_class, records, path):
    texts = [[record[field] for record in records] for field in ("text1", "text2")]
    if not all(is_number(record["label"]) for record in records):
        raise ValueError(f"Every label of {path} must be a number.")
    labels = [float(record["label"]) for record in records]
    if task_class is PairClassificationTask:
        graded = [label for label in labels if label not in (0, 1)]
        if graded:
            raise ValueError(
                f"Every label of {path} must be 0 or 1. Got {graded[0]:g} instead: a column of "
                "grades is named 'score'."
            )
        labels = [int(label) for label in labels]
    return lambda **options: task_class(*texts, labels, **options)


def _as_list(value):
    """Return texts as a list; an empty cell of a table holds none, and no cell a list."""
    if value is None or value != value:
        return []
    if not isinstance(value, str):
        return list(value)
    if re.fullmatch(r"""\[\s*(["']).*\1\s*\]""", value, re.DOTALL):
        raise ValueError(
            "A cell must hold one text, and only a .json or .jsonl file a list of them. "
            f"Got {value!r:.60} instead: write such records as JSON."
        )
    return [value] if value else []


def _is_text(value):
    return isinstance(value, str)


def _are_texts(value):
    return isinstance(value, list) and all(map(_is_text, value))


def is_number(value):
    """Tell whether a value is a finite number, or a text that is one."""
    try:
        return math.isfinite(float(value)) and (not isinstance(value, str) or spells_number(value))
    except (OverflowError, TypeError, ValueError):
        return False


def _are_numbers(value):
    return isinstance(value, list) and all(map(is_number, value))


# Field of a record -> what its value must be, in words and as a check.
_TEXT = ("a text", _is_text)
_TEXTS = ("a list of texts", _are_texts)
_TEXT_OR_TEXTS = (
    "a text or a list of them",
    lambda value: _is_text(value) or _are_texts(value),
)
_VALUES = {
    **dict.fromkeys(
        ("query", "text", "text1", "text2", "scored_text", "word", "translation"), _TEXT
    ),
    **dict.fromkeys(("pos", "neg", "positive_text", "negative_text"), _TEXT_OR_TEXTS),
    **dict.fromkeys(("human_summaries", "machine_summaries"), _TEXTS),
    "scores": ("a list of numbers", _are_numbers),
    "score": ("a number", is_number),
    "label": ("a text or a number", lambda value: isinstance(value, str | float | int)),
}

_N_SPLITS = 5  # the default of ClassificationTask

_NEVER_EMPTY = ("label", "score", "pos", "positive_text", "word", "translation")

_NEGATIVES = {"neg", "negative_text"}  # a record may have none of
_from_texts = partial(_from_pairs, "text", "positive_text", "negative_text")

# Fields of a record -> how to build its task, and the classes that can read it, the usual first.
# The order decides where a record has the fields of two. Two texts alone are translations: another
# column beside them, whatever it is called, may hold what they are to be scored by.
_ALONE = ("text1", "text2")
_WORDS = ("word", "translation")
_BUILDERS = {
    "corpus": _from_corpus,
    ("query", "pos", "neg"): partial(_from_pairs, "query", "pos", "neg"),
    ("query", "pos"): partial(_from_pairs, "query", "pos", "neg"),
    ("text", "positive_text", "negative_text"): _from_texts,
    ("text", "positive_text"): _from_texts,
    ("text", "scored_text", "score"): _from_columns("text", "scored_text", "score"),
    ("text", "human_summaries", "machine_summaries", "scores"): _from_columns(
        "text", "human_summaries", "machine_summaries", "scores"
    ),
    ("text1", "text2", "label"): _from_labelled_pairs,
    ("text1", "text2", "score"): _from_columns("text1", "text2", "score"),
    ("text", "label"): _from_labelled,
    _WORDS: _from_columns(*_WORDS),
    _ALONE: _from_columns(*_ALONE),
}
_CLASSES: dict = {
    "corpus": [RetrievalTask],
    ("query", "pos", "neg"): [RerankingTask, RetrievalTask],
    ("query", "pos"): [RetrievalTask],
    ("text", "positive_text", "negative_text"): [RerankingTask, RetrievalTask],
    ("text", "positive_text"): [RetrievalTask],
    ("text", "scored_text", "score"): [STSTask],
    ("text", "human_summaries", "machine_summaries", "scores"): [SummarizationTask],
    ("text1", "text2", "label"): [PairClassificationTask, STSTask],
    ("text1", "text2", "score"): [STSTask],
    ("text", "label"): [ClassificationTask, ClusteringTask],
    _WORDS: [WordTranslationTask],
    _ALONE: [BitextMiningTask],
}
