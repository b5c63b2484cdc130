"""Tokenizers: one document in, a list of tokens out."""

import os
import re
import threading
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache

from sklearn.base import BaseEstimator

from textvec._checks import check_number
from textvec.persistence import SaveMixin
from textvec.text.scripts import HAN

TOKENIZERS = ("jieba", "whitespace")  # the names that a parameter may give

# jieba cuts a run of these characters as one block, and every other character stands alone.
_BLOCK = r"[\u4E00-\u9FD5a-zA-Z0-9+#&._%\-]+"
_blocks_or_word_characters = re.compile(_BLOCK + r"|\w").findall
_is_block = re.compile(_BLOCK).fullmatch
# On blocks of these alone rjieba cuts as jieba does; they differ about "-", "." and "_".
_rjieba_agrees = re.compile(r"[\u4E00-\u9FD5a-zA-Z0-9]+").fullmatch
# Two characters that no word of the dictionary takes up are one word or two by jieba's hidden
# Markov model. Of these pairs it rates both so much alike, to 1e-6 in the logarithm, that rjieba,
# which rounds its numbers, may find the other one better.
_near_tie = re.compile(
    "亨[叙敘]|[从從][埔涝澇]|仕壑|佛执|侧皖|俎毫|[储儲]衿|升[箫簫]|吊芍|呵[壳殼]|哆[鎊镑]|唉准|[嗫囁]走|堂[癫癲]|"
    "婉[絹绢]|[审審][孥怛榫溆玎畬砀肟鞒]|岐袭|常在|[应應]脊|[张張]粤|彪托|律聚|心咸|怪移|恩腿|抛仔|摒彭|擂盼|"
    "昂蛛|[晉晋]瓤|末置|枇使|檩使|理乞|[癣癬]贯|白娑|盔株|知[鴨鸭]|移懂|簰使|[糾纠][聂聶]|[紕纰][銖铢]|繚羞|细倚|"
    "脯土|茬娠|[荐薦][宪憲]|角[鐳镭]|谯[錮锢]|[賜赐]鼠|逾秋|[鋪铺]巾|[鍘铡]钎|[鍵键]削|锅胝|鹤榻"
).search
_has_word_character = re.compile(r"\w").search
_han_runs = re.compile(f"[{HAN}]+")

_loading = threading.RLock()
if hasattr(os, "register_at_fork"):
    # A child that is forked while another thread loads would wait for that thread, which it lacks.
    os.register_at_fork(
        before=_loading.acquire,
        after_in_parent=_loading.release,
        after_in_child=_loading.release,
    )


class JiebaTokenizer(SaveMixin, BaseEstimator):
    """Cut Chinese text into words: jieba's own output, without the punctuation.

    Tokens that hold no word character (punctuation, white space, symbols) are dropped; words of
    one character stay. Where the package rjieba is installed (extra ``chinese``) it cuts the blocks
    of Han characters, Latin letters and digits, on which the two agree, several times as
    fast; jieba cuts the rest. The result is the same with and without it, unless jieba's hidden
    Markov model rates two readings of three characters or more, none of a word of the dictionary,
    equal to seven digits: no such text has been met.

    jieba's global dictionary is neither read nor changed: words given to ``jieba.add_word`` have no
    effect here, and ``user_words`` have none there.

    Parameters
    ----------
    user_words : iterable of str, or mapping from str to int or None, default=None
        Words to add to jieba's dictionary. A mapping gives each word's frequency; None, and every
        word of a plain iterable, gets the frequency that jieba suggests. jieba may still prefer a
        longer word of its own dictionary (孔明笑 to 孔明); a large frequency, such as 100_000,
        prevents that. Words that jieba cannot hold, such as "哈利·波特" or "new york", are found
        before jieba is asked. Vectorizers lower-case the text first unless told otherwise: write
        these words in lower case too.
    aliases : mapping from str to str, default=None
        Other names and the name that each stands for: these tokens are replaced after cutting.
        Both sides are added to ``user_words``.

    Notes
    -----
    The dictionary is built at the first call. To change it give new objects, through
    ``set_params`` or the attributes; lists changed in place are not looked at again.

    Source: jieba 0.42, ``Tokenizer.cut`` in its default mode with HMM, https://github.com/fxsjy/jieba.

    Examples
    --------
    >>> JiebaTokenizer()("我不爱吃蔬菜，我喜欢吃肉。")
    ['我', '不', '爱', '吃', '蔬菜', '我', '喜欢', '吃', '肉']
    >>> JiebaTokenizer(aliases={"孔明": "诸葛亮"})("却说孔明大喜！")
    ['却说', '诸葛亮', '大喜']
    """

    def __init__(self, user_words=None, aliases=None):
        self.user_words = user_words
        self.aliases = aliases

    def __call__(self, text):
        """Return the tokens of one document.

        Parameters
        ----------
        text : str
            The document.

        Returns
        -------
        list of str
            The tokens in the order of the text.

        Raises
        ------
        TypeError
            If ``text`` is not a str, or ``user_words`` or ``aliases`` is of the wrong kind.
        ValueError
            If a user word is empty or its frequency below 1.
        """
        if not isinstance(text, str):
            raise TypeError(f"text must be a str. Got {type(text).__name__} instead.")
        if self.user_words is None and self.aliases is None:
            return _cut(text)
        given = self.__dict__.get("_words_of")
        # Both are compared by identity: hashing a long word list for each document would cost more
        # than the cutting.
        if given is None or given[0] is not self.user_words or given[1] is not self.aliases:
            words, names = _check_words(self.user_words, self.aliases)
            given = self._words_of = (self.user_words, self.aliases, _user_cutter(words), names)
        _, _, cut, names = given
        tokens = (names.get(token, token) for token in cut(text))
        return [token for token in tokens if _has_word_character(token)]

    def __getstate__(self):
        state = {**super().__getstate__()}
        state.pop("_words_of", None)  # a dictionary of 600,000 words, rebuilt where it is needed
        return state

    def __eq__(self, other):
        return type(self) is type(other) and self.get_params() == other.get_params()


def resolve_tokenizer(tokenizer):
    """Return the tokenizer that a vectorizer's ``tokenizer`` parameter stands for.

    Parameters
    ----------
    tokenizer : "jieba", "whitespace", callable or None
        A name, or what is returned as it is. "whitespace" is for text that is cut already: it
        stands for ``str.split``, which a file cannot hold.

    Returns
    -------
    callable or None
        A callable from str to a list of str.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> resolve_tokenizer("jieba")
    JiebaTokenizer()
    """
    if tokenizer is None or callable(tokenizer):
        return tokenizer
    if tokenizer not in TOKENIZERS:
        raise ValueError(
            "tokenizer must be 'jieba', 'whitespace', a callable or None. "
            f"Got {tokenizer!r} instead."
        )
    return JiebaTokenizer() if tokenizer == "jieba" else str.split


def cut_han(text):
    """Return a text with blanks around and between the Chinese words in it.

    Parameters
    ----------
    text : str
        The text; all but its runs of Han characters stays as it is.

    Returns
    -------
    str
        The text, in which each of jieba's words is a word for ``\\w+``, too.

    Examples
    --------
    >>> cut_han("iPhone15透明手机壳").split()
    ['iPhone15', '透明', '手机', '壳']
    """
    return _han_runs.sub(lambda run: f" {' '.join(_cut(run[0]))} ", text)


def _cut(text):
    """Return the tokens that the dictionary which comes with jieba gives."""
    cut_fast = _rjieba_cut() or _stock_jieba().lcut
    tokens = []
    for block in _blocks_or_word_characters(text):
        if len(block) == 1 or block.isascii() and block.isalnum():
            # The dictionary holds no word of Latin letters and digits alone: such a block stays.
            if _has_word_character(block):
                tokens.append(block)
        elif _rjieba_agrees(block) and not _near_tie(block):
            tokens += cut_fast(block)
        else:
            tokens += filter(_has_word_character, _stock_jieba().lcut(block))
    return tokens


@lru_cache(maxsize=4)
def _user_cutter(words):
    """Return the function that cuts with jieba's dictionary and ``words``, (word, frequency)."""
    stock = _stock_jieba()
    own = _jieba_tokenizer(stock.FREQ.copy(), stock.total)
    for word, frequency in words:
        if _is_block(word):
            own.add_word(word, frequency)
    beyond_jieba = sorted({word for word, _ in words if not _is_block(word)}, key=len, reverse=True)
    if not beyond_jieba:
        return own.lcut
    split = re.compile(f"({'|'.join(map(re.escape, beyond_jieba))})").split

    def cut(text):
        tokens = []
        for i, part in enumerate(split(text)):
            tokens += [part] if i % 2 else own.lcut(part)  # split puts each match at an odd place
        return tokens

    return cut


def _check_words(user_words, aliases):
    """Return ((word, frequency or None), ...) without repeats, and the aliases as a dict."""
    if isinstance(user_words, str) or not isinstance(user_words, Iterable | None):
        raise TypeError(
            "user_words must be a list of words, or a mapping from words to frequencies. "
            f"Got {user_words!r} instead."
        )
    if not isinstance(aliases, Mapping | None):
        raise TypeError(f"aliases must be a mapping from str to str. Got {aliases!r} instead.")
    names = dict(aliases or {})
    if isinstance(user_words, set | frozenset):
        user_words = sorted(user_words)  # jieba's frequencies depend on the order of adding
    words = dict.fromkeys([*names, *names.values()])
    if user_words is not None:
        words |= user_words if isinstance(user_words, Mapping) else dict.fromkeys(user_words)
    for word, frequency in words.items():
        if not isinstance(word, str):
            raise TypeError(f"user_words and aliases must hold str. Got {word!r} instead.")
        if not word:
            raise ValueError("user_words and aliases must not hold the empty string.")
        if frequency is not None:
            check_number(f"the frequency of user word {word!r}", frequency, low=1, integer=True)
    return tuple(words.items()), names


@lru_cache(maxsize=1)
def _rjieba_cut():
    """Return the cutter of a fresh rjieba, or None where the package is not installed."""
    with _loading:
        try:
            import rjieba
        except ImportError:
            return None
        return rjieba.Jieba().cut


_stock = None


def _stock_jieba():
    """Return the one jieba tokenizer with its stock dictionary, loaded at the first call."""
    global _stock
    if _stock is None:
        with _loading, warnings.catch_warnings():
            # jieba's source holds invalid escapes, and it imports the deprecated pkg_resources.
            warnings.simplefilter("ignore")
            if _stock is None:
                import jieba

                _stock = _jieba_tokenizer(*jieba.Tokenizer.gen_pfdict(jieba.dt.get_dict_file()))
    return _stock


def _jieba_tokenizer(frequencies, total):
    """Return a jieba tokenizer of its own with this dictionary.

    Filled by hand, because jieba's ``initialize`` logs to stderr and trusts a cache file that
    anyone may have put into the shared temporary folder.
    """
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = frequencies, total, True
    return tokenizer
