"""A training: the Trainer of sentence-transformers, its checkpoints, and what comes out of it."""

import json
import math
import random
import shutil
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

import numpy as np
from sklearn.base import BaseEstimator, clone

from textvec._checks import is_auto, warn_user
from textvec.encoders.prompts import Prompt
from textvec.finetune.ewc import fisher_information, penalty_of
from textvec.finetune.folders import writing
from textvec.finetune.objective import collator, columns_of, objective, tokens_of
from textvec.finetune.records import read_records
from textvec.finetune.strategies import Prefix, trained_share

_SCORES = 10  # times in all that a model is scored
_LOGS = 50  # times in all that a loss is noted
_ONE_AT_A_TIME = RLock()  # trainings draw from generators that all threads share


class Outcome:
    """What a training came to.

    Parameters
    ----------
    losses, scores : list of (int, float)
        Mean loss since the last, and the score on the validation, by step.
    best_step : int
        From which step the weights are.
    share : float
        Of the weights that learned.
    error : BaseException or None
        What cut it short.
    """

    def __init__(self, losses, scores, best_step, share, error=None):
        self.losses, self.scores, self.best_step = losses, scores, best_step
        self.share, self.error = share, error


@contextmanager
def drawing_from(seed):
    """Let PyTorch, NumPy and Python draw from a seed, and go on as before afterwards."""
    import torch

    with _ONE_AT_A_TIME, torch.random.fork_rng():
        kept = random.getstate(), np.random.get_state()  # noqa: NPY002  (the Trainer seeds these)
        try:
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.manual_seed(seed)
            yield
        finally:
            random.setstate(kept[0])
            np.random.set_state(kept[1])  # noqa: NPY002


def open_model(vectorizer):
    """Return the network of a vectorizer as a SentenceTransformer, ready to be trained.

    Parameters
    ----------
    vectorizer : TransformerVectorizer
        With a folder or a name on the hub.

    Returns
    -------
    SentenceTransformer

    Raises
    ------
    ValueError
        If it has no network in PyTorch that can be trained, or code of its own that is not
        trusted.
    """
    choice = vectorizer._choice()
    if choice.backend not in ("transformers", "sentence-transformers"):
        raise ValueError(
            f"Of {vectorizer.model}, which runs by {choice.backend!r}, no weights can be trained. "
            "Use strategy='adapter', which learns a linear map of its vectors, or a model with a "
            "network for PyTorch."
        )
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    kwargs = dict(vectorizer.model_kwargs or {})
    trusted = bool(kwargs.pop("trust_remote_code", False))
    settings = {
        "device": None if vectorizer.device == "auto" else vectorizer.device,
        "trust_remote_code": trusted,
        "revision": vectorizer.revision,
        "model_kwargs": {**kwargs, "dtype": "float32"},
    }
    folder = choice.folder
    folder.check_code(trusted)
    if folder.modules and vectorizer.pooling in ("auto", folder.pooling):
        with folder.loading():
            model = SentenceTransformer(str(folder.path), **settings)
    else:
        pooling = vectorizer._resolved_pooling(choice)
        if pooling not in _POOLINGS:
            raise ValueError(
                f"pooling must be one of {', '.join(_POOLINGS)} to be trained. Got {pooling!r}."
            )
        code = {"trust_remote_code": trusted}  # left out, transformers asks whoever sits there
        with folder.loading():
            network = Transformer(
                str(folder.path),
                model_kwargs={**kwargs, **code, "dtype": "float32"},
                processor_kwargs=code,
                config_kwargs=code,
            )
        width = network.get_embedding_dimension()
        model = SentenceTransformer(
            modules=[network, Pooling(width, pooling_mode=_POOLINGS[pooling])],
            device=settings["device"],
        )
    if vectorizer.max_length is not None:
        model.max_seq_length = vectorizer.max_length
    return model


# Our names of poolings -> those of sentence-transformers.
_POOLINGS = {
    "mean": "mean",
    "cls": "cls",
    "max": "max",
    "mean_sqrt_len": "mean_sqrt_len_tokens",
    "last_weighted": "weightedmean",
    "last_token": "lasttoken",
}


class InTraining(BaseEstimator):
    """A network that is being trained, as a task asks for it: copies are itself.

    Parameters
    ----------
    model : SentenceTransformer
        The network as it is now.
    prompts : dict of str to Prompt
        Of "query" and "document".
    """

    def __init__(self, model, prompts):
        self.model = model
        self.prompts = prompts

    def __sklearn_clone__(self):
        return self

    def fit(self, raw_documents, y=None):  # numpydoc ignore=GL08
        """Do nothing."""
        return self

    def transform(self, raw_documents):  # numpydoc ignore=GL08
        """Return the vectors of documents."""
        return self._vectors(raw_documents, "document")

    def transform_queries(self, raw_documents):  # numpydoc ignore=GL08
        """Return the vectors of queries."""
        return self._vectors(raw_documents, "query")

    def _vectors(self, texts, side):
        texts = [self.prompts[side].around(text) for text in texts]
        return self.model.encode(texts, prompt="", batch_size=32, show_progress_bar=False)


def run(
    model, parts, validation, strategy, training, place, keeps, seed, prompts, verbose
):  # fmt: skip
    """Train a model, and leave the best of its weights in it.

    Parameters
    ----------
    model : SentenceTransformer
        Changed in place.
    parts : dict of str to (Records, str)
        Records by name, with the name of their loss.
    validation : list of Task
        What chooses the best weights; of none, the last are taken.
    strategy : strategy
        Has prepared the model.
    training : Training
        How.
    place : Path
        Folder of the checkpoints. Where it has some, the training goes on from the last.
    keeps : bool
        Whether to write checkpoints.
    seed : int
        Of all that is drawn.
    prompts : dict of str to Prompt
        Of "query" and "document".
    verbose : bool
        Whether to show progress.

    Returns
    -------
    Outcome
        Its ``error`` is what cut the training short, after which the model has the best weights so
        far.

    Raises
    ------
    ValueError
        If the loss becomes NaN or infinite.
    """
    from transformers import PrinterCallback
    from transformers.trainer_utils import set_seed

    from datasets import Dataset, DatasetDict

    random_state = np.random.RandomState(seed)
    data = DatasetDict(
        {
            name: Dataset.from_dict(columns_of(records, loss, training.n_negatives, random_state))
            for name, (records, loss) in parts.items()
        }
    )
    sides = {name: records.asked for name, (records, _) in parts.items()}
    lengths = {
        "query": training.query_max_length or training.max_length,
        "document": training.max_length,
    }
    n_steps = _n_steps(data, training)
    every = training.evaluate_every or max(1, math.ceil(n_steps / _SCORES))
    rate = strategy.rate if is_auto(training.learning_rate) else training.learning_rate
    penalty = _penalty(model, training, prompts, lengths, verbose)
    checkpoint = _last_checkpoint(place)
    arguments = training._arguments(
        output_dir=str(place),
        num_train_epochs=training.epochs,
        max_steps=training.max_steps or -1,
        per_device_train_batch_size=training.batch_size,
        learning_rate=rate,
        warmup_steps=training.warmup if training.warmup < 1 else n_steps,
        weight_decay=0.0,
        eval_strategy="steps" if validation else "no",
        eval_steps=every,
        save_strategy="steps" if keeps else "no",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=False,
        metric_for_best_model="eval_score",
        greater_is_better=True,
        eval_on_start=bool(validation) and checkpoint is None,
        logging_steps=max(1, math.ceil(n_steps / _LOGS)),
        report_to="none",
        disable_tqdm=not verbose,
        seed=seed,
        use_cpu=model.device.type == "cpu",
        batch_sampler=_drawn_by_epoch(),
        multi_dataset_batch_sampler=_mixed_by_epoch(),
        dataloader_pin_memory=model.device.type != "cpu",
    )
    if isinstance(strategy, Prefix):
        arguments.weight_decay = 0.0  # it would change the rows that are to stay
    losses = {name: objective(model, loss, training, penalty) for name, (_, loss) in parts.items()}
    trainer = _trainer()(
        model=model,
        args=arguments,
        train_dataset=data,
        loss=losses,
        evaluator=_evaluator(validation, prompts) if validation else None,
        data_collator=collator(model, sides, prompts, lengths),
    )
    trainer.add_callback(_last_step_counts())
    if not verbose:
        trainer.remove_callback(PrinterCallback)
    set_seed(seed)
    error = None
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
    except FloatingPointError as nan:
        raise ValueError(
            f"{nan} at step {trainer.state.global_step + 1}: the steps are too long. Lower "
            f"learning_rate, which is {rate:g}, or raise the temperature, {training.temperature:g}."
        ) from nan
    except (KeyboardInterrupt, OSError) as cut:
        error = cut
    model.eval()
    share = trained_share(strategy, model)
    return _outcome(trainer, validation, share, error)


def _outcome(trainer, validation, share, error):
    """Return what came out, the model holding its best weights."""
    state = trainer.state
    losses = [(log["step"], log["loss"]) for log in state.log_history if "loss" in log]
    scores = [(log["step"], log["eval_score"]) for log in state.log_history if "eval_score" in log]
    best_step = state.global_step
    if validation and scores:
        best_step = max(scores, key=lambda score: (score[1], -score[0]))[0]
        if best_step == 0 and error is None:
            warn_user(
                f"No step of the training improved on the model as it was, which scores "
                f"{scores[0][1]:.4f}: it stays so. Other records, more of them, a lower "
                "learning_rate or fewer epochs may help."
            )
        elif best_step not in (0, state.global_step):
            trainer._load_from_checkpoint(state.best_model_checkpoint)
    return Outcome(losses, scores, best_step, share, error)


def _n_steps(data, training):
    if training.max_steps is not None:
        return training.max_steps
    batches = sum(math.ceil(len(part) / training.batch_size) for part in data.values())
    accumulated = (training.trainer or {}).get("gradient_accumulation_steps", 1)
    return max(1, math.ceil(training.epochs * math.ceil(batches / accumulated)))


def _penalty(model, training, prompts, lengths, verbose):
    """Return what keeps the weights near where they are, or None."""
    if training.ewc is None or not training.ewc.weight:
        return None
    import torch

    ewc = training.ewc
    records = read_records(ewc.records)
    records = records.rows(range(min(len(records), ewc.n_records)))
    columns = [records.columns[0], records.columns[min(1, len(records.columns) - 1)]]
    model.train(records.kind in ("texts", "labels"))  # two draws of dropout are two sides

    def embed(start, end):
        sides = ("query" if records.asked else "document", "document")
        for column, side in zip(columns, sides):
            made = tokens_of(model, column[start:end], prompts[side], lengths[side])
            made = {
                name: value.to(model.device) if torch.is_tensor(value) else value
                for name, value in made.items()
            }
            yield model(made)["sentence_embedding"]

    fisher = fisher_information(model, embed, len(records), training.temperature, verbose)
    return penalty_of(fisher, ewc.weight)


def _evaluator(tasks, prompts):
    """Return what scores a model: the mean over tasks of the main metric."""
    from sentence_transformers.base.evaluation import BaseEvaluator

    class Evaluator(BaseEvaluator):
        def __call__(self, model, output_path=None, epoch=-1, steps=-1):
            vectorizer = InTraining(model, prompts)
            found = [next(iter(task.evaluate(vectorizer).values())) for task in tasks]
            return {"score": float(np.mean(found))}

    return Evaluator()


def _trainer():
    """Return the Trainer that writes models alone into checkpoints: no card, no pickle."""
    from sentence_transformers import SentenceTransformerTrainer

    class Trainer(SentenceTransformerTrainer):
        def add_model_card_callback(self, default_args_dict):
            pass

        def _save_checkpoint(self, model, trial):
            with writing(Path(self.args.output_dir)):
                super()._save_checkpoint(model, trial)

        def _save(self, output_dir=None, state_dict=None):
            self.model.save_pretrained(output_dir or self.args.output_dir, create_model_card=False)

    return Trainer


def _last_step_counts():
    """Return what lets the last step be scored and kept, wherever it falls."""
    from transformers import TrainerCallback

    class LastStepCounts(TrainerCallback):
        def on_step_end(self, args, state, control, **others):
            if state.global_step >= state.max_steps:
                control.should_evaluate = args.eval_strategy != "no"
                control.should_save = args.save_strategy != "no"

    return LastStepCounts()


def _drawn_by_epoch():
    """Return batches whose order is that of the seed and the epoch, whenever that begins."""
    from sentence_transformers.base.sampler import DefaultBatchSampler

    class DrawnByEpoch(DefaultBatchSampler):
        def __init__(self, dataset, **settings):
            super().__init__(range(len(dataset)), **settings)
            self.n_rows = len(dataset)

        def __iter__(self):
            order = np.random.RandomState([self.seed, self.epoch]).permutation(self.n_rows)
            for start in range(0, self.n_rows, self.batch_size):
                batch = order[start : start + self.batch_size].tolist()
                if len(batch) == self.batch_size or not self.drop_last:
                    yield batch

    return DrawnByEpoch


def _mixed_by_epoch():
    """Return batches of several data sets, mixed in proportion to what each has."""
    from sentence_transformers.base.sampler import MultiDatasetDefaultBatchSampler

    class MixedByEpoch(MultiDatasetDefaultBatchSampler):
        def __iter__(self):
            sizes = [len(sampler) for sampler in self.batch_samplers]
            turns = np.repeat(np.arange(len(sizes)), sizes)
            turns = np.random.RandomState([self.seed, self.epoch, 1]).permutation(turns)
            starts = np.cumsum([0, *(len(part) for part in self.dataset.datasets)])
            batches = [iter(sampler) for sampler in self.batch_samplers]
            for turn in turns:
                yield [int(starts[turn]) + row for row in next(batches[turn])]

        def __len__(self):
            return sum(len(sampler) for sampler in self.batch_samplers)

    return MixedByEpoch


def _last_checkpoint(place):
    """Return the last checkpoint that is whole, or None; those that are not go."""
    found = {}
    for folder in place.glob("checkpoint-*"):
        try:
            json.loads((folder / "trainer_state.json").read_text())  # which is written last
            found[int(folder.name.rpartition("-")[2])] = folder
        except (OSError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
    return str(found[max(found)]) if found else None


def prompts_of(vectorizer, training):
    """Return what stands around queries and documents in training, as Prompts.

    Parameters
    ----------
    vectorizer : TransformerVectorizer
        Has prompts, or a model with such.
    training : Training
        Whose ``prompts`` come first.

    Returns
    -------
    dict of str to Prompt
    """
    if training.prompts is not None:
        vectorizer = clone(vectorizer).set_params(prompts=training.prompts)
    choice = vectorizer._choice()
    return {side: Prompt(*vectorizer._prompt(choice, side)) for side in ("query", "document")}
