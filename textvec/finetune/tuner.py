"""FineTunedVectorizer: fit tunes an encoder, transform encodes."""

import errno
import os
from collections.abc import Iterator
from numbers import Real
from pathlib import Path
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from textvec._checks import (
    check_flag,
    check_number,
    check_type,
    import_optional,
    is_auto,
    seeded,
    warn_user,
)
from textvec._threads import CutShortError, held, learning
from textvec.encoders.encoder import TransformerVectorizer
from textvec.encoders.networks import quiet
from textvec.evaluate.tasks import ClassificationTask, RetrievalTask, STSTask, Task, read_task
from textvec.finetune.adapters import learn_map
from textvec.finetune.folders import (
    Folder,
    begun_with,
    copy_into,
    is_whole,
    name_of,
    settle,
    workplace,
)
from textvec.finetune.objective import LOSSES, SCORED, columns_of
from textvec.finetune.records import as_parts, read_records
from textvec.finetune.settings import Settings
from textvec.finetune.strategies import Adapter, strategy_of
from textvec.finetune.training import Training
from textvec.persistence import SaveMixin, fingerprint
from textvec.search._vectorizers import document_vectors, is_fitted, query_vectors

_USUAL = Training()
_MOST_DISTRACTORS = 2000  # texts of the training among which those held out are to be found


class FineTunedVectorizer(
    SaveMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """An encoder tuned to your own labels, pairs, triplets or scores.

    ``fit`` tunes, by the Trainer of sentence-transformers and transformers; ``transform`` encodes.

    Parameters
    ----------
    model : str, path-like or vectorizer
        What is tuned: a folder or a name on the Hugging Face Hub, or a
        :class:`~textvec.TransformerVectorizer` with its settings. With ``strategy="adapter"`` any
        vectorizer of dense vectors.
    loss : str, default="auto"
        What is asked of the vectors; formulas in :mod:`textvec.finetune.losses`. For texts, labels
        and pairs ``"infonce"``, ``"gte"``, ``"pair_softmax"``, ``"pair_cosent"`` or
        ``"pair_sigmoid"``; for pairs with negatives ``"infonce"``, ``"triplet_softmax"``,
        ``"triplet_cosent"`` or ``"triplet_sigmoid"``; for scores and labels ``"cosent"``,
        ``"angle"`` or ``"cosine_regression"``. "auto" is ``"cosent"`` for scores and else
        ``"infonce"``.
    strategy : str or strategy, default="full"
        What is trained: ``"full"``, all weights; ``"bitfit"``, biases and norms; ``"prefix"``, new
        tokens in front of each text; ``"lora"``, low-rank changes; ``"head"``, the last layer;
        ``"adapter"``, a linear map of vectors that stay. With settings:
        :class:`~textvec.BitFit`, :class:`~textvec.Prefix`, :class:`~textvec.LoRA`,
        :class:`~textvec.Head`, :class:`~textvec.Adapter`.
    validation : Task, list of Task, path, float or None, default=None
        What chooses the best weights on the way: tasks, by their main metric; a file of one; a
        share of the records, which are then not trained on; or None, which takes the last weights.
        An adapter holds records out by itself, and takes None.
    output_dir : path-like, default=None
        The folder of the tuned model. A training that was killed goes on from its last checkpoint
        there, to the same weights. None takes a temporary folder, which goes with the estimator;
        an adapter writes none, and takes None.
    training : Training, default=Training()
        Epochs, batches, learning rate, lengths, prompts and so on.
    random_state : int, RandomState or None, default=None
        Of all that is drawn. The same seed on the same processor, with as many threads of PyTorch
        (``OMP_NUM_THREADS``), gives the same weights: more threads add up in another order.
    verbose : bool, default=False
        Show progress.

    Attributes
    ----------
    vectorizer_ : TransformerVectorizer
        On the tuned folder, for :func:`~textvec.compare` and whatever else takes a vectorizer.
        With ``strategy="adapter"`` the fitted vectorizer before the map.
    map_ : ndarray of shape (n_dimensions, n_dimensions), float32
        With ``strategy="adapter"`` alone: what vectors are multiplied by.
    loss_history_ : list of (int, float)
        Step, and the mean loss since the last. Empty for adapters.
    score_history_ : list of (int, float)
        Step (of adapters: epoch), and the score on the validation; 0 is the model as it was.
    best_step_ : int
        From which step the weights are.
    trained_share_ : float
        Which part of the weights was trained.

    Raises
    ------
    ValueError
        If a loss does not fit its records, a record lacks a value, labels or scores are all equal
        or off their scale, the model has no network that can be trained, an adapter is given a
        validation or a folder, or the loss becomes NaN.
    FileExistsError
        If ``output_dir`` holds what no training wrote.

    See Also
    --------
    TransformerVectorizer : Encodes without tuning.
    mine_hard_negatives : Makes records with negatives of pairs.

    Notes
    -----
    Texts that stand twice in a batch, and texts of one class, are no negatives of each other. Texts
    alone are their own positives, through two draws of dropout (Gao, Yao and Chen 2021, "SimCSE").
    After Ctrl-C the estimator has the best weights so far.

    ``save`` writes the folder of the tuned model beside the file. Tasks of ``validation``, which
    have nothing more to say once the model is tuned, are left out: what is loaded has None there.

    Examples
    --------
    >>> from textvec import FineTunedVectorizer, LSAVectorizer
    >>> FineTunedVectorizer(LSAVectorizer(), strategy="adapter")
    FineTunedVectorizer(model=LSAVectorizer(), strategy='adapter')
    """

    def __init__(
        self,
        model,
        loss="auto",
        strategy="full",
        validation=None,
        output_dir=None,
        training=_USUAL,
        random_state=None,
        verbose=False,
    ):
        self.model = model
        self.loss = loss
        self.strategy = strategy
        self.validation = validation
        self.output_dir = output_dir
        self.training = training
        self.random_state = random_state
        self.verbose = verbose

    def set_params(self, **parameters):
        """Set parameters, those of ``training`` and of others within by names with ``__``.

        Parameters
        ----------
        **parameters : object
            The new values.

        Returns
        -------
        self
            The same estimator.
        """
        for name in {name.partition("__")[0] for name in parameters if "__" in name}:
            if isinstance(getattr(self, name, None), Settings):  # others may hold the same object
                setattr(self, name, clone(getattr(self, name)))
        return super().set_params(**parameters)

    # --------------------------------------------------------------------------------------- fit

    def fit(self, X, y=None) -> Self:
        """Tune the model.

        Parameters
        ----------
        X : list, DataFrame, Dataset, path or dict
            Texts, with labels in ``y``; pairs of texts, with scores in ``y`` or without; triplets;
            or records, with the fields ``query, pos[, neg]``; ``text, positive_text[,
            negative_text]``; ``text, scored_text, score``; ``text1, text2, score`` or ``label``;
            ``text1, text2``; or ``text, label``. A `pathlib.Path` is a JSON, JSONL, CSV or TSV
            file of records; a dict ``{"queries", "corpus", "relevant_docs"}`` is what LlamaIndex
            writes. Records of several kinds at once: ``{"sts": (records, "cosent"), "search":
            (records, "infonce")}``, mixed batch by batch.
        y : list, default=None
            Labels of texts, or scores of pairs.

        Returns
        -------
        self
            The same estimator.
        """
        strategy = self._check_parameters()
        parts = as_parts(X, y, LOSSES, self.loss)
        random = seeded(self.random_state)
        with learning(self) as aside:
            aside._forget()
            if isinstance(strategy, Adapter):
                aside._fit_map(parts, strategy, random)
            else:
                aside._fit_network(parts, strategy, random)
        return self

    def fit_transform(self, X, y=None):
        """Tune the model, and return the vectors of the texts.

        Parameters
        ----------
        X : list of str
            Texts.
        y : list, default=None
            Their labels.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions)
            As :meth:`transform` gives them.
        """
        X = list(X) if isinstance(X, Iterator) else X  # read twice
        return self.fit(X, y).transform(X)

    def _fit_network(self, parts, strategy, random):
        import_optional("accelerate", "finetune")
        import_optional("datasets", "finetune")
        import transformers

        from textvec.finetune.running import drawing_from, open_model, prompts_of, run

        base = self._base()
        prompts = prompts_of(base, self.training)
        tasks = self._tasks()
        state = {"training": self._told_apart(parts, tasks), "seed": int(random.randint(2**31))}
        seed = begun_with(self.output_dir, state)
        if isinstance(self.validation, Real):  # the same share, where a training goes on
            parts, tasks = self._held_out(parts, np.random.RandomState(seed))
        with (
            workplace(self.output_dir, state) as (folder, work),
            drawing_from(seed),
            quiet(transformers),
        ):
            model = open_model(base)
            strategy._prepare(model)
            keeps = bool(tasks) or self.output_dir is not None
            outcome = run(
                model, parts, tasks, strategy, self.training, work, keeps, seed, prompts,
                self.verbose,
            )  # fmt: skip
            if outcome.best_step == 0 and outcome.scores:
                model = open_model(base)
            else:
                strategy._finish(model)
            settle(model, work, folder.path)
            self._folder = folder
            self.vectorizer_ = clone(base).set_params(
                model=folder.path, pooling="auto", revision=None
            )
            if self.training.prompts is not None:
                self.vectorizer_.set_params(prompts=self.training.prompts)
            self.loss_history_, self.score_history_ = outcome.losses, outcome.scores
            self.best_step_, self.trained_share_ = outcome.best_step, outcome.share
            self.vectorizer_.fit(["text"])
            if outcome.error is not None:
                raise CutShortError from outcome.error

    def _told_apart(self, parts, tasks):
        """Return what differs where anything that the weights depend on does."""
        content = {name: (vars(records), loss) for name, (records, loss) in parts.items()}
        strategy, model = self.strategy, self.model
        model = str(model) if isinstance(model, os.PathLike) else model
        share = self.validation if isinstance(self.validation, Real) else None
        tasks = [share, *(task.documents for task in tasks)]
        return fingerprint([content, strategy, self.training, model, self.loss, tasks])

    def _base(self):
        """Return the vectorizer whose network is tuned, as it was given or by its defaults."""
        if not isinstance(self.model, str | os.PathLike):
            if isinstance(self.model, TransformerVectorizer):
                return clone(self.model)
            raise ValueError(
                f"strategy={self.strategy!r} trains a network: model must be a folder, a name or a "
                f"TransformerVectorizer. Got {type(self.model).__name__} instead, for which there "
                "is strategy='adapter'."
            )
        return TransformerVectorizer(os.fspath(self.model))

    def _fit_map(self, parts, strategy, random):
        model = self.model
        if isinstance(model, str | os.PathLike):
            model = TransformerVectorizer(os.fspath(model))
        if len(parts) > 1:
            raise ValueError(
                f"strategy='adapter' learns from records of one kind. Got {', '.join(parts)}."
            )
        ((records, loss),) = parts.values()
        if records.kind == "texts":
            raise ValueError(
                "strategy='adapter' learns from labels, pairs or scores. Got texts alone."
            )
        columns = columns_of(records, loss, 1, random)
        texts = records.texts()
        fitted = (
            clone(model) if isinstance(model, BaseEstimator) and not is_fitted(model) else model
        )
        if fitted is not model:
            fitted.fit(texts)
        asked = records.asked or strategy.side == "query"
        first, second = (
            _dense(
                query_vectors(fitted, columns["first"])
                if asked
                else document_vectors(fitted, columns["first"])
            ),
            _dense(document_vectors(fitted, columns["second"])),
        )
        targets = np.array(columns["label"]) if "label" in columns else None
        scored = loss in SCORED
        asked_texts = _numbered(columns["first"])  # a text is held out with all of its pairs
        n_texts = asked_texts.max() + 1
        n_held = max(1, round(strategy.held_out * n_texts))
        held_out = np.flatnonzero(np.isin(asked_texts, random.permutation(n_texts)[:n_held]))
        rate = (
            strategy.rate if is_auto(self.training.learning_rate) else self.training.learning_rate
        )
        groups = _numbered(columns["second"]) if targets is None else targets
        self.map_, history = learn_map(
            first,
            second,
            held_out,
            scores=targets if scored else None,
            groups=None if scored else groups,
            side=strategy.side,
            temperature=self.training.temperature,
            rate=rate,
            penalty=strategy.penalty,
            random=random,
        )
        self.vectorizer_ = fitted
        self.loss_history_, self.score_history_ = [], list(enumerate(history))
        self.best_step_ = (
            0 if (self.map_ == np.eye(len(self.map_))).all() else int(np.argmax(history))
        )
        self.trained_share_ = 1.0
        if self.best_step_ == 0:
            warn_user(
                f"No linear map was better on the {len(held_out)} pairs held out than the vectors "
                f"as they are, which score {history[0]:.4f}: they stay so. Adapters help where "
                "vectors are poor, or queries unlike documents; else tune the network."
            )

    # -------------------------------------------------------------------------------- validation

    def _tasks(self):
        """Return the tasks that choose the best weights, but for those of records held out."""
        given = self.validation
        if given is None or isinstance(given, Real):
            return []
        if isinstance(given, str | os.PathLike):
            return [read_task(given)]
        return [given] if isinstance(given, Task) else list(given)

    def _held_out(self, parts, random):
        """Return the records to train on, and tasks of a share that is held out."""
        given = self.validation
        kept, tasks = {}, []
        for name, (records, loss) in parts.items():
            if records.kind == "texts":
                raise ValueError(
                    "validation must be a task where texts have no labels, which tell nothing of "
                    f"how well they are encoded. Got {given!r} instead."
                )
            order = random.permutation(len(records))
            n_held = min(max(2, round(given * len(records))), len(records) - 2)
            if n_held < 2:
                raise ValueError(
                    f"validation={given!r} takes a share of the records, of which there are too "
                    f"few, {len(records)}. Give a task, or more."
                )
            held = records.rows(np.sort(order[:n_held]))
            rest = records.rows(np.sort(order[n_held:]))
            kept[name] = rest, loss
            tasks.append(_task_of(held, rest, name))
        return kept, tasks

    # --------------------------------------------------------------------------------- transform

    def transform(self, raw_documents):
        """Return a vector for each document.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions), float32
            By the tuned model.
        """
        check_is_fitted(self, "vectorizer_")
        vectors = document_vectors(self.vectorizer_, raw_documents)
        strategy = self._mapped()
        return vectors if strategy != "both" else _dense(vectors) @ self.map_

    def transform_queries(self, raw_documents):
        """Return a vector for each query, with the prompt for queries, if there is one.

        Parameters
        ----------
        raw_documents : iterable of str
            The queries.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions), float32
            By the tuned model.
        """
        check_is_fitted(self, "vectorizer_")
        vectors = query_vectors(self.vectorizer_, raw_documents)
        return vectors if self._mapped() is None else _dense(vectors) @ self.map_

    def _mapped(self):
        """Return which side a map is for, None where there is none."""
        if not hasattr(self, "map_"):
            return None
        return self.strategy.side if isinstance(self.strategy, Adapter) else "both"

    @property
    def _n_features_out(self):
        if hasattr(self, "map_"):
            return self.map_.shape[1]
        self.vectorizer_.get_feature_names_out()
        return self.vectorizer_._n_features_out

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: this class's, in small letters, with a number.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_dimensions,), object
            The names.
        """
        check_is_fitted(self, "vectorizer_")
        return super().get_feature_names_out(input_features)

    # -------------------------------------------------------------------------------- parameters

    def _check_parameters(self):
        if not isinstance(self.model, str | os.PathLike) and not hasattr(self.model, "transform"):
            raise TypeError(
                "model must be a folder, a name of a model, or a vectorizer. "
                f"Got {self.model!r} instead."
            )
        check_type("training", self.training, Training, "a Training")
        self.training._check()
        check_flag("verbose", self.verbose)
        seeded(self.random_state)
        check_type("output_dir", self.output_dir, str | os.PathLike | None, "a folder, or None")
        given = self.validation
        if isinstance(given, Real):
            check_number("validation", given, low=1e-6, high=0.9)
        elif not isinstance(given, Task | str | os.PathLike | None) and not (
            isinstance(given, list | tuple)
            and given
            and all(isinstance(one, Task) for one in given)
        ):
            raise TypeError(
                "validation must be a task, a list of tasks, a file of one, a share of the records "
                f"from 0 to 0.9, or None. Got {given!r} instead."
            )
        strategy = strategy_of(self.strategy)
        if isinstance(strategy, Adapter):
            for name, instead in (
                ("validation", "Adapter(held_out=...) says how many records decide"),
                ("output_dir", "there is no folder of a model, and save writes the map"),
            ):
                if (given := getattr(self, name)) is not None:
                    raise ValueError(
                        f"{name} must be None with strategy='adapter': {instead}. "
                        f"Got {given!r:.60} instead."
                    )
        return strategy

    # ------------------------------------------------------------------------------------ saving

    def _forget(self):
        for name in [name for name in vars(self) if name.endswith("_") or name == "_folder"]:
            delattr(self, name)

    def _beside(self, folder):
        if not hasattr(self, "_folder"):
            return self
        kept = held(self)
        if isinstance(self.validation, Task | list | tuple):
            kept.validation = None
        name = name_of(self._folder.path)
        if folder is not None:
            copy_into(folder, name, self._folder.path)
        kept.vectorizer_ = clone(self.vectorizer_).set_params(model=name)
        del kept._folder
        return kept

    def _found_beside(self, folder):
        if not hasattr(self, "vectorizer_") or hasattr(self, "map_"):
            return
        name = self.vectorizer_.model
        place = folder / Path(name).name
        if not place.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, "the tuned model must lie beside its file, and does not", str(place)
            )
        if not is_whole(place):
            raise ValueError(f"{place} is altered or cut short: it is not what was saved.")
        self._folder = Folder(place)
        self.vectorizer_.set_params(model=self._folder.path)
        self.vectorizer_.fit(["text"])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def task_of_records(records, name):
    """Return the task of scored pairs, or of pairs that are to be found, for ``validation``.

    Parameters
    ----------
    records : object
        As `FineTunedVectorizer.fit` takes them, pairs or triplets or scores.
    name : str
        Names the task.

    Returns
    -------
    Task
    """
    held = read_records(records)
    return _task_of(held, held.rows([]), name)


def _task_of(held, rest, name):
    """Return what scores a model on records held out."""
    if held.kind == "scores":
        return STSTask(*held.columns, held.targets, name=name)
    if held.kind == "labels":
        known = {*rest.targets}
        places = [row for row, label in enumerate(held.targets) if label in known]
        held = held.rows(places)
        return ClassificationTask(
            rest.columns[0], rest.targets, test=(held.columns[0], held.targets), name=name, C=1.0
        )
    corpus, numbers = {}, {}
    texts = [*held.columns[1], *rest.columns[1][:_MOST_DISTRACTORS]]
    for text in texts + [text for found in held.columns[2:] for row in found for text in row]:
        corpus.setdefault(f"d{numbers.setdefault(text, len(numbers))}", text)
    queries, relevance = {}, {}
    asked = {}
    for query, positive in zip(*held.columns[:2]):
        one = asked.setdefault(query, f"q{len(asked)}")
        queries[one] = query
        relevance.setdefault(one, {})[f"d{numbers[positive]}"] = 1
    return RetrievalTask(queries, corpus, relevance, name=name)


def _numbered(texts):
    numbers = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts])


def _dense(vectors):
    """Return vectors as an array; raise where they are a sparse matrix."""
    from scipy import sparse

    if sparse.issparse(vectors):
        raise ValueError(
            f"strategy='adapter' maps dense vectors. Got a sparse matrix of {vectors.shape[1]} "
            "columns: take LSAVectorizer, or a pipeline that ends in TruncatedSVD."
        )
    return np.asarray(vectors, np.float32)
