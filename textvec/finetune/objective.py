"""From records to a loss: rows and batches of texts, who is no negative of whom, the formula."""

from functools import partial

import numpy as np

from textvec.encoders.prompts import Prompt
from textvec.finetune import losses

# Name of a loss -> the kinds of records that it fits.
_PAIRED = {"texts", "labels", "pairs"}
LOSSES = {
    "infonce": _PAIRED | {"triplets"},
    "cosent": {"scores", "labels"},
    "cosine_regression": {"scores", "labels"},
    "angle": {"scores", "labels"},
    "gte": _PAIRED,
    "pair_softmax": _PAIRED,
    "pair_cosent": _PAIRED,
    "pair_sigmoid": _PAIRED,
    "triplet_softmax": {"triplets"},
    "triplet_cosent": {"triplets"},
    "triplet_sigmoid": {"triplets"},
}
SCORED = ("cosent", "cosine_regression", "angle")
_SYMMETRIC = ("infonce", "pair_softmax", "pair_cosent", "pair_sigmoid")
_TOGETHER = 16  # texts that go through a network at once on a CPU
_PARTNERS = 4  # texts of its class that each text meets in an epoch


def columns_of(records, loss, n_negatives, random):
    """Return the columns of a data set, a row for each example.

    Parameters
    ----------
    records : Records
        What there is.
    loss : str
        What they are for.
    n_negatives : int
        Most hard negatives of a row. A row of fewer has its own again, which count once, and one
        of none its positive, which is no negative.
    random : RandomState
        Draws texts of one class, and of two.

    Returns
    -------
    dict of str to list
        Columns of texts: first, second, and so on; and ``label``, a score or the number of a
        class, where there is one.
    """
    if records.kind == "texts":
        return {"first": records.columns[0], "second": records.columns[0]}
    if records.kind == "labels":
        return _of_labels(records, loss in SCORED, random)
    columns = {"first": records.columns[0], "second": records.columns[1]}
    if records.kind == "scores":
        return columns | {"label": records.targets}
    if records.kind == "triplets":
        negatives = records.columns[2]
        n_negatives = min(n_negatives, max(map(len, negatives)))
        for place in range(n_negatives):
            columns[f"negative_{place}"] = [
                found[place % len(found)] if found else positive
                for found, positive in zip(negatives, records.columns[1])
            ]
    return columns


def _of_labels(records, scored, random):
    """Return pairs of one class, with its number; or pairs of one and of two, with 1 and 0."""
    texts = records.columns[0]
    classes = {label: number for number, label in enumerate(dict.fromkeys(records.targets))}
    numbers = np.array([classes[label] for label in records.targets])
    places = {one: np.flatnonzero(numbers == one) for one in range(len(classes))}
    first, second, target = [], [], []
    for row, one in enumerate(numbers):
        others = places[one][places[one] != row]
        mates = random.permutation(others)[:_PARTNERS] if len(others) else [row]
        for mate in mates:
            first += [row]
            second += [mate]
            target += [1.0 if scored else int(one)]
            if scored:
                stranger = random.randint(len(texts) - len(others) - 1)
                first += [row]
                second += [np.flatnonzero(numbers != one)[stranger]]
                target += [0.0]
    return {
        "first": [texts[row] for row in first],
        "second": [texts[row] for row in second],
        "label": target,
    }


def collator(model, sides, prompts, lengths):
    """Return what makes a batch of rows: tokens of each column, and numbers that tell texts apart.

    Parameters
    ----------
    model : SentenceTransformer
        Whose tokenizer it is.
    sides : dict of str to bool
        Name of a data set -> whether its first column holds queries.
    prompts : dict of str to Prompt
        Of "query" and "document".
    lengths : dict of str to (int or None)
        Most tokens of each.

    Returns
    -------
    callable
        As the Trainer takes it.
    """
    import torch
    from sentence_transformers.sentence_transformer.data_collator import (
        SentenceTransformerDataCollator,
    )

    class Collator(SentenceTransformerDataCollator):
        def __call__(self, features):
            rows = [dict(row) for row in features]
            name = rows[0].get("dataset_name")
            batch = {} if name is None else {"dataset_name": name}
            if "label" in rows[0]:
                batch["label"] = torch.tensor([row["label"] for row in rows])
            numbers = {}
            for column in rows[0]:
                if column in ("dataset_name", "label"):
                    continue
                texts = [row[column] for row in rows]
                side = "query" if column == "first" and sides.get(name) else "document"
                made = tokens_of(model, texts, prompts[side], lengths[side])
                ids = [numbers.setdefault(text, len(numbers)) for text in texts]
                made["text_ids"] = torch.tensor(ids)
                batch |= {f"{column}_{key}": value for key, value in made.items()}
            return batch

    return Collator(preprocess_fn=model.preprocess)


def tokens_of(model, texts, prompt=Prompt(), max_length=None):  # noqa: B008
    """Return the tensors that a model of sentence-transformers takes for texts.

    Parameters
    ----------
    model : SentenceTransformer
        The model.
    texts : list of str
        The texts.
    prompt : Prompt, default=Prompt()
        What stands around each.
    max_length : int or None, default=None
        Most tokens; None is the model's.

    Returns
    -------
    dict
    """
    texts = [text + prompt.suffix for text in texts]
    more = {} if max_length is None else {"max_length": max_length}
    return dict(model.preprocess(texts, prompt=prompt.prefix or None, **more))


def no_negatives(ids, classes=None):
    """Return where a column is no negative of a row: its own texts, its class, what stands twice.

    Parameters
    ----------
    ids : list of int tensors of shape (B,)
        Numbers that tell the texts of each column apart: queries, positives, negatives.
    classes : int tensor of shape (B,), default=None
        Of the rows.

    Returns
    -------
    bool tensor of shape (B, B * (n_columns - 1))
        As :func:`~textvec.finetune.losses.infonce` takes it.
    """
    import torch

    queries, positives = ids[:2]
    items = torch.cat(ids[1:])
    ignore = (positives[:, None] == items) | (queries[:, None] == items)
    ignore |= (items[:, None] == items).tril(-1).any(dim=1)  # an earlier column has it
    n_rows = len(queries)
    ignore[:, :n_rows] |= queries[:, None] == queries
    if classes is not None:
        ignore[:, :n_rows] |= classes[:, None] == classes
    ignore.diagonal().fill_(False)
    return ignore


def formula(name, training):
    """Return a loss as a function of vectors, numbers of texts, and targets.

    Parameters
    ----------
    name : str
        Of `LOSSES`.
    training : Training
        Temperature, widths and so on.

    Returns
    -------
    callable
        Takes one array of vectors for each column, and by name ``ids`` and ``targets``.
    """
    loss = getattr(losses, name)
    settings = {} if name == "cosine_regression" else {"temperature": training.temperature}
    if name in _SYMMETRIC and training.symmetric:
        settings["symmetric"] = True

    def of_batch(*vectors, ids, targets=None):
        import torch

        if name in SCORED:
            if name == "angle":
                ignore = no_negatives(ids)
                return loss(*vectors, targets, ignore=ignore, **settings)
            return loss(*vectors, targets, **settings)
        ignore = no_negatives(ids, targets)
        n_rows = len(vectors[0])
        if name.startswith("triplet"):
            negatives = torch.cat(vectors[2:])
            return loss(*vectors[:2], negatives, ignore=ignore[:, n_rows:], **settings)
        if name == "infonce" and len(vectors) > 2:
            return loss(*vectors[:2], torch.stack(vectors[2:]), ignore=ignore, **settings)
        return loss(*vectors[:2], ignore=ignore[:, :n_rows], **settings)

    if training.matryoshka:
        return losses.matryoshka(of_batch, list(training.matryoshka))
    return of_batch


def objective(model, name, training, penalty=None):
    """Return the loss of a model as a module that the Trainer takes.

    Parameters
    ----------
    model : SentenceTransformer
        The model.
    name : str
        Of `LOSSES`.
    training : Training
        Temperature, widths, chunks.
    penalty : callable, default=None
        What is added, such as that of `EWC`.

    Returns
    -------
    torch.nn.Module
        Raises FloatingPointError where the loss is no number.
    """
    import torch

    of_batch = formula(name, training)

    class Objective(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, features, labels=None):
            ids = [column.pop("text_ids") for column in features]
            if training.chunk_size is None:
                value = of_batch(*_embed_all(self.model, features), ids=ids, targets=labels)
            else:
                embed = partial(_embed, self.model)
                cached = losses.cached(of_batch, embed, training.chunk_size)
                value = cached(features, ids=ids, targets=labels)
            if penalty is not None:
                value = value + penalty()
            if not torch.isfinite(value):
                raise FloatingPointError(f"The loss is {value.item()}")
            return value

    return Objective()


def _embed_all(model, columns):
    """Return the vectors of each column.

    A CPU gets texts of like length together, whichever their columns: half of what it would
    compute otherwise is padding. Others are quicker with all at once.
    """
    import torch

    masks = [column.get("attention_mask") for column in columns]
    if (
        model.device.type != "cpu"
        or any(mask is None for mask in masks)  # a static table has none
        or model.tokenizer.padding_side != "right"
    ):
        return [_embed(model, column) for column in columns]
    rest = [
        {key: one for key, one in column.items() if not _is_of_tokens(one, mask)}
        for column, mask in zip(columns, masks)
    ]
    if any(map(torch.is_tensor, rest[0].values())) or any(one != rest[0] for one in rest):
        return [_embed(model, column) for column in columns]
    width = max(mask.shape[1] for mask in masks)
    padding = model.tokenizer.pad_token_id or 0

    def widened(table, key):
        value = padding if key == "input_ids" else 0
        return torch.nn.functional.pad(table, (0, width - table.shape[1]), value=value)

    joined = {
        key: torch.cat([widened(column[key], key) for column in columns])
        for key in columns[0]
        if key not in rest[0]
    }
    lengths = joined["attention_mask"].sum(dim=1)
    order = lengths.argsort(stable=True)
    vectors = []
    for rows in order.split(_TOGETHER):
        tables = {key: table[rows, : lengths[rows[-1]]] for key, table in joined.items()}
        vectors.append(_embed(model, rest[0] | tables))
    return torch.cat(vectors)[order.argsort()].split([len(mask) for mask in masks])


def _is_of_tokens(value, mask):
    return getattr(value, "shape", None) == mask.shape


def _embed(model, features):
    return model(dict(features))["sentence_embedding"]  # which writes into what it is given
