"""One interface to every kind of encoder, and which one a model asks for.

A backend has ``poolings`` (the names of the vectors that it can give), ``encode(texts, poolings,
prefix, side)``, which yields :class:`~textvec.encoders.batching.Encoded` batches as they get done,
``count_tokens(text)`` and ``max_length``, which is None where nobody knows. ``prefix`` is what the
texts begin with that is not theirs, and ``side`` says whether they are documents or queries. The
backend "transformers" may also be asked for what the model's heads give.
"""

import json
import os
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from textvec._checks import check_choice, import_optional
from textvec.encoders.adapter_folders import open_model
from textvec.encoders.batching import WINDOW, Encoded
from textvec.encoders.model_files import NO_LIMIT
from textvec.encoders.networks import (
    OnnxNetwork,
    Rows,
    TorchNetwork,
    torch_device,
    torch_dtype,
    words_of,
)
from textvec.encoders.openai_api import OpenAIEndpoint, server_address

BACKENDS = ("auto", "sentence-transformers", "transformers", "onnx", "openai", "static")
_API_LENGTH = 512  # tokens of a text that a batch for a server counts with
SETTINGS = (
    "dtype", "device", "max_length", "query_max_length", "append_eos", "batch_size", "model_kwargs",
)  # fmt: skip

_loaded: WeakValueDictionary = WeakValueDictionary()  # so clones in use share their weights


class SentenceTransformerModel:
    """A whole pipeline of sentence-transformers, with whatever modules it has."""

    poolings = ("vector",)

    def __init__(
        self, folder, dtype, device, max_length, query_max_length, batch_size, model_kwargs
    ):
        library = import_optional("sentence_transformers", "transformers")
        torch = import_optional("torch", "transformers")
        options = dict(model_kwargs)
        trust = bool(options.pop("trust_remote_code", False))
        folder.check_code(trust)
        static = folder.is_static  # takes no options
        device, number = torch_device(torch, device), torch_dtype(torch, dtype)
        with folder.loading():
            self.model = library.SentenceTransformer(
                str(folder.path),
                device=device,
                trust_remote_code=trust,
                local_files_only=True,
                model_kwargs=None if static else {"dtype": number, **options},
            )
        self.folder = folder
        self.model.truncate_dim = None  # vectors are cut when they come from the cache, too
        tokenizer = getattr(self.model, "tokenizer", None)
        network = getattr(self.model[0], "auto_model", None)
        self._rows = None
        if callable(tokenizer):  # a network's, not a table's
            n_special = tokenizer.num_special_tokens_to_add()
            folder.check_length(max_length, n_special)
            folder.check_length(query_max_length, n_special, "query_max_length")
            self._rows = Rows(folder, tokenizer, network)
            if tokenizer.pad_token is None:  # the mask hides what fills up, whatever it is
                tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
        elif tokenizer is not None:
            folder.check_tokenizer(tokenizer.get_vocab_size(), lambda: words_of(tokenizer))
        self._uncut = deepcopy(tokenizer)  # the model's own cuts, also while another thread counts
        if not static:
            own, most = self.max_length, folder.n_places
            if max_length or most and (own is None or own > most):
                self.model.max_seq_length = max_length or most
        self.batch_size = batch_size
        routers = [module for module in self.model if hasattr(module, "sub_modules")]
        self.routes = {route for router in routers for route in router.sub_modules}

    def count_tokens(self, text):
        """Return how many tokens a text has uncut, special tokens included."""
        if callable(self._uncut):
            return len(self._uncut(text, verbose=False)["input_ids"])
        return len(self._uncut.encode(text, add_special_tokens=False).ids)

    @property
    def max_length(self):
        """The most tokens of a text that are read; None without a limit."""
        length = self.model.max_seq_length
        return None if length is None or length >= NO_LIMIT else int(length)

    def encode(self, texts, poolings, prefix="", side="document"):
        """Yield the vectors of texts, a window at a time."""
        route = {"task": side} if side in self.routes else {}
        for first in range(0, len(texts), WINDOW):
            some = texts[first : first + WINDOW]
            if self._rows is not None and self._rows.spare:
                self._rows.check(some, self._uncut(some, verbose=False)["input_ids"])
            some = [text.removeprefix(prefix) for text in some]
            with self.folder.reading():
                vectors = self.model.encode(
                    some,
                    prompt=prefix,
                    batch_size=self.batch_size,
                    show_progress_bar=False,
                    **route,
                )
            vectors = np.asarray(vectors, np.float32)
            yield Encoded(np.arange(first, first + len(some)), {"vector": vectors}, 0)


class StaticTable:
    """A table of token vectors of the library model2vec; a text is the mean of its tokens'."""

    poolings = ("vector",)

    def __init__(self, folder, max_length):
        library = import_optional("model2vec", "static")
        limit = {} if max_length is None else {"max_length": max_length}
        with folder.loading():
            self.model = library.StaticModel.from_pretrained(
                folder.path, force_download=False, **limit
            )
        self.folder = folder
        self.max_length = self.model.max_length
        self._tokenizer = deepcopy(self.model.tokenizer)
        self._tokenizer.no_truncation()
        n_tokens = self._tokenizer.get_vocab_size()
        folder.check_tokenizer(n_tokens, lambda: words_of(self._tokenizer))

    def count_tokens(self, text):
        """Return how many tokens an uncut text counts for: the library cuts characters, too."""
        n_tokens = len(self._tokenizer.encode(text, add_special_tokens=False).ids)
        return max(n_tokens, -(-len(text) // self.model.median_token_length))

    def encode(self, texts, poolings, prefix="", side="document"):
        """Yield the vectors of texts, a window at a time."""
        for first in range(0, len(texts), WINDOW):
            some = texts[first : first + WINDOW]
            with self.folder.reading():
                vectors = self.model.encode(some, use_multiprocessing=False)
            rows = np.arange(first, first + len(some))
            yield Encoded(rows, {"vector": np.asarray(vectors, np.float32)}, 0)


class Choice:
    """A model with its backend settled, before anything heavy is loaded.

    Parameters
    ----------
    model : str or path-like
        As in :class:`~textvec.TransformerVectorizer`; an ONNX file stands for its folder,
        or for the model above a folder called onnx.
    backend : str
        One of ``BACKENDS``.
    revision : str or None
        Of a model on the hub.
    truncate_dim : int or None
        Sent to servers.
    **settings : dict
        ``dtype, device, max_length, query_max_length, append_eos, batch_size, model_kwargs``.
    """

    def __init__(self, model, backend, revision=None, truncate_dim=None, **settings):
        check_choice("backend", backend, BACKENDS)
        self.settings = {"model_kwargs": {}, "query_max_length": None} | settings
        if self.settings["model_kwargs"] is None:
            self.settings["model_kwargs"] = {}
        self.options = dict(self.settings["model_kwargs"])
        self.file_name = self.options.pop("file_name", None)
        self.model = os.fspath(model)
        self.truncate_dim = truncate_dim
        self.folder = None
        self._running = None
        if backend == "openai":
            self.backend = backend
            self._check_settings()
            return
        if self.model.endswith(".onnx") and Path(self.model).is_file():
            folder, name = Path(self.model).parent, Path(self.model).name
            if folder.name == "onnx" and (folder.parent / "tokenizer.json").is_file():
                folder, name = folder.parent, f"onnx/{name}"  # as on the hub
            self.file_name = self.file_name or name
            self.model = os.fspath(folder)
            backend = "onnx" if backend == "auto" else backend
        trust = bool(self.options.get("trust_remote_code"))
        wanted = "transformers" if backend == "auto" else backend
        self.folder = open_model(self.model, revision, wanted, trust)
        self.backend = self._fitting() if backend == "auto" else backend
        self.folder.check_backend(self.backend)
        if self.backend in ("transformers", "onnx") and self.folder.is_static:
            raise ValueError(
                f"{self.model} is a static table, which the backend {self.backend!r} cannot run. "
                'Use backend="static".'
            )
        if self.backend == "static" and not self.folder.is_static:
            raise ValueError(f'{self.model} is no static table. Use backend="auto".')
        self._check_settings()

    def _check_settings(self):
        """Raise for settings that the backend would not heed, or get twice."""
        dtype, backend = self.settings["dtype"], self.backend
        for name in sorted(self.options.keys() & {*SETTINGS, "torch_dtype", "revision"}):
            parameter = name.removeprefix("torch_")
            raise ValueError(f"model_kwargs must not hold {name!r}. Use the parameter {parameter}.")
        if self.file_name is not None and backend != "onnx":
            raise ValueError(
                f"The file {self.file_name!r} is for the backend 'onnx', not {backend!r}."
            )
        if self.settings["append_eos"] and self.pools_itself:
            raise ValueError(
                f"append_eos must be False with the backend {backend!r}, which ends texts itself. "
                "Got True instead."
            )
        computes = self.folder is not None and not self.folder.is_static and backend != "onnx"
        if dtype not in ("float32", "auto") and not computes:
            raise ValueError(
                f"dtype is not for the backend {backend!r}, whose model settles it. Got {dtype!r}."
            )

    def _fitting(self):
        folder = self.folder
        if folder.is_static:
            return "static"
        if folder.is_onnx or str(self.file_name).endswith(".onnx"):
            return "onnx"
        return "transformers" if folder.is_plain else "sentence-transformers"

    @property
    def pools_itself(self):
        """Whether the backend gives one vector, its own, instead of a choice of poolings."""
        return self.backend not in ("transformers", "onnx")

    def cuts(self, side="document"):
        """Return whether the backend cuts texts to length; otherwise they must be cut before."""
        if self.backend == "openai" or self.pools_itself and self._differs(side):
            return False
        return not self.folder.is_static or self.folder.is_model2vec

    def length(self, side="document"):
        """Return the most tokens of a text that the parameters want read, or None."""
        own = self.settings["query_max_length"] if side == "query" else None
        return own or self.settings["max_length"]

    def limit(self, side="document"):
        """Return the most tokens that are read of a text, or None where nobody knows."""
        length, most = self.length(side), self.load().max_length
        if not self._differs(side):
            return most or length
        if self.pools_itself and most is not None and length > most:
            raise ValueError(
                f"query_max_length must be at most {most}, what the backend {self.backend!r} reads "
                f"of {self.model}. Got {length} instead."
            )
        return length

    def _differs(self, side):
        return self.length(side) != self.length()

    @property
    def heads(self):
        """What the backend gives beside one vector a text."""
        return self.folder.heads if self.backend == "transformers" else ()

    def identity(self, side="document"):
        """Return what tells vectors of this model from others': weights and all settings."""
        settings = self.settings
        described = {"max_length": self.length(side), "model_kwargs": self.options}
        if self.backend == "openai":
            described = {"model": self.model, "dimensions": self.truncate_dim}
            described["base_url"] = self._source()  # how long to wait is no matter
        else:
            described["digest"] = self.folder.digest(*self._onnx_files())
            described["append_eos"] = settings["append_eos"]
            if self.backend != "onnx":
                described["dtype"] = settings["dtype"]
            if "Router" in self.folder.modules:
                described["side"] = side
        return json.dumps({"backend": self.backend} | described, sort_keys=True, default=repr)

    def load(self):
        """Return the backend, loaded; estimators that are alive with equal settings share it.

        It is loaded anew when the files that it came from have been replaced.
        """
        key = repr((self.backend, self.model, self._source(), self.truncate_dim, self.settings))
        running = self._running
        if running is None or running[0] != key:
            backend = _loaded.get(key) or _loaded.setdefault(key, self._load())
            running = self._running = (key, backend)
        return running[1]

    def _source(self):
        """Return where vectors come from: what else than parameters decides about them."""
        if self.folder is None:
            return server_address(self.options)
        return self.folder.state(*self._onnx_files())

    def _onnx_files(self):
        return (self.folder.onnx_file(self.file_name),) if self.backend == "onnx" else ()

    def _load(self):
        settings = {name: self.settings[name] for name in SETTINGS}
        length, size = settings["max_length"], settings["batch_size"]
        settings["model_kwargs"] = self.options
        match self.backend:
            case "openai":
                budget = size * (length or _API_LENGTH)
                return OpenAIEndpoint(self.model, self.truncate_dim, budget, self.options)
            case "onnx":
                if self.options:
                    raise ValueError(
                        "model_kwargs for the backend 'onnx' must be 'file_name'. "
                        f"Got {', '.join(self.options)}."
                    )
                file = self.folder.onnx_file(self.file_name)
                del settings["dtype"], settings["model_kwargs"]
                return OnnxNetwork(self.folder, file, **settings)
            case "transformers":
                return TorchNetwork(self.folder, **settings)
        if self.backend == "static" and (
            self.folder.is_model2vec
            or find_spec("sentence_transformers") is None  # model2vec opens its tables, too
        ):
            return StaticTable(self.folder, length)
        del settings["append_eos"]
        return SentenceTransformerModel(self.folder, **settings)
