"""The code of a unit, run as its reader would, with what it prints and draws."""

import ast
import contextlib
import io
import sys
import warnings
from code import InteractiveInterpreter
from dataclasses import dataclass


@dataclass(frozen=True)
class Output:
    """What a cell of code printed, showed and drew.

    Parameters
    ----------
    text : str
        What was printed, and the value of a last expression.
    figures : list of bytes
        PNG images.
    value : object
        The value of a last expression.
    """

    text: str
    figures: list
    value: object


class _Interpreter(InteractiveInterpreter):
    """One that raises what the code raises."""

    def showtraceback(self):
        raise sys.exception()

    def showsyntaxerror(self, filename=None, **kwargs):
        raise sys.exception()

    def value_of(self, code, name):
        """Run code, and return the value of its last line where that is an expression."""
        lines, tail = code.splitlines(keepends=True), ""
        last = ast.parse(code).body[-1:]
        if last and isinstance(last[0], ast.Expr):
            place = last[0].lineno - 1
            lines, tail = lines[:place], "".join(lines[place:])
        self.runsource("".join(lines), name, "exec")
        shown = []
        with _displaying(shown.append):
            self.runsource(tail, name, "single")
        return shown[0] if shown else None


@contextlib.contextmanager
def _displaying(show):
    """Let values of lone expressions go to a function of ours."""
    usual, sys.displayhook = sys.displayhook, show
    try:
        yield
    finally:
        sys.displayhook = usual


def run(source, draw=True):
    """Run all code of a unit in one namespace, solutions last.

    Parameters
    ----------
    source : Source
        The unit.
    draw : bool, default=True
        Whether to make images of the figures.

    Returns
    -------
    dict of {int: Output}
        The number of each cell of code, and what it put out.

    Raises
    ------
    RuntimeError
        If a cell raises or warns: the notes say which.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    outputs = {}
    interpreter = _Interpreter({"__name__": "__main__"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")  # jieba's
        warnings.filterwarnings("ignore", "invalid escape sequence")  # jieba's, too
        for i, cell in enumerate(source.cells):
            if not cell.code:
                continue
            printed = io.StringIO()
            try:
                with contextlib.redirect_stdout(printed):
                    value = interpreter.value_of(cell.code, f"{source.name}, cell {i}")
            except Exception as error:
                raise RuntimeError(
                    f"{source.name}: the cell that begins with {cell.code[:60]!r} raised "
                    f"{type(error).__name__}: {error}"
                ) from error
            is_seen = value is not None and not _is_drawing(value)
            text = printed.getvalue() + (f"{value!r}\n" if is_seen else "")
            found = [plt.figure(number) for number in plt.get_fignums()]
            if isinstance(value, Figure) and value not in found:  # one that pyplot does not know
                found.append(value)
            figures = [_png(figure) for figure in found if draw]
            plt.close("all")
            outputs[i] = Output(text, figures, value)
    return outputs


def _is_drawing(value):
    """Return whether a value is part of a figure, or parts of it: a reader sees the figure."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    return type(first).__module__.startswith("matplotlib")


def _png(figure):
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=110)
    return image.getvalue()
