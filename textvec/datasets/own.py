"""Our own texts: small, labelled, and part of the package."""

import json
from importlib import resources

import pandas as pd
from sklearn.utils import Bunch

from textvec._checks import check_choice
from textvec.datasets.readers import read_novel

LANGUAGES = ("en", "zh")


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
    check_choice("language", language, LANGUAGES)
    frame = read_own_table(f"hotels_{language}.csv")
    return Bunch(
        data=frame["desc"].tolist(),
        target=frame["style"].to_numpy(dtype=object),
        frame=frame,
        pairs=read_own_table(f"hotels_{language}_truth.csv"),
        DESCR=own_file("README.md").read_text(encoding="utf-8"),
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
    check_choice("language", language, LANGUAGES)
    parts = read_own_json(f"mini_benchmark_{language}.json")
    pairs = pd.DataFrame(read_own_json("mini_benchmark_en_zh.json")["bitext_mining"])
    other = next(one for one in LANGUAGES if one != language)
    queries, corpus = parts.pop("retrieval_queries"), parts.pop("retrieval_corpus")
    return Bunch(
        bitext_mining=pairs[[language, other]].set_axis(["text1", "text2"], axis=1),
        retrieval=Bunch(
            queries={query["id"]: query["text"] for query in queries},
            corpus={passage["id"]: passage["text"] for passage in corpus},
            relevant_docs={query["id"]: query["relevant"] for query in queries},
        ),
        **{name: pd.DataFrame(items) for name, items in parts.items()},
        DESCR=own_file("mini_benchmark.md").read_text(encoding="utf-8"),
    )


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
    aliases = read_aliases("novel_zh")
    statements = read_own_table("novel_zh_statements.csv")
    return Bunch(
        **read_novel(own_file("novel_zh.txt").read_text(encoding="utf-8")),
        names=list(dict.fromkeys([*aliases.values(), *statements.to_numpy().ravel()])),
        aliases=aliases,
        statements=statements,
        DESCR=own_file("novel.md").read_text(encoding="utf-8"),
    )


def own_file(name):
    """Return the path of a file that ships with textvec."""
    path = resources.files("textvec") / "_data" / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{name} should be part of the package, and {path} is not there. In a checkout without "
            "symbolic links textvec/_data does not reach datasets/: install from a wheel instead."
        )
    return path


def read_own_table(name):
    """Return a CSV file that ships with textvec."""
    with own_file(name).open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def read_own_json(name):
    """Return a JSON file that ships with textvec."""
    return json.loads(own_file(name).read_text(encoding="utf-8"))


def read_aliases(name):
    """Return {other name of a character: usual name} of a novel."""
    table = read_own_table(f"{name}_aliases.csv")
    return dict(zip(table["alias"], table["name"], strict=True))
