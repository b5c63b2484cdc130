"""What the command writes with --html: a page of sections, with tables in them."""

import sys

from textvec.cli.tables import counted
from textvec.show.report import Table, write_report
from textvec.show.visible import visible

_KINDS = ("items", "other", "recommended", "liked", "disliked")  # of points on a map
WORDS = {
    "en": {
        "recommendations": "Recommendations",
        "recommended": "Recommended",
        "most like": "Most like: {}",
        "of items": "{} of {}, most like: {}",
        "why": "Why",
        "share": "What {} and {} share; the shares of all of it sum to their score.",
        "not": "not {}",
        "and": ", ",
        "all of it": "all of it",
        "map": "Map",
        "items": "All items: alike ones stand close together.",
        "no map": "No map: {} points are more than the {} that can be told apart.",
        "characters": "Characters",
        "people": "The characters: alike ones stand close together.",
        "of": "{} of {}",
        "built-in": "the built-in novel",
        "search": "Search",
        "best for": "Best for: {}",
        "columns": {},
        "kinds": {one: one for one in _KINDS},
        "nouns": {},
    },
    "zh": {
        "recommendations": "推荐",
        "recommended": "推荐结果",
        "most like": "最相似：{}",
        "of items": "{1}中的 {0} 个，最相似于：{2}",
        "why": "理由",
        "share": "{} 与 {} 的共同之处；全部份额之和就是两者的分数。",
        "not": "不要 {}",
        "and": "、",
        "all of it": "全文",
        "map": "地图",
        "items": "全部条目：相似的彼此靠近。",
        "no map": "没有地图：{} 个点太多，超过 {} 个就无法分辨。",
        "characters": "人物",
        "people": "全部人物：相似的彼此靠近。",
        "of": "{1}：{0}",
        "built-in": "自带的小说",
        "search": "搜索",
        "best for": "最符合：{}",
        "columns": {
            "id": "编号",
            "name": "人物",
            "score": "分数",
            "text": "文本",
            "term": "词语",
            "share": "份额",
            "column": "列",
        },
        "kinds": {
            "items": "条目",
            "other": "其他",
            "recommended": "推荐",
            "liked": "喜欢",
            "disliked": "不喜欢",
        },
        "nouns": {"item": "个条目", "character": "个人物", "answer": "个结果"},
    },
}


def words_for(page_language, texts):
    """Return the language of a page and its words.

    Parameters
    ----------
    page_language : {"auto", "en", "zh"}
        What was asked for.
    texts : str or list of str
        What "auto" goes by, as :func:`~textvec.text.scripts.language_of` has it.

    Returns
    -------
    language : {"en", "zh"}
        Of the page.
    words : dict
        Its words.
    """
    from textvec.text.scripts import language_of

    language = language_of(texts) if page_language == "auto" else page_language
    return language, WORDS[language]


def counted_in(words, number, noun):
    """Return a number of things: "2 items", "2 个条目".

    Parameters
    ----------
    words : dict
        Those of the page.
    number : int
        How many.
    noun : {"item", "character", "answer"}
        What one of them is called in English.

    Returns
    -------
    str
    """
    nouns = words["nouns"]
    return f"{number} {nouns[noun]}" if nouns else counted(number, noun)


def table(frame, note="", columns=None):
    """Return the table of a page; numbers have four digits.

    Parameters
    ----------
    frame : DataFrame
        The rows, named by its index.
    note : str, default=""
        What stands above it.
    columns : mapping of str to str, default=None
        Headings in the language of the page, by the names of columns that are the command's own.

    Returns
    -------
    Table
    """
    columns = columns or {}
    name = frame.index.name
    frame = frame.rename(columns=columns).rename_axis(columns.get(name, name))
    numbers = frame.select_dtypes("floating").columns
    return Table(frame, dict.fromkeys(numbers, "{:.4f}"), note=note)


def write_page(path, title, lead, sections, language="en"):
    """Write a page, and say on stderr that it is there.

    Parameters
    ----------
    path : Path
        The page.
    title : str
        What it is.
    lead : str
        What it tells, in a line.
    sections : list of tuple
        As :func:`~textvec.show.report.write_report` takes them.
    language : {"en", "zh"}, default="en"
        Of the page.
    """
    write_report(path, title, lead, sections, language)
    print(f"Wrote {visible(str(path))}", file=sys.stderr)
