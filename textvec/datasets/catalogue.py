"""What is known of each data set, ours and others': the table behind every ``fetch_*``."""

import csv
from dataclasses import dataclass
from functools import cache

import pandas as pd

from textvec.datasets.own import LANGUAGES, own_file, read_own_json, read_own_table
from textvec.datasets.readers import read_novel
from textvec.datasets.remote import RemoteFile, is_here


@dataclass(frozen=True)
class RealSet:
    """Facts on a data set that others made.

    Parameters
    ----------
    title : str
        The first line of its description.
    language : str
        Code of the language of its texts; "zh-en" for two.
    rows : int
        How many documents (pairs, where it holds pairs), all parts together.
    licence : str
        As its source states it.
    files : dict of str to RemoteFile
        Its files by part.
    about : str, default=""
        What else a user should know.
    """

    title: str
    language: str
    rows: int
    licence: str
    files: dict[str, RemoteFile]
    about: str = ""

    @property
    def kind(self):
        """How it is to be had: where a network is not enough, it can only be read."""
        can_be_had = all(remote.url for remote in self.files.values())
        return "download" if can_be_had else "read only"

    @property
    def description(self):
        """The text for ``DESCR``: title, notes, licence, and where each file comes from."""
        licence = (
            f"Licence: {self.licence}. Others made it; textvec reads it and does not contain it."
        )
        files = "\n".join(f"- {one.file}: {one.origin}" for one in self.files.values())
        parts = (f"{self.title}\n{'=' * len(self.title)}", self.about, licence, "Files:", files)
        return "\n\n".join(filter(None, parts)) + "\n"


@cache
def real_sets():
    """Return {name: RealSet}, with their files as ``datasets/remote_files.csv`` lists them."""
    files: dict[str, dict[str, RemoteFile]] = {}
    with own_file("remote_files.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name, part = row.pop("set"), row.pop("part")
            files.setdefault(name, {})[part] = RemoteFile(**row)
    return {name: RealSet(**facts, files=files[name]) for name, facts in _FACTS.items()}


_NOVEL = """\
The text (14th to 16th century) is in the public domain. The file was taken from web libraries,
whose traces are removed here: the byte order mark, everything before the first heading, lines that
advertise, lines of dates and lengths, marks before headings, indents. Characters that the source
has lost, where private-use characters, the rests of HTML or asterisks stand for them, are given as
□. Passages in which the source holds wrong characters stay wrong: some dozen lines of 三国演义,
and single words of 水浒传.

`aliases`, the other names of the main characters, is this project's own writing. Names that several
characters bear are left out, but some, such as 汉中王, still stand for another now and then."""

_FACTS = {
    "20newsgroups": {
        "title": "20 newsgroups: posts of 1993, each from one of 20 groups, split by date",
        "language": "en",
        "rows": 18_821,
        "licence": "free for research",
        "about": (
            "A. Cardoso-Cachopo's version with all terms: lower-cased, letters only. Headers such\n"
            "as subject and addresses are part of the texts."
        ),
    },
    "banking77": {
        "title": "Banking77: questions to a bank, each with one of 77 intents",
        "language": "en",
        "rows": 13_083,
        "licence": "CC BY 4.0",
    },
    "sst2": {
        "title": "SST-2: sentences of film reviews, positive or negative",
        "language": "en",
        "rows": 9_613,
        "licence": "none stated",
        "about": "Whole sentences only, tokenised and lower-cased.",
    },
    "chnsenticorp": {
        "title": "ChnSentiCorp: Chinese hotel reviews, positive or negative",
        "language": "zh",
        "rows": 7_766,
        "licence": "none stated",
        "about": "5,322 positive and 2,444 negative. One review is empty, and kept.",
    },
    "thucnews_titles": {
        "title": "THUCNews titles: headlines in Chinese, each of one of 10 sections",
        "language": "zh",
        "rows": 20_000,
        "licence": "research use (the repository: MIT)",
        "about": (
            "The large training file is not to be had: train on dev and test on test, which hold\n"
            "1,000 of each section."
        ),
    },
    "stsb_en": {
        "title": "STS Benchmark: pairs of sentences, and how alike they are (0 to 5)",
        "language": "en",
        "rows": 8_628,
        "licence": "CC BY-SA 4.0",
    },
    "stsb_zh": {
        "title": "STS Benchmark in Chinese: pairs of sentences, and how alike they are (0 to 5)",
        "language": "zh",
        "rows": 8_628,
        "licence": "CC BY-SA 4.0",
        "about": "Translated by machine; a few pairs that differ in English are equal in Chinese.",
    },
    "lcqmc": {
        "title": "LCQMC: pairs of Chinese questions that ask the same (1) or do not (0)",
        "language": "zh",
        "rows": 21_302,
        "licence": "none stated (research use)",
        "about": "The training part is not to be had.",
    },
    "afqmc": {
        "title": "AFQMC: pairs of Chinese questions on loans that ask the same (1) or do not (0)",
        "language": "zh",
        "rows": 38_650,
        "licence": "none stated",
    },
    "atec": {
        "title": "ATEC: pairs of Chinese questions on payments that ask the same (1) or do not (0)",
        "language": "zh",
        "rows": 39_346,
        "licence": "none stated",
        "about": "Byte order marks within texts are left out.",
    },
    "pawsx_zh": {
        "title": "PAWS-X in Chinese: pairs of like words that say the same (1) or do not (0)",
        "language": "zh",
        "rows": 4_000,
        "licence": "none stated (PAWS-X: free use)",
        "about": "Translated; a swapped word makes the difference. The training part is missing.",
    },
    "msrp": {
        "title": "Microsoft Research Paraphrase Corpus: pairs of sentences, paraphrases (1) or not",
        "language": "en",
        "rows": 5_801,
        "licence": "MSR licence (research)",
    },
    "semeval_sts": {
        "title": "SemEval STS 2012 to 2014: pairs of sentences, and how alike they are (0 to 5)",
        "language": "en",
        "rows": 7_608,
        "licence": "SemEval task terms",
        "about": (
            "The test parts. The STS Benchmark was drawn from these tasks: half of the pairs are\n"
            "in it, too. Leave those out where both are to be independent."
        ),
    },
    "simclue": {
        "title": "SimCLUE: Chinese sentences, each with one that says the same and one that not",
        "language": "zh",
        "rows": 10_000,
        "licence": "none stated",
    },
    "scifact": {
        "title": "SciFact: scientific claims, and the abstracts that support or refute them",
        "language": "en",
        "rows": 5_183,
        "licence": "CC BY-NC 2.0",
        "about": (
            "The documents are title and abstract; the queries and judgements are those of BEIR,\n"
            "whose test part holds 300 claims and whose train part 809."
        ),
    },
    "cranfield": {
        "title": "Cranfield: abstracts on aerodynamics, and questions on them",
        "language": "en",
        "rows": 1_400,
        "licence": "free for research",
        "about": (
            "A query is known by its place, 1 to 225, as the judgements know it. Judgements of 1\n"
            "to 4 count as relevant, without grades, since sources disagree on their direction;\n"
            "-1 counts as not relevant. Two documents are empty."
        ),
    },
    "npl": {
        "title": "NPL (Vaswani): titles and abstracts on electronics, and questions on them",
        "language": "en",
        "rows": 11_429,
        "licence": "free for research",
    },
    "cmrc2018": {
        "title": "CMRC 2018: questions in Chinese, each with the one paragraph that answers it",
        "language": "zh",
        "rows": 848,
        "licence": "CC BY-SA 4.0",
        "about": "The dev part: 3,219 questions. The answers themselves are left out.",
    },
    "tatoeba": {
        "title": "Tatoeba: 1,000 Chinese sentences and their English translations",
        "language": "zh-en",
        "rows": 1_000,
        "licence": "CC BY 2.0 FR",
        "about": "The Chinese mixes traditional and simplified characters.",
    },
    "stackoverflow": {
        "title": "Stack Overflow: titles of questions, each with one of 20 tags",
        "language": "en",
        "rows": 20_000,
        "licence": "none stated; cite Xu et al. 2015",
        "about": "The tags are given as numbers from 1 to 20.",
    },
    "searchsnippets": {
        "title": "SearchSnippets: what a search engine showed of pages, each on one of 8 topics",
        "language": "en",
        "rows": 12_340,
        "licence": "none stated; cite Phan et al. 2008",
        "about": "The topics are given as numbers from 1 to 8.",
    },
    "movielens": {
        "title": "MovieLens latest small, with what TMDB says of the films",
        "language": "en",
        "rows": 9_742,
        "licence": "GroupLens terms (research), TMDB terms",
        "about": (
            "100,836 ratings of 9,742 films by 610 users. Of the films, 3,537 have an overview in\n"
            "the table of TMDB; 70,194 ratings are on these."
        ),
    },
    "seattle_hotels": {
        "title": "152 hotels of Seattle, as they described themselves",
        "language": "en",
        "rows": 152,
        "licence": "none stated",
        "about": (
            "English prose of very different lengths. There are no labels, so `target` is None.\n"
            "The file is encoded as latin-1."
        ),
    },
    "journey_to_the_west": {
        "title": "西游记 (Journey to the West), in Chinese",
        "language": "zh",
        "rows": 101,
        "licence": "public domain",
        "about": f"100 chapters of the classic novel, and an appendix. {_NOVEL}",
    },
    "three_kingdoms": {
        "title": "三国演义 (Romance of the Three Kingdoms), in Chinese",
        "language": "zh",
        "rows": 120,
        "licence": "public domain",
        "about": f"120 chapters of the classic novel. {_NOVEL}",
    },
    "water_margin": {
        "title": "水浒传 (Water Margin), in Chinese",
        "language": "zh",
        "rows": 121,
        "licence": "public domain",
        "about": f"A prologue and 120 chapters of the classic novel. {_NOVEL}",
    },
}


def licence_of(name):
    """Return the licence of a data set of others."""
    return _FACTS[name]["licence"]


def list_datasets():
    """List the data sets that this module can load.

    Returns
    -------
    DataFrame
        One row for each: name, kind ("shipped" with textvec, "download", or "read only" where for
        some of its files no pinned address is known, so that ``TEXTVEC_DATA`` has to name a folder
        with them), language, rows, cached (whether it can be had without a network) and licence.

    Examples
    --------
    >>> from textvec.datasets import list_datasets
    >>> listed = list_datasets()
    >>> listed.loc[listed["kind"] == "shipped", "name"].tolist()
    ['hotels_en', 'hotels_zh', 'mini_benchmark_en', 'mini_benchmark_zh', 'novel_zh']
    """
    rows = [
        {"name": name, "kind": "shipped", "language": name[-2:], "rows": n}
        for name, n in _own_sizes().items()
    ]
    listed = [row | {"cached": True, "licence": "BSD-3-Clause"} for row in rows]
    listed += [
        {
            "name": name,
            "kind": one.kind,
            "language": one.language,
            "rows": one.rows,
            "cached": all(map(is_here, one.files.values())),
            "licence": one.licence,
        }
        for name, one in real_sets().items()
    ]
    return pd.DataFrame(listed)


def _own_sizes():
    hotels = {f"hotels_{one}": len(read_own_table(f"hotels_{one}.csv")) for one in LANGUAGES}
    mini = {
        name: sum(map(len, read_own_json(f"{name}.json").values()))
        for name in (f"mini_benchmark_{one}" for one in LANGUAGES)
    }
    novel = read_novel(own_file("novel_zh.txt").read_text(encoding="utf-8"))
    return hotels | mini | {"novel_zh": len(novel["data"])}
