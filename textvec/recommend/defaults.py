"""The vectorizers that recommenders take where none is chosen."""

import re

import numpy as np
from sklearn.base import clone

from textvec._checks import as_list
from textvec.sparse.analysis import DEFAULT_PATTERN
from textvec.sparse.tfidf import TfidfVectorizer
from textvec.text.mixed import SPACELESS
from textvec.text.stop_words import stop_words

_MANY_ITEMS = 20_000  # from here on pairs of words take several times the memory of the texts
_FEW_ITEMS = 200  # up to here, and
_SHORT = 30  # words in the mean up to here, many items share no word that says something
_SHARE_OF_ALL_WORDS = 0.1  # of the score, where that is so
_MOST_LETTERS = 1000  # of a text whose words are counted
_TOKEN = rf"{SPACELESS}|(?:(?!{SPACELESS})\w)+"  # a character, or a word
_find_tokens, _find_character = re.compile(_TOKEN).findall, re.compile(SPACELESS).search


def default_vectorizers(texts):
    """Return the unfitted vectorizers that a recommender fuses by default, and their shares.

    Parameters
    ----------
    texts : sequence of str
        The texts that they will be fitted on.

    Returns
    -------
    list of (TfidfVectorizer, float)
        :func:`default_vectorizer`, without stop words; and where texts are few (200 at most) or
        short (30 words in the mean at most, Chinese characters counting as words), to a tenth of
        the score all single words, their counts damped (``sublinear_tf``). Beyond 20,000 texts,
        for the sake of memory, the former alone.

    Notes
    -----
    Stop words say little in long texts, where they are many. But few short texts have any other
    word in common: without them most score 0, and lists end early. As a tenth of the score they
    rank these, and hardly change the order of others. Mean precision@10 of neighbours (of one
    label; for films and shows the Jaccard coefficient of their genres), nDCG@10 of the sister
    hotels, and hit rate@10 of what 100 users of MovieLens like, for N items of so many words:

    ==========================  =====  =====  ==========  =====  =====  ======  =======
    items                       words      N  all words   stop   pairs  both    default
    ==========================  =====  =====  ==========  =====  =====  ======  =======
    taglines of films, genres       7    100  -           -      -      .037    .140
    StackOverflow titles            8    100  .254        .278   .247   .277    .288
    StackOverflow titles            8  3,000  .381        .412   .409   .435    .433
    banking questions              11  3,000  .481        .484   .427   .468    .481
    descriptions of shows          24    100  .125        .108   .123   .108    .127
    descriptions of shows          24  3,000  .190        .183   .191   .190    .192
    sister hotels                  94    178  .151        .252   .154   .269    .272
    films, likes                   55    100  .225        .276   -      .279    .283
    films, likes                   55  3,535  .017        .037   -      .044    .044
    ==========================  =====  =====  ==========  =====  =====  ======  =======

    Examples
    --------
    >>> [(one.ngram_range, share) for one, share in default_vectorizers(["a lake", "the lake"])]
    [((1, 2), 0.9), ((1, 1), 0.1)]
    """
    texts = as_list("texts", texts, "a list of str")
    suited = default_vectorizer(texts)
    n_texts = len(texts)
    if n_texts > _MANY_ITEMS or (n_texts > _FEW_ITEMS and _mean_length(texts) > _SHORT):
        return [(suited, 1.0)]
    every_word = clone(suited).set_params(stop_words=None, ngram_range=(1, 1), sublinear_tf=True)
    return [(suited, 1 - _SHARE_OF_ALL_WORDS), (every_word, _SHARE_OF_ALL_WORDS)]


def _mean_length(texts):
    sample = [len(_find_tokens(text[:_MOST_LETTERS])) for text in texts[:1000]]
    return sum(sample) / len(sample)


def default_vectorizer(texts):
    """Return the unfitted vectorizer that suits some texts in any mixture of scripts.

    Parameters
    ----------
    texts : sequence of str
        The texts that it will be fitted on.

    Returns
    -------
    TfidfVectorizer
        In float32, over words, and over characters where a script such as Chinese is written
        without spaces; up to 20,000 texts also over pairs of neighbouring ones, which stand beside
        each other once English stop words and Chinese ones of a single character are left out.
        Beyond, of pairs those of characters alone (``analyzer="mixed"``).

    Notes
    -----
    Characters rather than jieba's words, because descriptions of one kind of thing use many words
    for it that share characters. nDCG@10, by what Chinese texts are cut into:

    =======================================  =============  ==========  ==================
    terms                                    sister hotels  duplicates  CMRC 2018 passages
    =======================================  =============  ==========  ==================
    jieba's words                            .128           1.000       .948
    jieba's words and pairs, stop words      .204           1.000       .970
    characters and pairs                     .422           1.000       .951
    characters and pairs, stop words         .497           1.000       .946
    ``analyzer="mixed"``, stop words         .475           1.000       -
    =======================================  =============  ==========  ==================

    The hotels are those of :func:`~textvec.datasets.load_hotels`. Where questions are searched for
    rather than items, and for explanations in words, pass
    ``TfidfVectorizer(tokenizer="jieba", stop_words="chinese", ngram_range=(1, 2))``.

    In English, pairs of words raise the sisters from .252 to .269. For 200,000 paragraphs of books
    they take 4.4 times the memory of the texts, and single words 2.5 times.

    Examples
    --------
    >>> vectorizer = default_vectorizer(["Apple iPhone 15 透明手机壳"])
    >>> vectorizer.fit(["a red case 手机壳"]).get_feature_names_out().tolist()
    ['case', 'case 手', 'red', 'red case', '壳', '手', '手 机', '机', '机 壳']
    """
    texts = as_list("texts", texts, "a list of str")
    is_small = len(texts) <= _MANY_ITEMS
    has_characters = any(_find_character(text[:200]) for text in texts[:1000])
    chinese = [word for word in stop_words("chinese") if len(word) == 1]
    return TfidfVectorizer(
        analyzer="mixed",
        ngram_range=(1, 2 if is_small else 1),
        token_pattern=_TOKEN if is_small and has_characters else DEFAULT_PATTERN,
        stop_words=sorted(stop_words("english").union(chinese)),
        dtype=np.float32,
    )
