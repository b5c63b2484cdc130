"""What ``--vectorizer`` names: estimators, and models for the bridge."""

import os
import re
from pathlib import Path

import textvec
from textvec._checks import warn_user
from textvec.cli.files import read_text

# --vectorizer NAME -> class, parameters; any other name is that of a pretrained model.
VECTORIZERS = {
    "counts": ("CountVectorizer", {"analyzer": "mixed"}),
    "tfidf": ("TfidfVectorizer", {"analyzer": "mixed"}),
    "tfidf-char": ("TfidfVectorizer", {"analyzer": "char", "ngram_range": (2, 4)}),
    "bm25": ("BM25Vectorizer", {}),
    "hashing": ("HashingVectorizer", {"analyzer": "mixed"}),
    "lsa": ("LSAVectorizer", {"random_state": 0}),
    "word2vec": (
        "Word2Vec",
        {"min_count": 2, "epochs": 20, "pooling": "idf", "random_state": 0},
    ),
}
_FEW_TEXTS = 50  # where word2vec leaves out no rare word
DENSE = ("lsa", "word2vec")  # and with a --vector-size; the others make sparse vectors
COUNTERS = ("counts", "tfidf", "tfidf-char", "bm25")  # whose shards can be collected
ANALYZERS = ("word", "char", "char_wb", "mixed")  # what makes a text's terms, as scikit-learn says
PRETRAINED_HELP = "a pretrained model's folder or name"
VECTORIZER_HELP = f"One of {', '.join(VECTORIZERS)}, or {PRETRAINED_HELP}"


def make_vectorizer(name, texts, stop_words=None, **options):
    """Return the unfitted vectorizer of a ``--vectorizer`` name.

    Parameters
    ----------
    name : str
        A key of ``VECTORIZERS``, or a pretrained model for
        :class:`~textvec.TransformerVectorizer`: a folder or file, or a name with a ``/`` in it.
    texts : sequence of str
        The texts that it will be fitted on; their script decides about stop words.
    stop_words : str, default=None
        "english", "chinese", "none" or the path of a text file; None goes by the texts' script.
    **options
        Further parameters of the vectorizer; those that are None are left out.

    Returns
    -------
    vectorizer

    Raises
    ------
    ValueError
        If there is no such name, or an option means nothing to that vectorizer.
    """
    from textvec.recommend.defaults import default_vectorizer

    if name in VECTORIZERS:
        class_name, parameters = VECTORIZERS[name]
        model = getattr(textvec, class_name)(**parameters)
    else:
        model = pretrained(name)
    known = model.get_params()
    if known.get("analyzer") == "mixed":
        suited = default_vectorizer(texts)
        model.set_params(
            ngram_range=suited.ngram_range,
            token_pattern=suited.token_pattern,
            stop_words=_as_stop_words(stop_words, suited.stop_words),
        )
    elif stop_words is not None:
        why = ": its terms are characters" if "analyzer" in known else ""
        raise ValueError(f"--stop-words has no effect on {name}{why}.")
    elif name == "word2vec" and len(texts) < _FEW_TEXTS:
        model.set_params(min_count=1)
    options = {option: value for option, value in options.items() if value is not None}
    for option in options.keys() - known.keys():
        flag = "clean" if option == "preprocessor" else option.replace("_", "-")
        raise ValueError(f"--{flag} has no effect on {name}.")
    return model.set_params(**options)


def shorten(model, columns):
    """Give an LSA fewer dimensions where its texts are few, and say so.

    Parameters
    ----------
    model : vectorizer
        Unfitted, and changed; any other than an LSA stays as it is.
    columns : iterable of list of str
        What it will be fitted on, each alone.
    """
    from textvec.dense.factorized import LSAVectorizer, dimensions_for

    if isinstance(model, LSAVectorizer):
        most = min(dimensions_for(model, texts) for texts in columns)
        if most < model.vector_size:
            warn_user(
                f"lsa takes {most} of {model.vector_size} dimensions: the texts are few or alike."
            )
            model.set_params(vector_size=most)


def make_counter(name, stop_words=None, analyzer=None, **options):
    """Return the unfitted vectorizer of which shards are collected: the same for all texts.

    Parameters
    ----------
    name : str
        One of ``COUNTERS``.
    stop_words : str, default=None
        "english", "chinese", "none" or the path of a text file; None is none.
    analyzer : str, default=None
        One of ``ANALYZERS``; None is that of the name.
    **options
        Further parameters of the vectorizer; those that are None are left out.

    Returns
    -------
    vectorizer

    Raises
    ------
    ValueError
        If there is no such name or analyzer, one of words is given for the name of characters, or
        stop words for characters.
    """
    from textvec._checks import check_choice

    check_choice("--vectorizer", name, COUNTERS)
    check_choice("--analyzer", analyzer, (None, *ANALYZERS))
    class_name, parameters = VECTORIZERS[name]
    model = getattr(textvec, class_name)(**parameters)
    of_characters = ("char", "char_wb")
    if model.analyzer == "char" and analyzer not in (None, *of_characters):
        raise ValueError(
            f"--analyzer {analyzer} is not for {name}, whose terms are characters: take "
            "--vectorizer tfidf."
        )
    if analyzer is not None:
        model.set_params(analyzer=analyzer)
    if stop_words is not None and model.analyzer in of_characters:
        what = name if analyzer is None else f"--analyzer {analyzer}"
        raise ValueError(f"--stop-words has no effect on {what}: its terms are characters.")
    if model.analyzer == "mixed" or stop_words != "chinese":  # whole words have the whole list
        stop_words = _as_stop_words(stop_words, None)
    model.set_params(stop_words=stop_words)
    return model.set_params(**{name: one for name, one in options.items() if one is not None})


def as_range(value):
    """Return what --ngram-range says as (least, most), None as it is."""
    if value is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*", value)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(
            "--ngram-range must be two numbers from 1 on, the smaller first, such as 1,2. "
            f"Got {value!r} instead."
        )
    return int(match[1]), int(match[2])


def as_frequency(option, value):
    """Return what --min-df and the like say, a count or a share, None as it is."""
    if value is None:
        return None
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        raise ValueError(
            f"{option} must be a count such as 2 or a share such as 0.01. Got {value!r} instead."
        ) from None


def is_saved(name):
    """Tell whether a ``--vectorizer`` name is the file of a vectorizer that was saved fitted."""
    return name.endswith(".textvec")


def is_pretrained(name):
    """Tell whether a ``--vectorizer`` name is that of a pretrained model.

    Parameters
    ----------
    name : str
        What was given.

    Returns
    -------
    bool
    """
    is_named = name in VECTORIZERS or is_saved(name)
    return not is_named and ("/" in name or os.path.exists(name))


def pretrained(name):
    """Return the bridge to a pretrained model.

    Parameters
    ----------
    name : str
        A folder or file, or a name with a ``/`` in it.

    Returns
    -------
    TransformerVectorizer

    Raises
    ------
    ValueError
        If the name is no such thing.
    """
    from textvec._checks import closest_names
    from textvec.encoders.encoder import TransformerVectorizer

    if not is_pretrained(name):
        near = closest_names(name, VECTORIZERS)
        advice = f" Close to it: {near[0]!r}." if near else ""
        if is_saved(name):
            advice = " A fitted one that was saved is for textvec embed, map and serve."
        raise ValueError(
            f"--vectorizer must be one of {', '.join(map(repr, VECTORIZERS))}, or the folder of a "
            f"pretrained model or its name on the Hugging Face Hub, such as 'BAAI/bge-m3'. "
            f"Got {name!r} instead.{advice}"
        )
    return TransformerVectorizer(name)


def _as_stop_words(name, suited):
    """Return the stop words of a name or file; None gives those that suit the texts."""
    from textvec.text.stop_words import stop_words

    if name is None:
        return suited
    if name == "none":
        return None
    if name == "english":
        return name
    if name == "chinese":  # characters are terms, and words of several are none
        return [word for word in stop_words("chinese") if len(word) == 1]
    if not os.path.isfile(name):
        raise ValueError(
            "--stop-words must be english, chinese, none or a text file of words. "
            f"{name}: No such file."
        )
    return read_text(Path(name), "utf-8").split()
