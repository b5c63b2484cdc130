"""Every public estimator in one line, and what a line says: the family, and what it cannot do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import textvec as tv

from .families import (
    COUNTS,
    DUPLICATES,
    FORKED,
    ITEMS,
    NOVELS,
    PAIRS,
    ROWS,
    SPAWNED,
    TEXTS,
    TOKENS,
    VIEWS,
    WEIGHTS,
    Family,
)
from .models import table_of_words, tiny_classifier, tiny_encoder, tiny_splade, tiny_static


@dataclass(frozen=True)
class Entry:
    """One estimator of the suite.

    Parameters
    ----------
    make : callable
        Makes it anew, unfitted, without arguments.
    family : Family
        What it is fitted on and asked.
    without : mapping from feature or check to str
        What does not apply, and why, besides what the family is without. Features are the names
        that ``@needs`` gives checks, such as "n_jobs"; checks are the names of test functions.
    refuses : mapping from kind of corpus to str
        The corpora of ``texts.CORPORA`` that ``fit`` cannot learn from, and what its error says.
    takes_anything : mapping from parameter to str
        The parameters whose nonsense is not refused by name, and why.
    slow : set of str
        Checks that take minutes, and run with ``--runslow`` alone.
    atol : float
        By how much numbers may differ that are computed in batches of another kind.
    """

    make: Callable
    family: Family
    without: Mapping = field(default_factory=dict)
    refuses: Mapping = field(default_factory=dict)
    takes_anything: Mapping = field(default_factory=dict)
    slow: frozenset = frozenset()
    atol: float = 0


_WORDLESS = dict.fromkeys(("empty", "one letter", "marks"), "empty vocabulary")
_NOTHING_TO_LEARN = {"fit": "there is nothing to learn"}
_NETWORK = {
    **_NOTHING_TO_LEARN,
    "zeros": "a network says something of anything",
    "n_jobs": "the library below has threads of its own",
    "loky": SPAWNED,
    "fork": FORKED,
}
_AT_LEAST_ONE = {"test_no_queries_give_no_rows": "scikit-learn's wants one document at least"}
_LONG = frozenset({"test_ten_megabytes_in_one_document"})  # tokenizers read all before they cut
_TRAINED_OFTEN = frozenset(  # a training takes a second, and PyTorch seconds in each new process
    {
        "test_a_grid_search_in_processes_is_one_without",
        "test_a_server_gives_the_vectors_that_it_gives_alone",
        "test_a_store_gives_back_the_vectors_that_it_gives_alone",
        "test_an_adapter_of_queries_leaves_documents_as_they_are",
        "test_any_corpus_is_learned_or_refused_clearly",
        "test_any_text_is_answered",
        "test_copies_are_equal",
        "test_documents_in_any_container",
        "test_it_is_saved_and_copied_whatever_was_done_with_it",
        "test_passages_are_found_by_the_vectors_that_it_gives_alone",
        "test_refit_forgets",
        "test_set_output_gives_tables",
        "test_what_is_no_text_is_named_with_its_row",
        "test_what_is_not_fitted_is_copied_too",
    }
)
_COLUMNS = {"test_a_table_is_no_corpus": "scikit-learn's takes the names of its columns"}
_AS_SCIKIT_LEARN = {"dtype": "the error is scikit-learn's own, without the name"}

_SILENT = dict.fromkeys(("empty", "marks"), "must hold at least one word")
_STRANGERS = dict.fromkeys(("empty", "marks", "right to left"), "No word of the .* is among those")

REGISTRY = {
    "AnnoyIndex": Entry(tv.AnnoyIndex, ROWS),
    "BM25Transformer": Entry(tv.BM25Transformer, COUNTS),
    "BM25Vectorizer": Entry(tv.BM25Vectorizer, TEXTS, refuses=_WORDLESS),
    "CharacterRecommender": Entry(
        partial(tv.CharacterRecommender, ["悟空", "八戒"], random_state=0), NOVELS
    ),
    "ContentRecommender": Entry(tv.ContentRecommender, ITEMS, refuses=_WORDLESS),
    "CountVectorizer": Entry(
        tv.CountVectorizer,
        TEXTS,
        without=_COLUMNS,
        refuses=_WORDLESS,
        takes_anything=_AS_SCIKIT_LEARN,
    ),
    "CountVectorizer-char": Entry(
        partial(tv.CountVectorizer, analyzer="char"),
        TEXTS,
        without={**_COLUMNS, "zeros": "it knows spaces and letters"},
        takes_anything={**_AS_SCIKIT_LEARN, "stem": "characters have no stem"},
    ),
    "CrossEncoderReranker": Entry(lambda: tv.CrossEncoderReranker(tiny_classifier()), PAIRS),
    "DocumentVectorizer": Entry(
        lambda: tv.DocumentVectorizer(table_of_words()),
        TEXTS,
        without={"get_feature_names_out": "columns are known from the table"},
        refuses=_STRANGERS,
    ),
    "ExactIndex": Entry(tv.ExactIndex, ROWS),
    "FaissIndex": Entry(tv.FaissIndex, ROWS),
    "FineTunedVectorizer": Entry(
        lambda: tv.FineTunedVectorizer(
            tiny_encoder(), training=tv.Training(max_steps=1), random_state=0
        ),
        TEXTS,
        without={
            **{name: why for name, why in _NETWORK.items() if name != "fit"},
            "order": "it trains on one batch after another",
        },
        refuses={"one document": "at least two records"},
        slow=_LONG | _TRAINED_OFTEN,
        atol=1e-5,
    ),
    "HashingVectorizer": Entry(
        partial(tv.HashingVectorizer, n_features=64),
        TEXTS,
        without={
            **_NOTHING_TO_LEARN,
            **_COLUMNS,
            "zeros": "every word has a hash",
            "columns": "hashed columns have no names",
        },
        takes_anything=_AS_SCIKIT_LEARN,
    ),
    "HnswlibIndex": Entry(tv.HnswlibIndex, ROWS),
    "HybridIndex": Entry(tv.HybridIndex, VIEWS),
    "JiebaTokenizer": Entry(tv.JiebaTokenizer, TOKENS),
    "LSAVectorizer": Entry(
        partial(tv.LSAVectorizer, vector_size=3, random_state=0),
        TEXTS,
        without=_AT_LEAST_ONE,
        refuses={**_WORDLESS, "one document": "vector_size must be at most 1"},
    ),
    "MinHashLSH": Entry(tv.MinHashLSH, DUPLICATES),
    "PPMI": Entry(
        partial(tv.PPMI, 3, min_count=1, random_state=0),
        TEXTS,
        without={"order": "equally frequent words stand as they first appear"},
        refuses={**_SILENT, "one letter": "no two words together"},
    ),
    "ScannIndex": Entry(partial(tv.ScannIndex, num_leaves=2), ROWS),
    "SparseAnnIndex": Entry(tv.SparseAnnIndex, WEIGHTS),
    "SparseTransformerVectorizer": Entry(
        lambda: tv.SparseTransformerVectorizer(tiny_splade()),
        TEXTS,
        without={**_NETWORK, "tables": "scikit-learn makes no tables of sparse matrices"},
        slow=_LONG,
        atol=1e-5,
    ),
    "TfidfTransformer": Entry(tv.TfidfTransformer, COUNTS, without=_AT_LEAST_ONE),
    "TfidfVectorizer": Entry(
        tv.TfidfVectorizer,
        TEXTS,
        without={**_AT_LEAST_ONE, **_COLUMNS},
        refuses=_WORDLESS,
        atol=1e-15,
    ),
    "TransformerVectorizer": Entry(
        lambda: tv.TransformerVectorizer(tiny_encoder()),
        TEXTS,
        without=_NETWORK,
        slow=_LONG,
        atol=1e-6,
    ),
    "TransformerVectorizer-static": Entry(
        lambda: tv.TransformerVectorizer(tiny_static()),
        TEXTS,
        takes_anything={"dtype": "a table of vectors is float32"},
        without=_NETWORK,
        slow=_LONG,
    ),
    "TreeIndex": Entry(tv.TreeIndex, ROWS),
    "UsearchIndex": Entry(tv.UsearchIndex, ROWS),
    "Word2Vec-subwords": Entry(
        partial(
            tv.Word2Vec, 4, min_count=1, sample=0, min_n=2, max_n=3, buckets=50, random_state=0
        ),
        TEXTS,
        without={
            "order": "it trains on one document after another",
            "zeros": "every word has n-grams",
        },
        refuses={**_SILENT, "one letter": "only documents with a single known word"},
    ),
    "Word2Vec": Entry(
        partial(tv.Word2Vec, 4, min_count=1, sample=0, random_state=0),
        TEXTS,
        without={"order": "it trains on one document after another"},
        refuses={**_SILENT, "one letter": "only documents with a single known word"},
    ),
}


def needs(*features):
    """Mark a check: it runs for entries that have all of these features."""

    def mark(check):
        check.needs = features
        return check

    return mark


def reason_against(entry, check):
    """Return why a check does not apply to an entry, or None where it does."""
    reasons = {**entry.family.without, **entry.without}
    for name in (check.__name__, *getattr(check, "needs", ())):
        if name in reasons:
            return reasons[name]
    return None
