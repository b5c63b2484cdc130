"""Snowball stemming of terms, each distinct one once."""

import re

from textvec._checks import check_choice, import_optional

_SURROGATE = re.compile("[\ud800-\udfff]")  # has no UTF-8, which the stemmer takes


def stem_terms(terms, language):
    """Reduce words to their stems.

    Parameters
    ----------
    terms : list of str
        Words, lower-cased.
    language : str
        A Snowball algorithm: "english" (Porter's second), "german", "french", ….

    Returns
    -------
    list of str
        A stem for each word; one whose stem would be empty, or that holds a lone surrogate, stays
        as it is.

    Raises
    ------
    ImportError
        If PyStemmer (extra ``stem``) is not installed.
    ValueError
        If there is no such language.

    Notes
    -----
    Porter 2001, "Snowball: A language for stemming algorithms".

    Examples
    --------
    >>> stem_terms(["hotels", "running", "sky"], "english")
    ['hotel', 'run', 'sky']
    """
    stemmer = import_optional("Stemmer", "stem")
    check_choice("stem", language, stemmer.algorithms())
    words = ["" if _SURROGATE.search(term) else term for term in terms]
    stems = stemmer.Stemmer(language).stemWords(words)
    return [stem or term for stem, term in zip(stems, terms, strict=True)]
