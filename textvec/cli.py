"""The command ``textvec``: one function per subcommand; heavy imports wait inside them."""

import json
import os
import re
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

# --vectorizer NAME -> module, class, parameters. Every command that takes a vectorizer reads this.
VECTORIZERS = {
    "counts": ("textvec.sparse.counts", "CountVectorizer", {}),
    "tfidf": ("textvec.sparse.weights", "TfidfVectorizer", {}),
    "tfidf-char": (
        "textvec.sparse.weights",
        "TfidfVectorizer",
        {"analyzer": "char", "ngram_range": (2, 4)},
    ),
    "bm25": ("textvec.sparse.weights", "BM25Vectorizer", {}),
    "hashing": ("textvec.sparse.counts", "HashingVectorizer", {}),
    "lsa": ("textvec.dense.factorized", "LSAVectorizer", {"random_state": 0}),
}

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BAD_INPUT = (ValueError, TypeError, LookupError, OSError, ImportError)


class _OneLineErrors(TyperGroup):
    """A group of commands that answers bad input with one line on stderr and exit code 2."""

    def main(self, *args, standalone_mode=True, **kwargs):
        # The command line's own usage errors are known by format_message: typer moved their class
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            try:
                code = super().main(*args, standalone_mode=False, **kwargs)
            except Exception as error:
                if not isinstance(error, BAD_INPUT) and not hasattr(error, "format_message"):
                    raise
                print(f"textvec: {_one_line(error)}", file=sys.stderr)
                code = 2
        if standalone_mode:
            sys.exit(code)
        return code


app = typer.Typer(
    cls=_OneLineErrors,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help texts hold regular expressions, which markup would swallow
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.callback(invoke_without_command=True)
def textvec(context: typer.Context):
    """Turn texts into vectors, recommend from them, and compare ways of doing it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def recommend(  # numpydoc ignore=PR01
    file: Annotated[Path, typer.Argument(help="Items, one a row: .csv, .tsv, .tab, .jsonl.")],
    text: Annotated[str, typer.Option(help="Column that holds the texts.")],
    id: Annotated[
        str | None,
        typer.Option(help="Column that names the items.  [default: row numbers from 0]"),
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An item that is liked; repeatable.")
    ] = None,
    dislike: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An item that is not; repeatable.")
    ] = None,
    query: Annotated[str | None, typer.Option(help="What is wanted, in words.")] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many items at most.")] = 10,
    vectorizer: Annotated[
        str, typer.Option(metavar="NAME", help=f"One of {', '.join(VECTORIZERS)}.")
    ] = "tfidf",
    ngram_range: Annotated[
        str | None,
        typer.Option(
            metavar="MIN,MAX",
            help="How many neighbouring words (characters, for tfidf-char) make a term."
            "  [default: 1,2; 2,4 for tfidf-char]",
        ),
    ] = None,
    min_df: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Leave out terms of fewer items: 2 means two items, 0.01 one in a hundred.",
        ),
    ] = None,
    max_df: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Leave out terms of more items.")
    ] = None,
    stop_words: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="Words to leave out: english, chinese, none, or a text file of words."
            "  [default: by the script of the texts]",
        ),
    ] = None,
    vector_size: Annotated[
        int | None, typer.Option(help="Dimensions of lsa.  [default: 100]", metavar="NUMBER")
    ] = None,
    clean: Annotated[
        bool,
        typer.Option(
            "--clean",
            help="First lower-case, turn /(){}[]|@,; into spaces, and drop all else but 0-9, a-z, "
            "space, #, + and _ (so for English only).",
        ),
    ] = False,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    as_json: AsJson = False,
):
    """Find the items most like some items or a query."""
    like, dislike = like or [], dislike or []
    if bool(like) == (query is not None):
        raise ValueError("give either --like ID (repeatable) or --query TEXT.")
    if dislike and not like:
        raise ValueError("--dislike needs a --like.")
    if vector_size is not None and vectorizer != "lsa":
        raise ValueError(f"--vector-size is for lsa: {vectorizer} has one column for each term.")
    options = {
        "vector_size": vector_size,
        "ngram_range": _as_range(ngram_range),
        "min_df": _as_frequency("--min-df", min_df),
        "max_df": _as_frequency("--max-df", max_df),
        "preprocessor": clean_english if clean else None,
    }
    items = read_items(file, encoding, text, id)

    from textvec.recommend.content import ContentRecommender

    model = make_vectorizer(vectorizer, items[text].dropna(), stop_words, **options)
    recommender = ContentRecommender(model).fit(items, ids=id, text=text)
    if query is None:
        found = recommender.recommend(like, dislike, k=k)
        wish = ", ".join([*like, *(f"not {name}" for name in dislike)])
    else:
        found, wish = recommender.query(query, k=k), query
    if as_json:
        _print_json(found)
    else:
        n_items, n_features = recommender.vectors_.shape
        _print(f"Most like: {wish}")
        _print_ranking(found, f"{text}_item" if text in ("id", "score") else text)
        _print(f"{n_items} items of {file.name}; {vectorizer}, {n_features} features.")


@app.command()
def compare(  # numpydoc ignore=PR01
    language: Annotated[str, typer.Option(help="Of the built-in hotels: en or zh.")] = "en",
    vectorizer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"One of {', '.join(VECTORIZERS)}; repeatable.  [default: a choice of them]",
        ),
    ] = None,
    html: Annotated[Path, typer.Option(metavar="FILE", help="Page to write.")] = Path(
        "textvec-report.html"
    ),
    as_json: AsJson = False,
):
    """Score vectorizers on built-in data: table and report."""
    from textvec._checks import check_choice, import_optional

    check_choice("--language", language, ("en", "zh"))
    for name in vectorizer or ():
        check_choice("--vectorizer", name, tuple(VECTORIZERS))
    if not html.parent.is_dir():  # before minutes of work, not after
        raise FileNotFoundError(2, "its folder does not exist", str(html))
    if html.is_dir():
        raise IsADirectoryError(21, "it is a folder, not a page", str(html))
    import_optional("matplotlib", "plots")

    from textvec.datasets import load_hotels
    from textvec.evaluate.compare import compare

    chosen = None
    if vectorizer:
        texts = load_hotels(language=language).data
        chosen = {name: make_vectorizer(name, texts) for name in vectorizer}
    comparison = compare(chosen, language=language, verbose=sys.stderr.isatty())
    found = comparison.table
    for row in found[found["error"] != ""].itertuples():
        _warn(f"{row.method} on {row.task} failed: {row.error}")
    if as_json:
        _print_json(found)
    else:
        for table, formats in _scores_and_costs(found):
            _print_table(table, formats)
    comparison.to_html(html)
    print(f"Wrote {html}", file=sys.stderr)


@app.command()
def datasets(as_json: AsJson = False):  # numpydoc ignore=PR01
    """List what ships with textvec and what it can fetch."""
    from textvec.datasets import list_datasets

    listed = list_datasets()
    if as_json:
        _print_json(listed)
    else:
        _print_table(listed)


@app.command()
def info(as_json: AsJson = False):  # numpydoc ignore=PR01
    """Show versions, extras, cores and cache folders."""
    facts = gather_info()
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    for title, entries in facts.items():
        _print(title)
        width = max(map(len, entries), default=0)
        for name, value in entries.items():
            _print(f"  {name:{width}}  {value}")


def main():
    """Run the command line."""
    # Where a terminal cannot show a character, an answer with \uXXXX in it beats none
    sys.stdout.reconfigure(errors="backslashreplace")
    app()


def make_vectorizer(name, texts, stop_words=None, **options):
    """Return the unfitted vectorizer of a ``--vectorizer`` name.

    Parameters
    ----------
    name : str
        A key of ``VECTORIZERS``.
    texts : iterable of str
        The texts that it will be fitted on; their script decides about tokens and stop words.
    stop_words : str, default=None
        "english", "chinese", "none" or the path of a text file; None goes by the texts' script.
    **options
        Further parameters of the vectorizer; those that are None are left out.

    Returns
    -------
    vectorizer

    Raises
    ------
    ValueError
        If there is no such name.
    """
    from textvec._checks import check_choice
    from textvec.recommend.content import default_vectorizer

    check_choice("--vectorizer", name, tuple(VECTORIZERS))
    module, class_name, parameters = VECTORIZERS[name]
    model = getattr(import_module(module), class_name)(**parameters)
    if parameters.get("analyzer", "word") == "word":
        suited = default_vectorizer(texts)
        model.set_params(
            ngram_range=suited.ngram_range,
            tokenizer=suited.tokenizer,
            stop_words=suited.stop_words if stop_words is None else _as_stop_words(stop_words),
        )
    elif stop_words is not None:
        raise ValueError(f"--stop-words has no effect on {name}, whose terms are characters.")
    return model.set_params(**{name: value for name, value in options.items() if value is not None})


def clean_english(text):
    """Return English text in lower case, reduced to letters, digits, spaces and ``#+_``.

    Parameters
    ----------
    text : str
        A document.

    Returns
    -------
    str
        Lower-cased, with ``/(){}[]|@,;`` turned into spaces and everything else dropped but
        digits, the letters a to z, spaces and ``#+_``.

    Examples
    --------
    >>> clean_english("C++/C# Café (4-star)")
    'c++ c# caf 4star '
    """
    return re.sub(r"[^0-9a-z #+_]", "", re.sub(r"[/(){}\[\]|@,;]", " ", text.lower()))


def read_items(path, encoding, text, id=None):
    """Return the rows of a CSV, TSV or JSONL file as a DataFrame.

    Parameters
    ----------
    path : Path
        The file; its ending says what it is.
    encoding : str
        Its encoding. A byte order mark is understood.
    text : str
        Column of texts; must be there.
    id : str, default=None
        Column of ids, returned as str; must be there unless None.

    Returns
    -------
    DataFrame
        Empty cells are missing values; "NA" and its like are text.

    Raises
    ------
    ValueError
        If the file cannot be decoded or understood, or a column is missing.
    OSError
        If it cannot be read.
    """
    import pandas as pd

    ending = path.suffix.lower()
    if ending not in (*SEPARATORS, ".jsonl", ".ndjson"):
        raise ValueError(f"{path}: the name must end in .csv, .tsv, .tab, .jsonl or .ndjson.")
    content = _read_text(path, encoding)
    if ending in SEPARATORS:
        from io import StringIO

        as_text = {name: str for name in (text, id) if name is not None}
        try:
            items = pd.read_csv(
                StringIO(content),
                sep=SEPARATORS[ending],
                dtype=as_text,
                keep_default_na=False,
                na_values=[""],
                index_col=False,  # a comma too many at each line's end must not shift the columns
            )
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    else:
        items = pd.DataFrame(_read_json_lines(path, content))
    for option, name in (("--text", text), ("--id", id)):
        if name is not None and name not in items.columns:
            columns = ", ".join(map(repr, items.columns)) or "no columns"
            raise ValueError(f"{option} {name!r} is no column of {path}, which has {columns}.")
    if id is not None:
        items[id] = items[id].map(str, na_action="ignore")
    else:
        items.index = items.index.map(str)
    return items


def gather_info():
    """Return what ``textvec info`` shows.

    Returns
    -------
    dict of str to dict
        "versions", "extras", "system" and "folders", each name to value.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, requires, version

    from joblib import effective_n_jobs

    import textvec
    from textvec.datasets import cache_folder

    def found(package):
        try:
            return version(package)
        except PackageNotFoundError:
            return "missing"

    own, requirements = textvec.__version__, []
    try:
        requirements = requires("textvec") or []
    except PackageNotFoundError:
        own += " (run from its folder, not installed: what it requires is not known)"
    versions = {"textvec": own, "python": platform.python_version()}
    extras = {}
    for requirement in requirements:
        package = re.match(r"[\w.-]+", requirement)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)", requirement)
        if extra is None:
            versions[package] = found(package)
        elif package != "textvec":  # an extra made of other extras
            known = f"{extras[extra[1]]}, " if extra[1] in extras else ""
            extras[extra[1]] = f"{known}{package} {found(package)}"
    return {
        "versions": versions,
        "extras": extras,
        "system": {
            "platform": platform.platform(),
            "cores": os.cpu_count(),
            "cores usable here": effective_n_jobs(-1),
        },
        "folders": {
            "textvec": os.path.dirname(textvec.__file__),
            "downloads": str(cache_folder()),
            "TEXTVEC_DATA": os.environ.get("TEXTVEC_DATA", "not set"),
        },
    }


def _read_json_lines(path, content):
    rows = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path}, line {number} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise ValueError(
                f"{path}, line {number} must be a JSON object. Got {line[:40]} instead."
            )
        rows.append(row)
    return rows


def _read_text(path, encoding):
    """Return the text of a file, or raise with advice on its encoding."""
    content = path.read_bytes()
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-16" if content.startswith(UTF16_MARKS) else "utf-8"
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        at = error.start
        line = content.count(b"\n", 0, at) + 1
        others = [
            f"--encoding {name} ({use})"
            for name, use in (("latin-1", "Western European"), ("gb18030", "Chinese"))
            if name != encoding
        ]
        raise ValueError(
            f"{path} is not {encoding}: byte 0x{content[at]:02x} at offset {at} (line {line}) "
            f"cannot be decoded. Try {' or '.join(others)}."
        ) from error
    except LookupError as error:
        raise ValueError(f"--encoding {encoding!r} is unknown. Try utf-8 or gb18030.") from error


def _as_stop_words(name):
    if name == "none":
        return None
    if name in ("english", "chinese"):
        return name
    return _read_text(Path(name), "utf-8").split()


def _as_range(value):
    if value is None:
        return None
    match = re.fullmatch(r"(\d+),(\d+)", value)
    if not match:
        raise ValueError(f"--ngram-range must be two numbers such as 1,2. Got {value!r} instead.")
    return int(match[1]), int(match[2])


def _as_frequency(option, value):
    if value is None:
        return None
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        raise ValueError(
            f"{option} must be a count such as 2 or a share such as 0.01. Got {value!r} instead."
        ) from None


def _one_line(error):
    """Return what went wrong as one line."""
    if hasattr(error, "format_message"):
        command = error.ctx.command_path if getattr(error, "ctx", None) else "textvec"
        message = f"{error.format_message().rstrip('.')}. See {command} --help."
    elif isinstance(error, OSError) and error.filename is not None:
        message = f"{os.fsdecode(error.filename)}: {error.strerror}"
    else:
        message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(message.split()) or type(error).__name__


def _show_warning(message, category, filename, lineno, file=None, line=None):
    _warn(message)


def _warn(message):
    print(f"textvec: warning: {' '.join(str(message).split())}", file=sys.stderr)


def _scores_and_costs(found):
    """Cut the long table of a comparison into two that fit a page: (table, formats) of each."""
    order = found["method"].unique()
    titles = (found["task"] + " " + found["metric"]).unique()
    scores = found.assign(title=found["task"] + " " + found["metric"])
    scores = scores.pivot(index="method", columns="title", values="score").loc[order, titles]
    formats = {
        "fit_seconds": "{:.3f}",
        "documents_per_second": "{:,.0f}",
        "dimension": "{:,.0f}",
        "stored_mb": "{:.3f}",
        "sparsity": "{:.1%}",
    }
    costs = found.astype({"dimension": float}).groupby("method")[list(formats)].mean().loc[order]
    formats = {name.replace("_", " "): form for name, form in formats.items()}
    costs.columns = list(formats)
    yield scores.reset_index(), dict.fromkeys(titles, "{:.3f}")
    yield costs.reset_index(), formats


def _print_json(frame):
    """Print the rows of a DataFrame as a JSON list of objects; missing values are null."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    print(json.dumps(rows, indent=2, default=str))


def _print(line):
    """Print one line as it is, however long."""
    _console().print(line, markup=False, highlight=False, soft_wrap=True)


def _print_ranking(found, text):
    """Print ids and scores, and the beginning of the texts where the line has room for it."""
    from rich.cells import cell_len
    from rich.text import Text

    console = _console()
    room = console.width - max(map(cell_len, found["id"]), default=0) - 20
    with_text = text in found.columns and room >= 20
    table = _table("", "score", "id", *([text] if with_text else []))
    table.columns[0].justify = "right"
    table.columns[2].overflow = "fold"
    for rank, row in enumerate(found.to_dict("records"), start=1):
        cells = [str(rank), f"{row['score']:.4f}", Text(row["id"])]
        if with_text:
            beginning = Text(" ".join(row[text].split()))
            beginning.truncate(room, overflow="ellipsis")
            cells.append(beginning)
        table.add_row(*cells)
    console.print(table)


def _print_table(frame, formats=None):
    """Print a DataFrame, numbers on the right; ``formats`` maps columns to format strings."""
    from pandas import isna
    from pandas.api.types import is_bool_dtype, is_numeric_dtype
    from rich.text import Text

    formats = formats or {}
    table = _table(*frame.columns)
    for column, name in zip(table.columns, frame.columns, strict=True):
        is_number = is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name])
        column.justify = "right" if is_number else "left"
        column.overflow = "fold"
    for row in frame.to_dict("records"):
        cells = (
            "" if isna(value) else formats.get(name, "{}").format(value)
            for name, value in row.items()
        )
        table.add_row(*map(Text, cells))
    _console().print(table)


def _table(*headers):
    from rich import box
    from rich.table import Table

    return Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))


def _console():
    from rich.console import Console

    return Console(highlight=False)
