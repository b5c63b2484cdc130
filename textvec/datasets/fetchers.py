"""Data sets of others: read from this machine, or downloaded once and verified."""

import inspect
import json
from io import BytesIO

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from textvec._checks import check_choice, check_flag
from textvec.datasets.catalogue import licence_of, real_sets
from textvec.datasets.own import LANGUAGES, read_aliases
from textvec.datasets.readers import (
    read_judgements,
    read_lines,
    read_novel,
    read_scifact_corpus,
    read_slashed,
    read_smart,
    read_squad,
    read_table,
)
from textvec.datasets.remote import fetch

_SEMEVAL_YEARS = ("2012", "2013", "2014")
NOVELS = ("journey_to_the_west", "three_kingdoms", "water_margin")
_SPLITS = ("train", "dev", "test")
_TAB = {"separator": "\t", "quoted": False}
# How each table is read: see read_table.
_FORMATS = {
    "afqmc": {"columns": ["text1", "text2", "label"], **_TAB},
    "atec": {"columns": ["line", "text1", "text2", "label"], **_TAB},
    "msrp": {"columns": ["label", "id1", "id2", "text1", "text2"], "skip": 1, **_TAB},
    "pawsx_zh": {"columns": ["id", "text1", "text2", "label"], "skip": 1, **_TAB},
    "semeval_sts": {"columns": ["score", "text", "scored_text"], **_TAB},
    "20newsgroups": {"columns": ["label", "text"], "skip": 4, "zipped": True, **_TAB},
    "banking77": {"columns": ["text", "label"], "skip": 1},
    "chnsenticorp": {"columns": ["label", "text"], "skip": 1},
    "lcqmc": {"columns": ["text1", "text2", "label"], **_TAB},
    "sst2": {"columns": ["text", "label"], **_TAB},
    "stsb_en": {"columns": ["text", "scored_text", "score"]},
    "stsb_zh": {"columns": ["text", "scored_text", "score"]},
    "thucnews_titles": {"columns": ["text", "label"], **_TAB},
}


_PAIRS = (("text", "scored_text", "score"), ("text1", "text2", "label"))


def _fetches(*names):
    """Complete the docstring of a ``fetch_*`` with what all of them have in common."""
    licence = "; ".join(dict.fromkeys(map(licence_of, names)))
    common = f"""

Raises
------
ValueError
    If an argument is none of those named, or a file is not the expected one, by its sha256.
OSError
    If a file is neither on this machine nor can be downloaded: the message says where to get it.

Notes
-----
Each file is looked for in the folder that the environment variable ``TEXTVEC_DATA`` names, then in
`cache_folder`, and else downloaded into the latter; its bytes are verified wherever they come from.
``DESCR`` names its source. Licence: {licence}.
"""

    def complete(function):
        function.__doc__ = inspect.getdoc(function) + common
        return function

    return complete


@_fetches("20newsgroups")
def fetch_20newsgroups(subset="train"):
    """Load posts of 20 newsgroups, split by date, lower-cased and stripped to letters.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        11,293 and 7,528 posts.

    Returns
    -------
    Bunch
        data (list of str, the posts), target (ndarray of str, their groups), frame (both, as the
        columns text and label) and DESCR.
    """
    return _labelled("20newsgroups", subset)


@_fetches("banking77")
def fetch_banking77(subset="train"):
    """Load questions to a bank, each with one of 77 intents.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        10,003 and 3,080 questions.

    Returns
    -------
    Bunch
        data (list of str, the questions), target (ndarray of str, their intents), frame (both, as
        the columns text and label) and DESCR.
    """
    return _labelled("banking77", subset)


@_fetches("sst2")
def fetch_sst2(subset="train"):
    """Load sentences of film reviews, positive or negative.

    Parameters
    ----------
    subset : {"train", "dev", "test", "all"}, default="train"
        6,920, 872 and 1,821 sentences.

    Returns
    -------
    Bunch
        data (list of str, the sentences), target (ndarray of int: 1 is positive, 0 negative), frame
        (both, as the columns text and label) and DESCR.
    """
    return _labelled("sst2", subset, int)


@_fetches("chnsenticorp")
def fetch_chnsenticorp():
    """Load 7,766 Chinese hotel reviews, positive or negative.

    Returns
    -------
    Bunch
        data (list of str, the reviews, one of which is empty), target (ndarray of int: 1 is
        positive, 0 negative), frame (both, as the columns text and label) and DESCR.
    """
    return _labelled("chnsenticorp", "all", int)


@_fetches("thucnews_titles")
def fetch_thucnews_titles(subset="dev"):
    """Load Chinese headlines, each of one of 10 sections.

    Parameters
    ----------
    subset : {"dev", "test", "all"}, default="dev"
        10,000 headlines each. There is no training part: train on dev.

    Returns
    -------
    Bunch
        data (list of str, the headlines), target (ndarray of str, their sections), frame (both, as
        the columns text and label) and DESCR.
    """
    frame = _table_of("thucnews_titles", subset)
    classes = read_lines(fetch({"": real_sets()["thucnews_titles"].files["classes"]})[""])
    sections = [classes[int(number)] for number in frame["label"]]
    return _with_labels("thucnews_titles", frame["text"].tolist(), sections)


@_fetches("stackoverflow")
def fetch_stackoverflow():
    """Load the titles of 20,000 questions on programming, each with one of 20 tags.

    Returns
    -------
    Bunch
        data (list of str, the titles), target (ndarray of int, the tags' numbers from 1 to 20),
        frame (both, as the columns text and label) and DESCR.
    """
    return _line_by_line("stackoverflow")


@_fetches("searchsnippets")
def fetch_searchsnippets():
    """Load 12,340 snippets of web pages, each on one of 8 topics.

    Returns
    -------
    Bunch
        data (list of str, the snippets), target (ndarray of int, the topics' numbers from 1 to 8),
        frame (both, as the columns text and label) and DESCR.
    """
    return _line_by_line("searchsnippets")


@_fetches("stsb_en", "stsb_zh")
def fetch_stsb(language="en", subset="test"):
    """Load the STS Benchmark: pairs of sentences, and how alike they are.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        The Chinese is a machine's translation of the English.
    subset : {"train", "dev", "test", "all"}, default="test"
        5,749, 1,500 and 1,379 pairs.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of float, from 0 to 5), frame (both, as the
        columns text, scored_text and score) and DESCR.
    """
    check_choice("language", language, LANGUAGES)
    return _scored_pairs(f"stsb_{language}", subset, float)


@_fetches("lcqmc")
def fetch_lcqmc(subset="test"):
    """Load pairs of Chinese questions that ask the same, or do not.

    Parameters
    ----------
    subset : {"dev", "test", "all"}, default="test"
        8,802 and 12,500 pairs. There is no training part.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of int: 1 if they ask the same, else 0), frame
        (both, as the columns text1, text2 and label) and DESCR.
    """
    return _scored_pairs("lcqmc", subset, int)


@_fetches("afqmc")
def fetch_afqmc(subset="train"):
    """Load pairs of Chinese questions on loans that ask the same, or do not.

    Parameters
    ----------
    subset : {"train", "dev", "all"}, default="train"
        34,334 and 4,316 pairs.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of int: 1 if they ask the same, else 0), frame
        (both, as the columns text1, text2 and label) and DESCR.
    """
    return _scored_pairs("afqmc", subset, int)


@_fetches("atec")
def fetch_atec():
    """Load 39,346 pairs of Chinese questions on payments that ask the same, or do not.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of int: 1 if they ask the same, else 0), frame
        (both, as the columns text1, text2 and label) and DESCR.
    """
    return _scored_pairs("atec", "all", int)


@_fetches("pawsx_zh")
def fetch_pawsx(subset="dev"):
    """Load pairs of Chinese sentences of the same words that say the same, or do not.

    Parameters
    ----------
    subset : {"dev", "test", "all"}, default="dev"
        2,000 pairs each. There is no training part.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of int: 1 if they say the same, else 0), frame
        (both, as the columns text1, text2 and label) and DESCR.
    """
    return _scored_pairs("pawsx_zh", subset, int)


@_fetches("msrp")
def fetch_msrp(subset="train"):
    """Load pairs of sentences of the news that paraphrase each other, or do not.

    Parameters
    ----------
    subset : {"train", "dev", "test", "all"}, default="train"
        3,576, 500 and 1,725 pairs.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of int: 1 for paraphrases, else 0), frame
        (both, as the columns text1, text2 and label) and DESCR.
    """
    return _scored_pairs("msrp", subset, int)


@_fetches("semeval_sts")
def fetch_semeval_sts(year="all"):
    """Load the pairs of SemEval's tasks on how alike sentences are, of 2012 to 2014.

    Parameters
    ----------
    year : {"2012", "2013", "2014", "all"}, default="all"
        2,358, 1,500 and 3,750 pairs.

    Returns
    -------
    Bunch
        data (list of pairs of str), target (ndarray of float, from 0 to 5), frame (both, as the
        columns text, scored_text and score), sources (ndarray of str: year and set of each pair,
        such as "2012 MSRpar") and DESCR.
    """
    check_choice("year", year, (*_SEMEVAL_YEARS, "all"))
    one = real_sets()["semeval_sts"]
    parts = [part for part in one.files if year in ("all", part[:4])]
    found = fetch({part: one.files[part] for part in parts})
    tables = [read_table(found[part], **_FORMATS["semeval_sts"]) for part in parts]
    bunch = _as_scored_pairs(one, pd.concat(tables, ignore_index=True), float)
    names = [part.replace("_", " ") for part in parts]
    bunch["sources"] = np.repeat(np.array(names, object), list(map(len, tables)))
    return bunch


@_fetches("simclue")
def fetch_simclue():
    """Load 10,000 Chinese triples: a sentence, one that says the same, and one that does not.

    Returns
    -------
    Bunch
        data (list of triples of str), target (None), frame (the triples, as the columns text,
        positive_text and negative_text), corpus (list of str: 10,000 further sentences) and DESCR.
    """
    one = real_sets()["simclue"]
    found = fetch(one.files)
    triples = map(json.loads, found["train"].decode("utf-8").strip().split("\n"))
    rows = [(triple["query"], triple["title"], triple["neg_title"]) for triple in triples]
    return Bunch(
        data=rows,
        target=None,
        frame=pd.DataFrame(rows, columns=["text", "positive_text", "negative_text"]),
        corpus=read_lines(found["corpus"]),
        DESCR=one.description,
    )


@_fetches("tatoeba")
def fetch_tatoeba():
    """Load 1,000 Chinese sentences and their English translations.

    Returns
    -------
    Bunch
        data (list of pairs of str, Chinese and English), target (None), frame (the pairs, as the
        columns text1 and text2) and DESCR.
    """
    one = real_sets()["tatoeba"]
    found = fetch(one.files)
    frame = pd.DataFrame({"text1": read_lines(found["zh"]), "text2": read_lines(found["en"])})
    return Bunch(data=_pairs(frame), target=None, frame=frame, DESCR=one.description)


@_fetches("scifact")
def fetch_scifact(subset="test"):
    """Load scientific claims, and 5,183 abstracts among which lies what supports or refutes them.

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="test"
        809 and 300 claims, split as BEIR does.

    Returns
    -------
    Bunch
        data (list of str, the abstracts with their titles), target (None), queries and corpus (dict
        from id to text), relevant_docs (dict from query id to {corpus id: 1}) and DESCR.
    """
    one = real_sets()["scifact"]
    parts = _chosen(subset, ("train", "test"))
    claims = ("claims_train", "claims_validation", "claims_test")
    found = fetch({part: one.files[part] for part in ("corpus", *claims, *parts)})
    texts = {}
    for part in claims:  # a claim has a row for each piece of evidence
        table = read_table(found[part], ["id", "claim", *"abcd"], skip=1)
        texts |= dict(zip(table["id"], table["claim"], strict=True))
    relevance = {}
    for part in parts:
        relevance |= read_judgements(found[part])
    queries = {query: texts[query] for query in relevance}
    return _retrieval(one, queries, read_scifact_corpus(found["corpus"]), relevance)


@_fetches("cranfield")
def fetch_cranfield():
    """Load 1,400 abstracts on aerodynamics, and 225 questions on them.

    Returns
    -------
    Bunch
        data (list of str, the abstracts), target (None), queries and corpus (dict from id to text),
        relevant_docs (dict from query id to {corpus id: 1}) and DESCR.
    """
    one = real_sets()["cranfield"]
    found = fetch(one.files)
    queries, corpus = (
        {str(number): text for number, text in enumerate(read_smart(found[part]), start=1)}
        for part in ("queries", "corpus")
    )
    relevance = {query: {} for query in queries}
    for line in read_lines(found["relevance"]):
        query, document, grade = line.split()
        if int(grade) > 0:
            relevance[query][document] = 1
    return _retrieval(one, queries, corpus, relevance)


@_fetches("npl")
def fetch_npl():
    """Load 11,429 titles and abstracts on electronics, and 93 questions on them.

    Returns
    -------
    Bunch
        data (list of str, the abstracts), target (None), queries and corpus (dict from id to text),
        relevant_docs (dict from query id to {corpus id: 1}) and DESCR.
    """
    one = real_sets()["npl"]
    found = {part: read_slashed(content) for part, content in fetch(one.files).items()}
    relevance = {query: dict.fromkeys(ids.split(), 1) for query, ids in found["relevance"].items()}
    return _retrieval(one, found["queries"], found["corpus"], relevance)


@_fetches("cmrc2018")
def fetch_cmrc2018():
    """Load 848 Chinese paragraphs, and 3,219 questions each of which one of them answers.

    Returns
    -------
    Bunch
        data (list of str, the paragraphs), target (None), queries and corpus (dict from id to
        text), relevant_docs (dict from query id to {corpus id: 1}) and DESCR.
    """
    one = real_sets()["cmrc2018"]
    questions, paragraphs, home = read_squad(fetch(one.files)["dev"])
    return _retrieval(one, questions, paragraphs, {query: {home[query]: 1} for query in home})


@_fetches("movielens")
def fetch_movielens(overviews=True):
    """Load 9,742 films with the ratings and tags of 610 users, and what the films are about.

    Parameters
    ----------
    overviews : bool, default=True
        Whether to join the overviews of TMDB, which 3,537 films have. False does without that
        table, for which no pinned address is known.

    Returns
    -------
    Bunch
        data (list of str: title, genres and overview of each film), target (None), frame (a row for
        each film: movieId, title, genres, tmdbId and overview, "" where there is none), ratings
        (DataFrame with the columns userId, movieId, rating and timestamp), tags (userId, movieId,
        tag and timestamp) and DESCR.
    """
    check_flag("overviews", overviews)
    one = real_sets()["movielens"]
    parts = [part for part in one.files if overviews or part != "tmdb"]
    found = fetch({part: one.files[part] for part in parts})
    tables = {
        part: pd.read_csv(
            BytesIO(content),
            compression="gzip" if part == "tmdb" else None,
            keep_default_na=False,  # a title may look like a missing value
            na_values={"tmdbId": [""]},
        )
        for part, content in found.items()
    }
    frame = tables["movies"].merge(tables["links"][["movieId", "tmdbId"]], how="left")
    frame["tmdbId"] = frame["tmdbId"].astype("Int64")
    frame["overview"] = ""
    if overviews:
        known = tables["tmdb"].set_index("id")["overview"]
        frame["overview"] = frame["tmdbId"].map(known).fillna("")
    texts = (
        frame["title"] + ". " + frame["genres"].str.replace("|", ", ") + ". " + frame["overview"]
    )
    return Bunch(
        data=texts.str.strip().tolist(),
        target=None,
        frame=frame,
        ratings=tables["ratings"],
        tags=tables["tags"],
        DESCR=one.description,
    )


@_fetches("seattle_hotels")
def fetch_seattle_hotels():
    """Load 152 real hotels of Seattle.

    Returns
    -------
    Bunch
        - data: list of str, the descriptions;
        - target: None, as there are no labels;
        - frame: DataFrame with the columns name, address and desc;
        - DESCR: source and licence.
    """
    one = real_sets()["seattle_hotels"]
    frame = pd.read_csv(BytesIO(fetch(one.files)["hotels"]), encoding="latin-1")
    return Bunch(data=frame["desc"].tolist(), target=None, frame=frame, DESCR=one.description)


@_fetches(*NOVELS)
def fetch_novel(name):
    """Load a classic Chinese novel, without the traces of its web library.

    Parameters
    ----------
    name : {"journey_to_the_west", "three_kingdoms", "water_margin"}
        西游记 in 100 chapters and an appendix, 三国演义 in 120, 水浒传 in 120 and a prologue.

    Returns
    -------
    Bunch
        - data: list of str, the chapters, a paragraph a line, without their headings;
        - titles: list of str, their headings;
        - text: str, the whole text, headings included;
        - aliases: dict from the other names of main characters to the usual one (孔明 to 诸葛亮);
        - DESCR: source, licence and what was cleaned.
    """
    check_choice("name", name, NOVELS)
    one = real_sets()[name]
    novel = read_novel(fetch(one.files)["text"].decode("utf-8"))
    return Bunch(**novel, aliases=read_aliases(name), DESCR=one.description)


def _chosen(subset, parts):
    check_choice("subset", subset, (*parts, "all"))
    return parts if subset == "all" else (subset,)


def _table_of(name, subset):
    """Return the chosen parts of a set of tables as one."""
    files = real_sets()[name].files
    splits = tuple(part for part in files if part in _SPLITS)
    chosen = tuple(files) if subset == "all" and len(files) == 1 else _chosen(subset, splits)
    found = fetch({part: files[part] for part in chosen})
    tables = [read_table(content, **_FORMATS[name]) for content in found.values()]
    return pd.concat(tables, ignore_index=True)


def _labelled(name, subset, as_label=str):
    frame = _table_of(name, subset)[["text", "label"]]
    return _with_labels(name, frame["text"].tolist(), frame["label"].map(as_label).tolist())


def _line_by_line(name):
    found = {part: read_lines(content) for part, content in fetch(real_sets()[name].files).items()}
    return _with_labels(name, found["texts"], list(map(int, found["labels"])))


def _with_labels(name, texts, labels):
    frame = pd.DataFrame({"text": texts, "label": labels})
    dtype = int if isinstance(labels[0], int) else object
    return Bunch(
        data=texts,
        target=np.array(labels, dtype=dtype),
        frame=frame,
        DESCR=real_sets()[name].description,
    )


def _scored_pairs(name, subset, as_number):
    return _as_scored_pairs(real_sets()[name], _table_of(name, subset), as_number)


def _as_scored_pairs(one, table, as_number):
    kind = next(kind for kind in _PAIRS if {*kind} <= {*table.columns})
    *texts, scores = kind
    frame = table[[*kind]].copy()
    for column in texts:  # some files have byte order marks within
        frame[column] = frame[column].str.replace("\ufeff", "")
    frame[scores] = frame[scores].astype(as_number)
    return Bunch(
        data=_pairs(frame),
        target=frame[scores].to_numpy(),
        frame=frame,
        DESCR=one.description,
    )


def _pairs(frame):
    return list(zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True))


def _retrieval(one, queries, corpus, relevance):
    return Bunch(
        data=list(corpus.values()),
        target=None,
        queries=queries,
        corpus=corpus,
        relevant_docs=relevance,
        DESCR=one.description,
    )
