"""Pairs of texts read together: slow, and the best order for a short list."""

import os
from collections.abc import Iterable
from copy import deepcopy

import numpy as np
from sklearn.base import BaseEstimator

from textvec._checks import check_number, check_type, import_optional
from textvec.encoders.batching import check_texts
from textvec.encoders.model_files import find_model
from textvec.encoders.networks import Rows, check_complete, quiet, torch_device, torch_dtype
from textvec.encoders.whole import warn_if_alike
from textvec.persistence import SaveMixin

# What scores pairs; to any other network the library would add a head of random weights.
_KINDS = ("ForSequenceClassification", "ForCausalLM", "ForConditionalGeneration")


class CrossEncoderReranker(SaveMixin, BaseEstimator):
    """Score how well documents answer a query, reading query and document together.

    A vectorizer reads each text once, for all searches; a cross-encoder reads every pair, so it is
    for the few documents that a search has found. The library sentence-transformers runs it.

    Parameters
    ----------
    model : str or path-like
        A folder, or a name on the Hugging Face Hub, such as ``"BAAI/bge-reranker-base"``: a network
        with a head for classification.
    batch_size : int >= 1, default=32
        Pairs read at once.
    max_length : int >= 1, default=None
        The most tokens of a pair that the model reads; None for its own limit.
    dtype : str, default="float32"
        Of the computation: also ``"float16"``, ``"bfloat16"``, or ``"auto"`` for the weights' own.
    device : str, default="auto"
        Where to compute; ``"auto"`` takes a GPU if there is one.
    revision : str, default=None
        Branch, tag or commit of a model on the hub.

    Raises
    ------
    FileNotFoundError
        If there is no such model, or it cannot be downloaded.

    References
    ----------
    Nogueira and Cho 2019, "Passage re-ranking with BERT".

    Examples
    --------
    >>> from textvec.encoders.reranker import CrossEncoderReranker
    >>> CrossEncoderReranker("BAAI/bge-reranker-base", max_length=256)
    CrossEncoderReranker(max_length=256, model='BAAI/bge-reranker-base')
    """

    def __init__(
        self,
        model,
        batch_size=32,
        max_length=None,
        dtype="float32",
        device="auto",
        revision=None,
    ):
        self.model = model
        self.batch_size = batch_size
        self.max_length = max_length
        self.dtype = dtype
        self.device = device
        self.revision = revision

    def score(self, pairs):
        """Return a score for each pair of texts.

        Parameters
        ----------
        pairs : iterable of (str, str)
            Query and document.

        Returns
        -------
        ndarray of shape (n_pairs,), float32
            The greater the better the document answers; the model's own activation is applied.

        Raises
        ------
        TypeError
            If ``pairs`` cannot be iterated over.
        ValueError
            If an item is no pair of texts, a score is NaN, or the model gives several a pair, or
            none.
        """
        check_type("pairs", pairs, Iterable, "an iterable of pairs of str")
        check_number("batch_size", self.batch_size, low=1, integer=True)
        if self.max_length is not None:
            check_number("max_length", self.max_length, low=1, integer=True)
        pairs = list(pairs)
        for row, pair in enumerate(pairs):
            is_pair = isinstance(pair, tuple | list | np.ndarray) and len(pair) == 2
            if not is_pair or not all(isinstance(text, str) for text in pair):
                raise ValueError(f"Each pair must be two str. Got {pair!r} at {row}.")
        pairs = [tuple(check_texts(pair)) for pair in pairs]
        if not pairs:
            return np.zeros(0, np.float32)
        folder, network, rows = self._network()
        if rows.spare:
            for pair in pairs:
                rows.check([" ".join(pair)], [rows.tokenizer(*pair, verbose=False)["input_ids"]])
        with folder.reading():
            scores = network.predict(
                pairs, batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
            )
        scores = np.asarray(scores, np.float32)
        if scores.ndim != 1:
            raise ValueError(
                f"{self.model} gives {scores.shape[1]} scores a pair: it classifies pairs. Choose "
                "a model with one output, such as BAAI/bge-reranker-base."
            )
        if not np.isfinite(scores).all():
            bad = pairs[int((~np.isfinite(scores)).argmax())]
            raise ValueError(f"The model gave NaN or infinity for {bad!r}. Try another dtype.")
        warn_if_alike(self.model, [" ".join(pair) for pair in pairs], scores[:, None])
        return scores

    def rank(self, query, documents, k=None):
        """Return the best documents for a query.

        Parameters
        ----------
        query : str
            What is asked.
        documents : sequence of str
            What was found, in any order.
        k : int >= 1, default=None
            How many to return; None for all.

        Returns
        -------
        scores : ndarray of shape (k,), float32
            The greatest first.
        indices : ndarray of shape (k,), int64
            Places in ``documents``; of equal scores the first comes first.

        Raises
        ------
        TypeError
            If the query or a document is no str, or the documents are a table.
        ValueError
            If the documents are one str, or a score is NaN.
        """
        if k is not None:
            check_number("k", k, low=1, integer=True)
        check_type("query", query, str, "a str")
        scores = self.score([(query, document) for document in check_texts(documents)])
        order = np.argsort(-scores, kind="stable")[:k]
        return scores[order], order

    def _network(self):
        key = repr(self.get_params())
        known = self.__dict__.get("_loaded")
        if known is None or known[0] != key:
            library = import_optional("sentence_transformers", "transformers")
            torch = import_optional("torch", "transformers")
            transformers = import_optional("transformers", "transformers")
            folder = find_model(self.model, self.revision)
            kinds = folder.architectures
            if kinds and not any(kind.endswith(_KINDS) for kind in kinds):
                raise ValueError(
                    f"{self.model} has no head that scores pairs: it is a {', '.join(kinds)}. "
                    "Choose a model made for it, such as BAAI/bge-reranker-base."
                )
            folder.check_code(trust_remote_code=False)
            device, dtype = torch_device(torch, self.device), torch_dtype(torch, self.dtype)
            classifies = all(kind.endswith(_KINDS[0]) for kind in kinds)
            with quiet(transformers):
                if classifies and folder.read("config.json", {}):
                    _check_head(transformers, folder)
                with folder.loading():
                    network = library.CrossEncoder(
                        os.fspath(folder.path),
                        device=device,
                        max_length=self.max_length,
                        local_files_only=True,
                        trust_remote_code=False,
                        model_kwargs={"dtype": dtype},
                    )
            n_special = network.tokenizer.num_special_tokens_to_add(pair=True)
            folder.check_length(self.max_length, n_special)
            most = folder.n_places
            if most and network.tokenizer.model_max_length > most:
                network.tokenizer.model_max_length = most
            # A tokenizer of its own, never told to cut: that is a state, which threads would share.
            rows = Rows(folder, deepcopy(network.tokenizer), network.model)
            known = self._loaded = (key, (folder, network, rows))
        return known[1]

    def __getstate__(self):
        state = {**super().__getstate__()}
        state.pop("_loaded", None)  # holds the weights
        return state


def _check_head(transformers, folder):
    """Raise if weights are missing; the library that runs the network would not say so."""
    with folder.loading():
        _, report = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder.path,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype="auto",
        )
    check_complete(folder, report)
