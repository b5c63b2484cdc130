"""From the bytes of a file to tables, queries and documents: one function for each format."""

import ast
import csv
import json
import re
from io import BytesIO, StringIO

import pandas as pd


def read_table(content, columns, separator=",", skip=0, quoted=True, zipped=False):
    """Read separated columns as text.

    Parameters
    ----------
    content : bytes
        Of the file.
    columns : sequence of str
        Names for the columns, in their order.
    separator : str, default=","
        Between columns.
    skip : int, default=0
        Lines of header.
    quoted : bool, default=True
        Whether quotation marks enclose cells; else they are text.
    zipped : bool, default=False
        Whether the file is compressed by gzip.

    Returns
    -------
    DataFrame
        Of str; an empty cell is "".
    """
    return pd.read_csv(
        BytesIO(content),
        sep=separator,
        names=columns,
        skiprows=skip,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        compression="gzip" if zipped else None,
        dtype=str,
        keep_default_na=False,
    )


def read_lines(content):
    """Return the lines of a text file, without its byte order mark."""
    return content.decode("utf-8-sig").removesuffix("\n").split("\n")


def read_scifact_corpus(content):
    """Return {id: title and abstract} of the gzipped CSV of SciFact's documents."""
    table = read_table(content, ["id", "title", "abstract", "structured"], skip=1, zipped=True)
    # An abstract is printed as NumPy prints an array: literals of str, with no commas between.
    return {
        one: " ".join([title, *map(ast.literal_eval, _LITERAL.findall(abstract))])
        for one, title, abstract in zip(table["id"], table["title"], table["abstract"])
    }


_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


def read_smart(content):
    """Return the text (.W) of each record (.I) of a file in the SMART system's format, in order."""
    records = re.split(r"^\.I .*\n", content.decode("latin-1"), flags=re.MULTILINE)[1:]
    texts = []
    for record in records:
        fields = re.split(r"^\.([A-Z])\s*$", record, flags=re.MULTILINE)
        texts.append(" ".join(dict(zip(fields[1::2], fields[2::2])).get("W", "").split()))
    return texts


def read_slashed(content):
    """Return {id: text} of records "id, newline, text", each ended by a slash."""
    records = re.split(r"^\s*/\s*$", content.decode("latin-1"), flags=re.MULTILINE)
    words = [record.split() for record in records if record.strip()]
    return {one: " ".join(text) for one, *text in words}


def read_squad(content):
    """Return (questions, paragraphs, {question id: paragraph id}) of JSON in SQuAD's form."""
    questions, paragraphs, home = {}, {}, {}
    for article in json.loads(content)["data"]:
        for paragraph in article["paragraphs"]:
            paragraphs[paragraph["id"]] = paragraph["context"]
            for question in paragraph["qas"]:
                questions[question["id"]] = question["question"]
                home[question["id"]] = paragraph["id"]
    return questions, paragraphs, home


def read_judgements(content):
    """Return {query id: {document id: grade}} of a TSV with the header query-id, corpus-id, score.

    Parameters
    ----------
    content : bytes
        Of the file.

    Returns
    -------
    dict
        With int grades, in the order of the file.
    """
    rows = csv.reader(StringIO(content.decode("utf-8")), delimiter="\t")
    next(rows)
    relevance: dict[str, dict[str, int]] = {}
    for query, document, grade in rows:
        relevance.setdefault(query, {})[document] = int(grade)
    return relevance


# "《》目录 " and "正文 " are marks of web libraries; 楔子 is a prologue, 附录 an added chapter.
_HEADING = re.compile(
    r"(?:《》目录|正文)?\s*((?:第[零〇一二三四五六七八九十百\d]+回|楔子|附录)\s.*)"
)
_ADVERTISEMENT = re.compile(
    r"更新时间:.*|.*请购买正版图书.*|TXT小说天堂.*|天涯在线书库《www\.tianyabook\.com》"
)
_INTRUSION = re.compile(r"<!--script>.*?<script-->")
_LOST = re.compile(r"[\ue000-\uf8ff\ufffd]|&quot;~|\*(?=\*)|(?<=\*)\*")


def read_novel(text):
    """Return data (chapters, a paragraph a line), titles and text of a novel off the web."""
    titles, chapters = [], []
    for line in text.splitlines():
        line = _ADVERTISEMENT.sub("", line.strip())
        if heading := _HEADING.fullmatch(line):
            titles.append(" ".join(heading[1].split()))
            chapters.append([])
        elif line and titles:  # what stands before the first heading is the library's own
            chapters[-1].append(_LOST.sub("□", _INTRUSION.sub("", line)))
    data = ["\n".join(lines) for lines in chapters]
    text = "\n\n".join(map("\n".join, zip(titles, data, strict=True)))
    return {"data": data, "titles": titles, "text": text}
