"""What the command writes with --html: a page with tables and, of what has places, a map."""

import sys

from textvec.show.report import Picture, Table, write_report

_MOST_POINTS = 5_000  # a map of more is a blot, and a page of megabytes


def write_recommendations(path, recommender, found, liked, disliked, wish):
    """Write what was recommended, why, and where it stands among all items.

    Parameters
    ----------
    path : Path
        The page.
    recommender : ContentRecommender
        Fitted.
    found : DataFrame
        What it recommended.
    liked, disliked : list
        The ids that it was asked with.
    wish : str
        What was asked, in words.
    """
    pieces = [table(found.set_index("id"))]
    sections = [("Recommended", pieces)]
    if liked and len(found):
        best = found["id"].iloc[0]
        why = recommender.explain(liked[0], best).head(20)
        note = f"What {liked[0]} and {best} share; the shares of all of it sum to their score."
        sections.append(("Why", [table(why.set_index(why.columns[0]), note)]))
    sections.append(("Map", [_item_map(recommender, found, liked, disliked)]))
    n_items = len(recommender.ids_)
    write_page(
        path, "Recommendations", f"{len(found)} of {n_items} items, most like: {wish}", sections
    )


def _item_map(recommender, found, liked, disliked):
    import pandas as pd

    ids = recommender.ids_
    if len(ids) > _MOST_POINTS:
        return f"No map: {len(ids)} points are more than the {_MOST_POINTS} that can be told apart."
    kinds = pd.Series("other", index=ids, name="items")
    for kind, chosen in (("recommended", found["id"]), ("liked", liked), ("disliked", disliked)):
        kinds[list(chosen)] = kind
    labels = ids.where(kinds.to_numpy() != "other", "")
    figure = recommender.plot_map(color=kinds.reset_index(drop=True), labels=labels)
    return Picture(figure, "All items: alike ones stand close together.")


def table(frame, note=""):
    """Return the table of a page; numbers have four digits.

    Parameters
    ----------
    frame : DataFrame
        The rows, named by its index.
    note : str, default=""
        What stands above it.

    Returns
    -------
    Table
    """
    numbers = frame.select_dtypes("floating").columns
    return Table(frame, dict.fromkeys(numbers, "{:.4f}"), note=note)


def write_page(path, title, lead, sections):
    """Write a page, and say on stderr that it is there.

    Parameters
    ----------
    path : Path
        The page.
    title : str
        What it is.
    lead : str
        What it tells, in a line.
    sections : list of tuple
        As :func:`~textvec.show.report.write_report` takes them.
    """
    write_report(path, title, lead, sections)
    print(f"Wrote {path}", file=sys.stderr)
