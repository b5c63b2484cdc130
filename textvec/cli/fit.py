"""``textvec fit``: collected parts to a fitted vectorizer, as of one fit on all their texts."""

import time
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson, check_out
from textvec.cli.models import ANALYZERS, VECTORIZERS, as_frequency
from textvec.cli.tables import counted, print_as_json, print_line

FITTED = ("counts", "tfidf", "bm25")
_PLAIN = {  # the values of settings that a file can bring back
    "analyzer": ANALYZERS,
    "tokenizer": (None, "jieba", "whitespace"),
    "strip_accents": (None, "ascii", "unicode"),
}


def fit(  # numpydoc ignore=PR01
    parts: Annotated[
        list[Path], typer.Argument(metavar="PART...", help="What `textvec collect` wrote.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.textvec", help="The fitted vectorizer.")],
    vectorizer: Annotated[
        str,
        typer.Option(metavar="NAME", help=f"One of {', '.join(FITTED)}: how terms are weighed."),
    ] = "tfidf",
    min_df: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER",
            help="Leave out terms of fewer texts: 2 means two texts, 0.01 one in a hundred.",
        ),
    ] = None,
    max_df: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Leave out terms of more texts.")
    ] = None,
    max_features: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Keep so many terms, the most frequent.")
    ] = None,
    as_json: AsJson = False,
):
    """Fit on collected parts as on all texts at once.

    What a term is was decided by `textvec collect`: --analyzer mixed, unless another was named.
    """
    from textvec._checks import check_choice, check_number

    start = time.perf_counter()
    check_choice("--vectorizer", vectorizer, FITTED)
    if max_features is not None:
        check_number("--max-features", max_features, low=1, integer=True)
    pruning = {
        "min_df": as_frequency("--min-df", min_df),
        "max_df": as_frequency("--max-df", max_df),
        "max_features": max_features,
    }
    check_out("--out", out, *parts)
    model, n_documents = fit_parts(parts, vectorizer, **pruning)
    model.save(out)
    n_terms = len(model.get_feature_names_out())
    done = {
        "out": str(out),
        "parts": len(parts),
        "documents": n_documents,
        "terms": n_terms,
        "seconds": time.perf_counter() - start,
    }
    if as_json:
        print_as_json(done)
        return
    sizes = f"{counted(n_documents, 'text')}, {counted(n_terms, 'term')}"
    print_line("{}, {seconds:.1f} s: {out}".format(sizes, **done))


def fit_parts(parts, name, **pruning):
    """Return the vectorizer of a name fitted on parts, with the settings they were collected with.

    Parameters
    ----------
    parts : list of Path
        Files of collected parts.
    name : str
        One of ``FITTED``.
    **pruning
        ``min_df``, ``max_df`` and ``max_features``; those that are None are left out.

    Returns
    -------
    model : vectorizer
    n_documents : int

    Raises
    ------
    ValueError
        If a part is damaged, comes twice or is of other settings; if its terms are made by code
        that a file does not hold.
    """
    import textvec

    merged = textvec.CollectedTerms.merge(parts)
    settings = dict(merged.settings)
    for key, value in settings.items():
        if key in ("class", "preprocessor") or value not in _PLAIN.get(key, (value,)):
            raise ValueError(
                f"the parts were collected with {key}={value!r}, which is code of your own: fit "
                "in Python, by fit_collected of the vectorizer that has it."
            )
    settings["ngram_range"] = tuple(settings["ngram_range"])
    settings |= {option: value for option, value in pruning.items() if value is not None}
    model = getattr(textvec, VECTORIZERS[name][0])(**settings)
    return model.fit_collected([merged]), merged.n_documents
