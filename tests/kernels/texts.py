"""Texts of all widths, and tables to scan them with: what tests of scanning and interning share."""

import numpy as np
from hypothesis import strategies as st

# Of 1 to 4 bytes; upper case of as many bytes as its lower case, of fewer (Ⱥ) and of more (K).
LETTERS = "aBz_09éÉßȺΩΣ酒店K𠮷𐐀𝐀\U0010ffff"
OTHERS = " ,\t\0\x1c\x7f\xa0\u2028\u3000、😀\ud800\udfff"
documents = st.text(st.sampled_from(LETTERS + OTHERS), max_size=50)


def encoded(strings):
    """Strings as the kernels take them: UTF-8 end to end, and where each ends."""
    parts = [string.encode("utf-8", "surrogatepass") for string in strings]
    ends = np.cumsum([0, *map(len, parts)])[1:]
    return np.frombuffer(bytearray(b"".join(parts)), np.uint8), ends


def fold_of(characters, size=0x110000):
    """A table that keeps some characters, in lower case."""
    fold = np.full(size, -1, np.int32)
    for character in characters:
        if ord(character) < size:
            lower = character.lower()
            fold[ord(character)] = ord(lower if len(lower) == 1 else character)
    return fold


WORDS = fold_of(LETTERS + LETTERS.lower())
ASCII_WORDS = WORDS[:128]
ASCII_ALL = np.arange(128, dtype=np.int32)
ASCII_NO_BLANK = np.where(ASCII_ALL == 0x20, -1, ASCII_ALL).astype(np.int32)

SEEDS = np.random.default_rng(0).integers(0, 1 << 64, 5, np.uint64, endpoint=False)


def empty_interner(seeds=SEEDS):
    """An interner that begins as small as can be, so that each of its arrays must grow."""
    return seeds, np.zeros(3, np.uint64), np.empty(1, np.uint8), np.zeros(2, np.int64), 0
