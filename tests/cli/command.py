"""Run the command in this process or in one of its own, on small tables."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from textvec import cli
from textvec.cli.app import app

HOTELS = pd.DataFrame(
    {
        "code": ["007", "008", "NA", "010"],
        "desc": [
            "harbour view, oysters and sailing boats at the door",
            "sailing boats and oysters in the old harbour",
            "skiing from the door, open fires and snow",
            "snow, skiing and sledges by open fires",
        ],
        "stars": [4.0, None, 5.0, 3.5],
    }
)


CHINESE = pd.DataFrame(
    {
        "名称": ["空港", "航站", "雪泉"],
        "简介": [
            "酒店靠近机场，有免费接送班车。",
            "机场旁边的酒店，班车免费。",
            "雪山脚下的温泉旅馆。",
        ],
    }
)


REAL = pytest.mark.skipif("TEXTVEC_DATA" not in os.environ, reason="TEXTVEC_DATA is not set")


def run(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="textvec")


def run_process(*args, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "textvec", *map(str, args)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2]), **environment},
        timeout=300,
        check=False,
    )


def assert_refused(result, *words):
    """Exit code 2, nothing on stdout, one line on stderr that holds the words."""
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert result.stderr.startswith("textvec: ")
    for word in words:
        assert word in result.stderr
    assert (result.exit_code if hasattr(result, "exit_code") else result.returncode) == 2


def recommend(path, *args):
    return run("recommend", path, "--text", "desc", "--id", "code", *args)
