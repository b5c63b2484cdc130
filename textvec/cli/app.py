"""The group of subcommands: how it answers bad input, and the options that several take."""

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from textvec.cli.models import DENSE
from textvec.show.visible import visible

BAD_INPUT = (ValueError, TypeError, LookupError, OSError, ImportError)
_SAME = {"--out": "--html", "--html": "--out"}  # what names the page that is written
# What scikit-learn says and a reader of the command line cannot follow -> the same in its words.
_IN_OPTIONS = {
    "No names were found in the text, which may be too short: people are found who are named "
    "often. Give them: names=[...].": "no names were found in the text, which may be too short: "
    "people are found who are named often. Give them: --names NAME,NAME.",
    "empty vocabulary; perhaps the documents only contain stop words": "the texts hold no words "
    "(signs, emoji and stop words are none). Give texts with words, or take --vectorizer "
    "tfidf-char, which takes every character.",
    "max_df corresponds to < documents than min_df": "--max-df is of fewer texts than --min-df: "
    "lower --min-df, or leave them out.",
    "After pruning, no terms remain. Try a lower min_df or a higher max_df.": "--min-df and "
    "--max-df leave no terms: lower --min-df, or raise --max-df.",
}


class _OneLineErrors(TyperGroup):
    """A group of commands that answers bad input with one line on stderr and exit code 2."""

    def main(self, *args, standalone_mode=True, **kwargs):
        # The command line's own usage errors are known by format_message: typer moved their class
        with warnings.catch_warnings():
            warnings.showwarning = _shows_warnings()
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


class OnceEach(TyperCommand):
    """A command that takes each option once, but for those that are repeatable."""

    def parse_args(self, ctx, args):  # numpydoc ignore=GL08
        """Refuse an option that stands twice: click would take the last without a word."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for option in given:
            is_once = option.param_type_name == "option" and not option.multiple
            if is_once and not option.is_flag and given.count(option) > 1:
                ctx.fail(f"{option.opts[-1]} stands twice, and takes one value")
        return super().parse_args(ctx, args)


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
PageLanguage = Annotated[
    str, typer.Option(help="Of the page's own words: en, zh, or auto, by the texts.")
]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a page as well, with a map.")
]


@app.callback(invoke_without_command=True)
def textvec(context: typer.Context):
    """Turn texts into vectors, recommend from them, and compare ways of doing it."""
    if context.invoked_subcommand is None:
        print(context.get_help())


def main():
    """Run the command line."""
    # Where a terminal cannot show a character, an answer with \uXXXX in it beats none
    sys.stdout.reconfigure(errors="backslashreplace")
    app()


def check_out(option, out, *sources):
    """Raise if a file could not be written: before minutes of work, not after.

    Parameters
    ----------
    option : str
        What names it.
    out : Path
        The file.
    *sources : Path
        What is read, and must not be written over.

    Raises
    ------
    OSError
        If it is a folder, or its own folder is missing or cannot be written to.
    ValueError
        If it is one of the sources.
    """
    for source in sources:
        if out.is_file() and source.exists() and out.samefile(source):
            raise ValueError(f"{option} {out} would write over what is read: name another file.")
    from textvec._writing import check_place

    check_place(out)


def check_page(html, *sources):
    """Raise if a page could not be written there: before minutes of work, not after.

    Parameters
    ----------
    html : Path or None
        The page, if one is wanted.
    *sources : Path
        What is read, and must not be written over.

    Raises
    ------
    OSError, ValueError
        As of :func:`check_out`.
    ImportError
        If matplotlib is not installed.
    """
    if html is None:
        return
    from textvec._checks import import_optional

    check_out("--html", html, *sources)
    import_optional("matplotlib", "plots")


def check_page_language(page_language):
    """Raise ValueError if --page-language is none that pages have.

    Parameters
    ----------
    page_language : str
        What was given.
    """
    from textvec._checks import check_choice

    check_choice("--page-language", page_language, ("auto", "en", "zh"))


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


def _suggest(error):
    """Let an unknown option be followed by the one that does the same here under another name."""
    other = _SAME.get(getattr(error, "option_name", None))
    if other and other in {name for one in error.ctx.command.params for name in one.opts}:
        error.possibilities = [other]


def _one_line(error):
    """Return what went wrong as one line."""
    if hasattr(error, "format_message"):
        _suggest(error)
        command = error.ctx.command_path if getattr(error, "ctx", None) else "textvec"
        message = error.format_message().rstrip(".")
        message += f"{'' if message.endswith('?') else '.'} See {command} --help."
    elif isinstance(error, OSError) and error.filename is not None:
        message = f"{os.fsdecode(error.filename)}: {error.strerror}"
    else:
        message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        message = getattr(error, "in_shell", _IN_OPTIONS.get(message, message))
    return " ".join(message.split()) or type(error).__name__


def _shows_warnings():
    """Return what prints warnings in the command's words, each once."""
    told = set()

    def show(message, category, filename, lineno, file=None, line=None):
        words = str(getattr(message, "in_shell", message))
        if words not in told:
            told.add(words)
            warn(words)

    return show


def warn(message):
    """Print a warning as one line on stderr.

    Parameters
    ----------
    message : str
        What to warn of.
    """
    print(f"textvec: warning: {visible(' '.join(str(message).split()))}", file=sys.stderr)
