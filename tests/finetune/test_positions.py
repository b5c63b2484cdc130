"""longer_positions: Su's formula, old texts as they were, longer ones read to their end."""

import json
import os
import stat

import numpy as np
import pytest

from textvec import TransformerVectorizer
from textvec.finetune.positions import decomposed_positions, longer_positions

from ..encoders.tiny_models import write_bert, write_roberta, write_sentence_config


def test_positions_are_those_of_the_formula():
    table = np.random.default_rng(0).normal(size=(5, 3))
    for a in (0.4, 0.2):
        longer = decomposed_positions(table, 25, a)
        u = [(p - a * table[0]) / (1 - a) for p in table]
        for i in range(5):
            for j in range(5):
                np.testing.assert_allclose(
                    longer[i * 5 + j], a * u[i] + (1 - a) * u[j], rtol=1e-5, atol=1e-6
                )
        assert longer[:5].tobytes() == table.astype(np.float32).tobytes()
        assert decomposed_positions(table, 7, a).tobytes() == longer[:7].tobytes()
    assert len({row.tobytes() for row in longer}) == 25


@pytest.mark.parametrize("write", [write_bert, write_roberta])
def test_old_texts_keep_their_vectors_and_longer_ones_are_read(write, tmp_path):
    pytest.importorskip("transformers")
    old = tmp_path / "old"
    old.mkdir()
    write_sentence_config(write(old))
    new = longer_positions(old, 100, tmp_path / "new")
    texts = ["the sea view", "a quiet room " * 15, ""]
    before = TransformerVectorizer(old).transform(texts)
    np.testing.assert_array_equal(TransformerVectorizer(new).transform(texts), before)
    long = "sea " * 80
    changed = [long + "quiet room", long + "hotel view"]
    one, two = TransformerVectorizer(old).transform(changed)
    np.testing.assert_array_equal(one, two)  # both cut off before they differ
    one, two = TransformerVectorizer(new).transform(changed)
    assert np.abs(one - two).max() > 1e-3
    with pytest.raises(ValueError, match="at most 100, its positions. Got 101"):
        TransformerVectorizer(new, max_length=101).transform(texts)


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_what_lay_sealed_is_written_to_in_the_copy(tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    (tmp_path / "old").mkdir()
    old, new = write_bert(tmp_path / "old"), tmp_path / "new"
    everything = (old, *old.rglob("*"))
    for one in everything:
        one.chmod(0o555 if one.is_dir() else 0o444)
    # the superuser may write anywhere
    monkeypatch.setattr(os, "access", lambda path, how: os.stat(path).st_mode & stat.S_IWUSR)
    longer_positions(old, 100, new)
    modes = {one.is_dir(): stat.S_IMODE(one.stat().st_mode) for one in (new, *new.rglob("*"))}
    for one in everything:
        one.chmod(0o755)
    assert modes == {True: 0o755, False: 0o644}


def test_what_has_no_positions_and_bad_numbers(tmp_path, static):
    pytest.importorskip("transformers")
    (tmp_path / "old").mkdir()
    folder = write_bert(tmp_path / "old")
    with pytest.raises(ValueError, match="must have a table of positions"):
        longer_positions(static, 1024, tmp_path / "new")
    with pytest.raises(ValueError, match="n_positions must be between 64 and 4096. Got 5000"):
        longer_positions(folder, 5000, tmp_path / "new")
    with pytest.raises(ValueError, match=r"a must not be 0\.5"):
        longer_positions(folder, 100, tmp_path / "new", a=0.5)
    assert sorted(tmp_path.iterdir()) == [folder]
    (tmp_path / "new").mkdir()
    (tmp_path / "new/file").write_text("mine")
    with pytest.raises(FileExistsError, match="new holds something already"):
        longer_positions(folder, 100, tmp_path / "new")
    assert json.loads((folder / "config.json").read_text())["max_position_embeddings"] == 64
