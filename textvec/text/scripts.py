"""Which script a text is in: Chinese characters, and texts that are mostly of them."""

import re
from itertools import islice

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # to stand in [] of a pattern
_LETTER = re.compile(r"[^\W\d_]")


def is_mostly_han(text):
    """Tell whether more than half of the letters of a text are Chinese characters.

    Parameters
    ----------
    text : str or sequence of str
        Of a text the first 20,000 characters are looked at, of several the first 200 of each of
        the first 1,000.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_mostly_han("悟空 said 我来也"), is_mostly_han("Emma Woodhouse, 爱玛")
    (True, False)
    >>> is_mostly_han(["孙悟空", "Monkey"])
    False
    """
    if isinstance(text, str):
        sample = text[:20_000]
    else:
        sample = "".join(one[:200] for one in islice(text, 1000))
    return 2 * len(re.findall(f"[{HAN}]", sample)) > len(_LETTER.findall(sample))


def language_of(text):
    """Return the language in which a page about a text speaks to its reader.

    Parameters
    ----------
    text : str or sequence of str
        As of :func:`is_mostly_han`.

    Returns
    -------
    {"en", "zh"}
        "zh" where the text is mostly of Chinese characters.

    Examples
    --------
    >>> language_of(["海边的酒店"]), language_of("Ein Haus am Meer")
    ('zh', 'en')
    """
    return "zh" if is_mostly_han(text) else "en"
