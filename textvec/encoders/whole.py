"""Whether a model's files are whole and belong together, said before the first text.

The libraries that read them make do: without its files a tokenizer is an empty one, for which all
texts are alike, and a damaged file ends in whatever error its damage leads to.
"""

import json
import re
import zipfile
from contextlib import contextmanager

import numpy as np

from textvec._checks import import_optional, warn_user

_POINTER = b"version https://git-lfs.github.com/spec/"
# JSON that decides about vectors; tokenizers' own, which may be large, are read on suspicion.
_SMALL = (
    *("modules.json", "config.json", "config_sentence_transformers.json"),
    *("sentence_*_config.json", "tokenizer_config.json", "special_tokens_map.json"),
    *("added_tokens.json", "generation_config.json", "*.index.json"),
)
TOKENIZERS = ("tokenizer.json", "vocab*", "merges*", "*.model", "*.tiktoken", "*.codes")
_WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors")
_OLD_WEIGHTS = ("pytorch_model.bin", "pytorch_model-*-of-*.bin", "*.gguf")
_FETCH = "Fetch the model anew."
_ENOUGH, _MOST = 0.5, 0.9  # of a network's rows; those that only fill up are fewer than a tenth


def read_json(file, kind):
    """Return what a file of JSON holds.

    Parameters
    ----------
    file : Path
        The file.
    kind : {dict, list}
        What it must hold.

    Returns
    -------
    dict or list
        With values of any kind.

    Raises
    ------
    ValueError
        If it is no JSON, or of another kind.
    """
    _check_content(file)
    try:
        content = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is not JSON: {error}. {_FETCH}") from error
    if not isinstance(content, kind):
        wanted = "an object" if kind is dict else "a list"
        raise ValueError(f"{file} must hold {wanted}. Got {str(content)[:60]!r} instead. {_FETCH}")
    return content


def check_files(folder, weights=True, suspicious=False):
    """Raise for a file that is empty, a pointer to another, cut short, or not what its name says.

    Parameters
    ----------
    folder : Path
        That of a network, a tokenizer, or another module.
    weights : bool, default=True
        Whether weights in PyTorch's formats matter.
    suspicious : bool, default=False
        Whether to read all JSON to its end.

    Raises
    ------
    ValueError
        The message names the file, what is wrong, and the cure.
    """
    for file in _present(folder, _SMALL):
        read_json(file, list if file.name == "modules.json" else dict)
    for file in _present(folder, TOKENIZERS):
        _check_content(file)
        if file.suffix == ".json" and suspicious:
            read_json(file, dict)
        if file.suffix == ".txt":
            _check_text(file)
        if file.name == "tokenizer.json":
            break  # then no library reads the others
    if weights:
        found = _present(folder, _WEIGHTS) or _present(folder, _OLD_WEIGHTS)
        for file in found:
            check_weights(file)


def check_weights(file):
    """Raise for a file of weights that is no such, or cut short.

    Parameters
    ----------
    file : Path
        In a format of PyTorch, safetensors or ONNX.

    Raises
    ------
    ValueError
        The message names the file.
    """
    _check_content(file)
    if file.suffix == ".safetensors":
        safetensors = import_optional("safetensors", "transformers")
        try:
            with safetensors.safe_open(str(file), "np"):
                return
        except Exception as error:  # also of Rust
            raise ValueError(
                f"The weights in {file.parent} are damaged: {file.name}: {_reason(error)}. {_FETCH}"
            ) from error
    if file.suffix in (".bin", ".pt"):
        with open(file, "rb") as opened:
            first = opened.read(2)
        # An archive, whose table stands at its end, or in PyTorch's early days a pickle.
        if first[:1] != b"\x80" and not (first == b"PK" and zipfile.is_zipfile(file)):
            raise ValueError(
                f"The weights in {file.parent} are damaged: {file.name} holds no weights of "
                f"PyTorch's. {_FETCH}"
            )


def check_tokenizer(folder, n_tokens, vocabulary, n_rows):
    """Raise if a tokenizer knows no words: then all texts would be alike; warn if too few.

    Parameters
    ----------
    folder : Path
        Where its files should be.
    n_tokens : int
        How many tokens it knows.
    vocabulary : callable
        Gives the tokens that are no special ones.
    n_rows : int or None
        For how many tokens the network has vectors, if anybody knows.

    Raises
    ------
    FileNotFoundError
        If it knows none, and no file is there that could hold them.
    ValueError
        If it knows none, or less than half of what the network does.

    Warns
    -----
    UserWarning
        If it knows less than nine tenths.
    """
    wordless = n_tokens < 1000 and not any(re.search(r"\w", token) for token in vocabulary())
    if not wordless and (n_rows is None or n_tokens >= _MOST * n_rows):
        return
    files = [file.name for file in _present(folder, TOKENIZERS)]
    if wordless and not files:
        raise FileNotFoundError(
            f"{folder} is no whole model: it lacks its tokenizer's files (tokenizer.json, or what "
            "older models have, such as vocab.txt), without which all texts would be alike. Copy "
            "them there, or fetch the model anew."
        )
    named = files[0] if "tokenizer.json" in files else " and ".join(files) or "its files"
    if wordless:
        raise ValueError(
            f"The tokenizer in {folder} knows no words: {named} holds none, so that all texts "
            f"would be alike. {_FETCH}"
        )
    message = (
        f"The tokenizer in {folder} knows {n_tokens:,} tokens and the network {n_rows:,}: {named} "
        "is cut short, or of another model"
    )
    if n_tokens < _ENOUGH * n_rows:
        raise ValueError(f"{message}. {_FETCH}")
    warn_user(f"{message}, unless the others are unused. Texts may be read wrongly.")


def check_rows(folder, tokenizer, n_rows, texts, tokens):
    """Raise for a token that the network has no vector for.

    Parameters
    ----------
    folder : Path
        The model's.
    tokenizer : transformers tokenizer
        What gave the tokens.
    n_rows : int
        For how many tokens there are vectors.
    texts : list of str
        The texts.
    tokens : list of list of int
        Of each text.

    Raises
    ------
    ValueError
        The message names token and text.
    """
    for text, ids in zip(texts, tokens):
        if ids and max(ids) >= n_rows:
            name = tokenizer.convert_ids_to_tokens(max(ids))
            raise ValueError(
                f"The tokenizer in {folder} reads {name!r} in {text[:60]!r} as token {max(ids)}, "
                f"and the network has vectors for {n_rows} tokens: it was added to the one alone, "
                "in tokenizer.json or added_tokens.json. Take it out there, or train the network "
                "after model.resize_token_embeddings(len(tokenizer)) and save both."
            )


def warn_if_alike(model, texts, vectors):
    """Warn where several texts have one and the same vector: their words are not known, say.

    Parameters
    ----------
    model : str or path-like
        For the message.
    texts : list of str
        The texts, of any number; upper case and punctuation make no other text.
    vectors : sequence of array-like
        Of each text.

    Warns
    -----
    UserWarning
        If three texts or more are all alike.
    """
    first = vectors[0] if len(vectors) > 2 else ()
    if not len(first) or not all(_alike(first, vector) for vector in vectors):
        return
    n_texts = len({re.sub(r"[\W_]+", "", text.casefold()) for text in texts})
    if n_texts > 2:
        warn_user(
            f"{model} gives all {n_texts} texts one and the same vector: its tokenizer knows none "
            "of their words, or they are alike as far as it reads. Is it whole, and for their "
            "language?"
        )


def _alike(one, other):
    return len(one) == len(other) and np.allclose(one, other, rtol=0, atol=1e-6)


def cannot_be_loaded(folder, error):
    """Return the error that says why a library could not load a model.

    Parameters
    ----------
    folder : Path
        The model's.
    error : BaseException
        The library's.

    Returns
    -------
    ValueError
        To be raised from the other.
    """
    files = _present(folder, (*_SMALL, *TOKENIZERS, *_WEIGHTS, *_OLD_WEIGHTS))
    named = ", ".join(file.name for file in files) or "its files"
    which = "One of these" if len(files) > 1 else "It"
    return ValueError(
        f"{folder} cannot be loaded: {_reason(error)}. Its files: {named}. {which} is damaged, or "
        f"of another model. {_FETCH}"
    )


def fails_on_texts(folder, error):
    """Return the error that says that a model fails on texts.

    Parameters
    ----------
    folder : Path
        The model's.
    error : BaseException
        What a library said.

    Returns
    -------
    ValueError
        To be raised from the other.
    """
    return ValueError(
        f"The model in {folder} fails on a text: {_reason(error)}. Its tokenizer, config.json and "
        f"weights do not belong together, or one is damaged. {_FETCH}"
    )


@contextmanager
def explained(why):
    """Turn an error of a library, which speaks of its own insides, into one about the model.

    Parameters
    ----------
    why : callable
        From an error to the one to raise.

    Yields
    ------
    None
        To where the library works.
    """
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except BaseException as error:
        kind = type(error).__name__
        # A panic of Rust's is no Exception, and a GPU without memory no damage.
        if kind == "OutOfMemoryError" or not (isinstance(error, Exception) or "Panic" in kind):
            raise
        raise why(error) from error


def _present(folder, patterns):
    return [file for pattern in patterns for file in sorted(folder.glob(pattern)) if file.is_file()]


def _check_content(file):
    """Raise for a file without content: empty, zeros, or what Git LFS leaves in its place."""
    with open(file, "rb") as opened:
        first = opened.read(256)
    if first.startswith(_POINTER):
        raise ValueError(
            f"{file} is a pointer of Git LFS and not the file itself. Run `git lfs pull` in "
            f"{file.parent}, or fetch the model anew with `hf download`."
        )
    if not first.strip(b"\0"):
        state = "holds zeros alone" if first else "is empty"
        raise ValueError(f"{file} {state}. {_FETCH}")


def _check_text(file):
    try:
        if "\0" not in file.read_text(encoding="utf-8"):
            return
        reason = "it holds zeros"
    except UnicodeDecodeError as error:
        reason = str(error)
    raise ValueError(f"{file} is no list of tokens in UTF-8: {reason}. {_FETCH}")


def _reason(error):
    """Return an error in one short line."""
    said = str(error).strip().split("\n")[0][:300].rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
