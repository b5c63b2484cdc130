"""Sources of the course: one text file a unit, of cells in English, in Chinese and in Python."""

import re
from dataclasses import dataclass
from importlib import resources

from textvec._checks import check_choice

LANGUAGES = ("en", "zh")
_MARK = re.compile(r"%% (en|zh|code|unit|exercise|solution)(?: (\d+\.\d+))?\s*")
_WORDS = {
    "en": {"unit": "Unit {}: {}", "exercise": "Exercise {}", "solution": "Solution of {}"},
    "zh": {"unit": "第 {} 单元\u3000{}", "exercise": "练习 {}", "solution": "练习 {} 解答"},
}


@dataclass(frozen=True)
class Cell:
    """A pair of texts, or a piece of code.

    Parameters
    ----------
    part : {"unit", "exercise", "solution"}
        What it belongs to.
    number : str
        The number of the exercise, as "2.1"; empty in the unit itself.
    texts : dict
        {language: Markdown}; empty for code.
    code : str
        Python; empty for texts.
    """

    part: str
    number: str
    texts: dict
    code: str


@dataclass(frozen=True)
class Source:
    """A unit of the course, or another page of it that computes.

    Parameters
    ----------
    name : str
        The name of its file, as "02_counts".
    cells : list of Cell
        What it consists of, in order.
    """

    name: str
    cells: list

    @property
    def number(self):
        """The number of the unit; 0 for other pages."""
        return int(self.name[:2]) if self.name[:2].isdigit() else 0

    def title(self, language):
        """Return its title, without its number.

        Parameters
        ----------
        language : {"en", "zh"}
            The language.

        Returns
        -------
        str
        """
        return self.cells[0].texts[language].split("\n", 1)[0].removeprefix("# ").strip()

    def heading(self, language):
        """Return its title after the words "Unit 2:", if it is a unit.

        Parameters
        ----------
        language : {"en", "zh"}
            The language.

        Returns
        -------
        str
        """
        title = self.title(language)
        return _WORDS[language]["unit"].format(self.number, title) if self.number else title

    def exercises(self):
        """Return the numbers of its exercises.

        Returns
        -------
        list of str
        """
        return list(dict.fromkeys(cell.number for cell in self.cells if cell.part == "exercise"))

    def blocks(self, language, parts=("unit", "exercise")):
        """Yield what a reader of one language sees.

        Parameters
        ----------
        language : {"en", "zh"}
            The language.
        parts : tuple of str, default=("unit", "exercise")
            Which parts; ("solution",) for the solutions.

        Yields
        ------
        tuple of (int, str, str)
            The number of the cell, "text" or "code", and its Markdown or Python. Exercises and
            solutions begin with a heading.
        """
        check_choice("language", language, LANGUAGES)
        before = None
        for i, cell in enumerate(self.cells):
            if cell.part not in parts:
                continue
            if cell.code:
                yield i, "code", cell.code
            else:
                text = cell.texts[language]
                if i == 0:
                    text = "\n".join([f"# {self.heading(language)}", *text.split("\n")[1:]])
                elif cell.number and cell.number != before:
                    text = f"### {_WORDS[language][cell.part].format(cell.number)}\n\n{text}"
                yield i, "text", text
            before = cell.number


def parse(text, name):
    """Read a source.

    Parameters
    ----------
    text : str
        What its file holds.
    name : str
        What it is called.

    Returns
    -------
    Source

    Raises
    ------
    ValueError
        If a text has no counterpart in the other language, or a mark is unknown.
    """
    raw, part, number = [], "unit", ""
    for i, line in enumerate(text.splitlines(), 1):
        if not line.startswith("%%"):
            if raw:
                raw[-1][-1].append(line)
            elif line.strip():
                raise ValueError(f"{name}, line {i}: text stands before the first %% mark.")
            continue
        mark = _MARK.fullmatch(line)
        if mark is None or (mark[1] in ("exercise", "solution")) != (mark[2] is not None):
            raise ValueError(
                f"{name}, line {i}: {line!r} is no mark: %% en, zh, code, unit, exercise N.M or "
                "solution N.M."
            )
        if mark[1] in ("en", "zh", "code"):
            raw.append((i, part, number, mark[1], []))
        else:
            part, number = mark[1], mark[2] or ""
    cells, rest = [], iter([*raw, (0, "", "", "end", [])])
    for i, part, number, kind, lines in rest:
        body = "\n".join(lines).strip()
        if kind == "code":
            cells.append(Cell(part, number, {}, body))
        elif kind != "end":
            other = next(rest)
            if (kind, other[3]) != ("en", "zh"):
                raise ValueError(f"{name}, line {i}: after %% en comes %% zh, and only there.")
            cells.append(Cell(part, number, {"en": body, "zh": "\n".join(other[4]).strip()}, ""))
    if not cells or not all(text.startswith("# ") for text in cells[0].texts.values() or [""]):
        raise ValueError(f"{name}: it begins with %% en and %% zh, each with a line '# Title'.")
    return Source(name, cells)


def _read(folder):
    folder = resources.files("textvec.course") / folder
    files = folder.iterdir() if folder.is_dir() else []
    found = {file.name[:-3]: file for file in files if file.name.endswith(".md")}
    return [parse(found[name].read_text(encoding="utf-8"), name) for name in sorted(found)]


def units():
    """Return the units of the course, in order.

    Returns
    -------
    list of Source

    Examples
    --------
    >>> from textvec.course.sources import units
    >>> next(unit.title("en") for unit in units() if unit.number == 2)
    'Counts and the cosine, by hand'
    """
    return _read("units")


def pages():
    """Return the other pages that compute.

    Returns
    -------
    list of Source
    """
    return _read("pages")
