"""``textvec neighbors``: the characters of a novel, and who is like whom."""

import re
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, Html, PageLanguage, check_page, check_page_language
from textvec.cli.files import read_text
from textvec.cli.tables import counted, print_json, print_line, print_ranking

_COMMAS = re.compile("[,，、]")
MAIN_CHARACTERS = 5  # whose neighbours are shown where no name is given


def neighbors(  # numpydoc ignore=PR01
    novel: Annotated[
        Path | None, typer.Argument(help="A novel as a text file.  [or --builtin]")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="A character whose neighbours are wanted; repeatable."
            "  [default: the most frequent ones]"
        ),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Who the characters are, between commas; repeatable.  [default: those that are "
            "found in the text]",
        ),
    ] = None,
    builtin: Annotated[
        bool, typer.Option("--builtin", help="Read the novel that comes with textvec.")
    ] = False,
    alias: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ALIAS=NAME",
            help="Another name of a character, who joins those given or found; repeatable.",
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours of each.")] = 10,
    encoding: Annotated[str, typer.Option(help="Encoding of the file.")] = "utf-8",
    html: Html = None,
    page_language: PageLanguage = "auto",
    as_json: AsJson = False,
):
    """Find the characters of a novel that are most like one."""
    from textvec._checks import check_number

    if (novel is None) != builtin:
        raise ValueError("give either a text file or --builtin.")
    check_number("k", k, low=1, integer=True)
    check_page_language(page_language)
    check_page(html, *([] if novel is None else [novel]))
    aliases = dict(_as_alias(entry) for entry in alias or [])
    given = [one.strip() for entry in names or [] for one in _COMMAS.split(entry)]
    given = list(dict.fromkeys(filter(None, given)))
    if novel is None:
        from textvec.datasets import load_novel

        book = load_novel()
        content, title, aliases = book.text, "the built-in novel", {**book.aliases, **aliases}
        given = list(dict.fromkeys([*book.names, *given]))
    else:
        content, title = read_text(novel, encoding), novel.name
        if not content.strip():
            raise ValueError(f"{novel} holds no text.")

    import pandas as pd

    from textvec.recommend.characters import CharacterRecommender

    recommender = CharacterRecommender(given or None, aliases or None, random_state=0).fit(content)
    asked = list(dict.fromkeys(name or [])) or list(recommender.names_[:MAIN_CHARACTERS])
    found = pd.concat([recommender.similar(one, k).assign(of=one) for one in asked])
    found = found[["of", "name", "score"]].reset_index(drop=True)
    if as_json:
        print_json(found)
    else:
        for one in asked:
            print_line(f"Most like: {one}")
            print_ranking(found[found["of"] == one].rename(columns={"name": "id"}), None)
        print_line(f"{counted(len(recommender.names_), 'character')} of {title}.")
    if html is not None:
        from textvec.cli.pages import words_for

        language, words = words_for(page_language, content)
        title = words["built-in"] if novel is None else title
        _write_page(html, recommender, found, title, language, words)


def _as_alias(entry):
    alias, sign, name = entry.partition("=")
    if not (alias and sign and name):
        raise ValueError(f"--alias must be ALIAS=NAME. Got {entry!r} instead.")
    return alias, name


def _write_page(path, recommender, found, title, language, words):
    """Write the neighbours of characters, and a map of all of them."""
    from textvec.cli.pages import counted_in, table, write_page
    from textvec.show.report import Picture

    sections = [
        (
            words["most like"].format(name),
            [table(rows.drop(columns="of").set_index("name"), columns=words["columns"])],
        )
        for name, rows in found.groupby("of", sort=False)
    ]
    picture = Picture(recommender.plot_map(), words["people"])
    lead = words["of"].format(counted_in(words, len(recommender.names_), "character"), title)
    sections.append((words["map"], [picture]))
    write_page(path, words["characters"], lead, sections, language)
