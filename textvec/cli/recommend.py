"""``textvec recommend``: the items most like some items or a query, on conditions."""

import math
import operator
import re
from pathlib import Path
from typing import Annotated

import typer

from textvec._reading import whole
from textvec.cli.app import (
    AsJson,
    Html,
    PageLanguage,
    VectorSize,
    check_page,
    check_page_language,
    check_vector_size,
)
from textvec.cli.files import read_items, there
from textvec.cli.models import (
    DENSE,
    VECTORIZER_HELP,
    as_frequency,
    as_range,
    make_vectorizer,
    shorten,
)
from textvec.cli.tables import counted, print_json, print_line, print_ranking
from textvec.text import clean_english

_COMPARISONS = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUAL = ("=", "==", "!=")
_SIGN = "(<=|>=|!=|==|=|<|>|~)"
_LONG_CELL = 240  # letters; longer texts are shortened on the page
_MOST_POINTS = 5_000  # a map of more is a blot, and a page of megabytes


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
    page_language: PageLanguage = "auto",
    as_json: AsJson = False,
):
    """Find the items most like some items or a query."""
    like, dislike, query = like or [], dislike or [], whole(query)
    if bool(like) == (query is not None):
        raise ValueError("give either --like ID (repeatable) or --query TEXT.")
    if dislike and not like:
        raise ValueError("--dislike needs a --like.")
    check_vector_size(vector_size, vectorizer)
    options = {
        "ngram_range": as_range(ngram_range),
        "min_df": as_frequency("--min-df", min_df),
        "max_df": as_frequency("--max-df", max_df),
        "preprocessor": clean_english if clean else None,
    }
    check_page_language(page_language)
    check_page(html, file)
    items, weights = read_items(file, encoding, {"--text": text, "--column": column or []}, id)
    mask = rows_where(items, where or [])

    from textvec.recommend.content import ContentRecommender

    columns = [[one for one in items[name] if isinstance(one, str)] for name in weights["--text"]]
    texts = [text for column in columns for text in column]
    models = []
    for name in vectorizer:
        models.append(make_vectorizer(name, texts, stop_words, **options))
        if name in DENSE and vector_size is not None:
            models[-1].set_params(vector_size=vector_size)
        else:
            shorten(models[-1], columns)
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
        features = counted(n_features, "feature")
        print_line(f"{counted(n_items, 'item')} of {file.name}; {used}, {features}.")
    if html is not None:
        from textvec.cli.pages import words_for

        language, words = words_for(page_language, texts)
        _write_page(html, recommender, found, like, dislike, query, language, words)


def rows_where(items, conditions):
    """Return the mask of the rows that meet all conditions.

    Parameters
    ----------
    items : DataFrame
        The rows.
    conditions : list of str
        Each ``COLUMN=VALUE``, or with ``!=``, ``<``, ``<=``, ``>``, ``>=``; or ``COLUMN~TEXT``
        for cells that hold a text. A missing value only meets ``!=``.

    Returns
    -------
    Series of bool, or None where there are no conditions

    Raises
    ------
    ValueError
        If a condition is none of these, names no column, or compares with no number.
    """
    mask = None
    for condition in conditions:
        met = _meets(items, condition)
        mask = met if mask is None else mask & met
    return mask


def _meets(items, condition):
    from pandas.api.types import infer_dtype, is_numeric_dtype

    from textvec.recommend.cells import number_in

    name, sign, value = _parts(items, condition)
    column = items[name]
    if sign == "~":
        return column.map(str).str.contains(value, regex=False) & column.notna()
    if infer_dtype(column, skipna=True) == "boolean":
        if sign not in _EQUAL or value.lower() not in ("true", "false"):
            raise ValueError(
                f"--where {condition!r}: {name} is true or false, ask for {name}=true or "
                f"{name}=false."
            )
        return _COMPARISONS[sign](column.map(lambda one: str(one).lower()), value.lower())
    writing = None
    if not is_numeric_dtype(column):
        if sign in _EQUAL:
            return _COMPARISONS[sign](column.map(str, na_action="ignore"), value)
        column, writing = _as_numbers(column, condition)
    number = None if writing is None else number_in(value, writing)
    if number is None:
        number = _as_number(value)
    if math.isnan(number):
        raise ValueError(f"--where {condition!r}: {name} holds numbers, and {value!r} is none.")
    return _COMPARISONS[sign](column, number)


def _parts(items, condition):
    """Return the column, the sign and the value of a condition; a name may have signs in it."""
    for name in sorted(map(str, items.columns), key=len, reverse=True):
        match = re.fullmatch(rf"({re.escape(name)})\s*{_SIGN}\s*(.*)", condition, re.DOTALL)
        if match is not None:
            return match.groups()
    match = re.fullmatch(rf"(.+?)\s*{_SIGN}\s*(.*)", condition, re.DOTALL)
    if match is None:
        raise ValueError(
            "--where must be COLUMN=VALUE, or with !=, <, <=, >, >=, or ~ for cells that hold a "
            f"text. Got {condition!r} instead."
        )
    raise ValueError(f"--where {condition!r} names no column: there are {there(match[1], items)}")


def _as_number(value):
    try:
        return float(value)
    except ValueError:
        return math.nan


def _as_numbers(column, condition):
    """Return a column of texts as the numbers that they are, and how --column reads these.

    None stands for how where they are numbers as Python writes them, such as ids.
    """
    import pandas as pd

    from textvec.recommend.columns import written_numbers

    numbers = pd.to_numeric(column, errors="coerce")
    strange = column[numbers.isna() & column.notna()]
    if strange.empty:
        return numbers, None
    numbers, writing = written_numbers(column)
    if numbers is None:
        raise ValueError(
            f"--where {condition!r}: {column.name} holds no numbers, such as "
            f"{strange.iloc[0]!r:.60}. Use =, != or ~."
        )
    return pd.to_numeric(numbers), writing


def _write_page(path, recommender, found, liked, disliked, query, language, words):
    """Write what was recommended, why, and where it stands among all items."""
    from textvec.cli.pages import counted_in, table, write_page

    headings = {name: words["columns"].get(name, name) for name in ("id", "score")}
    shown = _shortened(recommender, found, liked, query, words["all of it"])
    sections = [(words["recommended"], [table(shown.set_index("id"), columns=headings)])]
    if liked and len(found):
        best = found["id"].iloc[0]
        why = recommender.explain(liked[0], best).head(20)
        note = words["share"].format(liked[0], best)
        why = table(why.set_index(why.columns[0]), note, words["columns"])
        sections.append((words["why"], [why]))
    sections.append((words["map"], [_item_map(recommender, found, liked, disliked, words)]))
    wish = query
    if query is None:
        wish = words["and"].join([*liked, *map(words["not"].format, disliked)])
    n_items = counted_in(words, len(recommender.ids_), "item")
    lead = words["of items"].format(len(found), n_items, wish)
    write_page(path, words["recommendations"], lead, sections, language)


def _shortened(recommender, found, liked, query, fold):
    """Return what was found with excerpts of long texts: the sentences that matched."""
    import pandas as pd

    from textvec.recommend.explanations import excerpt
    from textvec.show.report import Excerpt

    texts = {block.column: block for block in reversed(recommender.blocks_) if block.is_text}
    rows = recommender.ids_.get_indexer(liked)
    shown = {}
    for name, column in found.items():
        block = texts.get(name.removesuffix("_item"))
        cells = column.tolist()
        for at, cell in enumerate(cells):
            if not isinstance(cell, str) or len(cell) <= _LONG_CELL:
                continue
            if block is None:
                part = f"{cell[:_LONG_CELL].rstrip()} …"
            else:
                wanted = [query]
                if query is None:
                    wanted = recommender.items_[block.column].iloc[rows].fillna("").tolist()
                part = excerpt(block.vectorizer, cell, wanted, _LONG_CELL)
            if part != cell:
                cells[at] = Excerpt(part, cell, fold)
        shown[name] = column if cells == column.tolist() else pd.Series(cells, dtype=object)
    return pd.DataFrame(shown)


def _item_map(recommender, found, liked, disliked, words):
    import pandas as pd

    from textvec.show.report import Picture

    ids = recommender.ids_
    if len(ids) > _MOST_POINTS:
        return words["no map"].format(len(ids), _MOST_POINTS)
    kinds = pd.Series(words["kinds"]["other"], index=ids, name=words["kinds"]["items"])
    for kind, chosen in (("recommended", found["id"]), ("liked", liked), ("disliked", disliked)):
        kinds[list(chosen)] = words["kinds"][kind]
    labels = ids.where(kinds.to_numpy() != words["kinds"]["other"], "")
    figure = recommender.plot_map(color=kinds.reset_index(drop=True), labels=labels)
    return Picture(figure, words["items"])
