"""Readers of what is tuned on, and how: records, configs, adapters, and journals of generation."""

import json
import math
from functools import cache, partial
from unittest import mock

import pandas as pd
import yaml

from readers.reader import BETWEEN_FILES, Reader, check_message, check_plain, put
from textvec import generate_pairs, generate_triplets
from textvec.encoders.adapter_folders import AdapterFolder, open_model
from textvec.finetune.configs import read_config
from textvec.finetune.records import KINDS, read_records
from textvec.finetune.training import Training

_FIELDS = ("query", "pos", "neg", "text", "positive_text", "negative_text", "score", "label")
_CORPUS_FIELDS = ("queries", "corpus", "relevant_docs", "q1", "d1")


def records(content, folder, ending):
    """Read records out of a file; those of JSON a second time, as a user may hand them over.

    Parameters
    ----------
    content : bytes
        The file.
    folder : Path
        Where to write it.
    ending : str
        Of its name.
    """
    path = put(folder / f"records{ending}", content)
    sources = [path]
    if ending == ".json":
        try:
            sources.append(json.loads(content))
        except (ValueError, RecursionError):
            return
    for source in sources:
        try:
            found = read_records(source)
        except ValueError as error:
            check_plain(error)
        except TypeError:  # of texts that are none
            if source is path:
                raise
        else:
            _check_records(found)


def _check_records(found):
    assert found.kind in KINDS
    assert {len(column) for column in found.columns} == {len(found)}
    assert len(found) >= 2
    assert all(type(text) is str for text in found.texts())
    if found.kind == "scores":
        assert all(type(one) is float and math.isfinite(one) for one in found.targets)
    assert len(found.rows([0, -1])) == 2


_ROWS = (
    [{"text": "sea", "label": "x"}, {"text": "view", "label": "y"}, {"text": "", "label": ""}],
    [{"text1": "sea", "text2": "view", "score": n} for n in (0, 2.5, "5")],
    [{"query": "sea", "pos": "sea view", "neg": "port"}, {"query": "酒店", "pos": "hotel"}],
    [{"text": "sea"}, {"text": "view"}],
    [{"text": "sea", "scored_text": "view", "score": n} for n in ("nan", "x")],
)


def record_seeds(ending):
    """Return records of each kind, and some that lack something.

    Parameters
    ----------
    ending : str
        Of the file's name.

    Returns
    -------
    list of bytes
    """
    match ending:
        case ".jsonl":
            seeds = ["".join(json.dumps(row) + "\n" for row in rows) for rows in _ROWS]
        case ".json":
            seeds = [json.dumps(rows, ensure_ascii=False) for rows in _ROWS]
        case _:
            separator = "," if ending == ".csv" else "\t"
            seeds = [pd.DataFrame(rows).to_csv(index=False, sep=separator) for rows in _ROWS]
    return [seed.encode() for seed in seeds]


def llama_index_seeds():
    """Return records as LlamaIndex has them.

    Returns
    -------
    list of bytes
    """
    content = {
        "queries": {"q1": "Where is the sea?", "q2": "哪里？"},
        "corpus": {"d1": "By the hotel.", "d2": "海边。"},
        "relevant_docs": {"q1": ["d1"], "q2": {"d2": 1, "d1": 0}},
        "mode": "text",
    }
    return [json.dumps(content).encode(), json.dumps(content, ensure_ascii=False).encode()]


_CONFIG = {
    "task": "sentence-transformers:pair_score",
    "base_model": "somewhere/model",
    "project_name": "tuned",
    "log": "none",
    "backend": "local",
    "data": {
        "path": "data",
        "train_split": "train",
        "valid_split": "valid",
        "column_mapping": {
            "sentence1_column": "one",
            "sentence2_column": "two",
            "target_column": "score",
        },
    },
    "params": {
        "epochs": 2,
        "batch_size": 8,
        "lr": "2e-5",
        "max_seq_length": 128,
        "warmup_ratio": 0.1,
        "scheduler": "linear",
        "optimizer": "adamw_torch",
        "gradient_accumulation": 2,
        "weight_decay": 0.01,
        "max_grad_norm": 1.0,
        "mixed_precision": "no",
        "peft": True,
        "lora_r": 8,
        "lora_alpha": 16,
        "lora_dropout": 0.05,
        "target_modules": "all-linear",
        "seed": 42,
    },
    "hub": {"username": "me", "push_to_hub": False},
}
_TRAIN = b"one,two,score\nsea,sea view,1\nsea,airport,0.5\n"


def config(content, folder, ending):
    """Read a config of AutoTrain's, and what it names to tune on.

    Parameters
    ----------
    content : bytes
        The config, and the table of the data after `BETWEEN_FILES`.
    folder : Path
        Where to write them.
    ending : str
        Of the config's name.
    """
    said, _, table = content.partition(BETWEEN_FILES)
    (folder / "data").mkdir(exist_ok=True)
    put(folder / "data" / "train.csv", table or _TRAIN)
    put(folder / "data" / "valid.json", b'[{"one": "sea", "two": "view", "score": 1}]')
    path = put(folder / f"config{ending}", said)
    try:
        settings, found, validation = read_config(path)
    except OSError:
        return
    except ValueError as error:
        check_plain(error)
        return
    assert type(settings["model"]) is type(settings["output_dir"]) is str
    assert type(settings["training"]) is Training
    for some in (found, validation or []):
        assert all(type(record) is dict for record in some)


def config_seeds(ending):
    """Return configs: of JSON or YAML.

    Parameters
    ----------
    ending : str
        Of the file's name.

    Returns
    -------
    list of bytes
    """
    pairs = _CONFIG | {"task": "st:pair", "params": None}
    pairs |= {"data": _CONFIG["data"] | {"valid_split": None}}
    if ending == ".json":
        return [json.dumps(one).encode() for one in (_CONFIG, pairs)]
    odd = "!!timestamp x", "2020-99-99", "!!bool x", "!!int x", "&a [*a]", "!!python/name:os.system"
    whole = [yaml.safe_dump(one, sort_keys=False).encode() for one in (_CONFIG, pairs)]
    return [*whole, *(f"task: {one}\n".encode() for one in odd), whole[0] + BETWEEN_FILES + _TRAIN]


_ADAPTER = {
    "peft_type": "LORA",
    "base_model_name_or_path": "base",
    "revision": None,
    "r": 4,
    "lora_alpha": 8,
    "target_modules": ["query", "value"],
    "task_type": "FEATURE_EXTRACTION",
}


def adapter(content, folder):
    """Open the folder of an adapter.

    Parameters
    ----------
    content : bytes
        ``adapter_config.json``, and after `BETWEEN_FILES` the ``config.json`` of its model.
    folder : Path
        Where both lie.
    """
    own, base = folder / "adapter", folder / "base"
    for place in (own, base):
        place.mkdir(exist_ok=True)
    said, _, of_base = content.partition(BETWEEN_FILES)
    put(own / "adapter_config.json", said)
    put(own / "adapter_model.safetensors", b"\2\0\0\0\0\0\0\0{}")
    put(base / "config.json", of_base or b'{"model_type": "bert"}')
    put(base / "vocab.txt", b"[PAD]\n[UNK]\nsea\nview\n")
    with mock.patch("huggingface_hub.snapshot_download", _from_no_hub):
        try:
            opened = open_model(own)
            opened.check_files()
            opened.read("config.json", {})
        except OSError:
            return
        except ValueError as error:
            check_message(error, folder)
            return
    assert type(opened) is AdapterFolder
    assert opened.network_path.is_dir()
    assert opened.state()


def _from_no_hub(name, **options):
    from huggingface_hub.utils import validate_repo_id

    validate_repo_id(name)
    raise FileNotFoundError(f"{name} is not in the cache")


_TEXT = "The hotel is by the sea."


@cache
def _key():
    """Return what a journal calls the questions to `_TEXT`."""
    from hashlib import sha256

    said = []
    generate_pairs(lambda prompt: said.append(prompt) or '["?"]', [_TEXT])
    return sha256(f"0 {said[0]}".encode()).hexdigest()


def journal(content, folder):
    """Go on from the journal of a generation that was cut off.

    Parameters
    ----------
    content : bytes
        The journal.
    folder : Path
        Where it is written.
    """
    path = folder / "made.jsonl"
    kept = put(folder / "made.jsonl.journal", content)
    made = generate_pairs(lambda prompt: '["Where is it?"]', [_TEXT], tries=2, path=path)
    assert not kept.exists()
    assert made.n_replies >= 1
    assert all(one["positive_text"] == _TEXT for one in made.records)
    written = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert written == made.records


def journal_seeds():
    """Return journals, whole and cut off.

    Returns
    -------
    list of bytes
    """
    lines = [
        json.dumps({"key": key, "replies": replies})
        for key, replies in ((_key(), ['["Is it by the sea?"]']), ("0", ["no"]))
    ]
    whole = "\n".join(lines).encode()
    return [whole, whole[:-5], whole.replace(b'["', b"[", 1), b"\n\n[]\n" + whole + b"\n"]


def triplets(content, folder):
    """Read replies of a model that is to think of tasks, and to write triplets.

    Parameters
    ----------
    content : bytes
        A list of tasks, and a triplet after `BETWEEN_FILES`.
    folder : Path
        Not used.
    """
    tasks, _, triplet = content.decode("utf-8", "replace").partition(BETWEEN_FILES.decode())
    made = generate_triplets(
        lambda prompt: tasks if prompt.startswith("Think of") else triplet,
        ["short-long", "symmetric"],
        n=2,
        tries=1,
    )
    for one in made.records:
        texts = [one[name] for name in ("text", "positive_text", "negative_text", "task")]
        assert all(type(text) is str and text.strip() for text in texts)
        assert len(set(texts[:3])) == 3
    assert len(made.records) <= 4


def triplet_seeds():
    """Return a list of tasks and a triplet.

    Returns
    -------
    list of bytes
    """
    tasks = '["Given a question, find its answer.", "给定一个问题，找到答案。"]'
    triplet = {"query": "sea?", "positive": "By the sea.", "negative": "By the airport."}
    packed = f"Here: ```json\n{json.dumps({'tasks': json.loads(tasks)})}\n```"
    parts = [(tasks, json.dumps(triplet)), (packed, f"{json.dumps(triplet)} [")]
    odd = triplet | {"query": 5}, triplet | {"negative": triplet["positive"]}, [triplet]
    parts += [(tasks, json.dumps(one)) for one in odd]
    return [BETWEEN_FILES.join(part.encode() for part in pair) for pair in parts]


_CONFIG_WORDS = (*_CONFIG, *_CONFIG["data"], *_CONFIG["params"], "!!", "&a ", "*a", "<<: ", "pair")
TUNING_READERS = {
    **{
        f"records{ending.replace('.', '_')}": Reader(
            partial(records, ending=ending),
            partial(record_seeds, ending),
            _FIELDS,
            0 if ending == ".json" else None,
        )
        for ending in (".json", ".jsonl", ".csv", ".tsv")
    },
    "records_llama_index": Reader(
        partial(records, ending=".json"), llama_index_seeds, _CORPUS_FIELDS, 0
    ),
    "config_json": Reader(
        partial(config, ending=".json"), partial(config_seeds, ".json"), _CONFIG_WORDS, 0
    ),
    "config_yaml": Reader(
        partial(config, ending=".yml"), partial(config_seeds, ".yml"), _CONFIG_WORDS
    ),
    "adapter": Reader(adapter, lambda: [json.dumps(_ADAPTER).encode()], tuple(_ADAPTER), 0),
    "journal": Reader(journal, journal_seeds, ('"key"', '"replies"', '["', "\\n")),
    "triplets": Reader(triplets, triplet_seeds, ('"query"', '"positive"', '"negative"')),
}
