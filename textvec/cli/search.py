"""``textvec search``: vectors of texts, an index of them, the best for each query."""

from pathlib import Path
from typing import Annotated

import typer

import textvec
from textvec._reading import whole
from textvec.cli.app import AsJson, PageLanguage, check_page, check_page_language
from textvec.cli.files import read_texts
from textvec.cli.models import VECTORIZER_HELP, make_vectorizer, shorten
from textvec.cli.tables import counted, print_json, print_line, print_ranking

# --index NAME -> class. All but the first want dense vectors.
INDEXES = {
    "exact": "ExactIndex",
    "hnsw": "HnswlibIndex",
    "faiss": "FaissIndex",
    "usearch": "UsearchIndex",
    "annoy": "AnnoyIndex",
    "tree": "TreeIndex",
}


def search(  # numpydoc ignore=PR01
    file: Annotated[
        Path, typer.Argument(help="Texts: .txt, one a line; or .csv, .tsv, .tab, .jsonl.")
    ],
    query: Annotated[list[str], typer.Option(help="What is searched for; repeatable.")],
    text: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that holds the texts.")
    ] = None,
    id: Annotated[
        str | None,
        typer.Option(
            help="Column that names the texts.  [default: row numbers from 0; lines of .txt from 1]"
        ),
    ] = None,
    index: Annotated[
        str, typer.Option(metavar="NAME", help=f"One of {', '.join(INDEXES)}.")
    ] = "exact",
    k: Annotated[int, typer.Option("-k", "--k", help="How many texts for each query.")] = 10,
    vectorizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"{VECTORIZER_HELP}.  [default: bm25; lsa for other indexes than exact, which "
            "want dense vectors]",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page as well.")] = None,
    page_language: PageLanguage = "auto",
    as_json: AsJson = False,
):
    """Find the texts that answer queries best."""
    from textvec._checks import check_choice, check_number

    check_choice("--index", index, tuple(INDEXES))
    check_number("k", k, low=1, integer=True)
    check_page_language(page_language)
    check_page(html, file)
    items, text = read_texts(file, encoding, text, id)
    query = list(dict.fromkeys(map(whole, query)))
    found = search_texts(items, text, id, query, index, vectorizer, k)
    if as_json:
        print_json(found)
    else:
        for wish in query:
            print_line(f"Best for: {wish}")
            print_ranking(found[found["query"] == wish], "text")
        print_line(f"{counted(len(items), 'text')} of {file.name}; {index} index.")
    if html is not None:
        _write_page(html, found, file.name, page_language, items[text].tolist())


def search_texts(items, text, id, queries, index, vectorizer, k):
    """Return the best texts for each query.

    Parameters
    ----------
    items : DataFrame
        The texts, one a row.
    text : str
        Their column.
    id : str or None
        The column of their ids; None takes the index.
    queries : list of str
        What is searched for.
    index : str
        A key of ``INDEXES``.
    vectorizer : str or None
        As :func:`~textvec.cli.models.make_vectorizer` takes it; None suits the index.
    k : int
        How many for each query at most.

    Returns
    -------
    DataFrame
        Columns query, id, score and text, best first for each query.
    """
    import numpy as np
    import pandas as pd

    from textvec.recommend.items import check_texts, read_ids
    from textvec.search._vectorizers import metric_of, query_vectors

    ids = read_ids(items, id)
    texts = check_texts(items[text], ids)
    name = vectorizer or ("bm25" if index == "exact" else "lsa")
    model = make_vectorizer(name, texts)
    shorten(model, [texts])
    vectors = model.fit_transform(texts)
    if index != "exact" and not isinstance(vectors, np.ndarray):
        raise ValueError(f"--index {index} wants dense vectors, {name} is sparse: use lsa.")
    engine = make_index(index, metric_of(model))
    asked = query_vectors(model, queries)
    k = min(k, len(texts))  # an answer has no empty places
    if index == "exact":
        scores, rows = engine.fit(vectors).search(asked, k)
    else:
        distances, rows = engine.fit(vectors).kneighbors(asked, k)
        scores = 1 - distances
    at, place = np.nonzero(rows >= 0)
    rows = rows[at, place]
    found = {"query": np.array(queries, object)[at], "id": ids[rows], "score": scores[at, place]}
    return pd.DataFrame(found).assign(text=[texts[row] for row in rows])


def make_index(name, metric):
    """Return the engine of an ``--index`` name.

    Parameters
    ----------
    name : str
        A key of ``INDEXES``.
    metric : str
        How vectors are compared.

    Returns
    -------
    index
    """
    return getattr(textvec, INDEXES[name])(metric=metric)


def _write_page(path, found, source, page_language, texts):
    """Write what was found, a table for each query."""
    from textvec.cli.pages import counted_in, table, words_for, write_page

    language, words = words_for(page_language, texts)
    sections = [
        (
            words["best for"].format(query),
            [table(rows.drop(columns="query").set_index("id"), columns=words["columns"])],
        )
        for query, rows in found.groupby("query", sort=False)
    ]
    lead = words["of"].format(counted_in(words, len(found), "answer"), source)
    write_page(path, words["search"], lead, sections, language)
