"""TransformerVectorizer: a pretrained encoder behind fit and transform."""

import os
from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._sparse import _align_api_if_sparse
from sklearn.utils.validation import check_is_fitted

from textvec._checks import (
    check_choice,
    check_flag,
    check_number,
    check_type,
    closest_names,
    warn_user,
)
from textvec.encoders.backends import BACKENDS, SETTINGS, Choice
from textvec.encoders.batching import check_texts
from textvec.encoders.cache import EncodingCache
from textvec.encoders.encoding import encode_texts
from textvec.encoders.heads import HEAD_FILES, token_matrix
from textvec.encoders.long_texts import check_room, cut_up, fitting, join_up
from textvec.encoders.pooling import POOLINGS
from textvec.encoders.prompts import FAMILIES, Prompt, choose_prompt, family_prompts, parse_prompt
from textvec.encoders.vectors import (
    as_bits,
    as_int8,
    at_unit_length,
    pairwise_similarities,
    similarities,
)
from textvec.persistence import SaveMixin
from textvec.ragged import Ragged

_LONG_TEXT = ("truncate", "mean_chunks", "max_chunks")
_PRECISIONS = ("float32", "int8", "binary")
_OUTPUTS = ("dense", *HEAD_FILES)
_SIDES = ("document", "query")
_warned: set = set()  # (model, pooling) whose warning was given
_HARMLESS = {"file_name", "gguf_file", "max_retries", "timeout"}  # in the model_kwargs of a file


class TransformerVectorizer(
    SaveMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Dense vectors from a pretrained encoder, in the place of any other vectorizer.

    There is nothing to fit (but for ``precision="int8"``), and the model loads at the first text.
    Clones, copies and saved files hold the model's name and not its weights.

    Parameters
    ----------
    model : str or path-like
        A folder in the layout of Hugging Face or sentence-transformers, an ONNX file, a name on the
        Hugging Face Hub, or a server's name for a model.
    backend : {"auto", "transformers", "sentence-transformers", "onnx", "static", "openai"}, \
default="auto"
        What runs the model. ``"transformers"`` is PyTorch with our own pooling; ``"onnx"`` needs no
        PyTorch; ``"static"`` is a table of token vectors (model2vec, StaticEmbedding);
        ``"sentence-transformers"`` runs pipelines with further modules; ``"openai"`` asks a server
        that speaks OpenAI's embeddings API, with the key in the environment variable
        OPENAI_API_KEY. ``"auto"`` takes, of the first four, what the model's files ask for.
    pooling : str, default="auto"
        How token vectors become one vector: ``"cls"``, ``"mean"``, ``"max"``, ``"mean_sqrt_len"``,
        ``"first_last_mean"``, ``"embedding_last_mean"``, ``"last_weighted"`` or ``"last_token"``;
        formulas in :mod:`textvec.encoders.pooling`. ``"auto"`` is what the model was trained with,
        to be seen in ``pooling_``; where its files say nothing, ``"last_token"`` for a causal model
        (one whose ``config.json`` names a class ``...ForCausalLM``) and else ``"mean"``, as in
        sentence-transformers 6, with a warning. Another one usually makes worse vectors, and warns
        once. Backends static, sentence-transformers and openai pool by themselves: leave "auto".
    prompts : dict of str to str, name of a family, or None, default=None
        What to write around texts: ``{"query": "query: ", "document": "passage: "}`` or templates
        with ``{text}``, or a name such as ``"e5"`` (see
        :func:`textvec.encoders.prompts.family_prompts`). None takes the model's own, {} none.
    prompt_name : str, default=None
        The prompt for documents; None is ``prompts["document"]`` (or "passage", or "corpus") where
        there is one.
    normalize : bool or "auto", default="auto"
        Whether vectors get unit length; ``"auto"`` if by its files the model's own have it. Those
        of servers stay as they come: means of chunks are shorter, unless this is True.
    truncate_dim : int >= 1, default=None
        Keep so many leading dimensions, then normalise again (models trained for that: Matryoshka);
        None for as many as the model's files say, or all. Servers are asked for it as
        ``dimensions``.
    precision : {"float32", "int8", "binary"}, default="float32"
        Of the result. ``"int8"`` cuts each dimension's range, as seen in fit, into 255 steps;
        ``"binary"`` keeps the signs, eight to a byte. Both as sentence-transformers does.
    long_text : {"truncate", "mean_chunks", "max_chunks"}, default="truncate"
        What becomes of a text longer than ``max_length``: cut off, or cut into chunks (by
        :class:`~textvec.text.splitters.RecursiveTextSplitter`) whose vectors' mean or maximum
        counts. Either way what a prompt puts behind the text stays.
    batch_size : int >= 1, default=32
        Texts of ``max_length`` that a GPU takes at once; shorter ones go more at once. On a
        processor small batches are faster and this hardly matters.
    max_length : int >= 1, default=None
        The most tokens that the model reads of a text, its prompt and special tokens together; None
        for its own limit. Servers and tables of StaticEmbedding tell none: without this they get
        texts whole. For servers four bytes count as a token.
    query_max_length : int >= 1, default=None
        The same for queries, which are often to be cut sooner; None for as many.
    append_eos : bool, default=False
        End each text with the end-of-text token, as E5-mistral and GTE-Qwen2 want it.
    dtype : str, default="float32"
        Of the computation in PyTorch: also ``"float16"``, ``"bfloat16"``, or ``"auto"`` for that of
        the weights.
    device : str, default="auto"
        Where to compute; ``"auto"`` takes a GPU if there is one.
    cache : None, path, or EncodingCache, default=None
        A folder that keeps vectors, so that none is computed twice, by this or any other estimator
        or process. It then keeps every pooling of a text: a grid search over ``pooling`` runs the
        network once for each text.
    revision : str, default=None
        Branch, tag or commit of a model on the hub.
    model_kwargs : dict, default=None
        Handed on to what loads the model, such as ``{"quantization_config": ...}``. Code that comes
        with a model runs only if this holds ``{"trust_remote_code": True}``. For ``"onnx"``:
        ``{"file_name": ...}``. For ``"openai"``: ``base_url`` (without it the environment's
        OPENAI_BASE_URL, or OpenAI), ``timeout`` and ``max_retries``.
    verbose : bool, default=False
        Show progress in texts, and tokens a second; say which pooling was taken.

    Attributes
    ----------
    pooling_ : str
        The pooling that is used; ``"vector"`` where the backend pools by itself. Like the names of
        columns known from fit or the first texts on, so that showing an estimator needs no model.
    ranges_ : ndarray of shape (2, n_dimensions), float32
        Least and greatest value of each dimension in fit, for ``precision="int8"`` alone.

    Raises
    ------
    FileNotFoundError
        If there is no such model, or it cannot be downloaded.
    ValueError
        If parameters contradict each other or the model, or the model gives NaN.

    See Also
    --------
    DocumentVectorizer : Word vectors of one's own, pooled.

    Notes
    -----
    A text without tokens is the zero vector. Vectors agree with those of sentence-transformers to
    rounding. An int8 ONNX model that measures its activations while it runs (dynamic quantisation)
    gives vectors that depend a little on what else is in the batch.

    Examples
    --------
    >>> from textvec import TransformerVectorizer
    >>> TransformerVectorizer("sentence-transformers/all-MiniLM-L6-v2", pooling="mean")
    TransformerVectorizer(model='sentence-transformers/all-MiniLM-L6-v2', pooling='mean')
    """

    def __init__(
        self,
        model,
        backend="auto",
        pooling="auto",
        prompts=None,
        prompt_name=None,
        normalize="auto",
        truncate_dim=None,
        precision="float32",
        long_text="truncate",
        batch_size=32,
        max_length=None,
        query_max_length=None,
        append_eos=False,
        dtype="float32",
        device="auto",
        cache=None,
        revision=None,
        model_kwargs=None,
        verbose=False,
    ):
        self.model = model
        self.backend = backend
        self.pooling = pooling
        self.prompts = prompts
        self.prompt_name = prompt_name
        self.normalize = normalize
        self.truncate_dim = truncate_dim
        self.precision = precision
        self.long_text = long_text
        self.batch_size = batch_size
        self.max_length = max_length
        self.query_max_length = query_max_length
        self.append_eos = append_eos
        self.dtype = dtype
        self.device = device
        self.cache = cache
        self.revision = revision
        self.model_kwargs = model_kwargs
        self.verbose = verbose

    def _needs_trust(self):
        risky = sorted({**(self.model_kwargs or {})}.keys() - _HARMLESS)
        if not risky:
            return None
        named = ", ".join(f"{name}={self.model_kwargs[name]!r}" for name in risky)
        return (
            f"gives model_kwargs ({named}) to a {type(self).__name__}: such can run the code of a "
            "model, or name the server that texts and keys are sent to"
        )

    def fit(self, raw_documents, y=None) -> Self:
        """Check the parameters, and find the model; for ``precision="int8"`` learn ranges.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.
        y : None
            Ignored.

        Returns
        -------
        self
            The same estimator.
        """
        self.pooling_ = self._resolved_pooling(self._choice())
        if self.precision == "int8":
            self._learn_ranges(self._float_vectors(raw_documents))
        return self

    def fit_transform(self, raw_documents, y=None):
        """Fit, and return the vectors of the same texts, encoding them once.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions)
            As :meth:`transform` gives them.
        """
        vectors = self._float_vectors(raw_documents)
        if self.precision == "int8":
            self._learn_ranges(vectors)
        return self._in_precision(vectors)

    def transform(self, raw_documents):
        """Return a vector for each document.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts; they get the prompt for documents, or else the model's default, if any.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions), float32
            Of another type if ``precision`` says so.
        """
        return self._in_precision(self._float_vectors(raw_documents))

    def transform_queries(self, raw_documents):
        """Return a vector for each query: the same but for the prompt, or the side's own network.

        Parameters
        ----------
        raw_documents : iterable of str
            The queries; they get the prompt for queries, or else the model's default, if any.

        Returns
        -------
        ndarray of shape (n_texts, n_dimensions), float32
            Of another type if ``precision`` says so.
        """
        return self._in_precision(self._float_vectors(raw_documents, "query"))

    def encode(self, texts, output="dense", side="document", prompt=None):
        """Return one or several representations of texts, from one pass of the network.

        Parameters
        ----------
        texts : str or iterable of str
            One text or several.
        output : {"dense", "sparse", "multi_vector"}, or a set of these, default="dense"
            ``"dense"`` is the vector that :meth:`transform` gives. Models with further heads, such
            as BGE-M3, also give ``"sparse"``, weights of the text's own tokens, and
            ``"multi_vector"``, a vector for each token but the first, for
            :func:`~textvec.encoders.multi_vector.max_sim_scores`; formulas in
            ``textvec.encoders.heads``.
        side : {"document", "query"}, default="document"
            Which prompt the texts get, and which network, if the model has one for each side.
        prompt : str, default=None
            A prompt or template for this call, instead of that of the side.

        Returns
        -------
        ndarray, csr_matrix or Ragged, or dict of str to these
            A dict by output if ``output`` is a set. Dense vectors are of shape (n_texts,
            n_dimensions), token weights (n_texts, n_tokens_of_the_vocabulary), float32, and
            vectors of tokens a Ragged with values of shape (n_tokens_of_all_texts, n_dimensions),
            float32, at unit length. For a str one vector, one row, and one matrix.

        Raises
        ------
        ValueError
            If the model has no such head, or texts were to be cut into chunks.
        """
        return self._encode(texts, output, side, prompt)

    def _encode(self, texts, output, side, prompt, falls_back=True):
        check_choice("side", side, _SIDES)
        check_type("output", output, str | Iterable, "a name, or a set of such")
        outputs = {output} if isinstance(output, str) else set(output)
        for one in outputs or {None}:
            check_choice("output", one, _OUTPUTS)
        several = [texts] if isinstance(texts, str) else texts
        found = self._outputs(several, outputs, side, prompt, falls_back)
        if isinstance(texts, str):
            found = {name: _first_row(rows) for name, rows in found.items()}
        return found[output] if isinstance(output, str) else found

    def encode_query(self, texts, prompt=None):
        """Return the vectors of queries, as in sentence-transformers.

        A model's default prompt, which :meth:`transform_queries` gives queries that have none of
        their own, is not used.

        Parameters
        ----------
        texts : str or iterable of str
            One query or several.
        prompt : str, default=None
            A prompt or template for this call, instead of the one for queries.

        Returns
        -------
        ndarray of shape (n_dimensions,) or (n_texts, n_dimensions)
            One vector for a str.
        """
        return self._encode(texts, "dense", "query", prompt, falls_back=False)

    def encode_document(self, texts, prompt=None):
        """Return the vectors of documents, as in sentence-transformers.

        A model's default prompt, which :meth:`transform` gives documents that have none of their
        own, is not used. A prompt named "passage" or "corpus" is, as that library documents it: its
        version 6 puts an empty one named "document" before it.

        Parameters
        ----------
        texts : str or iterable of str
            One document or several.
        prompt : str, default=None
            A prompt or template for this call, instead of the one for documents.

        Returns
        -------
        ndarray of shape (n_dimensions,) or (n_texts, n_dimensions)
            One vector for a str.
        """
        return self._encode(texts, "dense", "document", prompt, falls_back=False)

    def count_tokens(self, texts):
        """Return how many tokens texts have, uncut, without prompts.

        Parameters
        ----------
        texts : iterable of str
            The texts.

        Returns
        -------
        list of int
            With the special tokens around a text; an estimate where the model is on a server.
        """
        count = self._choice().load().count_tokens
        return [count(text) for text in check_texts(texts)]

    def similarity(self, vectors, others):
        """Compare all vectors with all others, by the measure that the model was trained for.

        Parameters
        ----------
        vectors : ndarray of shape (n, n_dimensions)
            Such as from :meth:`encode_query`.
        others : ndarray of shape (m, n_dimensions)
            Such as from :meth:`encode_document`.

        Returns
        -------
        ndarray of shape (n, m), float32
            The greater the more alike: cosine, dot product, or a distance times -1. With
            ``precision="binary"`` the cosine of the signs, which ranks as Hamming distances do.

        Raises
        ------
        ValueError
            If the two have other numbers of dimensions.
        """
        return similarities(vectors, others, self._measure())

    def similarity_pairwise(self, vectors, others):
        """Compare each vector with the other in the same row.

        Parameters
        ----------
        vectors, others : ndarray of shape (n, n_dimensions)
            The two sides.

        Returns
        -------
        ndarray of shape (n,), float32
            As :meth:`similarity` compares.

        Raises
        ------
        ValueError
            If the two have other numbers of rows, or of dimensions.
        """
        return pairwise_similarities(vectors, others, self._measure())

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns: this class's, in small letters, with a number.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_dimensions,), object
            As many as vectors have dimensions; with ``precision="binary"`` as many as bytes.

        Raises
        ------
        NotFittedError
            Before fit, and before the first texts.
        """
        check_is_fitted(self, "pooling_")
        if not hasattr(self, "_n_features_out"):
            self._encoded(self._choice(), ["text"], {"dense"}, Prompt())
        return super().get_feature_names_out(input_features)

    @property
    def _n_features_out(self):
        key, width = self.__dict__.get("_width", (None, 0))
        if key != self._model_key():
            raise AttributeError("The width of vectors is known from the first of them on.")
        return -(-width // 8) if self.precision == "binary" else width

    # ------------------------------------------------------------------------------- encoding

    def _outputs(self, raw_documents, outputs, side, template, falls_back):
        """Return what is asked for of each text, by output."""
        texts = check_texts(raw_documents)
        choice = self._choice()
        self._check_heads(choice, outputs - {"dense"})
        prompt = self._prompt(choice, side, template, falls_back)
        found = self._encoded(choice, texts or ["text"], outputs, prompt, side)
        if "dense" in outputs:
            found["dense"] = self._in_precision(found["dense"][: len(texts)])
        if "sparse" in outputs:
            rows = found["sparse"][: len(texts)]
            found["sparse"] = _align_api_if_sparse(token_matrix(rows, choice.load().n_tokens))
        if "multi_vector" in outputs:
            values = np.concatenate(found["multi_vector"])
            ends = np.cumsum([len(vectors) for vectors in found["multi_vector"]])[: len(texts)]
            found["multi_vector"] = Ragged(values[: ends[-1] if texts else 0], ends)
        return found

    def _float_vectors(self, raw_documents, side="document"):
        """Return the vectors before ``precision``, with prompts, chunks, normalising and all."""
        texts = check_texts(raw_documents)
        choice = self._choice()
        prompt = self._prompt(choice, side)
        found = self._encoded(choice, texts or ["text"], {"dense"}, prompt, side)
        return found["dense"][: len(texts)]

    def _prompt(self, choice, side, template=None, falls_back=True):
        """Return the prompt of one side: that of the call, the parameters or the model.

        ``falls_back`` says whether the model's default serves a side that has none of its own.
        """
        if template is not None:
            return parse_prompt(template)
        folder = choice.folder
        prompts, name = self.prompts, self.prompt_name if side == "document" else None
        if isinstance(prompts, str):
            prompts = family_prompts(prompts)
        elif prompts is None:
            prompts = folder.prompts if folder is not None else {}
        prompt = choose_prompt(prompts, name, side)
        if name is None and self.prompts is None and folder is not None and falls_back:
            return prompt if any(prompt) else parse_prompt(prompts.get(folder.default_prompt_name))
        return prompt

    def _encoded(self, choice, texts, outputs, prompt, side="document"):
        """Return dense vectors, an array, and what heads give, lists of arrays, by output."""
        wanted = {output: output for output in outputs}
        if "dense" in outputs:
            wanted["dense"] = self.pooling_ = self._resolved_pooling(choice)

        def encode(around):
            names, cache = tuple(wanted.values()), self._opened_cache()
            found = encode_texts(choice, around, names, prompt.prefix, side, cache, self.verbose)
            found = {output: found[name] for output, name in wanted.items()}
            if "dense" in found:
                found["dense"] = np.array(found["dense"], np.float32)
            return found

        if self.long_text == "truncate":
            texts = fitting(texts, prompt, choice, side)
            found = encode([prompt.around(text) for text in texts])
        else:
            found = {"dense": self._chunked(choice, texts, prompt, side, encode)}
        if "dense" in found:
            found["dense"] = self._shaped(choice, found["dense"])
            self._width = self._model_key(), found["dense"].shape[1]
        return found

    def _shaped(self, choice, vectors):
        """Cut vectors to the wanted width, and bring them to unit length if they shall have it."""
        vectors = vectors[:, : self.truncate_dim or choice.folder and choice.folder.truncate_dim]
        normalizes = self.normalize
        if normalizes == "auto":
            normalizes = choice.folder is not None and choice.folder.normalizes
        return at_unit_length(vectors) if normalizes else np.ascontiguousarray(vectors)

    def _chunked(self, choice, texts, prompt, side, encode):
        """Return one vector for each text from those of its chunks."""
        limit, count_tokens = choice.limit(side), choice.load().count_tokens
        if limit is None:
            raise ValueError(
                f"long_text={self.long_text!r} needs to know how much {self.model} reads, and the "
                f"backend {choice.backend!r} does not. Give max_length."
            )
        check_room(prompt.around(""), count_tokens, limit)
        chunks, ends = cut_up(texts, prompt, count_tokens, limit)
        vectors = encode([prompt.around(chunk) for chunk in chunks])["dense"]
        return join_up(vectors, ends, self.long_text)

    # ------------------------------------------------------------------------------ precision

    def _learn_ranges(self, vectors):
        if not len(vectors):
            raise ValueError("precision='int8' learns ranges from texts. Got none.")
        self.ranges_ = np.stack([vectors.min(axis=0), vectors.max(axis=0)])

    def _in_precision(self, vectors):
        """Return the vectors in the wanted type."""
        if self.precision == "int8":
            check_is_fitted(self, "ranges_")
            return as_int8(vectors, self.ranges_)
        if self.precision == "binary":
            return as_bits(vectors)
        return vectors

    # ----------------------------------------------------------------------------- parameters

    def _check_parameters(self):
        check_type("model", self.model, str | os.PathLike, "a str or a path")
        check_type("revision", self.revision, str | None, "a str, or None")
        check_type("prompt_name", self.prompt_name, str | None, "a str, or None")
        check_type("dtype", self.dtype, str, "the name of a type")
        check_type("model_kwargs", self.model_kwargs, dict | None, "a dict, or None")
        places = str | os.PathLike | EncodingCache | None
        check_type("cache", self.cache, places, "a folder, an EncodingCache, or None")
        prompts = Mapping | str | None
        check_type("prompts", self.prompts, prompts, "a dict, the name of a family, or None")
        for name in ("append_eos", "verbose"):
            check_flag(name, getattr(self, name))
        check_choice("backend", self.backend, BACKENDS)
        check_choice("pooling", self.pooling, ("auto", *POOLINGS))
        check_choice("normalize", self.normalize, ("auto", True, False))
        check_choice("precision", self.precision, _PRECISIONS)
        check_choice("long_text", self.long_text, _LONG_TEXT)
        check_number("batch_size", self.batch_size, low=1, integer=True)
        for name in ("truncate_dim", "max_length", "query_max_length"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), low=1, integer=True)
        if isinstance(self.prompts, str) and self.prompts not in FAMILIES:
            near = closest_names(self.prompts, FAMILIES) or list(FAMILIES)
            raise ValueError(
                f"prompts must be a dict or the name of a family, such as {', '.join(near)}. "
                f"Got {self.prompts!r} instead."
            )

    def _check_heads(self, choice, heads):
        """Raise unless the model and its backend give what is asked for beside one vector."""
        missing = sorted(heads - set(choice.heads))
        if not missing:
            if heads and self.long_text != "truncate":
                raise ValueError(
                    f"output {sorted(heads)[0]!r} is of whole texts: it must go with "
                    f"long_text='truncate'. Got {self.long_text!r} instead."
                )
            return
        files = " and ".join(f"{HEAD_FILES[name]}.pt (or .safetensors)" for name in missing)
        message = f"output {' and '.join(map(repr, missing))} needs {files} beside the weights of "
        message += f"{self.model}, which the backend 'transformers' reads. The backend "
        message += f"{choice.backend!r} gives {' and '.join(map(repr, ('dense', *choice.heads)))}."
        if "sparse" in missing:
            message += " For a masked language model (SPLADE) use SparseTransformerVectorizer."
        raise ValueError(message)

    def _model_key(self):
        """Return what tells the model and its settings from any other's."""
        settings = ("backend", "revision", "truncate_dim", *SETTINGS)
        return repr((str(self.model), *(getattr(self, name) for name in settings)))

    def _choice(self):
        self._check_parameters()
        key = self._model_key()
        known = self.__dict__.get("_chosen")
        if known is None or known[0] != key:
            choice = Choice(
                self.model,
                self.backend,
                self.revision,
                self.truncate_dim,
                **{name: getattr(self, name) for name in SETTINGS},
            )
            known = self._chosen = (key, choice)
        return known[1]

    def _resolved_pooling(self, choice):
        if choice.pools_itself:
            if self.pooling != "auto":
                raise ValueError(
                    f"pooling must be 'auto' with the backend {choice.backend!r}, which pools by "
                    f"itself. Got {self.pooling!r} instead. Or choose backend='transformers'."
                )
            return "vector"
        own = choice.folder.pooling
        if self.pooling == "auto":
            if not choice.folder.is_plain:
                raise ValueError(
                    f"{self.model} has further modules ({', '.join(choice.folder.modules)}), which "
                    f"the backend {choice.backend!r} does not run. Use "
                    "backend='sentence-transformers', or name a pooling."
                )
            if own is None:
                own = choice.folder.usual_pooling
                self._warn_once(choice, f"says nothing about pooling: {own} is taken. Name one.")
            return own
        if own not in (None, self.pooling):
            self._warn_once(
                choice,
                f"was trained with pooling {own!r}: with {self.pooling!r} its vectors are likely "
                "to be worse.",
            )
        return self.pooling

    def _warn_once(self, choice, message):
        case = (choice.model, self.pooling)
        if case not in _warned:
            _warned.add(case)
            warn_user(f"{self.model} {message}")

    def _measure(self):
        if self.precision == "binary":
            return "signs"
        folder = self._choice().folder
        return "cosine" if folder is None else folder.similarity

    def _opened_cache(self):
        if self.cache is None or isinstance(self.cache, EncodingCache):
            return self.cache
        return EncodingCache(self.cache)

    def __getstate__(self):
        state = super().__getstate__()
        own = ("_chosen", "_width")  # the first holds the weights
        return {name: value for name, value in state.items() if name not in own}

    def __sklearn_is_fitted__(self):
        return self.precision != "int8" or hasattr(self, "ranges_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = self.precision == "int8"
        return tags


def _first_row(rows):
    """Return what an output holds for the first text."""
    if isinstance(rows, Ragged):
        return next(rows.rows())
    return rows[[0]] if sparse.issparse(rows) else rows[0]
