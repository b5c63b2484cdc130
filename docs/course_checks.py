"""What must hold of a unit once it ran; the build of the documentation fails where it does not.

Its solutions are right and its exercises are not solved as they stand, and the numbers in its prose
are numbers that its cells computed.
"""

import re

from matplotlib.figure import Figure

from textvec.course.checking import Verdict, checkable
from textvec.course.notebooks import notebook

_NUMERAL = re.compile(r"(?<![A-Za-z0-9_.])(?:\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+)")
_NOT_PROSE = (
    r"(?s)```.*?```",
    r"(?s)\$\$.*?\$\$",
    r"(?<!\\)\$[^$\n]+\$",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"https?://\S+",
    r"(?i)\b(?:units?|exercises?|sections?|chapters?) [\d.]+(?:(?:,| to| and| –) \d+)*",
    r"(?:第|练习) ?[\d.]+(?: ?(?:至|、|和|到) ?\d+)* ?(?:单元|章|节)?",
)


def faults(source, outputs):
    """Return a sentence for each thing that does not hold.

    Parameters
    ----------
    source : Source
        The unit.
    outputs : dict of {int: Output}
        What its cells put out.

    Returns
    -------
    list of str
    """
    found, solved = [], set()
    cells = notebook(source, "en", ("unit", "exercise", "solution"))["cells"]
    code_of = {cell["id"]: "".join(cell["source"]) for cell in cells}
    for i, output in outputs.items():
        cell = source.cells[i]
        if isinstance(output.value, Figure) and code_of[f"cell-{i}"].endswith(";"):
            found.append(f"the notebook hides the figure of the cell that ends {cell.code[-40:]!r}")
        if not isinstance(output.value, Verdict):
            continue
        if cell.part == "solution":
            solved.add(cell.number)
            if not output.value:
                found.append(f"the solution of {cell.number} is not right: {output.value}")
        if cell.part == "exercise" and output.value:
            found.append(f"{cell.number} is solved as it stands")
    wanted = {number for number in checkable() if number.split(".")[0] == str(source.number)}
    found += [f"no solution of {number} is checked" for number in sorted(wanted - solved)]
    values = set()
    for i, output in outputs.items():
        values |= values_of(output.text) | values_of(source.cells[i].code)
    for cell in source.cells:
        for language, text in cell.texts.items():
            found += [
                f"no cell computed the {numeral} of the text ({language})"
                for numeral in literals(text)
                if not is_computed(numeral, values)
            ]
    return [f"{source.name}: {fault}" for fault in found]


def literals(text):
    """Return the numerals of prose that some cell must have computed, as they are written."""
    found = []
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[-*] )", text):
        if "<!-- cited -->" in paragraph:
            continue
        for pattern in _NOT_PROSE:
            paragraph = re.sub(pattern, " ", paragraph)
        for numeral in _NUMERAL.findall(paragraph):
            value = float(numeral.replace(",", ""))
            is_small = value <= 12 and "." not in numeral
            is_year = numeral.isdigit() and 1900 <= value <= 2099
            if not (is_small or is_year):
                found.append(numeral)
    return found


def is_computed(numeral, values):
    """Return whether some number, rounded as a numeral of prose is, is that numeral."""
    plain = numeral.replace(",", "")
    decimals = len(plain.partition(".")[2])
    wanted = float(plain)
    half = 0.5000001 * 10.0**-decimals
    return any(abs(scale * value - wanted) <= half for value in values for scale in (1, 100))


def values_of(text):
    """Return the numbers that stand in an output or in code."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)|(?<=\d)_(?=\d)", "", text)
    return {abs(float(one)) for one in re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", text)}
