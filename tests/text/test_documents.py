"""load_documents: each kind of file, in chunks with their places; what is damaged is named."""

import io

import pytest

from textvec import load_documents
from textvec.text.documents import Passage
from textvec.text.splitters import RecursiveTextSplitter

MARKDOWN = """---
title: Rooms
---
# The **rooms** #

> Each has a [view](https://example.org/view) of the *sea*, ![sea](sea.png) and a `key_card`.
<!-- TODO: prices
-->
* snake_case stays, 2 * 3 * 4 too

```python
pool = open(10)
```
"""
PLAIN = """The rooms

Each has a view of the sea, sea and a key_card.

* snake_case stays, 2 * 3 * 4 too


pool = open(10)
"""
PAGE = """<!DOCTYPE html><html lang="zh"><head><meta charset="gb18030"><title>海边</title>
<script>var menu = "menu of scripts"</script></head><body>
<nav><ul><li><a href="/">首页链接</a></li><li><a href="/about">关于我们</a></li></ul></nav>
<main><article><h1>海边酒店</h1><p>%s</p><p>%s</p></article></main>
<footer>版权所有 copyright</footer></body></html>"""


def pdf(*pages):
    """A PDF of one line a page, written by hand."""
    n = len(pages)
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(n))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {n} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for i, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET"
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {resources} "
            f"/Contents {5 + 2 * i} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    content, places = "%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    content += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    content += f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    return content.encode("latin-1")


def test_markdown_loses_its_marks_and_nothing_else(tmp_path):
    (tmp_path / "rooms.md").write_text(MARKDOWN, "utf-8")
    (passage,) = load_documents(tmp_path / "rooms.md")
    assert passage == Passage(PLAIN.strip(), str(tmp_path / "rooms.md"), 0)


def test_pages_keep_their_main_text(tmp_path):
    pytest.importorskip("trafilatura")
    first = "酒店在海边，每个房间都有阳台，早上可以看到日出，晚上可以听到海浪的声音。" * 4
    second = "从机场到酒店有免费的班车，每半个小时一班，最后一班在晚上十一点从机场开出。" * 4
    (tmp_path / "sea.html").write_bytes((PAGE % (first, second)).encode("gb18030"))
    text = "\n".join(one.text for one in load_documents(tmp_path / "sea.html"))
    assert first in text.replace("\n", "")
    assert second in text.replace("\n", "")
    for other in ("menu of scripts", "关于我们", "版权所有"):
        assert other not in text


def test_a_pdf_is_the_text_of_its_pages(tmp_path):
    pytest.importorskip("pypdf")
    (tmp_path / "two.pdf").write_bytes(pdf("The sea is near.", "So is the station."))
    (passage,) = load_documents(tmp_path / "two.pdf")
    assert passage.text == "The sea is near.\n\nSo is the station."
    chunks = load_documents(tmp_path / "two.pdf", RecursiveTextSplitter(18))
    assert [(one.text, one.start) for one in chunks] == [
        ("The sea is near.", 0),
        ("So is the station.", 18),
    ]


def test_a_folder_is_all_of_its_documents_in_order(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "folder.md").mkdir()
    for name in ("b.txt", "a.TXT", "inner/c.md", "inner/picture.png", "notes"):
        (tmp_path / name).write_text(f"text of {name}")
    found = load_documents(tmp_path)
    assert [one.path.removeprefix(f"{tmp_path}/") for one in found] == [
        "a.TXT",
        "b.txt",
        "inner/c.md",
    ]
    (tmp_path / "latin.txt").write_bytes("Café".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt must be in utf-8"):
        load_documents(tmp_path)
    assert load_documents(tmp_path, encoding="latin-1")[-1].text == "Café"


def test_documents_without_text_are_told_of(tmp_path):
    pytest.importorskip("pypdf")
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    (tmp_path / "white.txt").write_text(" \n")
    (tmp_path / "text.txt").write_text("sea")
    with pytest.warns(UserWarning, match=r"2 documents hold no text, such as .*scan\.pdf.*OCR"):
        assert [one.text for one in load_documents(tmp_path)] == ["sea"]


def test_what_is_no_document_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.txt"):
        load_documents(tmp_path / "gone.txt")
    with pytest.raises(ValueError, match=r"holds no documents: files that end in \.txt, "):
        load_documents(tmp_path)
    (tmp_path / "a.docx").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"A document must end in .* Got .*a\.docx instead"):
        load_documents(tmp_path / "a.docx")
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.4\nnothing more")
    with pytest.raises(ValueError, match=r"cut\.pdf cannot be read as PDF: "):
        load_documents(tmp_path / "cut.pdf")
    pypdf = pytest.importorskip("pypdf")
    writer = pypdf.PdfWriter(io.BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="RC4-128")
    with open(tmp_path / "locked.pdf", "wb") as file:
        writer.write(file)
    with pytest.raises(ValueError, match=r"locked\.pdf is encrypted"):
        load_documents(tmp_path / "locked.pdf")
