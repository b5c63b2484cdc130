"""The group of subcommands: how it answers bad input, warnings and interrupts."""

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from textvec.cli.files import (
    read_items,
    rows_where,
)
from textvec.cli.models import (
    DENSE,
    VECTORIZER_HELP,
    clean_english,
    make_vectorizer,
)
from textvec.cli.tables import (
    print_json,
    print_line,
    print_ranking,
    visible,
)

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
                if isinstance(error.__cause__, KeyboardInterrupt):
                    message, code = "interrupted", 130  # as shells have it
                elif isinstance(error, BAD_INPUT) or hasattr(error, "format_message"):
                    message, code = _one_line(error), 2
                else:
                    raise
                print(f"textvec: {visible(message)}", file=sys.stderr)
        if standalone_mode:
            sys.exit(code)
        return code

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print("textvec: interrupted", file=sys.stderr)
            raise typer.Exit(130) from None  # the code that shells give to it


app = typer.Typer(
    cls=_OneLineErrors,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help texts hold regular expressions, which markup would swallow
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
VectorSize = Annotated[
    int | None,
    typer.Option(help="Dimensions of lsa and word2vec.  [default: 100]", metavar="NUMBER"),
]
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
            help=f"{VECTORIZER_HELP}; repeatable, then their scores are averaged.",
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
    vector_size: VectorSize = None,
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
    check_vector_size(vector_size, vectorizer)
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
        if name in DENSE and vector_size is not None:
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
        If it is a folder, or its own folder is missing or cannot be written to.
    ImportError
        If matplotlib is not installed.
    """
    if html is None:
        return
    from textvec._checks import import_optional
    from textvec._writing import check_place

    check_place(html)
    import_optional("matplotlib", "plots")


def check_vector_size(vector_size, names):
    """Raise ValueError if --vector-size was given, and no vectorizer takes it.

    Parameters
    ----------
    vector_size : int or None
        What was given.
    names : list of str
        The vectorizers.
    """
    if vector_size is not None and not {*DENSE} & {*names}:
        raise ValueError(f"--vector-size is for {' and '.join(DENSE)} only.")


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
        message = error.format_message().rstrip(".")
        message += f"{'' if message.endswith('?') else '.'} See {command} --help."
    elif isinstance(error, OSError) and error.filename is not None:
        message = f"{os.fsdecode(error.filename)}: {error.strerror}"
    else:
        message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(message.split()) or type(error).__name__


def _show_warning(message, category, filename, lineno, file=None, line=None):
    warn(message)


def warn(message):
    """Print a warning as one line on stderr.

    Parameters
    ----------
    message : str
        What to warn of.
    """
    print(f"textvec: warning: {visible(' '.join(str(message).split()))}", file=sys.stderr)
