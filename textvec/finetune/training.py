"""How a network is trained: what a user may set, with the defaults of the field."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from textvec._checks import (
    check_flag,
    check_number,
    check_type,
    closest_names,
    is_auto,
)
from textvec.finetune.ewc import EWC
from textvec.finetune.settings import Settings

# Arguments of the Trainer that are set here, and by what.
_OURS = {
    "output_dir": "output_dir",
    "seed": "random_state",
    "data_seed": "random_state",
    "num_train_epochs": "epochs",
    "max_steps": "max_steps",
    "per_device_train_batch_size": "batch_size",
    "learning_rate": "learning_rate",
    "warmup_steps": "warmup",
    "warmup_ratio": "warmup",
    "prompts": "prompts",
    "eval_strategy": "evaluate_every",
    "eval_steps": "evaluate_every",
    "save_strategy": "evaluate_every",
    "save_steps": "evaluate_every",
    "load_best_model_at_end": "validation",
    "metric_for_best_model": "validation",
    "batch_sampler": "batches that are drawn by seed and epoch, so that a killed run goes on",
    "multi_dataset_batch_sampler": "the same",
}


@dataclass
class Training(Settings):
    """How a network is trained; grids reach each by a name such as ``training__epochs``.

    Parameters
    ----------
    epochs : float > 0, default=1
        Times that all records are seen.
    max_steps : int >= 1, default=None
        Stop after so many steps, whatever ``epochs`` says.
    batch_size : int >= 2, default=32
        Records at a time. Where others of a batch are negatives, more are harder.
    learning_rate : float > 0 or "auto", default="auto"
        Of AdamW, at its highest; "auto" is that of the strategy: 5e-5 for all weights.
    temperature : float > 0, default=0.05
        Of the losses that have one.
    symmetric : bool, default=False
        Whether losses of pairs also ask for the text of each positive.
    n_negatives : int >= 1, default=7
        Most hard negatives of a record that are taken, the first ones.
    query_max_length, max_length : int >= 1, default=None
        Most tokens of a query, and of any other text; None is what the model reads.
    prompts : dict of str to str, or name of a family, default=None
        What stands around queries and documents, as in
        :class:`~textvec.TransformerVectorizer`; None is what the model has, or its vectorizer.
    matryoshka : tuple of int, default=None
        Widths at which vectors cut short are to serve, too, such as (384, 128, 64).
    chunk_size : int >= 1, default=None
        Texts that go through the network at once, where a batch does not fit the memory
        (GradCache); None for all of the batch.
    warmup : float from 0 to 1, default=0.1
        Share of the steps in which the learning rate grows to its highest; then it falls to 0.
    evaluate_every : int >= 1, default=None
        Steps between scores on the validation, and between checkpoints; None for ten times in
        all.
    ewc : EWC, default=None
        Keeps the model near where it was, as far as general texts ask for that.
    trainer : dict, default=None
        Handed on to ``SentenceTransformerTrainingArguments``, such as ``{"bf16": True,
        "gradient_accumulation_steps": 4, "report_to": "wandb"}``.

    Examples
    --------
    >>> Training(epochs=4, batch_size=16).get_params()["epochs"]
    4
    """

    epochs: float = 1
    max_steps: int | None = None
    batch_size: int = 32
    learning_rate: float | str = "auto"
    temperature: float = 0.05
    symmetric: bool = False
    n_negatives: int = 7
    query_max_length: int | None = None
    max_length: int | None = None
    prompts: dict | str | None = None
    matryoshka: tuple | None = None
    chunk_size: int | None = None
    warmup: float = 0.1
    evaluate_every: int | None = None
    ewc: EWC | None = None
    trainer: dict | None = None

    def _needs_trust(self):
        if not self.trainer:
            return None
        return (
            f"hands settings to the Trainer ({', '.join(map(str, self.trainer))}): such can send "
            "models and figures to a server"
        )

    def _check(self):
        """Raise if a parameter is out of range."""
        for name in ("epochs", "temperature"):
            check_number(name, getattr(self, name), low=1e-9)
        if not is_auto(self.learning_rate):
            check_number("learning_rate", self.learning_rate, low=1e-12, auto=True)
        check_number("batch_size", self.batch_size, low=2, integer=True)
        check_number("n_negatives", self.n_negatives, low=1, integer=True)
        check_number("warmup", self.warmup, low=0, high=1)
        check_flag("symmetric", self.symmetric)
        for name in ("max_steps", "query_max_length", "max_length", "chunk_size", "evaluate_every"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), low=1, integer=True)
        check_type("prompts", self.prompts, Mapping | str | None, "a dict, a family, or None")
        check_type("matryoshka", self.matryoshka, list | tuple | None, "widths, or None")
        for width in self.matryoshka or ():
            check_number("matryoshka", width, low=1, integer=True)
        check_type("ewc", self.ewc, EWC | None, "an EWC, or None")
        if self.ewc is not None:
            self.ewc._check()
        check_type("trainer", self.trainer, dict | None, "a dict, or None")
        for name in self.trainer or ():
            if name in _OURS:
                raise ValueError(f"trainer must not hold {name!r}: it is set by {_OURS[name]}.")

    def _arguments(self, **ours):
        """Return the arguments of sentence-transformers' Trainer."""
        from sentence_transformers import SentenceTransformerTrainingArguments as Arguments

        known = [field.name for field in fields(Arguments)]
        for name in self.trainer or ():
            if name not in known:
                near = ", ".join(closest_names(name, known))
                raise ValueError(
                    f"trainer must hold arguments of the Trainer. {name!r} is none. Near: {near}."
                )
        return Arguments(**ours | (self.trainer or {}))
