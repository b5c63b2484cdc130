"""Static models, tuned: a vector for each token, and a text is the mean of its tokens'.

Such a table encodes a hundred thousand sentences a second on a processor. Contrastive training of
its vectors (in-batch softmax for pairs, CoSENT for pairs with scores), so that they also serve when
cut short (Matryoshka), is the recipe of sentence-transformers' static models.

Sources: Aarsen 2025, "Train 400x faster static embedding models" (huggingface.co/blog/
static-embeddings); Kusupati et al. 2022, "Matryoshka representation learning".
"""

import os
import tempfile
from pathlib import Path

from textvec._checks import check_number, check_type, import_optional
from textvec._writing import check_new_folder
from textvec.dense.keyed_vectors import KeyedVectors
from textvec.dense.static_models import write_table
from textvec.encoders.model_files import find_model
from textvec.encoders.prompts import Prompt
from textvec.finetune.strategies import Full

_LEAST_WIDTH = 32  # of vectors cut short
_RATE = 0.01  # what learning_rate="auto" is where a table learns
_LOSSES = {"pairs": "infonce", "triplets": "infonce", "scores": "cosent"}


def tune_static(
    table, X, path, y=None, training=None, validation=None, random_state=0, verbose=False
):
    """Train the vectors of a table of words or tokens on pairs, and write a static model.

    Parameters
    ----------
    table : KeyedVectors, fitted Word2Vec, str or path-like
        Where to begin: word vectors, such as GloVe's or those that ``Word2Vec`` or ``PPMI`` learned
        (``keyed_vectors_``), or the folder of a static model (model2vec, StaticEmbedding).
    X : records
        Pairs of texts, with negatives or without, or pairs and scores, as tuning takes them: lists,
        a DataFrame, or the `pathlib.Path` of a JSON, JSONL, CSV or TSV file.
    path : str or path-like
        The folder to write; it must not exist, or be empty.
    y : list of float, default=None
        Scores of pairs.
    training : Training, default=None
        How; None is 10 epochs of 256 pairs, at a learning rate of 0.01, with vectors that serve at
        a half, a quarter and so on of their width. Its ``prompts`` must be None: what is tuned here
        reads texts as they are.
    validation : Task or list of Task, default=None
        Chooses the best of ten states in the course of training; None takes the last.
    random_state : int, default=0
        Order of the pairs.
    verbose : bool, default=False
        Show progress.

    Returns
    -------
    str
        The folder, which ``TransformerVectorizer(folder)``, model2vec and sentence-transformers
        open.

    Raises
    ------
    FileExistsError
        If the folder holds something already.
    TypeError
        If the table, the training or the validation is something else.
    ValueError
        If the records are of another kind, the training has prompts, or the model is no static one.

    See Also
    --------
    textvec.KeyedVectors.to_static_model : The same without training.

    Examples
    --------
    >>> from textvec import KeyedVectors
    >>> table = KeyedVectors([[1.0, 0.0], [0.0, 1.0]], ["sea", "view"])
    >>> tune_static(table, ["no pairs", "texts alone"], "folder")
    Traceback (most recent call last):
    ValueError: X must hold pairs of texts, with negatives or scores if you like. Got texts instead.
    """
    from textvec.evaluate.tasks import Task
    from textvec.finetune.records import KINDS, read_records
    from textvec.finetune.training import Training

    check_new_folder(path)
    check_number("random_state", random_state, low=0, high=2**32 - 1, integer=True)
    records = read_records(X, y)
    loss = _LOSSES.get(records.kind)
    if loss is None:
        raise ValueError(
            "X must hold pairs of texts, with negatives or scores if you like. "
            f"Got {KINDS[records.kind]} instead."
        )
    check_type("training", training, Training | None, "a Training, or None")
    if training is not None and training.prompts is not None:
        raise ValueError(
            "training must have prompts=None for a table, which reads texts as they are. "
            f"Got {training.prompts!r:.60} instead."
        )
    tasks = list(validation) if isinstance(validation, list | tuple) else [validation]
    tasks = [task for task in tasks if task is not None]
    for task in tasks:
        check_type("validation", task, Task, "a task, a list of tasks, or None")
    for module in ("accelerate", "datasets", "sentence_transformers"):
        import_optional(module, "finetune")
    from textvec.finetune.running import drawing_from, run

    with tempfile.TemporaryDirectory() as work, drawing_from(random_state):
        model, normalize = _opened(table, Path(work, "begun"))
        if training is None:
            widths = _widths(model.get_embedding_dimension())
            training = Training(epochs=10, batch_size=256, matryoshka=widths)
        training._check()
        sides = dict.fromkeys(("query", "document"), Prompt())
        strategy = Full()
        strategy.rate = _RATE
        outcome = run(
            model, {"records": (records, loss)}, tasks, strategy, training,
            Path(work, "states"), bool(tasks), random_state, sides, verbose,
        )  # fmt: skip
        if outcome.error is not None:
            raise outcome.error
        if outcome.best_step == 0 and outcome.scores:
            model, _ = _opened(table, Path(work, "again"))
        vectors = model[0].embedding.weight.detach().cpu().numpy()
        write_table(model[0].tokenizer, vectors, path, normalize)
    return os.fspath(path)


def _widths(width):
    """Return a width and its halves."""
    widths = [width]
    while widths[-1] // 2 >= _LEAST_WIDTH:
        widths.append(widths[-1] // 2)
    return tuple(widths)


def _opened(table, aside):
    """Return a static model to train, and whether its vectors of texts get unit length."""
    from sentence_transformers import SentenceTransformer

    table = getattr(table, "keyed_vectors_", table)
    if isinstance(table, KeyedVectors):
        table.to_static_model(aside)
        table = aside
    elif not isinstance(table, str | os.PathLike):
        raise TypeError(
            "table must be KeyedVectors, a fitted Word2Vec, or the folder of a static model. "
            f"Got {table!r:.60} instead."
        )
    folder = find_model(table, backend="static")
    if not folder.is_static:
        raise ValueError(
            f"{folder.path} is no static model: tune it by FineTunedVectorizer. A table of tokens "
            "is what KeyedVectors.to_static_model, model2vec or StaticEmbedding write."
        )
    folder.check_code(trust_remote_code=False)
    with folder.loading():
        model = SentenceTransformer(os.fspath(folder.path), device="cpu", local_files_only=True)
    normalize = folder.normalizes or bool(folder.read("config.json", {}).get("normalize"))
    return model, normalize
