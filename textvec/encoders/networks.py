"""Transformer networks that give a vector for each token, in PyTorch and in ONNX Runtime."""

import re
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from threading import RLock

import numpy as np

from textvec._checks import import_optional
from textvec.encoders.batching import encode_in_batches, padded
from textvec.encoders.heads import HEAD_FILES, load_head
from textvec.encoders.pooling import LAST_LAYER_POOLINGS, LAYERS, POOLINGS, pool, token_weights
from textvec.encoders.whole import check_rows, check_weights

# On a processor what fits its caches is fastest: measured with MiniLM, 256 to 1024 are alike.
_PROCESSOR_BUDGET = 512
DEFAULT_LENGTH = 512  # tokens, where neither model nor user says
UNUSED = r"(^|\.)pooler\."  # weights through which no token's vector passes
_loading = RLock()
_TOKENIZER_KWARGS = ("trust_remote_code", "gguf_file")


class TorchNetwork:
    """A network of the library transformers.

    Parameters
    ----------
    folder : ModelFolder
        Its files.
    dtype : str
        Of the computation, a name in torch, or "auto" for that of the weights.
    device : str
        As in torch; "auto" takes a GPU if there is one.
    max_length : int or None
        The most tokens of a text; None for the model's own limit.
    append_eos : bool
        Whether each text ends with the end-of-text token.
    batch_size : int
        How many texts of ``max_length`` make a batch on a GPU.
    model_kwargs : dict
        For ``AutoModel.from_pretrained``.
    query_max_length : int or None, default=None
        The most tokens of a query; None for as many as of any text.
    """

    poolings = POOLINGS

    def __init__(
        self,
        folder,
        dtype,
        device,
        max_length,
        append_eos,
        batch_size,
        model_kwargs,
        query_max_length=None,
    ):
        self.torch = torch = import_optional("torch", "transformers")
        transformers = import_optional("transformers", "transformers")
        self.max_length = max_length or folder.max_length or DEFAULT_LENGTH
        self.query_max_length = query_max_length or self.max_length
        self.append_eos = append_eos
        self.device, number = torch_device(torch, device), torch_dtype(torch, dtype)
        on_processor = self.device == "cpu"
        self.budget = batch_size * self.max_length
        if on_processor:
            self.budget = min(self.budget, _PROCESSOR_BUDGET)
        # Unless told, the library asks on the terminal whether to run a model's code.
        trusted = bool(model_kwargs.get("trust_remote_code"))
        model_kwargs = {**model_kwargs, "trust_remote_code": trusted}
        tokenizer_kwargs = {
            name: value for name, value in model_kwargs.items() if name in _TOKENIZER_KWARGS
        }
        reports = not trusted  # code that comes with a model may not know how to
        with quiet(transformers), folder.loading():
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder.tokenizer_path, local_files_only=True, **tokenizer_kwargs
            )
            loaded = transformers.AutoModel.from_pretrained(
                folder.network_path,
                local_files_only=True,
                dtype=number,
                **({"output_loading_info": True} if reports else {}),
                **model_kwargs,
            )
        model, report = loaded if reports else (loaded, {"missing_keys": ()})
        unused = UNUSED
        parts = dict(model.named_children())
        if model.config.is_encoder_decoder or {"encoder", "decoder"} <= parts.keys():
            model, unused = model.get_encoder(), rf"{UNUSED}|^decoder\."
        if getattr(model.config, "quantization_config", None) is None:  # else names may differ
            check_complete(folder, report, unused)
        model = folder.adapted(model)
        if not {"quantization_config", "device_map"} & model_kwargs.keys():
            model = model.to(self.device)  # else the library has placed it
        model.config.use_cache = False  # keys and values are for generating text
        self.model = model.eval()
        self.folder = folder
        self._heads: dict = {}  # by name, from the first text that one is wanted for
        self.pad_id = first_given(self.tokenizer.pad_token_id, self.tokenizer.eos_token_id, 0)
        if append_eos and self.tokenizer.eos_token_id is None:
            raise ValueError(
                f"The tokenizer in {folder.path} has no end-of-text token. Use append_eos=False."
            )
        n_special = self.tokenizer.num_special_tokens_to_add() + append_eos
        folder.check_length(max_length, n_special)
        folder.check_length(query_max_length, n_special, "query_max_length")
        if folder.lowers and self.tokenizer.is_fast:
            lower_first(self.tokenizer.backend_tokenizer)
        self._rows = Rows(folder, self.tokenizer, model)
        # Whether it cuts, and where, is a state of a tokenizer, which threads share: each its own.
        self._uncut = deepcopy(self.tokenizer)
        self._cutting = dict.fromkeys(("document", "query"), self.tokenizer)
        if self.query_max_length != self.max_length:
            self._cutting["query"] = deepcopy(self.tokenizer)
        for side in self._cutting:
            self.tokenize(["text"], side)
        self.count_tokens("text")

    @property
    def n_tokens(self):
        """How many tokens the network knows, rows that only fill up included."""
        return self.model.config.vocab_size

    def tokenize(self, texts, side="document"):
        """Return the token ids of each text, special ones included, cut to the limit."""
        if not texts:
            return []
        length = self.query_max_length if side == "query" else self.max_length
        with self.folder.reading():
            found = self._cutting[side](
                texts,
                truncation=True,
                max_length=length - self.append_eos,
                return_attention_mask=False,
                return_token_type_ids=False,
            )["input_ids"]
        self._rows.check(texts, found)
        if self.append_eos:
            found = [[*tokens, self.tokenizer.eos_token_id] for tokens in found]
        return found

    def count_tokens(self, text):
        """Return how many tokens a text has uncut, special tokens included."""
        found = self._uncut(text, return_attention_mask=False, verbose=False)["input_ids"]
        return len(found) + self.append_eos

    def encode(self, texts, poolings, prefix="", side="document"):
        """Yield the vectors of texts, batch by batch."""
        return encode_in_batches(self, texts, poolings, self.budget, side)

    def forward(self, rows, wanted):
        """Return what is wanted of a batch: arrays by pooling, lists of arrays by head."""
        torch = self.torch
        heads = {name: self._head(name) for name in wanted if name in HEAD_FILES}
        poolings = [name for name in wanted if name not in heads]
        ids, mask = padded(rows, self.pad_id)
        all_layers = any(LAYERS[name] != (-1,) for name in poolings)
        given = torch.from_numpy(mask).to(self.device)
        with self.folder.reading(), torch.inference_mode():
            output = self.model(
                input_ids=torch.from_numpy(ids).to(self.device),
                # Without a mask attention takes a faster path.
                attention_mask=None if mask.all() else given,
                output_hidden_states=all_layers,
            )
            layers = output.hidden_states if all_layers else (output.last_hidden_state,)
            if all_layers:
                layers = (*layers[:-1], output.last_hidden_state)
            found = self._pool(layers, mask, given, poolings)
            return found | {name: head.of_batch(layers[-1], rows) for name, head in heads.items()}

    def _head(self, name):
        if name not in self._heads:
            self._heads[name] = load_head(name, self.folder, self.model, self.tokenizer)
        return self._heads[name]

    def _pool(self, layers, mask, given, poolings):
        """As ``pooling.pool``, where the layers are: only one vector a text leaves the device."""
        torch = self.torch
        padding = None if mask.all() else (given == 0)[:, :, None]
        pooled = {}
        for wanted in {LAYERS[name] for name in poolings}:
            hidden = sum(layers[layer].float() for layer in wanted) / len(wanted)
            if padding is not None:
                hidden = hidden.masked_fill(padding, 0)
            linear = [name for name in poolings if LAYERS[name] == wanted and name != "max"]
            if linear:
                weights = np.stack([token_weights(name, mask) for name in linear], axis=1)
                vectors = torch.from_numpy(weights).to(hidden.device) @ hidden
                pooled |= zip(linear, vectors.cpu().numpy().swapaxes(0, 1))
            if "max" in poolings and wanted == (-1,):
                if padding is not None:
                    hidden = hidden.masked_fill(padding, -torch.inf)
                peaks = hidden.amax(dim=1).cpu().numpy()
                pooled["max"] = np.where(mask.any(axis=1)[:, None], peaks, 0)
        return pooled


class OnnxNetwork:
    """A network in an ONNX file; neither torch nor transformers is loaded.

    Parameters
    ----------
    folder : ModelFolder
        Where ``tokenizer.json`` is.
    file : path-like
        The ONNX file.
    device : str
        "auto" takes what this build of ONNX Runtime puts first, else "cpu" or "cuda".
    max_length : int or None
        The most tokens of a text; None for the model's own limit.
    append_eos : bool
        Whether each text ends with the end-of-text token.
    batch_size : int
        How many texts of ``max_length`` make a batch on a GPU.
    query_max_length : int or None, default=None
        The most tokens of a query; None for as many as of any text.
    """

    poolings = LAST_LAYER_POOLINGS

    def __init__(
        self, folder, file, device, max_length, append_eos, batch_size, query_max_length=None
    ):
        runtime = import_optional("onnxruntime", "onnx")
        tokenizers = import_optional("tokenizers", "onnx")
        self.max_length = max_length or folder.max_length or DEFAULT_LENGTH
        # Azure's runs nothing here: it hands models on to a service.
        providers = [name for name in runtime.get_available_providers() if "Azure" not in name]
        if device != "auto":
            wanted = f"{str(device).partition(':')[0]}ExecutionProvider".lower()
            providers = [name for name in providers if name.lower() == wanted]
            if not providers:
                raise ValueError(
                    f"device {device!r} is not among ONNX Runtime's here: "
                    f"{', '.join(runtime.get_available_providers())}. Use 'auto' or 'cpu'."
                )
        folder.check_files(weights=False)
        check_weights(file)
        try:
            self.session = runtime.InferenceSession(str(file), providers=providers)
        except Exception as error:  # ONNX Runtime's own have no class in common
            reason = str(error).strip().split("\n")[0]
            raise ValueError(f"{file} cannot be loaded: {reason} Fetch the model anew.") from error
        self.inputs = {node.name for node in self.session.get_inputs()}
        self.output = self._token_output(file)
        self.budget = batch_size * self.max_length
        if self.session.get_providers() == ["CPUExecutionProvider"]:
            self.budget = min(self.budget, _PROCESSOR_BUDGET)
        tokenizer_file = Path(folder.path) / "tokenizer.json"
        if not tokenizer_file.is_file():
            raise FileNotFoundError(
                f"There is no tokenizer.json in {folder.path}. Copy it there from the folder that "
                "the ONNX file was made from."
            )
        self.folder = folder
        with folder.loading(weights=False):
            self.tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        n_tokens = self.tokenizer.get_vocab_size()
        folder.check_tokenizer(n_tokens, lambda: words_of(self.tokenizer))
        side = folder.truncation_side
        side = side or (self.tokenizer.truncation or {}).get("direction", "right")
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        if folder.lowers:
            lower_first(self.tokenizer)
        n_special = self.tokenizer.num_special_tokens_to_add(False) + append_eos
        folder.check_length(max_length, n_special)
        folder.check_length(query_max_length, n_special, "query_max_length")
        self._truncating = {}
        for of, length in ("document", self.max_length), ("query", query_max_length):
            cutting = self._truncating[of] = tokenizers.Tokenizer.from_str(self.tokenizer.to_str())
            cutting.enable_truncation((length or self.max_length) - append_eos, direction=side)
        self.end = self._end_token(folder) if append_eos else []
        self.pad_id = first_given(folder.pad_id, 0)

    def _token_output(self, file):
        for node in self.session.get_outputs():
            if len(node.shape) == 3:
                return node.name
        found = ", ".join(f"{node.name} {node.shape}" for node in self.session.get_outputs())
        raise ValueError(
            f"{file} gives no vectors of tokens, whose shape is (texts, tokens, dimensions). It "
            f"gives {found}. Export the model without its pooling."
        )

    def _end_token(self, folder):
        token = folder.end_token
        number = None if token is None else self.tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(
                f"The tokenizer in {folder.path} has no end-of-text token. Use append_eos=False."
            )
        return [number]

    def tokenize(self, texts, side="document"):
        """Return the token ids of each text, special ones included, cut to the limit."""
        with self.folder.reading():
            found = self._truncating[side].encode_batch_fast(texts)
        return [one.ids + self.end for one in found]

    def count_tokens(self, text):
        """Return how many tokens a text has uncut, special tokens included."""
        return len(self.tokenizer.encode(text).ids) + len(self.end)

    def encode(self, texts, poolings, prefix="", side="document"):
        """Yield the vectors of texts, batch by batch."""
        return encode_in_batches(self, texts, poolings, self.budget, side)

    def forward(self, rows, poolings):
        """Return the wanted vectors of one batch, a dict of arrays (n_texts, n_dimensions)."""
        ids, mask = padded(rows, self.pad_id)
        feeds = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
            "position_ids": np.maximum(mask.cumsum(axis=1) - 1, 0),
        }
        feeds = {name: array for name, array in feeds.items() if name in self.inputs}
        with self.folder.reading():
            (hidden,) = self.session.run([self.output], feeds)
        hidden = hidden.astype(np.float32, copy=False)
        return {name: pool(name, [hidden], mask) for name in poolings}


class Rows:
    """Which tokens a network has vectors for; a tokenizer without words for it is refused.

    Parameters
    ----------
    folder : ModelFolder
        Where both are from.
    tokenizer : transformers tokenizer
        What knows the tokens.
    network : torch.nn.Module
        What has a table of them.
    """

    def __init__(self, folder, tokenizer, network):
        self.folder, self.tokenizer, self.n_rows = folder, tokenizer, None
        with suppress(AttributeError, NotImplementedError, TypeError):  # of some that read bytes
            self.n_rows = len(network.get_input_embeddings().weight)
        special = {*tokenizer.all_special_tokens}
        n_tokens = len(tokenizer)
        folder.check_tokenizer(
            n_tokens, lambda: tokenizer.get_vocab().keys() - special, self.n_rows
        )
        # Models may have tokens to spare, of pictures for instance, that no text ever has.
        last = max([n_tokens - 1, *tokenizer.added_tokens_decoder])
        self.spare = self.n_rows is not None and last >= self.n_rows

    def check(self, texts, tokens):
        """Raise ValueError for a text with a token that has no row."""
        if self.spare:
            check_rows(self.folder.path, self.tokenizer, self.n_rows, texts, tokens)


def words_of(tokenizer):
    """Return the tokens of a tokenizer of the library tokenizers but those that were added."""
    added = tokenizer.get_added_tokens_decoder().values()
    return tokenizer.get_vocab().keys() - {token.content for token in added}


def lower_first(tokenizer):
    """Have a tokenizer of the library tokenizers put texts into small letters before all else."""
    normalizers = import_optional("tokenizers.normalizers", "onnx")
    own = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), *own])


def token_names(tokenizer, n_tokens):
    """Return the tokens by id; ids that no token has are called unused."""
    known = tokenizer.convert_ids_to_tokens(range(min(len(tokenizer), n_tokens)))
    return [*known, *(f"unused {i}" for i in range(len(known), n_tokens))]


def torch_device(torch, device):
    """Return the name of a device; "auto" takes a GPU if there is one."""
    if device != "auto":
        try:
            kind = torch.device(device).type
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"device must be 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'. Got {device!r} instead."
            ) from error
        if kind == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"device {device!r}: PyTorch finds no such here. Use 'auto' or 'cpu'.")
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def torch_dtype(torch, dtype):
    """Return torch's number type of that name; "auto" stays."""
    if dtype == "auto":
        return dtype
    found = getattr(torch, str(dtype), None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise ValueError(
            f"dtype must be 'float32', 'float16', 'bfloat16' or 'auto'. Got {dtype!r} instead."
        )
    return found


def first_given(*values):
    """Return the first value that is not None."""
    return next(value for value in values if value is not None)


def check_complete(folder, report, unused="(?!)"):
    """Raise if the library filled weights with random numbers, but for ones that are unused.

    Parameters
    ----------
    folder : ModelFolder
        What was loaded.
    report : dict
        What ``from_pretrained`` gives for ``output_loading_info=True``.
    unused : str, default="(?!)"
        Regular expression of weights through which no text's vector passes.

    Raises
    ------
    ValueError
        The message names some of them.
    """
    missing = sorted(name for name in report["missing_keys"] if not re.search(unused, name))
    if missing:
        raise ValueError(
            f"{folder.path} lacks {len(missing)} weights of what its config.json describes, such "
            f"as {', '.join(missing[:3])}: they would be random. Fetch the model anew."
        )


@contextmanager
def quiet(transformers):
    """Keep transformers from drawing bars and telling of weights that are not needed here."""
    with _loading:  # transformers makes weights by settings that all threads share
        log = transformers.utils.logging
        level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity_error()
        log.disable_progress_bar()
        try:
            yield
        finally:
            log.set_verbosity(level)
            if bars:
                log.enable_progress_bar()
