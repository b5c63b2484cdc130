"""Sparse vectors from a network: a weight for each token of the tokenizer, most of them zero."""

import os
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._sparse import _align_api_if_sparse
from sklearn.utils.validation import check_is_fitted

from textvec._checks import check_choice, check_number, import_optional
from textvec.encoders.batching import check_texts, pack, padded
from textvec.encoders.heads import token_matrix
from textvec.encoders.model_files import find_model
from textvec.encoders.networks import (
    DEFAULT_LENGTH,
    Rows,
    TorchNetwork,
    first_given,
    quiet,
    token_names,
    torch_device,
    torch_dtype,
)
from textvec.encoders.whole import warn_if_alike
from textvec.persistence import SaveMixin

_BUDGET = 2048  # tokens of a batch
_POOLINGS = ("max", "sum")
_ACTIVATIONS = {"relu": 1, "log1p_relu": 2}  # and how many logarithms are taken of it


class SparseTransformerVectorizer(SaveMixin, TransformerMixin, BaseEstimator):
    """Weigh the tokenizer's tokens by a network: SPLADE, or the lexical weights of BGE-M3.

    SPLADE is a masked language model. For each token of a text it guesses which tokens of its
    vocabulary belong there. The weight of vocabulary entry ``v`` is ``log(1 + max(0, max_i
    logit_iv))`` over the tokens ``i`` of the text, or the sum over ``i`` of ``log(1 + max(0,
    logit_iv))``. So a text also holds words that it does not say. Where the model's files name the
    activation ``log1p_relu``, the logarithm is taken twice. The guesses for one text at a time
    exist, tokens x vocabulary, and never those of a batch.

    A model with a head for it, ``sparse_linear`` as in BGE-M3, weighs a text's own tokens and no
    others: see ``textvec.encoders.heads``.

    Vectors are compared by dot product, and indexed as counts are.

    Parameters
    ----------
    model : str or path-like
        A folder in the layout of Hugging Face, or a name on the hub, such as
        ``"naver/splade-v3"`` or ``"BAAI/bge-m3"``: a network with a head for masked language
        modelling, or with the file ``sparse_linear.pt`` (or ``.safetensors``) beside it.
    pooling : {"auto", "max", "sum"}, default="auto"
        Over the tokens of a text: ``"max"`` as in SPLADE v2 and later and in BGE-M3, ``"sum"`` as
        in the first SPLADE; ``"auto"`` as the model's files say, else ``"max"``.
    max_length : int >= 1, default=None
        The most tokens of a text that the model reads; None for its own limit.
    dtype : str, default="float32"
        Of the computation: also ``"float16"``, ``"bfloat16"``, or ``"auto"`` for the weights' own.
    device : str, default="auto"
        Where to compute; ``"auto"`` takes a GPU if there is one.
    revision : str, default=None
        Branch, tag or commit of a model on the hub.

    Attributes
    ----------
    pooling_ : {"max", "sum"}
        The pooling that is used.

    Raises
    ------
    FileNotFoundError
        If there is no such model, or it cannot be downloaded.
    ValueError
        In fit and in transform, if ``pooling="sum"`` is asked of a model that weighs a text's own
        tokens. In transform, if a weight is not finite, or the model has no such head.

    See Also
    --------
    BM25Vectorizer : Sparse vectors without a network.

    References
    ----------
    Formal, Piwowarski and Clinchant 2021, "SPLADE", equation 2; Formal et al. 2021, "SPLADE v2",
    equation 6; Chen et al. 2024, "BGE M3-Embedding", section 3.2.

    Examples
    --------
    >>> from textvec.encoders.sparse import SparseTransformerVectorizer
    >>> SparseTransformerVectorizer("naver/splade-v3", max_length=256)
    SparseTransformerVectorizer(max_length=256, model='naver/splade-v3')
    """

    metric = "dot"

    def __init__(
        self,
        model,
        pooling="auto",
        max_length=None,
        dtype="float32",
        device="auto",
        revision=None,
    ):
        self.model = model
        self.pooling = pooling
        self.max_length = max_length
        self.dtype = dtype
        self.device = device
        self.revision = revision

    def fit(self, raw_documents, y=None) -> Self:
        """Check the parameters, and find the model; there is nothing to learn.

        Parameters
        ----------
        raw_documents : iterable of str
            Ignored.
        y : None
            Ignored.

        Returns
        -------
        self
            The same estimator.
        """
        check_choice("pooling", self.pooling, ("auto", *_POOLINGS))
        if self.max_length is not None:
            check_number("max_length", self.max_length, low=1, integer=True)
        self.pooling_ = self._resolved_pooling(self._folder())
        return self

    def transform(self, raw_documents):
        """Return a row of token weights for each document.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.

        Returns
        -------
        csr_matrix of shape (n_texts, n_tokens_of_the_vocabulary), float32
            Its class follows scikit-learn's setting ``sparse_interface``.
        """
        self.fit(None)
        texts = check_texts(raw_documents)
        head = self._head()
        rows: list = [None] * len(texts)
        tokens = head.tokenize(texts)
        warn_if_alike(self.model, texts, tokens)
        for batch in pack([len(ids) for ids in tokens], _BUDGET):
            for place, weights in zip(batch, head.weights([tokens[row] for row in batch])):
                if not np.isfinite(weights).all():
                    raise ValueError(
                        f"The model gave NaN or infinity for text {place} "
                        f"({texts[place][:60]!r}). Try another dtype."
                    )
                rows[place] = weights
        return _align_api_if_sparse(token_matrix(rows, head.n_tokens))

    def get_feature_names_out(self, input_features=None):
        """Return the tokens that the columns stand for.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_tokens_of_the_vocabulary,), object
            The tokenizer's tokens, by id.

        Raises
        ------
        NotFittedError
            Before fit, and before the first texts.
        """
        check_is_fitted(self, "pooling_")
        head = self._head()
        return np.array(token_names(head.tokenizer, head.n_tokens), object)

    def _folder(self):
        key = repr((str(self.model), self.revision))
        known = self.__dict__.get("_found")
        if known is None or known[0] != key:
            known = self._found = (key, find_model(self.model, self.revision))
        return known[1]

    def _head(self):
        key = repr((self.get_params(), self.pooling_))
        known = self.__dict__.get("_loaded")
        if known is None or known[0] != key:
            folder = self._folder()
            settings = (folder, self.max_length, self.dtype, self.device)
            lexical = "sparse" in folder.heads
            head = _LexicalHead(*settings) if lexical else _LanguageHead(self.pooling_, *settings)
            known = self._loaded = (key, head)
        return known[1]

    def _resolved_pooling(self, folder):
        if "sparse" not in folder.heads:
            own = folder.splade_pooling.get("pooling_strategy", "max")
            return own if self.pooling == "auto" else self.pooling
        if self.pooling == "sum":
            raise ValueError(
                f"pooling must be 'max' for {self.model}, which weighs each token by its greatest "
                f"weight in the text. Got {self.pooling!r} instead."
            )
        return "max"

    def __getstate__(self):
        state = {**super().__getstate__()}
        state.pop("_found", None)
        state.pop("_loaded", None)  # holds the weights
        return state

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


class _LexicalHead(TorchNetwork):
    """A network whose head for token weights stands beside it."""

    def __init__(self, folder, max_length, dtype, device):
        super().__init__(folder, dtype, device, max_length, False, 1, {})

    def weights(self, rows):
        """Return token ids and weights of each text of a batch, arrays (2, n)."""
        return self.forward(rows, ("sparse",))["sparse"]


class _LanguageHead:
    """A masked language model, its last product taken off to be done text by text."""

    def __init__(self, pooling, folder, max_length, dtype, device):
        self.torch = torch = import_optional("torch", "transformers")
        transformers = import_optional("transformers", "transformers")
        activation = folder.splade_pooling.get("activation_function", "relu")
        check_choice(f"pooling_strategy in the files of {folder.path}", pooling, _POOLINGS)
        check_choice(f"activation_function in the files of {folder.path}", activation, _ACTIVATIONS)
        self.pooling = pooling
        self.n_logarithms = _ACTIVATIONS[activation]
        self.max_length = max_length or folder.max_length or DEFAULT_LENGTH
        self.device, number = torch_device(torch, device), torch_dtype(torch, dtype)
        self.folder = folder
        with quiet(transformers), folder.loading():
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder.path, local_files_only=True, trust_remote_code=False
            )
            model, report = transformers.AutoModelForMaskedLM.from_pretrained(
                folder.path,
                local_files_only=True,
                trust_remote_code=False,
                dtype=number,
                output_loading_info=True,
            )
        if report["missing_keys"]:
            raise ValueError(
                f"{os.fspath(folder.path)} has no head for masked language modelling, which sparse "
                f"vectors are made with: it lacks {', '.join(sorted(report['missing_keys']))}. Use "
                "TransformerVectorizer, or a model such as naver/splade-v3."
            )
        self.model = model.to(self.device).eval()
        self.decoder = model.get_output_embeddings()
        if self.decoder is None:
            raise ValueError(
                f"{os.fspath(folder.path)} has no product with its vocabulary at the end, which "
                "sparse vectors are made from. Use TransformerVectorizer."
            )
        place = next(name for name, module in model.named_modules() if module is self.decoder)
        parent, _, name = place.rpartition(".")
        setattr(model.get_submodule(parent), name, torch.nn.Identity())
        folder.check_length(max_length, self.tokenizer.num_special_tokens_to_add())
        self.n_tokens = self.decoder.weight.shape[0]
        self.pad_id = first_given(self.tokenizer.pad_token_id, 0)
        self._rows = Rows(folder, self.tokenizer, self.model)

    def tokenize(self, texts):
        if not texts:
            return []
        with self.folder.reading():
            found = self.tokenizer(
                texts, truncation=True, max_length=self.max_length, return_attention_mask=False
            )["input_ids"]
        self._rows.check(texts, found)
        return found

    def weights(self, rows):
        """Yield token ids and weights of each text of a batch, arrays (2, n)."""
        torch = self.torch
        ids, mask = padded(rows, self.pad_id)
        with self.folder.reading(), torch.inference_mode():
            hidden = self.model(
                input_ids=torch.from_numpy(ids).to(self.device),
                attention_mask=torch.from_numpy(mask).to(self.device),
            ).logits
            for row, states in zip(rows, hidden):
                if not row:
                    yield np.zeros((2, 0), np.float32)
                    continue
                logits = self.decoder(states[: len(row)]).float()  # (length, n_tokens)
                if self.pooling == "max":  # all functions rise, so the maximum may come first
                    pooled = self._activated(logits.amax(dim=0))
                else:
                    pooled = self._activated(logits).sum(dim=0)
                (columns,) = pooled.nonzero(as_tuple=True)
                yield torch.stack([columns.float(), pooled[columns]]).cpu().numpy()

    def _activated(self, logits):
        activated = logits.relu()
        for _ in range(self.n_logarithms):
            activated = activated.log1p()
        return activated
