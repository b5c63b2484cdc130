"""Folders that hold a LoRA adapter alone, as peft writes them, and the model that it adapts."""

import os
from pathlib import Path
from warnings import catch_warnings, simplefilter

from textvec._checks import check_type, import_optional
from textvec.encoders.model_files import ModelFolder, find_model
from textvec.encoders.whole import cannot_be_loaded, check_weights, explained, read_json

_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def open_model(model, revision=None, backend="transformers", trust_remote_code=False):
    """Return the folder of a model, as :func:`~textvec.encoders.model_files.find_model` does.

    Parameters
    ----------
    model : str or path-like
        A folder or a name on the Hugging Face Hub, of a model or of a LoRA adapter.
    revision : str, default=None
        Branch, tag or commit on the hub.
    backend : str, default="transformers"
        Whose weights to fetch.
    trust_remote_code : bool, default=False
        Whether to fetch Python files too.

    Returns
    -------
    ModelFolder
        An :class:`AdapterFolder` for an adapter.

    Raises
    ------
    FileNotFoundError
        If there is no such model, or not the one that an adapter is for.
    ValueError
        If the adapter is of another kind than LoRA.
    """
    check_type("model", model, str | os.PathLike, "a str or a path")
    if _is_adapter(Path(model)):
        return AdapterFolder(model, backend, trust_remote_code)
    folder = find_model(model, revision, backend, trust_remote_code)
    if _is_adapter(folder.path):  # of the hub
        return AdapterFolder(folder.path, backend, trust_remote_code)
    return folder


def _is_adapter(path):
    return (path / _CONFIG).is_file() and not (path / "config.json").is_file()


class AdapterFolder(ModelFolder):
    """A LoRA adapter and the model that it adapts: what the adapter's folder lacks is the model's.

    The model is looked for by the name that ``adapter_config.json`` gives: as a folder of that
    path, as one of that name beside the adapter or within it, and then on the hub.

    Parameters
    ----------
    path : path-like
        The adapter's.
    backend : str, default="transformers"
        Whose weights to fetch for a model on the hub.
    trust_remote_code : bool, default=False
        Whether to fetch Python files too.
    """

    def __init__(self, path, backend="transformers", trust_remote_code=False):
        super().__init__(path)
        config = read_json(self.path / _CONFIG, dict)
        if config.get("peft_type") != "LORA":
            raise self._odd(_CONFIG, f"'peft_type' must be LORA. Got {config.get('peft_type')!r}")
        if config.get("megatron_config"):
            raise self._odd(_CONFIG, "'megatron_config' must be null: with it goes code to import")
        name, revision = config.get("base_model_name_or_path"), config.get("revision")
        if not isinstance(name, str) or not name or not isinstance(revision, str | None):
            raise self._odd(
                _CONFIG, f"'base_model_name_or_path' must name the model adapted. Got {name!r:.60}"
            )
        last = Path(name).name
        near = (Path(name), self.path.parent / last, self.path / last)
        found = next((place for place in near if place.is_dir() and place != self.path), name)
        try:
            self.base = find_model(found, revision, backend, trust_remote_code)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{self.path} is a LoRA adapter of {name}, and that model is not here. Put its "
                f"folder beside it, as {self.path.parent / last}. ({error})"
            ) from error
        self.network_path = self.base.path
        has_tokenizer = (self.path / "tokenizer_config.json").is_file()
        self.tokenizer_path = self.path if has_tokenizer else self.base.path

    def read(self, name, default):
        """Return the JSON of a file here, or of the model; ``default`` if neither has it."""
        holder = super() if (self.path / name).is_file() else self.base
        return holder.read(name, default)

    def check_files(self, weights=True, suspicious=False):
        """Raise ValueError for a file of either that is damaged."""
        super().check_files(weights, suspicious)
        self.base.check_files(weights, suspicious)
        check_weights(self._weights)

    def _missing_parts(self):
        return self.base._missing_parts()

    def head_file(self, name):
        """Return the file of a head of the model's."""
        return self.base.head_file(name)

    def state(self, *weights):
        """Return what tells whether a file of either has been replaced."""
        of_base = [(f"base/{name}", state) for name, state in self.base.state(*weights)]
        return tuple(sorted([*super().state(*weights), *of_base]))

    def check_backend(self, backend):
        """Raise ValueError unless the backend runs adapters."""
        if backend != "transformers":
            raise ValueError(
                f"{self.path} is a LoRA adapter, which the backend 'transformers' runs alone. "
                f"Got {backend!r} instead: for another, merge it into {self.base.path} with "
                "peft's merge_and_unload, and save that."
            )

    def adapted(self, network):
        """Return the network with the adapter merged into its weights.

        Parameters
        ----------
        network : torch.nn.Module
            The model's own.

        Returns
        -------
        torch.nn.Module
            The same, of other weights.

        Raises
        ------
        ValueError
            If the adapter's weights are not of this network.
        """
        peft = import_optional("peft", "finetune")
        with explained(lambda error: cannot_be_loaded(self.path, error)), catch_warnings():
            simplefilter("ignore", FutureWarning)  # peft's, of what transformers renames
            config = peft.LoraConfig.from_pretrained(os.fspath(self.path))
            config.inference_mode = True
            config.base_model_name_or_path = network.name_or_path  # else peft warns of another
            wrapped = peft.get_peft_model(network, config)
            weights = peft.load_peft_weights(os.fspath(self.path), device="cpu")
            inner = f"base_model.model.{network.base_model_prefix}."
            if all(name.startswith(inner) for name in weights):  # trained under a head
                weights = {
                    "base_model.model." + name.removeprefix(inner): weight
                    for name, weight in weights.items()
                }
            found = peft.set_peft_model_state_dict(wrapped, weights)
        strange = [name for name in found.unexpected_keys if "lora_" in name]
        strange += [name for name in found.missing_keys if "lora_" in name]
        if strange:
            raise ValueError(
                f"The adapter in {self.path} is not of {self.base.path}: {strange[0]!r} is in one "
                "of them alone. Put the model that it was trained on beside it."
            )
        return wrapped.merge_and_unload()

    @property
    def _weights(self):
        files = [self.path / name for name in _WEIGHTS if (self.path / name).is_file()]
        if not files:
            raise FileNotFoundError(
                f"{self.path} is no whole adapter: it lacks {_WEIGHTS[0]}. Fetch it anew."
            )
        return files[0]
