"""Which lines of a novel are headings of chapters, in Chinese and in English."""

import re

from textvec._checks import as_list
from textvec.text.traditional import to_simplified

# Patterns know simplified characters alone: they look at lines that are made so.
_MARKUP = "#*=~、☆★◆●■▲§—–- \t\u3000"  # around a heading: Markdown's and others'
_FRONT = re.compile(  # 正文 第一章, 《西游记》目录 第一回; 【第一章】
    r"(?P<other>(?:《[^》]{0,30}》\s*)?(?:正文|目录)[\s：:、]*(?=\S)|《[^》]{0,30}》\s+(?=第))|"
    r"[【〖〔\[（(《]\s*"
)
_NUMBER = r"(?:[零〇○一二三四五六七八九十百千万两廿卅卌壹贰叁参肆伍陆柒捌玖拾佰仟\d]+|[IVXLCⅠ-ⅿ]+)"
_NUMBERED = re.compile(
    rf"第\s*{_NUMBER}\s*(?:(?P<loose>[章回])|[节卷篇幕折话集]|部分?)|卷[之第]?\s*{_NUMBER}"
)
_NAMED = re.compile(
    r"(?:楔子|序[章幕曲言]?|自序|引[子言]|前言|尾声|[终末]章|终[幕曲]|后[记序]|跋|大结局|最[终后]一?章|"
    rf"(?:番外篇?|外[传篇]|附录)(?:\s*{_NUMBER})?)"
)
_APART = re.compile(r"[\s：:、.．·—–－_|｜()（）\]】〗〕》-]+")
# 第一章、第二章 speaks of both, and 第一章 完 ends it.
_NO_TITLE = re.compile(rf"\S\s*第\s*{_NUMBER}|[\W_]*(?:未?完|[终毕]|完结|结束)[\W_]*$")
# What follows a number without a gap and is no title: 第一章里他说, 第一回合, 第二章再说, 第三章完
_RUNS_ON = re.compile(
    r"[章回](?:[是的就也了合节课，,]|[里中内](?:[面，,的所提他她它我你您有再说讲写就也还都已曾没不]|$)|"
    r"再[说讲看谈来提]|[说讲写][的了过到道起完得他她我]|未?[完终毕][）)】]?$|结束)|回[我他她它你您咱]"
)
_LONGEST_TITLE, _LONGEST_LOOSE = 60, 30  # characters

_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth "
    "thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth last"
).replace(" ", "|")
_ENGLISH = re.compile(
    r"(?:(?i:chapter|chap\.|ch\.)|Book|Part|Volume|Act|Scene|Canto|Stave|Section|"
    r"BOOK|PART|VOLUME|ACT|SCENE|CANTO|STAVE|SECTION)\s+"
    rf"(?:\d+|[IVXLC]+|[ivxlc]+|(?i:(?:the\s+)?(?:{_UNITS})(?:[\s-]+(?:and\s+)?(?:{_UNITS}))*))\b"
)
_ENGLISH_NAMED = re.compile(
    r"(?i:prologue|epilogue|preface|foreword|introduction|interlude|afterword|postscript|"
    r"conclusion|appendix(?:\s+(?:[A-Z]|\d+|[IVX]+))?)\b"
)
_STOPPED = re.compile(r"\s*[.:—–)\]-]+\s*")
_LONGEST_ENGLISH = 100
_COUNT = re.compile(
    r"[（(]?\s*(\d{1,3}|[一二三四五六七八九十]{1,3})\s*[)）]?(?:[\s、.．:：]+[^。！？!?…；;，,]{0,30})?"
)
_ROMAN = re.compile(r"([IVXLC]+)\.?")


def titles_of(lines):
    """Return for each line of a novel what it is the heading of, or None where it is text.

    Parameters
    ----------
    lines : list of str
        Stripped lines.

    Returns
    -------
    list of str or None
        The headings, without signs of markup around them, and without 正文 and the title of the
        book before them.

    Notes
    -----
    Headings are 第一回 and its like (章, 回, 节, 卷, 部, 篇, 幕, 折, 话, 集), with a title behind a
    space or another sign, behind 章 and 回 also without; 楔子, 序章, 尾声, 番外 and their like;
    "Chapter IV", "CHAPTER THE FIRST", "Book One" and their like; "Prologue" and "Epilogue"; and
    Roman numbers alone where both I and II stand so. Where there are none of these, lines such as
    一、雪夜, （二）, "3" or "4. Snow" that count from 1, text below each. What
    reads on as a sentence is text.

    Examples
    --------
    >>> titles_of(["正文 第一章：雪夜", "第一章里他说过", "CHAPTER THE FIRST", "Chapter one fell"])
    ['第一章：雪夜', None, 'CHAPTER THE FIRST', None]
    """
    lines = as_list("lines", lines, "a list of str")
    titles = [_title_of(line) for line in lines]
    numbers = {line: found[1] for line in set(lines) if (found := _ROMAN.fullmatch(line))}
    if {"I", "II"} <= set(numbers.values()):
        titles = [line if line in numbers else title for line, title in zip(lines, titles)]
    if not any(titles):
        titles = _counted(lines)
    return titles


def _counted(lines):
    """Return as headings lines that count 1, 2, 3, …, text below each: 一、雪夜 or 2. Snow."""
    titles, wanted, was_heading = [None] * len(lines), 1, False
    for at, line in enumerate(lines):
        core = to_simplified(line.strip(_MARKUP))
        if not core:
            continue
        found = _COUNT.fullmatch(core)
        if is_heading := found is not None and _value(found[1]) == wanted:
            if was_heading:  # a list
                return [None] * len(lines)
            titles[at] = line.strip(_MARKUP)
            wanted += 1
        was_heading = is_heading
    return titles if wanted > 2 else [None] * len(lines)


def _value(number):
    """Return what a number below 100 is, or 0: 12, 十二."""
    if number.isdecimal():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    if len(tens) > 1 or len(ones) > 1:
        return 0
    return 10 * ("一二三四五六七八九".find(tens) + 1 or 1) * bool(ten) + (
        "一二三四五六七八九".find(ones) + 1 if ones else 0
    )


def _title_of(line):
    core = line.strip(_MARKUP)
    if not core or len(core) > 2 * _LONGEST_ENGLISH:
        return None
    plain = to_simplified(core)
    front = _FRONT.match(plain)
    start = front.end() if front else 0
    if found := _NUMBERED.match(plain, start):
        is_heading = _is_title(plain[found.end() :]) or (
            found["loose"] is not None and _is_loose_title(plain, found.end())
        )
    elif found := _NAMED.match(plain, start):
        is_heading = _is_title(plain[found.end() :])
    elif found := _ENGLISH.match(plain, start):
        is_heading = _is_english_title(plain[found.end() :], found[0].startswith("CHAP"))
    elif found := _ENGLISH_NAMED.match(plain, start):
        rest = plain[found.end() :]
        is_heading = not rest or _STOPPED.match(rest) is not None and _is_english_title(rest, True)
    else:
        return None
    if not is_heading:
        return None
    return core[start:] if front and front["other"] else core


def _is_title(rest):
    """Tell whether what follows 第一章 is nothing, or a title that stands apart."""
    return not rest or (
        len(rest) <= _LONGEST_TITLE
        and "。" not in rest
        and _APART.match(rest) is not None
        and not _NO_TITLE.match(rest)
    )


def _is_loose_title(line, end):
    """Tell whether what follows 第一章 without a gap is a title, not how a sentence goes on."""
    rest = line[end:]
    return (
        len(rest) <= _LONGEST_LOOSE
        and not re.search('[。！？!?…；;：“”「」"]', rest)
        and not _APART.match(rest)
        and not _RUNS_ON.match(line, end - 1)
    )


def _is_english_title(rest, is_plain):
    """Tell whether what follows "Chapter IV" is nothing or a title; ``is_plain``: stops are."""
    stopped = _STOPPED.match(rest)
    title = rest[stopped.end() if stopped else 0 :].strip()
    if not title:
        return True
    if len(rest) > _LONGEST_ENGLISH:
        return False
    if stopped:
        return True
    return (
        rest[0].isspace()
        and not title[0].islower()
        and (is_plain or not title.endswith((".", ",", ";")))
    )
