"""Data to learn and compare on: ``load_*`` ships with the package, ``fetch_*`` downloads once."""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from sklearn.utils import Bunch

from textvec._checks import check_choice
from textvec._writing import file_aside

_LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class _RemoteFile:
    """One file of a public repository, pinned to a commit and to its bytes."""

    folder: str
    name: str
    url: str
    sha256: str


_SEATTLE = _RemoteFile(
    folder="hotels",
    name="Seattle_Hotels.csv",
    url=(
        "https://raw.githubusercontent.com/susanli2016/Machine-Learning-with-Python/"
        "87cbe5caa5ce6c219ad92bb0c720f06aaf9c8773/Seattle_Hotels.csv"
    ),
    sha256="63ffb1564b327f82a1d5c34f3a5083881a2e3908b1280a533151ec6c71a5b000",
)

_NOVEL_TITLES = {
    "journey_to_the_west": "西游记",
    "three_kingdoms": "三国演义",
    "water_margin": "水浒传",
}
_NOVELS = {
    name: _RemoteFile(
        folder="novels",
        name=f"{name}_zh.txt",
        url=(
            "https://raw.githubusercontent.com/hexhero/book-txt/"
            f"b46b8dda733b74f0173757d37a513099c9690173/{quote(_NOVEL_TITLES[name])}.txt"
        ),
        sha256=sha256,
    )
    for name, sha256 in {
        "journey_to_the_west": "acd8762011876f79740f86ab1da855aab40e9690bf2ccbf14e456ddc91352b67",
        "three_kingdoms": "b434d3c6eb307a3f91f7fc770728a650829f4eb2cdbe21e3064f883c18fb4026",
        "water_margin": "5747ee7d3e4bc98de646aea5d2454cd7d7ca4b81d8fe8417b934c48a78d7039b",
    }.items()
}
_N_CHAPTERS = {"journey_to_the_west": 101, "three_kingdoms": 120, "water_margin": 121}
_NOVEL_DESCR = """\
{title}, in Chinese
===================

{n_chapters} chapters of the classic novel. The text (14th to 16th century) is in the public domain.

The file lies in the public repository hexhero/book-txt on GitHub, commit
b46b8dda733b74f0173757d37a513099c9690173, path {title}.txt. It was taken from web libraries, whose
traces are removed here: the byte order mark, everything before the first heading, lines that
advertise, lines of dates and lengths, marks before headings, indents. Characters that the source
has lost, where private-use characters, the rests of HTML or asterisks stand for them, are given as
□. Passages in which the source holds wrong characters stay wrong: some dozen lines of 三国演义,
and single words of 水浒传.

`aliases`, the other names of the main characters, is this project's own writing. Names that several
characters bear are left out, but some, such as 汉中王, still stand for another now and then.
"""

_SEATTLE_DESCR = """\
152 hotels of Seattle, as they described themselves
===================================================

Columns: name, address, desc (English prose of very different lengths). There are no labels, so
`target` is None.

The file lies in the public repository susanli2016/Machine-Learning-with-Python on GitHub, commit
87cbe5caa5ce6c219ad92bb0c720f06aaf9c8773, and is encoded as latin-1. Licence: none stated. It is
therefore not part of textvec; it is downloaded on request, for study, and should not be passed on.
"""


def load_hotels(language="en"):
    """Load invented hotels with labels, and pairs of them that should find each other.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        English or Chinese descriptions. The two are separate writings, not translations.

    Returns
    -------
    Bunch
        - data: list of str, the descriptions;
        - target: ndarray of str, the style of each hotel (airport, spa, ...);
        - frame: DataFrame with the columns id, name, address, desc, city, style, price_band
          (1 to 4) and amenities (joined by ";");
        - pairs: DataFrame with the columns kind ("duplicate": nearly the same text; "sister": the
          same style and offer in other words), a and b (ids);
        - DESCR: how the texts were made and what they cannot prove.

    Raises
    ------
    ValueError
        If there are no hotels in that language.

    Examples
    --------
    >>> from textvec.datasets import load_hotels
    >>> hotels = load_hotels()
    >>> sorted(set(hotels.pairs["kind"]))
    ['duplicate', 'sister']
    """
    check_choice("language", language, _LANGUAGES)
    frame = _read_own_table(f"hotels_{language}.csv")
    return Bunch(
        data=frame["desc"].tolist(),
        target=frame["style"].to_numpy(dtype=object),
        frame=frame,
        pairs=_read_own_table(f"hotels_{language}_truth.csv"),
        DESCR=_own_file("README.md").read_text(encoding="utf-8"),
    )


def load_mini_benchmark(language="en"):
    """Load small texts of our own for all eight task types of MTEB: to show, not to conclude.

    Parameters
    ----------
    language : {"en", "zh"}, default="en"
        English or Chinese. Separate writings, but for the pairs of ``bitext_mining``, which both
        share.

    Returns
    -------
    Bunch
        - bitext_mining: DataFrame with the columns text1 (in ``language``) and text2 (the same in
          the other language);
        - classification, clustering: DataFrames with the columns text and label;
        - pair_classification: DataFrame with the columns text1, text2 and label (1: they say the
          same; 0: they do not, though they share most words);
        - reranking: DataFrame with the columns query, pos and neg (lists of texts);
        - retrieval: Bunch of queries and corpus (id to text) and relevant_docs (query id to
          {corpus id: grade}; 2 answers the query, 1 helps);
        - sts: DataFrame with the columns text, scored_text and score (0 to 5);
        - summarization: DataFrame with the columns text, human_summaries, machine_summaries and
          scores (lists; a grade from 1 to 5 for each of the machine_summaries);
        - DESCR: how the texts were made and what they cannot prove.

    Raises
    ------
    ValueError
        If there is nothing in that language.

    Examples
    --------
    >>> from textvec.datasets import load_mini_benchmark
    >>> mini = load_mini_benchmark()
    >>> len(mini.sts), sorted(mini.clustering["label"].unique())[:3]
    (60, ['cooking', 'films', 'money'])
    """
    check_choice("language", language, _LANGUAGES)
    parts = _read_own_json(f"mini_benchmark_{language}.json")
    pairs = pd.DataFrame(_read_own_json("mini_benchmark_en_zh.json")["bitext_mining"])
    other = next(one for one in _LANGUAGES if one != language)
    queries, corpus = parts.pop("retrieval_queries"), parts.pop("retrieval_corpus")
    return Bunch(
        bitext_mining=pairs[[language, other]].set_axis(["text1", "text2"], axis=1),
        retrieval=Bunch(
            queries={query["id"]: query["text"] for query in queries},
            corpus={passage["id"]: passage["text"] for passage in corpus},
            relevant_docs={query["id"]: query["relevant"] for query in queries},
        ),
        **{name: pd.DataFrame(items) for name, items in parts.items()},
        DESCR=_own_file("mini_benchmark.md").read_text(encoding="utf-8"),
    )


def fetch_seattle_hotels():
    """Load 152 real hotels of Seattle, downloading them once.

    The file is looked for as ``hotels/Seattle_Hotels.csv`` in the folder that the environment
    variable ``TEXTVEC_DATA`` names, then in `cache_folder`, and else downloaded into the latter.
    Its bytes are verified wherever they come from.

    Returns
    -------
    Bunch
        - data: list of str, the descriptions;
        - target: None, as there are no labels;
        - frame: DataFrame with the columns name, address and desc;
        - DESCR: source and licence.

    Raises
    ------
    ValueError
        If the file in ``TEXTVEC_DATA``, or what was downloaded, is not the expected one.
    OSError
        If the file is not on this machine and cannot be downloaded.

    Notes
    -----
    Source: susanli2016/Machine-Learning-with-Python on GitHub. Licence: none stated.
    """
    content = _fetch(_SEATTLE).read_bytes()
    frame = pd.read_csv(BytesIO(content), encoding="latin-1")
    return Bunch(data=frame["desc"].tolist(), target=None, frame=frame, DESCR=_SEATTLE_DESCR)


def load_novel():
    """Load a retelling of the plot of 西游记 (Journey to the West) in modern Chinese.

    Returns
    -------
    Bunch
        - data: list of str, the 48 chapters, a paragraph a line, without their headings;
        - titles: list of str, their headings ("第一回 …");
        - text: str, the whole text, headings included;
        - names: list of str, the usual names of its characters;
        - aliases: dict from the other names of a character to the usual one (行者 to 孙悟空);
        - statements: DataFrame with the columns a, b and c: "a is closer to b than to c";
        - DESCR: how it was written and what it cannot prove.

    Examples
    --------
    >>> from textvec.datasets import load_novel
    >>> novel = load_novel()
    >>> novel.titles[0], novel.aliases["行者"]
    ('第一回 山顶蹦出一只石猴', '孙悟空')
    """
    titles, chapters = _split_novel(_own_file("novel_zh.txt").read_text(encoding="utf-8"))
    aliases = _read_aliases("novel_zh")
    statements = _read_own_table("novel_zh_statements.csv")
    return Bunch(
        data=chapters,
        titles=titles,
        text=_join_novel(titles, chapters),
        names=list(dict.fromkeys([*aliases.values(), *statements.to_numpy().ravel()])),
        aliases=aliases,
        statements=statements,
        DESCR=_own_file("novel.md").read_text(encoding="utf-8"),
    )


def fetch_novel(name):
    """Load a classic Chinese novel, downloading it once, without the traces of its web library.

    The file is looked for in ``novels/`` in the folder that the environment variable
    ``TEXTVEC_DATA`` names, then in `cache_folder`, and else downloaded into the latter. Its bytes
    are verified wherever they come from.

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

    Raises
    ------
    ValueError
        If the name is unknown, or the file is not the expected one.
    OSError
        If the file is not on this machine and cannot be downloaded.

    Notes
    -----
    Source: hexhero/book-txt on GitHub. Licence: the texts are in the public domain.
    """
    check_choice("name", name, _NOVELS)
    titles, chapters = _split_novel(_fetch(_NOVELS[name]).read_text(encoding="utf-8"))
    return Bunch(
        data=chapters,
        titles=titles,
        text=_join_novel(titles, chapters),
        aliases=_read_aliases(name),
        DESCR=_NOVEL_DESCR.format(title=_NOVEL_TITLES[name], n_chapters=len(chapters)),
    )


def list_datasets():
    """List the data sets that this module can load.

    Returns
    -------
    DataFrame
        One row for each: name, kind ("ships with textvec" or "downloaded once"), language, rows,
        cached (whether it can be had without a network) and licence.

    Examples
    --------
    >>> from textvec.datasets import list_datasets
    >>> list_datasets()["name"].tolist()
    ['hotels_en', 'hotels_zh', 'mini_benchmark_en', 'mini_benchmark_zh', 'novel_zh', \
'seattle_hotels', 'journey_to_the_west', 'three_kingdoms', 'water_margin']
    """
    own = [
        {
            "name": f"hotels_{language}",
            "kind": "ships with textvec",
            "language": language,
            "rows": len(_read_own_table(f"hotels_{language}.csv")),
            "cached": True,
            "licence": "BSD-3-Clause",
        }
        for language in _LANGUAGES
    ]
    mini = [
        {
            "name": f"mini_benchmark_{language}",
            "kind": "ships with textvec",
            "language": language,
            "rows": sum(map(len, _read_own_json(f"mini_benchmark_{language}.json").values())),
            "cached": True,
            "licence": "BSD-3-Clause",
        }
        for language in _LANGUAGES
    ]
    novel = {
        "name": "novel_zh",
        "kind": "ships with textvec",
        "language": "zh",
        "rows": len(load_novel().data),
        "cached": True,
        "licence": "BSD-3-Clause",
    }
    novels = [
        {
            "name": name,
            "kind": "downloaded once",
            "language": "zh",
            "rows": _N_CHAPTERS[name],
            "cached": any(path.is_file() for path in _places(remote)),
            "licence": "public domain",
        }
        for name, remote in _NOVELS.items()
    ]
    seattle = {
        "name": "seattle_hotels",
        "kind": "downloaded once",
        "language": "en",
        "rows": 152,
        "cached": any(path.is_file() for path in _places(_SEATTLE)),
        "licence": "none stated",
    }
    return pd.DataFrame([*own, *mini, novel, seattle, *novels])


def cache_folder():
    """Return the folder that downloads go to: ``TEXTVEC_CACHE``, or the system's cache folder.

    Returns
    -------
    Path
        It need not exist yet.
    """
    if chosen := os.environ.get("TEXTVEC_CACHE"):
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("textvec"))


def _own_file(name):
    path = resources.files("textvec") / "_data" / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{name} should be part of the package, and {path} is not there. In a checkout without "
            "symbolic links textvec/_data does not reach datasets/: install from a wheel instead."
        )
    return path


def _read_own_table(name):
    with _own_file(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def _read_own_json(name):
    return json.loads(_own_file(name).read_text(encoding="utf-8"))


def _read_aliases(name):
    table = _read_own_table(f"{name}_aliases.csv")
    return dict(zip(table["alias"], table["name"], strict=True))


# "《》目录 " and "正文 " are marks of web libraries; 楔子 is a prologue, 附录 an added chapter.
_HEADING = re.compile(
    r"(?:《》目录|正文)?\s*((?:第[零〇一二三四五六七八九十百\d]+回|楔子|附录)\s.*)"
)
_ADVERTISEMENT = re.compile(
    r"更新时间:.*|.*请购买正版图书.*|TXT小说天堂.*|天涯在线书库《www\.tianyabook\.com》"
)
_INTRUSION = re.compile(r"<!--script>.*?<script-->")
_LOST = re.compile(r"[\ue000-\uf8ff\ufffd]|&quot;~|\*(?=\*)|(?<=\*)\*")


def _split_novel(text):
    """Return the headings and the chapters, a paragraph a line, of a novel as found on the web."""
    titles, chapters = [], []
    for line in text.splitlines():
        line = _ADVERTISEMENT.sub("", line.strip())
        if heading := _HEADING.fullmatch(line):
            titles.append(" ".join(heading[1].split()))
            chapters.append([])
        elif line and titles:  # what stands before the first heading is the library's own
            chapters[-1].append(_LOST.sub("□", _INTRUSION.sub("", line)))
    return titles, ["\n".join(lines) for lines in chapters]


def _join_novel(titles, chapters):
    return "\n\n".join(map("\n".join, zip(titles, chapters, strict=True)))


def _places(remote):
    """Return where the file may lie on this machine, in the order in which it is looked for."""
    places = [cache_folder() / remote.folder / remote.name]
    if given := os.environ.get("TEXTVEC_DATA"):
        places.insert(0, Path(given) / remote.folder / remote.name)
    return places


def _fetch(remote):
    """Return the path of the verified file, downloading it if no place has it."""
    *given, cached = _places(remote)
    for path in given:
        if path.is_file():
            _verify(path, remote)
            return path
    if cached.is_file() and _sha256(cached) == remote.sha256:
        return cached  # a broken download is fetched again instead
    import pooch

    download = pooch.HTTPDownloader(timeout=30, chunk_size=1 << 16)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with file_aside(cached.parent) as aside:
            download(remote.url, os.fspath(aside), None)
            if (found := _sha256(aside)) != remote.sha256:
                raise ValueError(
                    f"{remote.url} does not match: it should have the sha256 {remote.sha256}. "
                    f"Got {found}."
                )
            os.replace(aside, cached)
    except OSError as error:
        looked = " and ".join(map(str, [*given, cached]))
        hint = "" if given else " The environment variable TEXTVEC_DATA is not set."
        raise OSError(
            f"{remote.name} is neither on this machine (looked for {looked}) nor could it be "
            f"downloaded from {remote.url} ({error.strerror or type(error).__name__}).{hint} "
            f"Fetch it on a machine with a network and save it as {cached}."
        ) from error
    return cached


def _verify(path, remote):
    if (found := _sha256(path)) != remote.sha256:
        raise ValueError(
            f"{path} must be the file with sha256 {remote.sha256}. Got {found} instead: "
            f"replace it with {remote.url}, or unset TEXTVEC_DATA to have it downloaded."
        )


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
