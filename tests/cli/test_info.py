"""``textvec info``."""

import json
import os
import sys

from .command import run


def test_info(monkeypatch, tmp_path):
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path))
    facts = json.loads(run("info", "--json").stdout)
    assert facts["versions"]["python"].startswith(f"{sys.version_info.major}.")
    assert facts["system"]["cores"] == os.cpu_count()
    assert facts["folders"]["downloads"] == str(tmp_path)
    assert str(tmp_path) in run("info").stdout
