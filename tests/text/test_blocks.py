"""Documents in blocks: a list of str is joined and encoded, a thousand documents at a time."""

import pytest

from textvec.text.columns import TextBlock
from textvec.text.vocabulary import documents_in_blocks, encode

TEXTS = ["The sea view", "", "caf\u00e9", "ΑΣ İstanbul", "a bar", "\ud800 lone", "酒店", "x" * 50]


def decode(document):
    if isinstance(document, bytes):
        return document.decode()
    raise AttributeError(document)


@pytest.mark.parametrize("n_characters", [1, 30, 5000, 1 << 19])
@pytest.mark.parametrize("n_times", [1, 400])
def test_a_list_of_str_comes_joined(n_characters, n_times, monkeypatch):
    monkeypatch.setattr("textvec.text.vocabulary.BLOCK_CHARACTERS", n_characters)
    texts = n_times * TEXTS
    blocks = list(documents_in_blocks(texts, None))
    assert [text for block in blocks for text in block] == texts
    sizes = [sum(map(len, block)) for block in blocks]
    assert all(n_characters <= size < n_characters + 50 for size in sizes[:-1])
    for block in blocks:
        expected = "".join(block).encode("utf-8", "surrogatepass")
        if type(block) is list:  # a document that fills a block, itself
            assert len(block) == 1
            assert len(block[0]) >= n_characters
        else:
            assert type(block) is TextBlock
            assert block.text.tobytes() == expected
            assert block.ascii_only == expected.isascii()
        text, ends, _ = encode(block, lowercase=True)
        lowered = [text.lower() if "\u0130" in text or "\u03a3" in text else text for text in block]
        assert text.tobytes() == "".join(lowered).encode("utf-8", "surrogatepass")
        assert ends[-1] == len(text)


@pytest.mark.parametrize("at", [0, 3, 1024, 1500])
def test_what_is_no_str_is_decoded_from_where_it_stands(at, monkeypatch):
    monkeypatch.setattr("textvec.text.vocabulary.BLOCK_CHARACTERS", 10_000)
    texts = 250 * TEXTS
    documents = [*texts[:at], b"caf\xc3\xa9", *texts[at:]]
    blocks = list(documents_in_blocks(documents, decode))
    expected = [*texts[:at], "caf\u00e9", *texts[at:]]
    assert [text for block in blocks for text in block] == expected
    documents[at] = None
    with pytest.raises(TypeError, match=f"Got None .* in row {at}:"):
        list(documents_in_blocks(documents, decode))
    assert list(documents_in_blocks([], None)) == []
