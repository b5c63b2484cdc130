"""Readers of documents in Markdown, HTML and PDF, and of what a language model replied."""

import json
from functools import partial

from readers.reader import Reader, check_message, put
from textvec import generate_pairs, load_documents

_MARKDOWN = "---\na: 1\n---\n# The *sea*\n\n> [view](x) of `it`\n\n```\ncode\n```\n<!-- no -->\n"
_HTML = "<html><body><nav>menu</nav><p>The hotel is by the sea.</p></body></html>"
_REPLIES = (
    '["Where is it?", "Why?"]',
    '```json\n{"questions": ["Where?"]}\n```',
    "1. Where is it?\n2. 为什么？\n",
)


def documents(content, folder, ending):
    """Read a document in chunks.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    ending : str
        Of its name.
    """
    path = put(folder / f"document{ending}", content)
    try:
        passages = load_documents(path)
    except ValueError as error:
        check_message(error, path)
        return
    assert all(type(one.text) is str and one.text.strip() for one in passages)
    assert all(one.path == str(path) and one.start >= 0 for one in passages)
    assert load_documents(path) == passages


def reply(content, folder):
    """Read a reply, first as it comes and then out of the journal of a run that was cut off.

    Parameters
    ----------
    content : bytes
        The reply.
    folder : Path
        Where to write the records.
    """
    said = content.decode("utf-8", "replace")
    text, path = "The hotel is by the sea.", folder / "records.jsonl"
    made = generate_pairs(lambda prompt: said, [text], tries=1)
    assert all(type(one["text"]) is str and one["text"].strip() for one in made.records)
    assert len(made.records) <= 2
    assert (made.n_parsed, made.unparsed) == ((1, []) if made.records else (0, [text]))
    put(folder / "records.jsonl.journal", content)
    again = generate_pairs(lambda prompt: said, [text], tries=1, path=path)
    assert again == made
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == made.records


def pdf_seeds():
    """Return a PDF of a line, written by hand, and one that ends soon.

    Returns
    -------
    list of bytes
    """
    stream = "BT /F1 12 Tf 72 700 Td (The sea is near.) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        "/Resources << /Font << /F1 3 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    )
    content = "%PDF-1.4\n"
    for number, one in enumerate(objects, start=1):
        content += f"{number} 0 obj\n{one}\nendobj\n"
    content += "trailer << /Size 6 /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"
    return [content.encode(), content[:200].encode()]


DOCUMENT_READERS = {
    "markdown": Reader(
        partial(documents, ending=".md"), lambda: [_MARKDOWN.encode()], ("```", "<!--", "](", "**")
    ),
    "html": Reader(
        partial(documents, ending=".html"), lambda: [_HTML.encode()], ("<p>", "</p>", "&#x", "<!")
    ),
    "pdf": Reader(
        partial(documents, ending=".pdf"), pdf_seeds, ("obj", "endobj", "/Length", "/Filter", "R")
    ),
    "reply": Reader(
        reply, lambda: [one.encode() for one in _REPLIES], ('["', '"]', "?", "1. ", "```")
    ),
}
