"""Why two items are alike: the terms they share, or the closest pairs of what they say."""

import re

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from textvec.search._vectorizers import document_vectors, query_vectors
from textvec.text.stop_words import stop_words
from textvec.text.tokenizers import JiebaTokenizer

_MOST_UNITS = 1000  # sentences of a text that are paired, those nearest to the other text
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


def explain_pair(blocks, names, rows, items):
    """Return what makes two items alike.

    Parameters
    ----------
    blocks : list of Block
        What their vectors are made of.
    names : list of sequence or None
        What :func:`feature_names` gives for each block.
    rows : pair of sparse or dense rows of shape (1, n_features)
        The vectors of both; the first one as a query.
    items : DataFrame of two rows
        Both items.

    Returns
    -------
    DataFrame
        As :meth:`textvec.ContentRecommender.explain` returns it.
    """
    parts, start = [], 0
    for block, terms in zip(blocks, names, strict=True):
        parts_of_rows = [vectors[:, start : start + block.width] for vectors in rows]
        part = _explain_block(block, terms, parts_of_rows, items[block.column].tolist())
        parts.append(part.assign(column=block.column))
        start += block.width
    explanation = pd.concat(parts)[["column", "a", "b", "share"]]
    columns = {block.column for block in blocks}
    if len(columns) < len(blocks):  # what several vectorizers say of a pair is one share
        by_pair = explanation.groupby(["column", "a", "b"], sort=False, as_index=False)
        explanation = by_pair["share"].sum()
    explanation = explanation.sort_values(
        ["share", "a"],
        ascending=[False, True],
        ignore_index=True,
        key=lambda column: column if column.name == "share" else column.map(str),
    )
    if len(columns) > 1:
        return explanation
    if any(terms is None for terms in names):
        return explanation[["a", "b", "share"]]
    return explanation[["a", "share"]].rename(columns={"a": "term"})


def excerpt(vectorizer, text, wanted, n_letters=240):
    """Return the sentences of a text that are nearest to what is wanted, in their order.

    Parameters
    ----------
    vectorizer : fitted vectorizer
        Turns the sentences into rows.
    text : str
        What is to be shortened.
    wanted : list of str
        Texts that ask for it.
    n_letters : int, default=240
        How long the sentences may be together; one at least is shown, cut if it is longer.

    Returns
    -------
    str
        The text itself where it is not longer; "…" stands for what was left out.

    Examples
    --------
    >>> from textvec import TfidfVectorizer
    >>> text = "A quiet house. Open since 1900. Oysters by the sea!"
    >>> excerpt(TfidfVectorizer().fit([text]), text, ["oysters"], n_letters=25)
    '… Oysters by the sea!'
    """
    if len(text) <= n_letters:
        return text
    sentences = _sentences(text)
    rows = normalize(sparse.csr_array(document_vectors(vectorizer, sentences)))
    wish = sparse.csr_array(query_vectors(vectorizer, wanted)).sum(axis=0)
    scores = rows @ np.asarray(wish).ravel()
    kept, length = [], 0
    for at in np.argsort(-scores, kind="stable").tolist():
        length += len(sentences[at]) + 1
        if kept and (length > n_letters or scores[at] <= 0):
            break
        kept.append(at)
    shown, last = [], -1
    for at in sorted(kept):
        shown += ["…"] * (at > last + 1) + [sentences[at]]
        last = at
    shown += ["…"] * (last + 1 < len(sentences))
    shortened = " ".join(shown)
    most = n_letters + 40  # to cut less than a line is not worth it
    return shortened if len(shortened) <= most else f"{shortened[:n_letters].rstrip()} …"


def _explain_block(block, names, rows, values):
    """Return what of one column of two items met what, and its share, largest first.

    The shares, of columns `a`, `b` and `share`, sum to the dot product of the rows.
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
    vectors = normalize(sparse.csr_array(document_vectors(vectorizer, units_a + units_b)))
    vectors_a, vectors_b = vectors[: len(units_a)], vectors[len(units_a) :]
    kept_a, kept_b = _nearest(vectors_a, vectors_b), _nearest(vectors_b, vectors_a)
    units_a, units_b = [units_a[at] for at in kept_a], [units_b[at] for at in kept_b]
    cosines = (vectors_a[kept_a] @ vectors_b[kept_b].T).toarray().round(5)
    same = np.array(units_a, object)[:, None] == np.array(units_b, object)
    cosines += 1e-6 * same  # of pairs as close, those of one word with itself say most
    alike = np.flatnonzero(cosines > 0)
    order = alike[np.argsort(-cosines.ravel()[alike], kind="stable")]  # of ties the first in a
    pairs, met_a, met_b = [], set(), set()
    for a, b in zip(*(at.tolist() for at in np.unravel_index(order, cosines.shape))):
        if a not in met_a and b not in met_b:
            pairs.append((units_a[a], units_b[b], float(cosines[a, b])))
            met_a.add(a)
            met_b.add(b)
    return pairs


def _nearest(vectors, others):
    """Return which of many rows to keep, in their order: those nearest to the sum of others."""
    if vectors.shape[0] <= _MOST_UNITS:
        return np.arange(vectors.shape[0])
    scores = vectors @ np.asarray(others.sum(axis=0)).ravel()
    return np.sort(np.argsort(-scores, kind="stable")[:_MOST_UNITS])


def _sentences(text):
    return [part.strip() for part in _SENTENCE_ENDS.split(text) if part.strip()]


def _words(text):
    empty = stop_words("english") | stop_words("chinese")
    words = dict.fromkeys(JiebaTokenizer()(text))
    return [word for word in words if word.lower() not in empty]
