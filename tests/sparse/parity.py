"""What the parity tests share: nasty corpora, and the comparison of two calls bit for bit."""

import warnings
from numbers import Integral

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st


def examples(n):
    """Return how many examples a test draws that draws ``n`` in CI; more with --runslow."""
    return n * settings.default.max_examples // 100


# Where the words, the case and the white space of Python's str are easily got wrong.
# fmt: off
PIECES = [
    # plain words, so that terms repeat within and across documents
    *["the", "the", "hotel", "hotel", "Hotel", "HOTEL", "a", "of", "not", "it", "sea", "view"],
    # lower case that changes length or depends on the neighbours
    *["İ", "İSTANBUL", "iİ", "ß", "ẞ", "STRAẞE", "ſ", "ſea", "K", "Å", "ǅ", "ŉ", "ΐ", "ﬁn", "ﬀ"],
    *["Σ", "ΣΑ", "ΑΣ", "ΟΔΟΣ", "ΟΔΟΣ.", "ΑΣ,", "ΑΣ'", "ΑΣ:Α", "ΑΣ\u0301", "ΑΣ\u00ad", "Α.Σ", "ΣΣ"],
    *["Α\u0301Σ", "ΑΣ\u0345Α", "ΑΣ\u200dΑ", "1Σ", "_Σ", "Σ_", "ΑΣ_", "ΑΣ1", "ΑΣ·"],
    *["aΣ", "aΣb", "Σς"],
    *["ᲐᲑ", "Ꭰꭰ", "Ⴀⴀ", "𐐀𐐁", "𐐨", "𞤀𞤁", "Ⓐⓐ", "Ⅷ", "ⅷ", "𝐀𝐁", "𝒜", "Ω", "Ω", "ſſ", "\U00010400Σ"],
    # accents, composed and not, and compatibility forms
    *["é", "e\u0301", "café", "cafe\u0301", "CAFÉ", "naïve", "ĲSSEL", "Å", "A\u030a",],
    *["ở", "ñ", "ø"],
    *["한국어", "각", "ㄱㅏ", "ﷺ", "½", "①", "㍿", "…", "ﾊﾝｶｸ", "ガ", "か\u3099", "㎏",],
    *["x²", "H₂O", "™"],
    *["हिन्दी", "ไทยน้ำ", "עִבְרִית", "عَرَبِيّ", "தமிழ்", "\u0301", "\u0323\u0301", "a\u0301\u0323"],
    # other scripts' digits, full width, underscore
    *["٠١٢", "१२३", "１２３", "ＡＢＣ", "ａｂｃ", "Ａ", "𝟘𝟙", "四", "_", "__",],
    *["_a", "a_b", "1", "12", "0x1F"],
    # Han, in and beyond the basic plane
    *["酒店", "我", "的", "海边酒店", "𠮷野家", "㐀", "〇", "々", "、", "。", "！", "「", "」"],
    # emoji, joiners, zero width, bidi, noncharacters, private use
    *["😀", "👩‍👩‍👧", "🇨🇳", "☕️", "a\u200bb", "\u200b", "\u200d", "\ufeff",],
    *["\u2060", "\u00ad", "\u202e"],
    *["\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\U0001ffff", "\ue000", "\U000e0041"],
    # lone surrogates, and a pair that Python does not join
    *["\ud800", "\udc80", "a\udfffb", "\ud83d\ude00", "ab\ud800"],
    # punctuation and controls inside and around words
    *["don't", "e-mail", "C++", "a.b.c", "U.S.A.", "...", "!", "-", "'", '"',],
    *["\0", "a\0b", "\0\0", "\x7f"],
    # very long ones, and all spaces
    *["x" * 3000, "Ab" * 700, "é" * 600, "Σ" * 300, "long-" * 200, "酒" * 400],
]
SPACES = [
    *[" ", " ", " ", " ", "  ", "\t", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f"],
    *["\x85", "\xa0", "\u1680", "\u2000", "\u2009", "\u2028", "\u2029",],
    *["\u202f", "\u205f", "\u3000"],
    *["\u180e", "\u200b", "", "", ",", ", ", ".", " \t ", "\n\n", "\u3000\u3000", "\x1c\x1c"],
]
# fmt: on

_any_character = st.characters(exclude_categories=())  # all planes, surrogates too
_raw_text = st.text(_any_character, max_size=25)
_pieces = st.sampled_from(PIECES)
_spaces = st.sampled_from(SPACES)


@st.composite
def _joined(draw, pieces, max_pieces):
    parts = draw(st.lists(st.tuples(pieces, _spaces), max_size=max_pieces))
    return "".join(piece + space for piece, space in parts)


def documents():
    """One document: nasty pieces, words of random characters, or raw text of all planes."""
    return st.one_of(
        _joined(_pieces, 12),
        _joined(_pieces, 12),
        _joined(_pieces | st.text(_any_character, min_size=1, max_size=6), 8),
        _raw_text,
    )


def repetitive_documents():
    """One document of few words, so that counts exceed 1 and terms tie."""
    words = st.sampled_from([*"abc", "aa", "bb", "cc", "dd", "ee", "ff", "Aa", "éa", "酒店", "ΑΣ"])
    return st.lists(words, max_size=14).map(" ".join)


def corpora(max_size=6):
    """A list of documents; they may share few pieces, and a whole document may repeat."""

    def of_few_pieces(pieces):
        return st.lists(_joined(st.sampled_from(pieces), 14), min_size=1, max_size=max_size)

    few_pieces = st.lists(_pieces.filter(lambda piece: len(piece) < 100), min_size=1, max_size=5)
    return st.one_of(
        st.lists(documents(), min_size=1, max_size=max_size),
        few_pieces.flatmap(of_few_pieces),
        st.lists(documents() | repetitive_documents(), min_size=1, max_size=max_size),
        st.lists(documents(), min_size=1, max_size=3).map(lambda docs: docs + docs[:2]),
    )


def outcome(call):
    """Call; return what it gave, the type and text of what it raised, and what it warned of.

    The warning about Han text is ours alone and left out.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = call(), None
        except Exception as raised:
            value, error = None, (type(raised).__name__, str(raised))
    told = dict.fromkeys((warning.category, str(warning.message)) for warning in caught)
    return value, error, [pair for pair in told if "jieba" not in pair[1]]


def same_outcome(ours, theirs):
    """Make two calls, show that they raise and warn alike, and return what they gave."""
    mine, my_error, my_warnings = outcome(ours)
    other, error, other_warnings = outcome(theirs)
    assert my_error == error
    assert my_warnings == other_warnings
    return mine, other


def assert_same_matrix(mine, other):
    """Two CSR matrices are equal in class, shape, and each array to the last bit and in order."""
    assert type(mine) is type(other)
    assert mine.shape == other.shape
    for part in ("indptr", "indices", "data"):
        a, b = getattr(mine, part), getattr(other, part)
        assert a.dtype == b.dtype, part
        assert a.tobytes() == b.tobytes(), (part, a, b)
    assert mine.dtype == other.dtype
    assert mine.data.flags.writeable
    in_order = mine.has_sorted_indices
    fresh = type(mine)((mine.data, mine.indices, mine.indptr), shape=mine.shape)
    assert in_order == fresh.has_sorted_indices  # scikit-learn's may claim more than is true


def assert_same_learned(mine, other):
    """Two vectorizers learned the same terms in the same order, and the same weights."""
    assert hasattr(mine, "vocabulary_") == hasattr(other, "vocabulary_")
    if not hasattr(other, "vocabulary_"):
        return
    assert type(mine.vocabulary_) is dict
    assert list(mine.vocabulary_.items()) == list(other.vocabulary_.items())
    assert all(isinstance(column, Integral) for column in mine.vocabulary_.values())
    assert mine.fixed_vocabulary_ is other.fixed_vocabulary_
    names, other_names = mine.get_feature_names_out(), other.get_feature_names_out()
    assert names.dtype == other_names.dtype
    assert names.tolist() == other_names.tolist()
    assert hasattr(mine, "idf_") == hasattr(other, "idf_")
    if hasattr(other, "idf_"):
        assert mine.idf_.dtype == other.idf_.dtype
        assert mine.idf_.tobytes() == other.idf_.tobytes()


def assert_same_fit(mine, other, docs, new_docs=()):
    """Fit both, then transform and go back with both; ``docs`` may be a function that makes them.

    Returns whether the fit succeeded.
    """
    make = docs if callable(docs) else lambda: docs
    X, Y = same_outcome(lambda: mine.fit_transform(make()), lambda: other.fit_transform(make()))
    if Y is None:
        assert hasattr(mine, "vocabulary_") == hasattr(other, "vocabulary_")
        return False
    assert_same_matrix(X, Y)
    assert_same_learned(mine, other)
    _assert_same_terms(mine, other, X, Y)
    for new in (make, lambda: new_docs):
        X, Y = same_outcome(lambda: mine.transform(new()), lambda: other.transform(new()))  # noqa: B023
        if Y is not None:
            assert_same_matrix(X, Y)
            _assert_same_terms(mine, other, X, Y)
    return True


def _assert_same_terms(mine, other, X, Y):
    """The way back, for the first rows: it is slow in scikit-learn."""
    A, B = same_outcome(
        lambda: mine.inverse_transform(X[:20]), lambda: other.inverse_transform(Y[:20])
    )
    for a, b in zip(A or (), B or (), strict=True):
        assert a.dtype == b.dtype
        assert a.tolist() == b.tolist()


def zipf_corpus(n_documents, n_words=3000, length=30, seed=0):
    """A corpus large enough to be split among threads and blocks, with nasty words in it."""
    rng = np.random.default_rng(seed)
    words = np.array([f"w{i}" for i in range(n_words)], dtype=object)
    words[5:2000:7] = [f"É{i}Σ" for i in range(5, 2000, 7)]
    words[50:2000:11] = [f"酒{i}店" for i in range(50, 2000, 11)]  # rare: no warning
    words[3] = "İ"
    ranks = np.minimum(rng.zipf(1.3, size=(n_documents, length)) - 1, n_words - 1)
    sizes = rng.integers(0, length + 1, size=n_documents)
    return [" ".join(words[row[:size]]) for row, size in zip(ranks, sizes)]
