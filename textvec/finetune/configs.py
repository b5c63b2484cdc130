"""Files that say what to tune, and how: AutoTrain's layout for sentence-transformers."""

import math
from collections.abc import Mapping
from pathlib import Path

from textvec._checks import as_path, check_choice, closest_names, import_optional
from textvec._reading import decode, parse_json, read_json_lines
from textvec.evaluate.tasks import files
from textvec.finetune.strategies import OF_NETWORKS, LoRA
from textvec.finetune.training import Training

# Task of AutoTrain -> the fields that its columns are for us.
_TASKS = {
    "pair": ("text1", "text2"),
    "pair_class": ("text1", "text2", "score"),
    "pair_score": ("text1", "text2", "score"),
    "triplet": ("text", "positive_text", "negative_text"),
    "qa": ("query", "pos"),
}
_PREFIX = "sentence-transformers:"
_COLUMNS = ("sentence1_column", "sentence2_column", "sentence3_column", "target_column")
_TOP = ("task", "base_model", "project_name", "log", "backend", "data", "params", "hub")
_DATA = ("path", "train_split", "valid_split", "column_mapping")
_LOGS = ("none", "tensorboard", "wandb")
_BACKENDS = ("local", "local-cli")
# Parameter -> that of Training, or that of the Trainer.
_TRAINING = {
    "epochs": "epochs",
    "batch_size": "batch_size",
    "lr": "learning_rate",
    "max_seq_length": "max_length",
    "warmup_ratio": "warmup",
    "temperature": "temperature",
}
_TRAINER = {
    "scheduler": "lr_scheduler_type",
    "optimizer": "optim",
    "gradient_accumulation": "gradient_accumulation_steps",
    "weight_decay": "weight_decay",
    "max_grad_norm": "max_grad_norm",
}
_LORA = {"lora_r": "rank", "lora_alpha": "alpha", "lora_dropout": "dropout"}
_PRECISIONS = {"fp16": {"fp16": True}, "bf16": {"bf16": True}, "no": {}, None: {}, "none": {}}
_OTHERS = ("loss", "strategy", "seed", "mixed_precision", "peft")
_WHOLE = {"batch_size", "max_seq_length", "lora_r", "gradient_accumulation", "seed"}
_WORDS = {"scheduler", "optimizer"}


def read_config(path):
    """Return what a config says.

    Parameters
    ----------
    path : path-like
        A YAML or JSON file, of data alone: names of code are refused, nothing in it is expanded,
        and a key that means nothing is refused by its name.

    Returns
    -------
    settings : dict
        Parameters of :class:`~textvec.FineTunedVectorizer`.
    records : list of dict
        What to tune on.
    validation : list of dict or None
        What to choose the best weights by, records of the same fields.

    Raises
    ------
    ValueError
        If it is no such file, or says what textvec does not do.
    OSError
        If a file is not there.
    """
    path = as_path("path", path)
    config = _read(path)
    _check_keys(config, _TOP, path)
    for name in ("task", "base_model", "project_name", "data"):
        if name not in config:
            raise ValueError(f"{path} must have {name!r}, and has none.")
    for name in ("task", "base_model", "project_name"):
        _check_value(name, config[name], str, path)
    task = config["task"].removeprefix(_PREFIX).replace("st:", "")
    check_choice(f"task of {path}", task, tuple(_TASKS))
    check_choice(f"backend of {path}", config.get("backend", "local"), _BACKENDS)
    log = config.get("log") or "none"
    check_choice(f"log of {path}", log, _LOGS)
    hub = config.get("hub") or {}
    _check_keys(hub, ("username", "token", "push_to_hub"), path, "hub.")
    if hub.get("push_to_hub"):
        raise ValueError(f"hub.push_to_hub of {path} must be false: textvec sends models nowhere.")
    training, strategy, more = _parameters(config.get("params") or {}, path)
    if log != "none":
        training.trainer = {**(training.trainer or {}), "report_to": log}
    settings = {
        "model": config["base_model"],
        "output_dir": config["project_name"],
        "training": training,
        "strategy": strategy,
        **more,
    }
    records, validation = _data(config["data"], _TASKS[task], path)
    return settings, records, validation


def _read(path):
    text = decode(path, path.read_bytes(), "utf-8")
    if path.suffix.lower() == ".json":
        try:
            config = parse_json(text)
        except ValueError as error:
            raise ValueError(f"{path} must hold JSON: {error}.") from error
    else:
        config = _parse_yaml(text, path)
    if not isinstance(config, Mapping):
        raise ValueError(f"{path} must hold keys and values. Got {type(config).__name__} instead.")
    return config


def _parse_yaml(text, path):
    yaml = import_optional("yaml", "finetune")
    try:
        events = yaml.parse(text, yaml.SafeLoader)
        has_alias = any(isinstance(event, yaml.AliasEvent) for event in events)
        tree = None if has_alias else yaml.compose(text, yaml.SafeLoader)
        config = None if has_alias else yaml.safe_load(text)
    except Exception as error:  # also whatever a value leads to that is not what its tag says
        said = " ".join(str(error).split())
        raise ValueError(f"{path} must hold plain YAML, which names no code: {said}.") from error
    if has_alias:
        raise ValueError(f"{path} must say all where it is meant: it holds an alias (*name).")
    _check_once(tree, path, yaml)
    return config


def _check_once(node, path, yaml):
    """Raise if a key stands twice, of which YAML's reader would keep the last."""
    if isinstance(node, yaml.MappingNode):
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{path} must have each key once. {name!r} stands twice.")
        for _, value in node.value:
            _check_once(value, path, yaml)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_once(value, path, yaml)


def _check_keys(found, known, path, where=""):
    if not isinstance(found, Mapping):
        raise ValueError(f"{where[:-1]!r} of {path} must hold keys and values. Got {found!r:.60}.")
    for name in found:
        if name not in known:
            near = ", ".join(closest_names(name, known)) or ", ".join(known)
            raise ValueError(f"{path} holds {where}{name}, which means nothing here. Near: {near}.")


def _check_value(name, value, kind, path):
    if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
        wanted = {str: "a text", float: "a number", int: "a whole number", bool: "true or false"}
        raise ValueError(f"{name!r} of {path} must be {wanted[kind]}. Got {value!r:.60} instead.")


def _number(name, value, path):
    """Return a number; YAML reads 2e-5, which lacks a point, as a text."""
    whole = name in _WHOLE
    found = value
    try:
        found = float(value) if isinstance(value, str) else value
        is_number = isinstance(found, int | float) and math.isfinite(found)
    except (OverflowError, ValueError):
        is_number = False
    if isinstance(found, bool) or not is_number:
        _check_value(name, None if isinstance(value, bool) else str(value), float, path)
    if whole:
        if found != int(found):
            _check_value(name, str(value), int, path)
        return int(found)
    return found


def _parameters(params, path):
    """Return the training, the strategy, and what else is set."""
    known = (*_TRAINING, *_TRAINER, *_LORA, *_OTHERS, "target_modules")
    _check_keys(params, known, path, "params.")
    values = {
        name: value
        if name in {*_WORDS, *_OTHERS, "target_modules"} - {"seed"}
        else _number(name, value, path)
        for name, value in params.items()
        if value is not None or name == "mixed_precision"
    }
    training = Training(
        **{ours: values[name] for name, ours in _TRAINING.items() if name in values}
    )
    trainer = {theirs: values[name] for name, theirs in _TRAINER.items() if name in values}
    for name in _WORDS & values.keys():
        _check_value(name, values[name], str, path)
    precision = values.get("mixed_precision")
    check_choice(f"params.mixed_precision of {path}", precision, tuple(_PRECISIONS))
    trainer |= _PRECISIONS[precision]
    training.trainer = trainer or None
    strategy = values.get("strategy", "full")
    check_choice(f"params.strategy of {path}", strategy, OF_NETWORKS)
    if "peft" in values:
        _check_value("peft", values["peft"], bool, path)
    lora = {ours: values[name] for name, ours in _LORA.items() if name in values}
    if "target_modules" in values:
        _check_value("target_modules", values["target_modules"], str, path)
        targets = values["target_modules"]
        lora["targets"] = targets if targets == "all-linear" else tuple(targets.split(","))
    if values.get("peft") or strategy == "lora":
        strategy = LoRA(**lora)
    elif lora:
        raise ValueError(f"{path} sets {', '.join(lora)} of LoRA, and neither peft nor strategy.")
    more = {"random_state": values.get("seed", 42)}  # AutoTrain's own
    if "loss" in values:
        _check_value("loss", values["loss"], str, path)
        more["loss"] = values["loss"]
    return training, strategy, more


def _data(data, fields, path):
    _check_keys(data, _DATA, path, "data.")
    _check_value("data.path", data.get("path"), str, path)
    mapping = data.get("column_mapping") or {}
    _check_keys(mapping, _COLUMNS, path, "data.column_mapping.")
    columns = {}
    for place, field in enumerate(fields):
        key = "target_column" if field == "score" else _COLUMNS[place]
        name = mapping.get(key)
        _check_value(f"data.column_mapping.{key}", name, str, path)
        columns[field] = name
    folder = Path(data["path"])
    if not folder.is_absolute():
        folder = path.parent / folder
    train = _split(folder, data.get("train_split") or "train", columns)
    valid = data.get("valid_split")
    return train, None if valid is None else _split(folder, valid, columns)


def _split(folder, name, columns):
    """Return the records of a split, their columns by our names."""
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"A split must be the name of a file in {folder}. Got {name!r} instead.")
    places = [folder / f"{name}.{ending}" for ending in ("csv", "json", "jsonl", "tsv")]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise FileNotFoundError(f"{places[0]} is not there, nor as .json, .jsonl or .tsv.")
    try:
        rows = files.read_content(file, "utf-8")
    except ValueError:
        if file.suffix != ".json":
            raise
        # AutoTrain's .json has an object in each line
        rows = read_json_lines(file, decode(file, file.read_bytes(), "utf-8"))
    records = []
    for number, row in enumerate(rows):
        lacking = [one for one in columns.values() if one not in row]
        if lacking:
            raise ValueError(
                f"Row {number} of {file} lacks {lacking[0]!r}, which column_mapping names."
            )
        records.append({ours: row[theirs] for ours, theirs in columns.items()})
    return records
