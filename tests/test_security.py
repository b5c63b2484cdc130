"""What SECURITY.md promises: no code from data, no key anywhere, no trust by default."""

import ast
import json
import logging
import pickle
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import textvec
from textvec import CrossEncoderReranker, TransformerVectorizer, compare
from textvec.cli.app import app
from textvec.encoders.files import embed_table
from textvec.evaluate.tasks import RetrievalTask

from .encoders.embeddings_server import running
from .encoders.tiny_models import write_bert

ROOT = Path(__file__).parents[1]
FOLDERS = ("textvec", "benchmarks", "examples", "fuzz", "docs", ".ci")

# Calls, by the names that imports give them; a name that ends in "." stands for all below it.
FORBIDDEN = {
    "eval", "exec", "compile", "__import__",
    "pickle.", "_pickle.", "cPickle.", "cloudpickle.", "dill.", "marshal.", "shelve.", "runpy.",
    "joblib.load", "joblib.dump", "joblib.Memory", "pandas.eval", "pandas.read_pickle",
    "yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "torch.hub.",
    "os.system", "os.popen", "os.startfile", "os.execv", "os.execve", "os.execvp", "os.execl",
    "os.execlp", "os.spawnv", "os.spawnl", "os.posix_spawn", "pty.spawn", "subprocess.getoutput",
    "subprocess.getstatusoutput", "asyncio.create_subprocess_shell", "shutil.unpack_archive",
    "tempfile.mktemp", "ssl._create_unverified_context", "pooch.Unzip", "pooch.Untar",
}  # fmt: skip
FORBIDDEN_METHODS = {"to_pickle", "read_pickle", "extractall", "load_state_dict_from_url"}
ALLOWED = {"pickle.UnpicklingError"}  # what torch raises; reading nothing
# Keyword -> the only literal that it may have in our code.
KEYWORDS = {
    "shell": False,
    "allow_pickle": False,
    "trust_remote_code": False,
    "verify": True,
    "trust": False,
}
# Where the package imports modules whose names stand in a table of its own, or are given by it.
IMPORTERS = {
    "textvec/__init__.py",
    "textvec/_checks.py",
    "textvec/persistence/classes.py",
}


def faults(source, place="textvec/a.py"):
    """Return what a module does that none of ours may, a line each."""
    walk = Walk(place)
    tree = ast.parse(source)
    for node in ast.walk(tree):  # imports first: they say what names mean
        if isinstance(node, ast.Import | ast.ImportFrom):
            walk.learn(node)
    walk.visit(tree)
    return walk.found


class Walk(ast.NodeVisitor):
    def __init__(self, place):
        self.place = place
        self.found = []
        self.names = {}  # what the module calls things -> what they are

    def learn(self, node):
        above = getattr(node, "module", None)
        for alias in node.names:
            name = f"{above}.{alias.name}" if above else alias.name
            if above or alias.asname:
                self.names[alias.asname or alias.name] = name
            self.check(node, name)

    def full_name(self, node):
        if isinstance(node, ast.Attribute):
            return f"{self.full_name(node.value)}.{node.attr}"
        return self.names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"

    def check(self, node, name):
        above = {name[: place + 1] for place, letter in enumerate(f"{name}.") if letter == "."}
        if name not in ALLOWED and {name, f"{name}.", *above} & FORBIDDEN:
            self.report(node, name)

    def report(self, node, what):
        self.found.append(f"{self.place}:{node.lineno}: {what}")

    def visit_Name(self, node):
        self.check(node, self.full_name(node))

    def visit_Attribute(self, node):
        self.check(node, self.full_name(node))
        if node.attr in FORBIDDEN_METHODS:
            self.report(node, node.attr)
        self.generic_visit(node)

    def visit_Call(self, node):
        name = self.full_name(node.func)
        literals = {
            keyword.arg: keyword.value.value
            for keyword in node.keywords
            if isinstance(keyword.value, ast.Constant)
        }
        for keyword in KEYWORDS.keys() & literals.keys():
            if literals[keyword] is not KEYWORDS[keyword]:
                self.report(node, f"{name}({keyword}={literals[keyword]!r})")
        if name == "torch.load" and literals.get("weights_only") is not True:
            self.report(node, "torch.load without weights_only=True")
        is_spelled = bool(node.args) and isinstance(node.args[0], ast.Constant)
        is_ours = self.place.startswith("textvec/") and self.place not in IMPORTERS
        if name.endswith("import_module") and not is_spelled and is_ours:
            self.report(node, "imports a module whose name is not spelled out")
        self.generic_visit(node)


def modules():
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if not {"build", "auto_examples"} & set(path.parts)]


def test_no_module_runs_data():
    paths = modules()
    assert len(paths) > 60
    found = []
    for path in paths:
        place = path.relative_to(ROOT).as_posix()
        found += faults(path.read_text(encoding="utf-8"), place)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "run = exec",
        "compile('1', '', 'eval')",
        "import pickle",
        "from pickle import loads as read",
        "import dill as safe\nsafe.loads(b'')",
        "import marshal, shelve",
        "from joblib import load",
        "import joblib\njoblib.dump(1, 'x')",
        "import yaml\nyaml.load('')",
        "import os\nos.system('ls')",
        "from os import popen",
        "import subprocess as sp\nsp.run('ls', shell=True)",
        "import subprocess\nsubprocess.getoutput('ls')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "from numpy import load as read\nread('x', allow_pickle=True)",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import torch\ntorch.hub.load('a/b', 'c')",
        "model(trust_remote_code=True)",
        "frame.to_pickle('x')",
        "archive.extractall('x')",
        "requests.get('x', verify=False)",
        "from importlib import import_module\nimport_module(name)",
    ],
)  # fmt: skip
def test_the_walk_sees(source):
    assert faults(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('a')",
        "model.eval()",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "from pickle import UnpicklingError\ntry: pass\nexcept UnpicklingError: pass",
        "import torch\ntorch.load('x', weights_only=True)",
        "from joblib import effective_n_jobs",
        "import subprocess\nsubprocess.run(['ls'], check=True)",
        "from importlib import import_module\nimport_module('textvec')",
    ],
)
def test_the_walk_lets_pass(source):
    assert not faults(source)


# ------------------------------------------------------------------------------------------ keys

KEY = "sk-marker-5f1d7c0ab2e94"


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("openai")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with running() as state:
        yield state


def all_bytes(folder):
    return b"\n".join(
        path.name.encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file()
    )


def test_the_key_is_in_nothing_that_is_made(server, tmp_path, caplog, capfd):
    pytest.importorskip("pyarrow")
    caplog.set_level(logging.DEBUG)
    options = {"base_url": server.url, "max_retries": 1, "timeout": 20}
    model = TransformerVectorizer(
        "tiny", backend="openai", model_kwargs=options, cache=tmp_path / "vectors", verbose=True
    )
    corpus = {"a": "sea view", "b": "free shuttle", "c": "view of the sea"}
    task = RetrievalTask({"q": "sea view"}, corpus, {"q": {"c": 1}}, name="rooms")
    comparison = compare({"server": model}, [task], cache=tmp_path / "cells", verbose=1)
    assert f"Bearer {KEY}" in server.keys  # it was used
    assert (comparison.table["error"] == "").all()
    comparison.to_html(tmp_path / "page.html")
    table = pd.DataFrame({"text": list(corpus.values())})
    embed_table(model, table, "text", tmp_path / "vectors.npz")
    embed_table(model, table, "text", tmp_path / "vectors.parquet")
    model.fit(["a"]).save(tmp_path / "model.textvec")
    again = textvec.load(tmp_path / "model.textvec", trust=True)
    shown = [repr(model), repr(again), model.get_params(), vars(model), comparison]
    shown += [comparison.table.to_string(), comparison.results, pickle.dumps(model)]

    server.always = 401  # what it says then holds the key
    failed = compare({"server": model.set_params(cache=None)}, [task], cache=tmp_path / "cells-2")
    assert failed.table["error"].str.contains("answered 401").all()
    failed.to_html(tmp_path / "failed.html")
    for status in (400, 401, 403, 429, 500, "not JSON", "other JSON", "hang up"):
        server.always = status
        with pytest.raises(OSError) as caught:
            model.transform(["a"])
        shown.append(caught.getrepr(showlocals=False, chain=True))
        if not isinstance(status, str):
            shown.append(caught.value.__dict__)

    printed = capfd.readouterr()
    shown += [failed.table.to_string(), caplog.text, printed.out, printed.err]
    assert KEY not in "\n".join(map(str, shown))
    made = all_bytes(tmp_path)
    assert len(made) > 50_000
    assert b"sea view" in made
    assert KEY.encode() not in made


# ----------------------------------------------------------------------------------------- trust


@pytest.mark.parametrize(
    "options",
    [
        {"trust_remote_code": True},
        {"base_url": "http://127.0.0.1:9/v1"},
        {"weights_only": False},
    ],
)
def test_a_file_must_be_trusted_to_name_code_or_servers(tmp_path, options):
    model = TransformerVectorizer("some/model", model_kwargs=options)
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=rf"{next(iter(options))}=.*load it with trust=True"):
        textvec.load(tmp_path / "model")
    assert textvec.load(tmp_path / "model", trust=True).model_kwargs == options
    nested = textvec.ContentRecommender(TransformerVectorizer("some/model", model_kwargs=options))
    nested.save(tmp_path / "nested")
    with pytest.raises(ValueError, match="trust=True"):
        textvec.load(tmp_path / "nested")
    harmless = TransformerVectorizer("some/model", model_kwargs={"file_name": "model.onnx"})
    harmless.save(tmp_path / "harmless")
    assert textvec.load(tmp_path / "harmless").model_kwargs == {"file_name": "model.onnx"}


@pytest.mark.parametrize("kind", [TransformerVectorizer, CrossEncoderReranker])
def test_code_in_a_model_folder_is_not_run(tmp_path, kind):
    pytest.importorskip("sentence_transformers")
    folder = tmp_path / "model"
    folder.mkdir()
    module = {"idx": 0, "name": "0", "path": "", "type": "modeling_own.Own"}
    (folder / "modules.json").write_text(json.dumps([module]), encoding="utf-8")
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    ran = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    model = kind(folder)
    with pytest.raises(ValueError, match=r"a module of code of its own, 'modeling_own\.Own'"):
        model.transform(["a"]) if kind is TransformerVectorizer else model.score([("a", "b")])
    assert not ran.exists()


def test_code_is_not_run_when_the_terminal_says_yes(tmp_path):
    """The library would ask there, and run the code of a model whose kind it does not know."""
    for library in ("sentence_transformers", "accelerate", "datasets", "starlette"):
        pytest.importorskip(library)
    folder, ran = tmp_path / "model", tmp_path / "ran"
    write_bert(folder, "BertForSequenceClassification", num_labels=1)
    kinds = ("", "Model", "ModelForMaskedLM", "ModelForSequenceClassification")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    config["auto_map"] |= {f"Auto{kind}": "own.Model" for kind in kinds[1:]}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    code = f"""
        import textvec
        from textvec.encoders.onnx_export import export_onnx
        from textvec.serve import make_app
        folder, pairs = {str(folder)!r}, [("a sea", "view"), ("a", "sea"), ("sea", "a view")]
        for use in (
            lambda: textvec.TransformerVectorizer(folder, backend="transformers").transform(["a"]),
            lambda: textvec.TransformerVectorizer(
                folder, backend="sentence-transformers"
            ).transform(["a"]),
            lambda: textvec.SparseTransformerVectorizer(folder).transform(["a"]),
            lambda: textvec.CrossEncoderReranker(folder).score([("a", "b")]),
            lambda: export_onnx(folder, {str(tmp_path / "onnx")!r}),
            lambda: textvec.FineTunedVectorizer(folder).fit(pairs),
            lambda: textvec.FineTunedVectorizer(folder, strategy="adapter").fit(pairs),
            lambda: textvec.pretrain_retromae(folder, pairs[0], {str(tmp_path / "more")!r}),
            lambda: make_app({{"own": folder}}),
        ):
            try:
                use()
            except ValueError as error:
                print(str(error).count("code of its own, which is not trusted. Read it"))
                print(str(error).count('model_kwargs={{"trust_remote_code": True}}'))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input="y\n" * 20, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert not ran.exists()
    assert run.stdout.split() == ["1"] * 18


def test_arrays_of_objects_are_not_read(tmp_path):
    np.savez(tmp_path / "evil.npz", vectors=np.array([{}], object))
    with pytest.raises(ValueError):
        textvec.load(tmp_path / "evil.npz")


# -------------------------------------------------------------------------------------- terminal


def test_texts_do_not_steer_the_terminal(tmp_path):
    steering = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\x08[bold]\x00\u202e\u2066gpj.exe\u200f\u2028"
    table = tmp_path / "items.jsonl"
    column = f"text{steering}[/red]"
    rows = [{"id": f"{name}{steering}", column: f"sea {name} {steering}"} for name in "abc"]
    table.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def run(*args):
        return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="textvec")

    found = [
        run("recommend", table, "--id", "id", "--text", column, "--query", f"sea {steering}"),
        run("search", table, "--id", "id", "--text", column, "--query", f"sea {steering}"),
        run("recommend", table, "--id", "id", "--text", f"no {steering}", "--query", "sea"),
        run("search", tmp_path / f"{steering[:-1]}.txt", "--query", "sea"),
    ]
    assert [one.exit_code for one in found] == [0, 0, 2, 2]
    for one in found:
        assert not set(one.output) & set(map(chr, [*range(9), *range(11, 32), *range(127, 160)]))
        assert not set(one.output) & set("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d")
        assert not set(one.output) & set("\u202e\u2066\u2067\u2068\u2069")
    assert "␛]0;owned␇" in found[0].output


# ---------------------------------------------------------------------------------- dependencies

FOR_DEVELOPERS = {"test", "test-stores", "docs", "fuzz", "bench", "mteb", "models", "models-slow"}


def test_the_table_of_dependencies_names_what_each_extra_brings():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {"(none)": project["dependencies"], **project["optional-dependencies"]}
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## What is installed")[2]
    table, name = {}, ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 4 and cells[0] != "extra" and not cells[0].startswith("---"):
            name = cells[0] or name
            table.setdefault(name, set()).update(cells[1].split(", "))
            assert all(cells[1:]), line
    expected = {
        extra: {re.match(r"[\w.-]+", one)[0] for one in packages} - {"textvec"}
        for extra, packages in extras.items()
        if extra not in FOR_DEVELOPERS and extra != "all"
    }
    assert table == expected
    for extra in FOR_DEVELOPERS:
        assert f"`{extra}`" in text


def test_what_security_md_names_as_tested_is_there():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    places = set(re.findall(r"`((?:tests|fuzz)/[\w/.]*)`", text))
    assert len(places) > 15
    assert [place for place in places if not (ROOT / place).exists()] == []
