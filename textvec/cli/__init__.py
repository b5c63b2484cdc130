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

from textvec.cli.files import TEXT_FILES, read_items, read_lines, read_text, rows_where
from textvec.cli.tables import (
    print_json,
    print_line,
    print_ranking,
    print_table,
    scores_and_costs,
    visible,
)

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

# --index NAME -> module, class. All but the first want dense vectors.
INDEXES = {
    "exact": ("textvec.search.exact", "ExactIndex"),
    "hnsw": ("textvec.search.adapters", "HnswlibIndex"),
    "faiss": ("textvec.search.adapters", "FaissIndex"),
    "usearch": ("textvec.search.adapters", "UsearchIndex"),
    "annoy": ("textvec.search.adapters", "AnnoyIndex"),
    "tree": ("textvec.search.adapters", "TreeIndex"),
}
MAIN_CHARACTERS = 5  # whose neighbours are shown where no name is given
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
                print(f"textvec: {visible(_one_line(error))}", file=sys.stderr)
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
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a page as well, with a map.")
]


@app.callback(invoke_without_command=True)
def textvec(context: typer.Context):
    """Turn texts into vectors, recommend from them, and compare ways of doing it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def recommend(  # numpydoc ignore=PR01
    file: Annotated[Path, typer.Argument(help="Items, one a row: .csv, .tsv, .tab, .jsonl.")],
    text: Annotated[
        list[str],
        typer.Option(metavar="COLUMN[=WEIGHT]", help="Column that holds texts; repeatable."),
    ],
    id: Annotated[
        str | None,
        typer.Option(help="Column that names the items.  [default: row numbers from 0]"),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN[=WEIGHT]",
            help="Column of numbers or categories that counts beside the texts; repeatable.",
        ),
    ] = None,
    like: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An item that is liked; repeatable.")
    ] = None,
    dislike: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="An item that is not; repeatable.")
    ] = None,
    query: Annotated[str | None, typer.Option(help="What is wanted, in words.")] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="Only items with COLUMN=VALUE (or !=, <, <=, >, >=), or COLUMN~TEXT for cells "
            "that hold a text; repeatable.",
        ),
    ] = None,
    diversity: Annotated[
        float, typer.Option(help="From 0 to 1: how much items must be unlike each other.")
    ] = 0.0,
    k: Annotated[int, typer.Option("-k", "--k", help="How many items at most.")] = 10,
    vectorizer: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help=f"One of {', '.join(VECTORIZERS)}; repeatable, then their scores are averaged.",
        ),
    ] = ["tfidf"],  # noqa: B006 - typer copies it
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
    html: Html = None,
    as_json: AsJson = False,
):
    """Find the items most like some items or a query."""
    like, dislike = like or [], dislike or []
    if bool(like) == (query is not None):
        raise ValueError("give either --like ID (repeatable) or --query TEXT.")
    if dislike and not like:
        raise ValueError("--dislike needs a --like.")
    if vector_size is not None and "lsa" not in vectorizer:
        raise ValueError("--vector-size is for lsa: others have one column for each term.")
    options = {
        "ngram_range": _as_range(ngram_range),
        "min_df": _as_frequency("--min-df", min_df),
        "max_df": _as_frequency("--max-df", max_df),
        "preprocessor": clean_english if clean else None,
    }
    check_page(html)
    items, weights = read_items(file, encoding, {"--text": text, "--column": column or []}, id)
    mask = rows_where(items, where or [])

    from textvec.recommend.content import ContentRecommender

    texts = [value for name in weights["--text"] for value in items[name].dropna()]
    models = []
    for name in vectorizer:
        models.append(make_vectorizer(name, texts, stop_words, **options))
        if name == "lsa" and vector_size is not None:
            models[-1].set_params(vector_size=vector_size)
    recommender = ContentRecommender(models[0] if len(models) == 1 else models)
    recommender.fit(items, ids=id, text=weights["--text"], columns=weights["--column"])
    if query is None:
        found = recommender.recommend(like, dislike, k, mask, diversity)
        wish = ", ".join([*like, *(f"not {name}" for name in dislike)])
    else:
        found, wish = recommender.query(query, k, mask, diversity), query
    shown = next(iter(weights["--text"]))
    shown = f"{shown}_item" if shown in ("id", "score") else shown
    if as_json:
        print_json(found)
    else:
        n_items, n_features = recommender.vectors_.shape
        print_line(f"Most like: {wish}")
        print_ranking(found, shown)
        used = " + ".join(vectorizer)
        print_line(f"{n_items} items of {file.name}; {used}, {n_features} features.")
    if html is not None:
        from textvec.cli.pages import write_recommendations

        write_recommendations(html, recommender, found, like, dislike, wish)


@app.command()
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
        typer.Option(help="Column that names the texts.  [default: row numbers]"),
    ] = None,
    index: Annotated[
        str, typer.Option(metavar="NAME", help=f"One of {', '.join(INDEXES)}.")
    ] = "exact",
    k: Annotated[int, typer.Option("-k", "--k", help="How many texts for each query.")] = 10,
    vectorizer: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"One of {', '.join(VECTORIZERS)}.  [default: bm25; lsa for other indexes than "
            "exact, which want dense vectors]",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    html: Html = None,
    as_json: AsJson = False,
):
    """Find the texts that answer queries best."""
    from textvec._checks import check_choice, check_number

    check_choice("--index", index, tuple(INDEXES))
    check_number("k", k, low=1, integer=True)
    check_page(html)
    if file.suffix.lower() in TEXT_FILES:
        if text is not None or id is not None:
            raise ValueError(f"--text and --id name columns, and {file} is a text file.")
        items, text = read_lines(file, encoding), "text"
    elif text is None:
        raise ValueError(f"--text must name the column of {file} that holds the texts.")
    else:
        items, weights = read_items(file, encoding, {"--text": [text]}, id)
        (text,) = weights["--text"]
    found = search_texts(items, text, id, query, index, vectorizer, k)
    if as_json:
        print_json(found)
    else:
        for wish, rows in found.groupby("query", sort=False):
            print_line(f"Best for: {wish}")
            print_ranking(rows, "text")
        print_line(f"{len(items)} texts of {file.name}; {index} index.")
    if html is not None:
        from textvec.cli.pages import write_search

        write_search(html, found, file.name)


@app.command()
def neighbors(  # numpydoc ignore=PR01
    novel: Annotated[
        Path | None, typer.Argument(help="A novel as a text file.  [or --builtin]")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A character; repeatable.  [default: the most frequent ones]"),
    ] = None,
    builtin: Annotated[
        bool, typer.Option("--builtin", help="Read the novel that comes with textvec.")
    ] = False,
    alias: Annotated[
        list[str] | None,
        typer.Option(metavar="ALIAS=NAME", help="Another name of a character; repeatable."),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours of each.")] = 10,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    html: Html = None,
    as_json: AsJson = False,
):
    """Find the characters of a novel that are most like one."""
    from textvec._checks import check_number

    if (novel is None) != builtin:
        raise ValueError("give either a text file or --builtin.")
    check_number("k", k, low=1, integer=True)
    check_page(html)
    aliases = dict(_as_alias(entry) for entry in alias or [])
    if novel is None:
        from textvec.datasets import load_novel

        book = load_novel()
        content, title, aliases = book.text, "the built-in novel", {**book.aliases, **aliases}
        names = book.names
    else:
        content, title, names = read_text(novel, encoding), novel.name, None

    import pandas as pd

    from textvec.recommend.characters import CharacterRecommender

    recommender = CharacterRecommender(names, aliases or None, random_state=0).fit(content)
    asked = name or list(recommender.names_[:MAIN_CHARACTERS])
    found = pd.concat([recommender.similar(one, k).assign(of=one) for one in asked])
    found = found[["of", "name", "score"]].reset_index(drop=True)
    if as_json:
        print_json(found)
    else:
        for one, rows in found.groupby("of", sort=False):
            print_line(f"Most like: {one}")
            print_ranking(rows.rename(columns={"name": "id"}), None)
        print_line(f"{len(recommender.names_)} characters of {title}.")
    if html is not None:
        from textvec.cli.pages import write_neighbors

        write_neighbors(html, recommender, found, title)


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
    from textvec._checks import check_choice

    check_choice("--language", language, ("en", "zh"))
    for name in vectorizer or ():
        check_choice("--vectorizer", name, tuple(VECTORIZERS))
    check_page(html)

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
        print_json(found)
    else:
        for table, formats in scores_and_costs(found):
            print_table(table, formats)
    comparison.to_html(html)
    print(f"Wrote {html}", file=sys.stderr)


@app.command()
def datasets(as_json: AsJson = False):  # numpydoc ignore=PR01
    """List what ships with textvec and what it can fetch."""
    from textvec.datasets import list_datasets

    listed = list_datasets()
    if as_json:
        print_json(listed)
    else:
        print_table(listed)


@app.command()
def info(as_json: AsJson = False):  # numpydoc ignore=PR01
    """Show versions, extras, cores and cache folders."""
    facts = gather_info()
    if as_json:
        print(json.dumps(facts, indent=2))
        return
    for title, entries in facts.items():
        print_line(title)
        width = max(map(len, entries), default=0)
        for name, value in entries.items():
            print_line(f"  {name:{width}}  {value}")


def main():
    """Run the command line."""
    # Where a terminal cannot show a character, an answer with \uXXXX in it beats none
    sys.stdout.reconfigure(errors="backslashreplace")
    app()


def check_page(html):
    """Raise if a page could not be written there: before minutes of work, not after.

    Parameters
    ----------
    html : Path or None
        The page, if one is wanted.

    Raises
    ------
    OSError
        If its folder is missing, or it is a folder itself.
    ImportError
        If matplotlib is not installed.
    """
    if html is None:
        return
    if not html.parent.is_dir():
        raise FileNotFoundError(2, "its folder does not exist", str(html))
    if html.is_dir():
        raise IsADirectoryError(21, "it is a folder, not a page", str(html))
    from textvec._checks import import_optional

    import_optional("matplotlib", "plots")


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
        A key of ``VECTORIZERS``; None suits the index.
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

    ids = read_ids(items, id)
    texts = check_texts(items[text], ids)
    name = vectorizer or ("bm25" if index == "exact" else "lsa")
    model = make_vectorizer(name, texts)
    if name == "lsa" and vectorizer is None:  # few texts do not have as many dimensions
        model.set_params(vector_size=max(1, min(model.vector_size, len(texts) // 2)))
    vectors = model.fit_transform(texts)
    if index != "exact" and not isinstance(vectors, np.ndarray):
        raise ValueError(f"--index {index} wants dense vectors, {name} is sparse: use lsa.")
    to_vectors = getattr(model, "transform_queries", model.transform)
    module, class_name = INDEXES[index]
    engine = getattr(import_module(module), class_name)(metric=getattr(model, "metric", "cosine"))
    asked = to_vectors(queries)
    if index == "exact":
        scores, rows = engine.fit(vectors).search(asked, k)
    else:
        distances, rows = engine.fit(vectors).kneighbors(asked, min(k, len(texts)))
        scores = 1 - distances
    at, place = np.nonzero(rows >= 0)
    rows = rows[at, place]
    found = {"query": np.array(queries, object)[at], "id": ids[rows], "score": scores[at, place]}
    return pd.DataFrame(found).assign(text=[texts[row] for row in rows])


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
            token_pattern=suited.token_pattern,
            stop_words=_as_stop_words(stop_words, suited.stop_words),
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


def gather_info():
    """Return what ``textvec info`` shows.

    Returns
    -------
    dict of str to dict
        "versions", "extras", "system" and "folders", each name to value.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, requires, version

    import textvec
    from textvec._threads import effective_n_jobs
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


def _as_stop_words(name, suited):
    """Return the stop words of a name or file; None gives those that suit the texts."""
    if name is None or name == "chinese" and not isinstance(suited, str):
        return suited
    if name == "none":
        return None
    if name in ("english", "chinese"):
        return name
    return read_text(Path(name), "utf-8").split()


def _as_alias(entry):
    alias, sign, name = entry.partition("=")
    if not (alias and sign and name):
        raise ValueError(f"--alias must be ALIAS=NAME. Got {entry!r} instead.")
    return alias, name


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
    print(f"textvec: warning: {visible(' '.join(str(message).split()))}", file=sys.stderr)
