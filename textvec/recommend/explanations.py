"""Why two items are alike: the terms they share, or the closest pairs of what they say."""

import re

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec.text.stop_words import stop_words
from textvec.text.tokenizers import JiebaTokenizer

_END, _CLOSING = "[。！？…；]", "[”’」』）]"  # a sentence goes on to the last of its closing marks
_SENTENCE_ENDS = re.compile(
    rf"(?<=[.!?])\s+|(?<={_END})(?!{_END}|{_CLOSING})\s*|(?<={_END}{_CLOSING})(?!{_CLOSING})\s*|"
    rf"(?<={_END}{_CLOSING}{_CLOSING})\s*|\n+"
)


def feature_names(block):
    """Return the names of a block's features, or None where they mean nothing to a reader."""
    if not block.is_text:
        return block.vectorizer.categories_
    has_names = hasattr(block.vectorizer, "get_feature_names_out")
    return block.vectorizer.get_feature_names_out() if has_names and block.is_sparse else None


def explain_block(block, names, rows, values):
    """Return what makes two items alike in one block of their features.

    Parameters
    ----------
    block : Block
        The block.
    names : sequence or None
        What :func:`feature_names` gives for it.
    rows : pair of sparse or dense rows of shape (1, width)
        What both items have in it; the first one as a query.
    values : pair
        What stands in the block's column.

    Returns
    -------
    DataFrame
        Columns `a`, `b` (what of the first item met what of the second) and `share`, largest
        first. The shares sum to the dot product of the rows.
    """
    score = _product(*rows)
    if not block.is_text and block.vectorizer.categories_ is None:
        met = [(*values, score)] if score else []
    elif names is not None:
        shared = sparse.coo_array(sparse.csr_array(rows[0]).multiply(sparse.csr_array(rows[1])))
        met = [
            (names[at], names[at], share)
            for at, share in zip(shared.coords[-1], shared.data.tolist())
        ]
    else:
        pairs = _closest_pairs(block.vectorizer, *values)
        if score and not pairs:
            pairs = [(*values, 1.0)]
        whole = sum(similarity for *_, similarity in pairs)
        met = [(a, b, score * similarity / whole) for a, b, similarity in pairs]
    return pd.DataFrame(met, columns=["a", "b", "share"]).astype({"share": float})


def _product(a, b):
    return float((sparse.csr_array(a) @ sparse.csr_array(b).T).sum())


def _closest_pairs(vectorizer, text_a, text_b):
    """Pair the sentences of two texts, or their words, the closest first, each in one pair.

    Returns [(of a, of b, cosine), ...] of pairs with a cosine above 0.
    """
    units_a, units_b = _sentences(text_a), _sentences(text_b)
    if min(len(units_a), len(units_b)) < 2:
        units_a, units_b = _words(text_a), _words(text_b)
    if not units_a or not units_b:
        return []
    vectors = normalize(sparse.csr_array(vectorizer.transform(units_a + units_b)))
    cosines = (vectors[: len(units_a)] @ vectors[len(units_a) :].T).toarray().round(5)
    same = np.array(units_a, object)[:, None] == np.array(units_b, object)
    cosines += 1e-6 * same  # of pairs as close, those of one word with itself say most
    pairs = []
    for _ in range(min(cosines.shape)):
        a, b = np.unravel_index(np.argmax(cosines), cosines.shape)
        if cosines[a, b] <= 0:
            break
        pairs.append((units_a[a], units_b[b], float(cosines[a, b])))
        cosines[a, :] = cosines[:, b] = -1
    return pairs


def _sentences(text):
    return [part.strip() for part in _SENTENCE_ENDS.split(text) if part.strip()]


def _words(text):
    empty = stop_words("english") | stop_words("chinese")
    words = dict.fromkeys(JiebaTokenizer()(text))
    return [word for word in words if word.lower() not in empty]
