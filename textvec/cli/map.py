"""``textvec map``: a collection on one page, in one way of embedding or two beside each other."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import (
    AsJson,
    PageLanguage,
    VectorSize,
    check_out,
    check_page_language,
    check_vector_size,
)
from textvec.cli.files import TEXT_FILES, check_no_columns, read_items, read_lines, there
from textvec.cli.models import (
    DENSE,
    PRETRAINED_HELP,
    VECTORIZERS,
    is_saved,
    make_vectorizer,
    shorten,
)
from textvec.cli.tables import counted, print_as_json, print_line
from textvec.show.visible import visible


def map(  # numpydoc ignore=PR01
    file: Annotated[
        Path, typer.Argument(help="Items: .csv, .tsv, .tab, .jsonl; or .txt, one a line.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path(
        "map.html"
    ),
    text: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column of a table that holds texts; repeatable."),
    ] = None,
    id: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that names the items.")
    ] = None,
    vectorizer: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help=f"One of {', '.join(VECTORIZERS)}; a fitted one that was saved, FILE.textvec; or "
            f"{PRETRAINED_HELP}. Given twice, two maps stand side by side.",
        ),
    ] = ["tfidf"],  # noqa: B006 - typer copies it
    color: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that colours the points at first.")
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours the page has.")] = 10,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    page_language: PageLanguage = "auto",
    seed: Annotated[int, typer.Option(help="The same seed gives the same page.")] = 0,
    vector_size: VectorSize = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    as_json: AsJson = False,
):
    """Show a collection on one page as a map, or as two."""
    from textvec._checks import import_optional

    check_page_language(page_language)
    check_vector_size(vector_size, vectorizer)
    if len(vectorizer) > 2:
        raise ValueError(f"--vectorizer is given once or twice. Got {len(vectorizer)} of them.")
    check_out("--out", out, file)
    import_optional("openTSNE", "maps")
    items, columns = _read(file, encoding, text or [], id)
    if color is not None and color not in items.columns:
        known = there(color, items)
        raise ValueError(f"--color {color!r} is no column of {file}, which has {known}")

    from textvec.recommend.maps import MapOptions, show_map

    texts = [one for name in columns for one in items[name]]
    models = {}
    for name in vectorizer:
        model = _model(name, texts, items, columns, vector_size)
        shown = Path(name).stem if Path(name).suffix else name
        models[shown if shown not in models else f"{shown} 2"] = model
    options = MapOptions(
        n_neighbours=k,
        language=page_language,
        random_state=seed,
        n_jobs=-1,
        verbose=sys.stderr.isatty(),
    )
    page = show_map(models, items, out, columns, id, color, title or file.stem, options)
    size = page.stat().st_size if page.is_file() else 0
    if as_json:
        done = {"out": str(page), "items": len(items), "bytes": size, "maps": list(models)}
        print_as_json(done)
    else:
        used = " and ".join(models)
        print_line(
            f"{counted(len(items), 'item')}, {used}, {size / 1e6:.1f} MB: {visible(str(page))}"
        )


def _read(file, encoding, text, id):
    """Return the rows of a file and the columns that hold their texts."""
    if file.suffix.lower() in TEXT_FILES:
        check_no_columns(file, text or None, id)
        return read_lines(file, encoding), ["text"]
    items, weights = read_items(file, encoding, {"--text": text}, id)
    if not text:
        raise ValueError(f"--text must name the column of texts: {file} has {there('text', items)}")
    return items, list(weights["--text"])


def _model(name, texts, items, columns, vector_size):
    import textvec

    if is_saved(name):
        return textvec.load(name)
    joined = ["\n".join(row) for row in zip(*(items[column] for column in columns))]
    options = {} if name not in DENSE or vector_size is None else {"vector_size": vector_size}
    model = make_vectorizer(name, texts, **options)
    if not options:
        shorten(model, [joined])
    return model
