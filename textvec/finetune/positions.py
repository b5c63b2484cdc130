"""More positions than a model was trained with, by hierarchical decomposition."""

import json
import os
import shutil

import numpy as np

from textvec._checks import as_path, check_number, import_optional
from textvec._writing import check_new_folder, new_folder
from textvec.encoders.model_files import find_model

_LENGTHS = {  # file -> the key that says how many tokens are read
    "config.json": "max_position_embeddings",
    "sentence_bert_config.json": "max_seq_length",
    "tokenizer_config.json": "model_max_length",
}


def decomposed_positions(table, n_positions, a=0.4):
    """Return a table of more positions, the first of which stay as they were.

    With n positions ``p_1, ..., p_n`` there can be up to n^2:
    ``u_i = (p_i - a p_1) / (1 - a)`` and ``p'_{(i-1)n+j} = a u_i + (1 - a) u_j``.

    Parameters
    ----------
    table : array of shape (n, width)
        The vectors of the positions.
    n_positions : int
        How many there shall be, from n to n^2.
    a : float in (0, 1), default=0.4
        How much of a position is which stretch of n it lies in; not 0.5, which would make
        positions i, j and j, i the same.

    Returns
    -------
    ndarray of shape (n_positions, width), float32
        The first n rows are those of ``table``.

    Raises
    ------
    ValueError
        If ``n_positions`` or ``a`` is out of range.

    References
    ----------
    Su 2020, "Hierarchical decomposition of position embeddings", https://kexue.fm/archives/7947.

    Examples
    --------
    >>> decomposed_positions([[1.0], [2.0]], 4).round(2).ravel()
    array([1.  , 2.  , 1.67, 2.67], dtype=float32)
    """
    table = np.asarray(table, np.float32)
    n = len(table)
    check_number("n_positions", n_positions, low=n, high=n * n, integer=True)
    check_number("a", a, low=0.01, high=0.99)
    if a == 0.5:
        raise ValueError("a must not be 0.5, with which positions i, j and j, i are alike.")
    bases = (table.astype(np.float64) - a * table[0]) / (1 - a)
    stretch, within = np.divmod(np.arange(n_positions), n)
    longer = (a * bases[stretch] + (1 - a) * bases[within]).astype(np.float32)
    longer[:n] = table
    return longer


def longer_positions(model, n_positions, path, a=0.4):
    """Write a model that reads longer texts: its positions decomposed, all else as it is.

    Texts that the model could read before have the vectors that they had. Beyond that the new
    positions are a beginning, for training on long texts: stella went from 512 to 1,024 so.

    Parameters
    ----------
    model : str or path-like
        The folder of a model that learned a vector for each position, as BERT and RoBERTa do, or
        its name on the hub.
    n_positions : int
        How many tokens it shall read: up to the square of those that it does.
    path : str or path-like
        The folder to write; it must not exist, or be empty.
    a : float in (0, 1), default=0.4
        As for :func:`~textvec.finetune.positions.decomposed_positions`.

    Returns
    -------
    str
        The folder, for ``TransformerVectorizer(folder, max_length=...)``.

    Raises
    ------
    FileExistsError
        If the folder holds something already.
    ValueError
        If a number is out of range, or the model has no table of positions in
        ``model.safetensors``: others compute them, and need none.
    """
    safetensors = import_optional("safetensors.numpy", "transformers")
    folder, path = find_model(model), as_path("path", path)
    check_new_folder(path)
    file = folder.path / "model.safetensors"
    weights = safetensors.load_file(file) if file.is_file() else {}
    names = [name for name in weights if name.endswith("position_embeddings.weight")]
    n_now = folder.n_places
    if not names or n_now is None:
        raise ValueError(
            f"{folder.path} must have a table of positions in model.safetensors. It has none: "
            "models that compute positions read longer texts as they are, with max_length."
        )
    for name in names:
        unused, table = np.split(weights[name], [len(weights[name]) - n_now])  # as RoBERTa has
        longer = decomposed_positions(table, n_positions, a).astype(table.dtype)
        weights[name] = np.concatenate([unused, longer])
        n_rows = len(weights[name])
    with new_folder(path) as aside:
        shutil.copytree(folder.path, aside, dirs_exist_ok=True)
        for kept in (aside, *aside.rglob("*")):
            if not os.access(kept, os.W_OK):
                kept.chmod(0o644 if kept.is_file() else 0o755)
        safetensors.save_file(weights, aside / "model.safetensors", metadata={"format": "pt"})
        for place, key in _LENGTHS.items():
            found = folder.read(place, {})
            if key in found:
                found[key] = n_rows if place == "config.json" else n_positions
                (aside / place).write_text(json.dumps(found, indent=2), encoding="utf-8")
        if (aside / "tokenizer.json").is_file():  # which may cut by itself
            tokenizer = folder.read("tokenizer.json", {})
            if tokenizer.get("truncation"):
                tokenizer["truncation"]["max_length"] = n_positions
                text = json.dumps(tokenizer, ensure_ascii=False)
                (aside / "tokenizer.json").write_text(text, encoding="utf-8")
    return os.fspath(path)
