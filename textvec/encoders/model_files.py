"""A pretrained model's folder: where it is, what it says about itself, and its digest."""

import hashlib
import json
import os
import re
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from textvec._checks import check_type, import_optional
from textvec.encoders.heads import HEAD_FILES
from textvec.encoders.whole import (
    TOKENIZERS,
    cannot_be_loaded,
    check_files,
    check_tokenizer,
    explained,
    fails_on_texts,
    read_json,
)

# What models are made of; other formats of the same weights stay out of downloads and digests.
_TEXTUAL = ("*.json", "*.txt", "*.model", "*.tiktoken", "*.codes", "*.jinja", "*.jsonl")
_WEIGHTS = {
    "transformers": ("*.safetensors", "*_linear.pt"),
    "sentence-transformers": ("*.safetensors",),
    "static": ("*.safetensors",),
    "onnx": ("*.onnx", "*.onnx_data", "*.onnx.data"),
}
_OLD_WEIGHTS = ("*.bin", "*.gguf")
_NETWORKS = ("*.safetensors", "pytorch_model*.bin", "*.gguf")  # beside config.json
_OTHER_FORMATS = ("onnx/*", "openvino/*", "*.h5", "*.msgpack", "training_args.bin", "README*")
# What a folder must hold, and the files that it may be; a .gguf is all of it.
_PARTS = {
    "config.json": ("config.json",),
    "a tokenizer (tokenizer.json)": [name for name in TOKENIZERS if name != "merges*"],
    "weights (model.safetensors)": ("*.safetensors", "*/*.safetensors", "*.bin", "*.onnx"),
}
_SENTENCE = "config_sentence_transformers.json"
_SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")
_ONNX_PLACES = ("onnx/model.onnx", "model.onnx")

# sentence-transformers' names for ours, old (a flag each) and new (a word).
_POOLING_NAMES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "last_weighted",
    "pooling_mode_lasttoken": "last_token",
    "cls": "cls",
    "mean": "mean",
    "max": "max",
    "mean_sqrt_len_tokens": "mean_sqrt_len",
    "weightedmean": "last_weighted",
    "lasttoken": "last_token",
}
_SENTENCE_KINDS = ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
_PLAIN_MODULES = {"Transformer", "Pooling", "Normalize"}
# Of the positions of these kinds the first ones, up to the padding token's id, stand for none.
_COUNTED_FROM_PADDING = {"camembert", "longformer", "mpnet", "roberta", "xlm-roberta", "xmod"}
_COUNTED_FROM_PADDING |= {"data2vec-text", "esm", "ibert", "luke", "markuplm", "mluke"}
_COUNTED_FROM_PADDING |= {"roberta-prelayernorm", "xlm-roberta-xl"}
_OWN_POSITIONS = {"ctrl", "gpt2", "gpt_bigcode", "imagegpt", "openai-gpt"}  # call them n_positions
# In the configs of networks that compute positions, or see differences of places only.
_POSITIONS_WITHOUT_END = ("rope", "rotary", "alibi", '"position_biased_input": false')
NO_LIMIT = 10**6  # what tokenizers write for "no limit" is greater


class ModelFolder:
    """What the files of a pretrained model say, without loading it.

    Parameters
    ----------
    path : path-like
        A folder in the layout of Hugging Face or sentence-transformers.
    """

    def __init__(self, path):
        self.path = self.network_path = self.tokenizer_path = Path(path)

    def read(self, name, default):
        """Return the JSON of a file, or ``default`` if there is no such file.

        Parameters
        ----------
        name : str
            The file, from the folder on.
        default : dict or list
            What to return without it; the file must hold the same.

        Returns
        -------
        dict or list
            What the file holds.

        Raises
        ------
        ValueError
            If it is not JSON, or of another kind.
        """
        file = self.path / name
        return read_json(file, type(default)) if file.is_file() else default

    def _value(self, name, key, kinds, wanted):
        """Return what a file says under a key, None where it says nothing; raise if it is odd."""
        value = self.read(name, {}).get(key)
        if value is None or isinstance(value, kinds) and isinstance(value, bool) == (kinds is bool):
            return value
        raise self._odd(name, f"{key!r} must be {wanted}. Got {str(value)[:60]!r} instead")

    def _odd(self, name, what):
        return ValueError(f"{self.path / name}: {what}. Fetch the model anew.")

    @property
    def _modules(self):
        """What ``modules.json`` says of each module: its kind with its package, and its folder."""
        modules = self.read("modules.json", [])
        for module in modules:
            known = isinstance(module, dict) and isinstance(module.get("type"), str)
            path = module.get("path", "") if known else None
            if not isinstance(path, str) or path.startswith("/") or ".." in path.split("/"):
                raise self._odd(
                    "modules.json",
                    "each module must have a type and a path within the folder. "
                    f"Got {str(module)[:60]!r} instead",
                )
        return [(module["type"], module.get("path", "")) for module in modules]

    @property
    def modules(self):
        """The kinds of modules in ``modules.json``, in order; empty without that file."""
        return [kind.rpartition(".")[2] for kind, _ in self._modules]

    @property
    def _network_place(self):
        """The folder of the first module, from this one on."""
        return next((path for _, path in self._modules), "")

    @property
    def is_static(self):
        """Whether it is a table of token vectors rather than a network."""
        return "StaticEmbedding" in self.modules or self.is_model2vec

    @property
    def is_model2vec(self):
        """Whether it was written by model2vec."""
        return self.read("config.json", {}).get("model_type") == "model2vec"

    @property
    def is_plain(self):
        """Whether it is no more than a network, here, one pooling and, perhaps, unit length."""
        return (
            set(self.modules) <= _PLAIN_MODULES
            and not self._network_place  # as older folders have it
            and len(self._pooling_modes) <= 1
            and self._pooling_config.get("include_prompt", True)
        )

    @property
    def pooling(self):
        """The pooling that the model was trained with, or None if nothing says so."""
        modes = self._pooling_modes
        return modes[0] if len(modes) == 1 else None

    @property
    def usual_pooling(self):
        """What is taken where nothing says how to pool, as sentence-transformers takes it."""
        names = self.architectures
        causal = bool(names) and names[0].endswith("ForCausalLM")
        two_sided = self._value("config.json", "is_causal", bool, "true or false") is False
        return "last_token" if causal and not two_sided else "mean"

    @property
    def architectures(self):
        """The classes of the network that ``config.json`` names."""
        names = self._value("config.json", "architectures", list, "a list of names") or []
        if not all(isinstance(name, str) for name in names):
            raise self._odd("config.json", f"'architectures' must be names. Got {names!r} instead")
        return names

    @property
    def normalizes(self):
        """Whether the model's own vectors have unit length."""
        return self.modules[-1:] == ["Normalize"]

    @property
    def prompts(self):
        """The model's own prompts by name."""
        prompts = self._value(_SENTENCE, "prompts", dict, "prompts by name") or {}
        if not all(isinstance(prompt, str | None) for prompt in prompts.values()):
            raise self._odd(_SENTENCE, f"'prompts' must be texts. Got {str(prompts)[:60]} instead")
        return prompts

    @property
    def default_prompt_name(self):
        """The name of the prompt that the model takes unasked, or None."""
        return self._value(_SENTENCE, "default_prompt_name", str, "a name")

    @property
    def truncate_dim(self):
        """How many leading dimensions the model's vectors are cut to, or None."""
        return self._count(_SENTENCE, "truncate_dim")

    @property
    def similarity(self):
        """How the model's vectors are compared: cosine, dot, euclidean or manhattan."""
        name = self._value(_SENTENCE, "similarity_fn_name", str, "a name") or "cosine"
        if name not in _SIMILARITIES:
            wanted = ", ".join(_SIMILARITIES)
            what = f"'similarity_fn_name' must be one of {wanted}. Got {name!r} instead"
            raise self._odd(_SENTENCE, what)
        return name

    @property
    def max_length(self):
        """The most tokens that the model reads, or None if nothing says so."""
        length = self._count(self._sentence_config, "max_seq_length")
        limits = [length, self.n_places]
        if length is None:
            length = self._number("tokenizer_config.json", "model_max_length")
            limits = [length, self._n_positions()]
        length = min((n for n in limits if n is not None and 1 <= n < NO_LIMIT), default=None)
        return None if length is None else int(length)

    @property
    def lowers(self):
        """Whether texts are read in small letters, whatever the tokenizer does."""
        return bool(self._value(self._sentence_config, "do_lower_case", bool, "true or false"))

    @property
    def truncation_side(self):
        """At which end the tokenizer cuts, "left" or "right", or None if nothing says so."""
        side = self._value("tokenizer_config.json", "truncation_side", str, "left or right")
        if side not in (None, "left", "right"):
            what = f"'truncation_side' must be left or right. Got {side!r} instead"
            raise self._odd("tokenizer_config.json", what)
        return side

    @property
    def end_token(self):
        """The token at the end of texts, or None if nothing says so."""
        token = self._value("tokenizer_config.json", "eos_token", (str, dict), "a token")
        token = token.get("content") if isinstance(token, dict) else token
        return token if isinstance(token, str) else None

    @property
    def pad_id(self):
        """The token that fills up, or None if nothing says so."""
        return self._value("config.json", "pad_token_id", int, "a token's number")

    @property
    def _sentence_config(self):
        """What sentence-transformers wrote beside the network, in its early days by its kind."""
        names = [f"sentence_{kind}_config.json" for kind in _SENTENCE_KINDS]
        return next((name for name in names if self.read(name, {})), names[0])

    def check_length(self, max_length, n_special, name="max_length"):
        """Raise unless texts of so many tokens have room for one of their own and a place for each.

        Parameters
        ----------
        max_length : int or None
            What the user asks for.
        n_special : int
            How many of the tokens are special ones.
        name : str, default="max_length"
            The parameter.

        Raises
        ------
        ValueError
            The message says which lengths there are.
        """
        if max_length is None:
            return
        low, high = n_special + 1, self.n_places
        if max_length < low or high is not None and max_length > high:
            end = "" if high is None else f", and at most {high}, its positions"
            raise ValueError(
                f"{name} must be at least {low} for {self.path}, its {n_special} special "
                f"tokens and one of the text{end}. Got {max_length} instead."
            )

    def check_code(self, trust_remote_code):
        """Raise ValueError if a module is of other code than sentence-transformers', untrusted."""
        # Before version 6 that library runs the Python files of any folder without being asked.
        for kind, _ in self._modules:
            if not trust_remote_code and not kind.startswith("sentence_transformers."):
                raise self._untrusted(f"a module of code of its own, {kind!r}")

    def _untrusted(self, what):
        return ValueError(
            f"{self.path} has {what}. Read it: TransformerVectorizer alone runs such, with "
            'model_kwargs={"trust_remote_code": True}.'
        )

    @contextmanager
    def loading(self, weights=True):
        """Say why a library cannot load the model: damage, missing files, untrusted code.

        Parameters
        ----------
        weights : bool, default=True
            Whether weights in PyTorch's formats are loaded.

        Yields
        ------
        None
            To where the library loads.

        Raises
        ------
        FileNotFoundError
            If files are missing.
        ValueError
            If one is damaged, or code of the model's own is not trusted.
        """
        self.check_files(weights)
        with explained(self._why):
            yield

    def _why(self, error):
        """Return the error that says why a library did not load the model."""
        if "trust_remote_code" in str(error):
            return self._untrusted("code of its own, which is not trusted")
        missing, here = self._missing_parts(), {file.name for file in self.path.glob("*")}
        if "vocab.json" in here and not here & {"merges.txt", "tokenizer.json"}:
            missing.append("merges.txt, which goes with vocab.json")
        if missing:
            return FileNotFoundError(
                f"{self.path} is no whole model: it lacks {' and '.join(missing)}. Fetch the model "
                "anew, or give the folder that holds these."
            )
        self.check_files(suspicious=True)
        return cannot_be_loaded(self.path / self._network_place, error)

    @contextmanager
    def reading(self):
        """Say so where a model whose files are well each by itself fails on a text.

        Yields
        ------
        None
            To where texts are read.

        Raises
        ------
        ValueError
            With what the library said.
        """
        with explained(lambda error: fails_on_texts(self.path, error)):
            yield

    def check_backend(self, backend):
        """Raise ValueError unless a backend runs what is here: each says so itself."""

    def adapted(self, network):
        """Return a network with what the folder adds to its weights: nothing."""
        return network

    def check_files(self, weights=True, suspicious=False):
        """Raise ValueError for a file here that is empty, a pointer, cut short or no JSON.

        Parameters
        ----------
        weights : bool, default=True
            Whether weights in PyTorch's formats matter.
        suspicious : bool, default=False
            Whether to read large ones to their end.
        """
        for place in dict.fromkeys(("", *(path for _, path in self._modules))):
            check_files(self.path / place, weights, suspicious)

    def check_tokenizer(self, n_tokens, vocabulary, n_rows=None):
        """Raise unless the tokenizer knows words, and about as many as the network.

        Parameters
        ----------
        n_tokens : int
            How many tokens it knows.
        vocabulary : callable
            Gives the tokens that are no special ones.
        n_rows : int, default=None
            For how many the network has vectors; None for what ``config.json`` says.
        """
        if n_rows is None:
            n_rows = self._count("config.json", "vocab_size")
        check_tokenizer(self.path / self._network_place, n_tokens, vocabulary, n_rows)

    def _missing_parts(self):
        def has(*patterns):
            return any(True for pattern in patterns for _ in self.path.glob(pattern))

        if has("*.gguf") or self.is_static or self._network_place:
            return []  # such have other parts, or have them elsewhere
        return [part for part, names in _PARTS.items() if not has(*names)]

    def check_is_model(self):
        """Raise FileNotFoundError if nothing in the folder could be of a model."""
        if len(self._missing_parts()) == len(_PARTS):
            raise FileNotFoundError(
                f"{self.path} is no folder of a model: it holds neither {', '.join(_PARTS)}."
            )

    @property
    def n_places(self):
        """How many tokens the network has places for, or None where it takes any number."""
        described = json.dumps(self.read("config.json", {}))
        endless = any(mark in described for mark in _POSITIONS_WITHOUT_END)
        return None if endless else self._n_positions()

    def _n_positions(self):
        kind = self._value("config.json", "model_type", str, "a name")
        key = "n_positions" if kind in _OWN_POSITIONS else "max_position_embeddings"
        n_positions = self._number("config.json", key)
        if n_positions is not None and kind in _COUNTED_FROM_PADDING:
            n_positions -= (1 if self.pad_id is None else self.pad_id) + 1
        return n_positions

    def _number(self, name, key):
        return self._value(name, key, (int, float), "a number")

    def _count(self, name, key):
        count = self._number(name, key)
        if count is not None and not (count >= 1 and count == int(count)):
            raise self._odd(name, f"{key!r} must be a whole number from 1 on. Got {count} instead")
        return count if count is None else int(count)

    @property
    def has_safetensors(self):
        """Whether the network's own weights are in that format."""
        heads = HEAD_FILES.values()
        return any(file.stem not in heads for file in self.path.rglob("*.safetensors"))

    @property
    def heads(self):
        """Which outputs the model has a head for, beside its vector."""
        return tuple(name for name in HEAD_FILES if self.head_file(name) is not None)

    def head_file(self, name):
        """Return the file of a head, or None if the model does not have it.

        Parameters
        ----------
        name : {"sparse", "multi_vector"}
            What the head gives.

        Returns
        -------
        Path or None
            The file.
        """
        files = [self.path / f"{HEAD_FILES[name]}{end}" for end in (".safetensors", ".pt")]
        return next((file for file in files if file.is_file()), None)

    def onnx_file(self, name=None):
        """Return the ONNX file.

        Parameters
        ----------
        name : str, default=None
            Which, from the folder on or absolute; None looks where models have it.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        FileNotFoundError
            If there is none.
        """
        names = _ONNX_PLACES if name is None else (name,)
        for candidate in names:
            if (self.path / candidate).is_file():
                return self.path / candidate
        raise FileNotFoundError(
            f"No ONNX file: looked for {' and '.join(map(str, names))} in {self.path}. "
            'Name it with model_kwargs={"file_name": ...}, or use backend="transformers".'
        )

    @property
    def is_onnx(self):
        """Whether the network is here in ONNX, and in no format that PyTorch reads."""
        has = any((self.path / name).is_file() for name in _ONNX_PLACES)
        return has and not any(any(self.path.glob(pattern)) for pattern in _NETWORKS)

    def state(self, *weights):
        """Return what tells whether anything here that a vector depends on has been replaced.

        Parameters
        ----------
        *weights : path-like
            ONNX files; by default the weights of all formats that PyTorch reads.

        Returns
        -------
        tuple of (str, (str, int, int))
            Of each file its name, and its path, size in bytes and time in nanoseconds.
        """
        ours = (*_WEIGHTS["transformers"], *_OLD_WEIGHTS, "*.py")
        patterns = _TEXTUAL if weights else (*_TEXTUAL, *ours)
        files = {file for pattern in patterns for file in self.path.rglob(pattern)}
        ignored = {file for pattern in _OTHER_FORMATS for file in self.path.rglob(pattern)}
        names = [(file.relative_to(self.path).as_posix(), file) for file in files - ignored]
        names += [
            (Path(part).name, part)
            for file in weights
            for part in (file, *_external_data(*_file_state(file)))
            if os.path.isfile(part)
        ]
        return tuple(sorted((name, _file_state(file)) for name, file in names))

    def digest(self, *weights):
        """Return the sha256 of everything here that a vector depends on.

        Parameters
        ----------
        *weights : path-like
            As for :meth:`state`.

        Returns
        -------
        str
            In hexadecimal.
        """
        whole = hashlib.sha256()
        for name, state in self.state(*weights):
            whole.update(f"{name} {_file_digest(*state)}\n".encode())
        return whole.hexdigest()

    @property
    def splade_pooling(self):
        """What the file of a SPLADE model's pooling says: empty without one."""
        return self._module_config("SpladePooling")

    def _module_config(self, kind):
        places = [path for name, path in self._modules if name.rpartition(".")[2] == kind]
        return self.read(f"{next(iter(places), f'1_{kind}')}/config.json", {})

    @property
    def _pooling_config(self):
        return self._module_config("Pooling")

    @property
    def _pooling_modes(self):
        config = self._pooling_config
        modes = config.get("pooling_mode")
        if modes is None:
            modes = [name for name, on in config.items() if name in _POOLING_NAMES and on is True]
        elif isinstance(modes, str):
            modes = [modes]
        if not isinstance(modes, list) or not all(isinstance(mode, str) for mode in modes):
            shown = str(modes)[:60]
            raise ValueError(
                f"The pooling in {self.path} must be a name or several. Got {shown!r} instead."
            )
        return [_POOLING_NAMES.get(mode, mode) for mode in modes]


def _file_state(file):
    state = os.stat(file)
    return os.path.realpath(file), state.st_size, state.st_mtime_ns


@lru_cache(maxsize=4096)
def _external_data(path, size, modified):
    """Return the files that an ONNX file names as those which hold its weights."""
    content = Path(path).read_bytes()
    names = set()
    # In protobuf an entry of this key goes on with a tag, the length of the value, and the value.
    for found in re.finditer(rb"\n\x08location\x12(.)", content, re.DOTALL):
        name = content[found.end() : found.end() + found[1][0]]
        names.add(name.decode("utf-8", "replace"))
    return [os.path.join(os.path.dirname(path), name) for name in sorted(names)]


@lru_cache(maxsize=4096)
def _file_digest(path, size, modified):
    """Return the sha256 of a file that is known by its size and time until these change."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_model(model, revision=None, backend="transformers", trust_remote_code=False):
    """Return the folder of a model: the path itself, or its files from the Hugging Face Hub.

    Parameters
    ----------
    model : str or path-like
        A folder, or a name on the hub such as ``"BAAI/bge-small-zh-v1.5"``. The hub is asked only
        for what its cache on this machine does not have.
    revision : str, default=None
        Branch, tag or commit on the hub.
    backend : str, default="transformers"
        Whose weights to fetch.
    trust_remote_code : bool, default=False
        Whether to fetch Python files too.

    Returns
    -------
    ModelFolder
        What the files say.

    Raises
    ------
    FileNotFoundError
        If there is no such folder or model, or it cannot be downloaded. The message says where it
        was looked for and how to fetch it.
    NotADirectoryError
        If it is a file.
    """
    check_type("model", model, str | os.PathLike, "a str or a path")
    check_type("revision", revision, str | None, "a str, or None")
    if Path(model).is_dir():
        folder = ModelFolder(model)
        folder.check_is_model()
        return folder
    if Path(model).is_file():
        raise NotADirectoryError(
            f"{os.fspath(model)!r} is a file. Give the folder of a model, an .onnx file in one, or "
            "a name on the Hugging Face Hub."
        )
    name = os.fspath(model)
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or os.sep != "/" and os.sep in name:
        raise FileNotFoundError(
            f"There is no folder {name!r} (seen from {Path.cwd()}). Give the folder of a model, "
            'or its name on the Hugging Face Hub, such as "sentence-transformers/LaBSE".'
        )
    hub = import_optional("huggingface_hub", "transformers")
    code = ("*.py",) if trust_remote_code else ()
    patterns = [*_TEXTUAL, *_WEIGHTS[backend], *code]
    ignored = list(_OTHER_FORMATS) if backend != "onnx" else ["*.bin", "openvino/*"]
    try:
        fetch = lambda allowed: hub.snapshot_download(  # noqa: E731
            name, revision=revision, allow_patterns=allowed, ignore_patterns=ignored
        )
        folder = ModelFolder(fetch(patterns))
        if backend != "onnx" and not folder.has_safetensors:
            folder = ModelFolder(fetch([*patterns, *_OLD_WEIGHTS]))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        reason = str(error).strip().split("\n")[0].removeprefix("Got: ").rstrip(".")
        raise FileNotFoundError(
            f"There is no folder {name!r} (seen from {Path.cwd()}), no such model in the cache "
            f"{hub.constants.HF_HUB_CACHE}, and it could not be downloaded: {reason}. "
            f"Where there is a network, fetch it with `hf download {name}`; then copy that cache, "
            "or name the folder with --local-dir and give its path as model."
        ) from error
    return folder
