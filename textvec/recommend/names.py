"""Find who acts in a story: the names in a Chinese novel, or in one with capital letters."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, groupby, pairwise
from typing import NamedTuple

import numpy as np

from textvec._checks import as_list, check_number, check_type
from textvec.recommend.headings import titles_of
from textvec.text.scripts import HAN, is_mostly_han
from textvec.text.tokenizers import JiebaTokenizer
from textvec.text.traditional import to_simplified


def _words(text):
    return frozenset(text.split())


# A name says things, and things are done to it: words that stand right behind and before it.
_SAYS = _words("说 道 曰 问 答 笑 叫 喊 骂 喝 哭 怒 想 听 看 见 闻 叹 大怒 大喜 大惊")
_TOWARDS = _words("对 把 被 向 与 和 跟 同 叫 请 谓 给 拜 找 救 问 见 命 令 使 教 将 杀")
_DETERMINERS = _words("那 这 个 位 名 众 一个 那个 这个 有个 一位 一名 几个 此 其")
_ROLES = _words(
    "大王 大仙 菩萨 公主 国王 将军 丞相 先生 元帅 真人 道人 夫人 娘娘 龙王 天王 太子 皇后 大人 "
    "师父 师兄 师弟 徒弟 和尚 道士 长老 妖怪 妖精 妖魔 魔王 老母 仙子 星君 判官 魔君 姑娘 小姐 "
    "奶奶 老爷 老者 老人 使者 军士 童子 主公 陛下 天子 母亲 父亲 哥哥 兄弟 女子 妇人 老婆婆 公公 "
    "婆婆 樵夫 渔翁 猴子 小妖 众人 百姓 仙女 丫鬟 左右 后人 太后 太师 先锋 土地 驿丞 罗汉 金刚 "
    "国丈 壮士 老叟 二人 三人 贫僧 寡人 小人 小弟 贤弟 酒家 娘子 知府 太尉 员外 太守 知县 酒保 "
    "主人 老婆 妻子 神僧 天师 部将"
)
# Jieba's tags of words that are part of no name: of pronouns, adverbs, verbs, numerals, ...
_EMPTY_TAGS = _words("r d c p u uj ul uz ud ug m q f y e o s v vn vd vi a ad b l i k z df")
_NO_NAME = re.compile("[众那这每各一两几某此他她它你我您们的了又便就却吾汝]")
_NUMERALS = "二三四五六七八九十百千"
_HAN_ALONE = re.compile(f"[{HAN}]+").fullmatch
_CLAUSE_END = re.compile(r"[^\w]+")
_LONGEST = 5  # characters of a Chinese name

_TITLE = r"(?:Mr|Mrs|Ms|Dr|St)\.|Miss|Sir|Lady|Lord|Captain|Colonel|King|Queen|Prince|Princess"
_NO_TITLE = r"(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)"
_CAPITALISED = r"[^\W\d_a-z][\w’']*[a-z][\w’-]*"
_RUN = re.compile(rf"(?:(?:{_TITLE})\s+)?{_CAPITALISED}(?:[ ]{_CAPITALISED})*")
_SENTENCE = re.compile(rf"(?:(?<=[.!?:;]){_NO_TITLE}|(?<=[.!?:;][\"”’']))\s+|\n+")
_OPENING = re.compile(r"^[\W_]+")
_WORD = re.compile(r"[^\W\d_]+")

_SENTENCE_END = re.compile(
    r"(?<=[。！？])(?![”’」』])|(?<=[。！？][”’」』])(?![”’」』])|(?<=[。！？][”’」』]{2})|"
    rf"(?<=[.!?]){_NO_TITLE}\s+|(?<=[.!?][”\"])\s+"
)
_LINE_ENDS_SENTENCE = re.compile(r"[.!?:;…。！？：；]\W*$").search
_WIDE = f"{HAN}\u3000-\u303f\uff00-\uffef"  # what no space stands beside: Han and its punctuation
_BREAK_BESIDE_WIDE = re.compile(f"(?<=[{_WIDE}])\n|\n(?=[{_WIDE}])")
_NAME_FREQUENCY = 1_000_000  # jieba then prefers no longer word of its own (孔明笑) to a name


class Clauses(NamedTuple):
    """The stretches of a story between two marks of punctuation.

    Parameters
    ----------
    tokens : list of list of str
        The words of each clause, none of them empty.
    sentences : list of int
        The sentence that each clause belongs to.
    """

    tokens: list[list[str]]
    sentences: list[int]


def find_names(text, min_count=5):
    """Return the names of those who act in a story, most frequent first.

    Chinese: what jieba cuts, or two neighbouring words of it, is a name if it stands at the
    beginning of clauses before a verb of speech or feeling, and behind words such as 对 and 被; if
    jieba's dictionary does not call it an adverb, a verb and so on; and if it is no common role,
    which stands behind "that" and "a" (那国王). Other languages: words with a capital letter
    inside sentences, neighbours joined, unless they stand as often without it. Traditional
    characters are read as simplified ones, and names are returned as the text writes them.

    Parameters
    ----------
    text : str
        The story; chapters need not be apart. Wrapped lines are joined as by
        :func:`~textvec.recommend.names.cut_story`.
    min_count : int >= 1, default=5
        How often a name must occur.

    Returns
    -------
    dict of str to int
        The names and how often each was seen, most frequent first; names that occur as often stand
        in the order of the text.

    Raises
    ------
    TypeError, ValueError
        If the text is no str, or ``min_count`` no integer of 1 or more.

    Notes
    -----
    A good first guess and no more: roles that the story never calls "a" or "that" pass for names.

    Examples
    --------
    >>> find_names("So Emma Woodhouse met Mr. Knightley. But Emma Woodhouse left.", min_count=1)
    {'Emma Woodhouse': 2, 'Mr. Knightley': 1}
    """
    check_type("text", text, str, "a str")
    check_number("min_count", min_count, low=1, integer=True)
    text = "\n".join(title or paragraph for title, paragraph in _paragraphs(text))
    if is_mostly_han(text):
        plain = to_simplified(text)
        found = _as_written(_chinese(plain, min_count), plain, text)
    else:
        found = _capitalised(text, min_count)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def short_forms(names):
    """Return {short form: name} of names that end, or begin, exactly one longer name.

    In Chinese they end it, have two characters at least, and lack one or two of it, as given names
    do (悟空 of 孙悟空). In other languages both parts count (Emma and Woodhouse of "Emma
    Woodhouse"), unless two names share them.

    Parameters
    ----------
    names : iterable of str, or a dict as :func:`find_names` returns it
        Names, long and short.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> short_forms(["孙悟空", "悟空", "东海龙王", "西海龙王", "龙王"])
    {'悟空': '孙悟空'}
    """
    names = list(names) if isinstance(names, Mapping) else as_list("names", names, "a list of str")
    longer = defaultdict(list)
    for name in names:
        for short in names:
            if short != name and _is_part(short, name):
                longer[short].append(name)
    return {short: found[0] for short, found in longer.items() if len(found) == 1}


def as_words(parameter, words):
    """Return a list of the words that a parameter holds, a set's sorted.

    Parameters
    ----------
    parameter : str
        "names" or "aliases", for messages.
    words : iterable of str
        What was given.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError
        If it is a str or no iterable, or holds something else than words.
    """
    if isinstance(words, str) or not isinstance(words, Iterable):
        raise TypeError(f"{parameter} must be a list of str. Got {words!r} instead.")
    found = []
    for word in words:
        if not isinstance(word, str) or not word.strip():
            advice = ": write {alias: name}, one for each" if parameter == "aliases" else ""
            raise TypeError(f"{parameter} must hold words. Got {word!r} instead{advice}.")
        found.append(str(word))  # NumPy's own would show as np.str_('…')
    return sorted(found) if isinstance(words, set | frozenset) else found


def resolve_names(text, names, aliases):
    """Return the other names that are replaced in a story, and the names that stay.

    Parameters
    ----------
    text : str
        The story.
    names : list of str or None
        Who acts in it; None finds them.
    aliases : mapping from str to str or None
        Other names, and the usual one of each; None takes the clear short forms of names.

    Returns
    -------
    aliases : dict of str to str
        In one spelling, whichever script they were given in: the one that came last.
    names : dict of str to None
        The names, in the order of finding.

    Raises
    ------
    TypeError
        If ``aliases`` are no mapping between words.
    ValueError
        If an alias stands for another alias.

    Examples
    --------
    >>> resolve_names("", ["孙悟空", "悟空"], None)
    ({'悟空': '孙悟空'}, {'孙悟空': None})
    """
    if aliases is not None and not isinstance(aliases, Mapping):
        raise TypeError(f"aliases must be a mapping from str to str. Got {aliases!r}.")
    given = dict(aliases or {})
    as_words("aliases", chain(given, given.values()))
    for alias, name in given.items():
        if name in given:
            raise ValueError(
                f"aliases must lead to names. Got {alias!r}: {name!r}, which is an alias of "
                f"{given[name]!r} itself."
            )
    names = list(find_names(text)) if names is None else names
    if aliases is None:
        given = short_forms(names)
    names = dict.fromkeys([*names, *given.values()])
    spelled = {to_simplified(name): name for name in names}  # as given last: in either script
    keys = {alias: to_simplified(name) for alias, name in given.items()}
    replaced = {a: spelled[key] for a, key in keys.items() if to_simplified(a) != key}
    others = set(map(to_simplified, replaced))
    return replaced, {name: None for key, name in spelled.items() if key not in others}


def cut_story(text, names, aliases):
    """Cut a novel into chapters, paragraphs, sentences, clauses and words.

    Parameters
    ----------
    text : str
        The novel, a paragraph a line; or with blank lines between paragraphs, whose wrapped lines
        are joined: by a space, between Chinese characters by nothing. Lines count as wrapped where
        three of four that are followed by another one end inside a sentence. Chapters begin with
        headings as :func:`~textvec.recommend.headings.titles_of` reads them; a table of contents
        is left out.
    names : list of str
        What stays one word, in traditional or simplified characters, whatever the text has.
    aliases : dict of str to str
        Words that are replaced.

    Returns
    -------
    titles : list of str
        The headings of chapters; "" for text before the first.
    chapter_of, sentences, paragraph_of : ndarray, list of str, ndarray
        The sentences, and the numbers of the chapter and the paragraph that each belongs to.
    clauses : Clauses
        Their words, in lower case where they are no names.

    Examples
    --------
    >>> titles, _, sentences, _, clauses = cut_story("第一回 石猴\\n悟空笑道：“好！”", ["悟空"], {})
    >>> titles, sentences, clauses.tokens
    (['第一回 石猴'], ['悟空笑道：“好！”'], [['悟空', '笑', '道'], ['好']])
    """
    titles, chapter_of, sentences, paragraph_of = [], [], [], []
    n_paragraphs = 0
    for title, paragraph in _paragraphs(text):
        if title:
            titles.append(title)
            continue
        if not titles:
            titles.append("")
        for sentence in filter(None, _SENTENCE_END.split(paragraph)):
            sentences.append(sentence)
            paragraph_of.append(n_paragraphs)
            chapter_of.append(len(titles) - 1)
        n_paragraphs += 1
    cut = _story_tokenizer(text, names, aliases)
    tokens, sentence_of = [], []
    for number, sentence in enumerate(sentences):
        for words in cut(sentence):
            tokens.append(words)
            sentence_of.append(number)
    numbers = np.array(chapter_of, np.int64), np.array(paragraph_of, np.int64)
    return titles, numbers[0], sentences, numbers[1], Clauses(tokens, sentence_of)


def _paragraphs(text):
    """Return pairs: (the title or "", the heading's line or a paragraph without line breaks)."""
    lines = [line.strip() for line in text.strip().splitlines()]
    pieces = list(zip(titles_of(lines), lines, strict=True))
    ends = [
        _LINE_ENDS_SENTENCE(line) is not None
        for (title, line), (next_title, following) in pairwise(pieces)
        if line and following and not title and not next_title
    ]
    if "" not in lines or not ends or 4 * sum(ends) > len(ends):
        return _without_contents([piece for piece in pieces if piece[1]])
    joined = []
    for block in [list(group) for there, group in groupby(pieces, lambda p: p[1] != "") if there]:
        n_titles = next((at for at, (title, _) in enumerate(block) if not title), len(block))
        joined += block[:n_titles]
        if rest := [line for _, line in block[n_titles:]]:
            paragraph = _BREAK_BESIDE_WIDE.sub("", "\n".join(rest)).replace("\n", " ")
            joined.append(("", paragraph))
    return _without_contents(joined)


def _without_contents(pieces):
    """Leave out headings without text that stand again later: those of a table of contents."""
    keys = [" ".join(title.split()) if title else "" for title, _ in pieces]
    last = {key: at for at, key in enumerate(keys)}
    return [
        (title, line)
        for at, (title, line) in enumerate(pieces)
        if not title or last[keys[at]] == at or not keys[at + 1]
    ]


def _story_tokenizer(text, names, aliases):
    """Return the function that cuts a sentence into clauses of words."""
    if is_mostly_han(text):
        known = {to_simplified(name): aliases.get(name, name) for name in names}
        cut = JiebaTokenizer(dict.fromkeys(known, _NAME_FREQUENCY) or None)
        odd = sorted(filter(_CLAUSE_END.search, known), key=len, reverse=True)  # 哈利·波特
        alternatives = "|".join([*map(re.escape, odd), r"\w"])
        find_clauses = re.compile(f"(?:{alternatives})+").finditer

        def clauses_of(sentence):
            for clause in find_clauses(to_simplified(sentence)):
                words, end = [], clause.start()
                for word in cut(clause[0]):
                    end += len(word)
                    words.append(known.get(word, sentence[end - len(word) : end]))
                yield words

        return clauses_of
    longest_first = sorted(names, key=len, reverse=True)
    alternatives = [rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)"] if names else []
    pattern = re.compile("|".join([*alternatives, r"\w+(?:['’]\w+)?", r"[^\w\s'’.-]"]))

    def clauses_of_words(sentence):
        clause = []
        for match in pattern.finditer(sentence):
            word = match[0]
            if names and match[1]:
                clause.append(aliases.get(word, word))
            elif word[0].isalnum():
                clause.append(word.lower())
            elif clause:
                yield clause
                clause = []
        if clause:
            yield clause

    return clauses_of_words


def _as_written(found, plain, text):
    """Return counts of names as a text writes them, which were found in it made simplified."""
    if plain == text:
        return found
    written = {}
    for name, count in found.items():
        starts = (match.start() for match in re.finditer(re.escape(name), plain))
        forms = Counter(text[start : start + len(name)] for start in starts)
        written[forms.most_common(1)[0][0]] = count
    return written


def _is_part(short, name):
    if _HAN_ALONE(name):
        return len(short) >= 2 and len(name) - len(short) in (1, 2) and name.endswith(short)
    return name.endswith(f" {short}") or name.startswith(f"{short} ")


def _chinese(text, min_count):
    cut = JiebaTokenizer()
    clauses = [cut(clause) for clause in _CLAUSE_END.split(text) if clause]
    counts, acts, determined = Counter(), Counter(), Counter()
    objects = Counter()
    for clause in clauses:
        for at in range(len(clause)):
            before = clause[at - 1] if at else None
            for size in (1, 2):
                if at + size > len(clause):
                    break
                words = tuple(clause[at : at + size])
                name = "".join(words)
                if not 2 <= len(name) <= _LONGEST:
                    continue
                counts[words] += 1
                objects[words] += before in _TOWARDS
                determined[words] += before in _DETERMINERS
                behind = clause[at + size] if at + size < len(clause) else ""
                acts[words] += at == 0 and (behind in _SAYS or behind[:1] in _SAYS)
    n_acts = 1 + sum(map(len, clauses)) // 100_000
    candidates = {
        words: counts[words]
        for words, acted in acts.items()
        if acted >= n_acts
        and counts[words] >= min_count
        and objects[words]
        and determined[words] <= 0.08 * counts[words]
    }
    tags = _tags({word for words in candidates for word in words})
    singles = {w[0] for w in candidates if len(w) == 1 and _may_be_name(w, tags)}
    found = {}
    for words, count in candidates.items():
        if not _may_be_name(words, tags):
            continue
        if len(words) == 2 and words[0] in singles and words[1] not in _ROLES:
            continue
        found["".join(words)] = count
    return {
        name: count
        for name, count in found.items()
        if not any(  # a verb that jieba took for the end of a name: 孔明笑
            name.startswith(other) and name[len(other) :] not in _ROLES and found[other] > count
            for other in found
            if other != name
        )
    }


def _may_be_name(words, tags):
    name = "".join(words)
    if not _HAN_ALONE(name) or _NO_NAME.search(name) or name in _ROLES or words[0] in _ROLES:
        return False
    if name[0] in _NUMERALS and words[0] not in tags:
        return False
    return not any(tags.get(word) in _EMPTY_TAGS and word not in _ROLES for word in words)


def _tags(words):
    """Return the part of speech of words, as far as jieba's dictionary has them."""
    import jieba

    tags = {}
    with jieba.dt.get_dict_file() as file:
        for line in file:
            word, _, tag = line.decode("utf-8").split(" ")
            if word in words:
                tags[word] = tag.strip()
    return tags


def _capitalised(text, min_count):
    sentences = [_OPENING.sub("", sentence) for sentence in _SENTENCE.split(text)]
    words = [_WORD.findall(sentence) for sentence in sentences]
    lower = Counter(word for row in words for word in row if word[0].islower())
    upper = {word for row in words for word in row[1:] if word[0].isupper()}
    counts = Counter()
    for sentence in sentences:
        for run in _RUN.finditer(sentence):
            name = run[0].removesuffix("’s").removesuffix("'s")
            if run.start() == 0 and _WORD.match(name)[0] not in upper:
                _, _, name = name.partition(" ")  # "Then Emma": a capital for the sentence's sake
            if name:
                counts[name] += 1
    return {
        name: count
        for name, count in counts.items()
        if count >= min_count and lower[name.lower()] < count
    }
