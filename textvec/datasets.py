"""Data to learn and compare on: ``load_*`` ships with the package, ``fetch_*`` downloads once."""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from textvec._checks import check_choice

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
    ['hotels_en', 'hotels_zh', 'mini_benchmark_en', 'mini_benchmark_zh', 'seattle_hotels']
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
    seattle = {
        "name": "seattle_hotels",
        "kind": "downloaded once",
        "language": "en",
        "rows": 152,
        "cached": any(path.is_file() for path in _places(_SEATTLE)),
        "licence": "none stated",
    }
    return pd.DataFrame([*own, *mini, seattle])


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

    try:
        pooch.retrieve(
            remote.url,
            known_hash=f"sha256:{remote.sha256}",
            fname=cached.name,
            path=cached.parent,
            downloader=pooch.HTTPDownloader(timeout=30),
        )
    except OSError as error:
        looked = " and ".join(map(str, [*given, cached]))
        hint = "" if given else " The environment variable TEXTVEC_DATA is not set."
        raise OSError(
            f"{remote.name} is neither on this machine (looked for {looked}) nor could it be "
            f"downloaded from {remote.url} ({type(error).__name__}).{hint} "
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
