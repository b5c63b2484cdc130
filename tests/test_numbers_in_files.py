"""Numbers in text files: Python's float takes nan, inf and 1_0, which is ten to Python alone."""

import json

import pytest

from textvec import KeyedVectors
from textvec.evaluate.tasks import read_task
from textvec.finetune.records import read_records
from textvec.show.csv_files import neutral

TABLE = KeyedVectors([[1, 0], [1, 0.2], [0, 1]], ["sea", "lake", "tax"])
STRANGE = ["nan", "inf", "-inf", "1_0"]


@pytest.mark.parametrize("number", STRANGE)
def test_similarities_of_pairs(tmp_path, number):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"word\tword\tscore\n#\nsea\tlake\t9\nlake\ttax\t2\nsea\ttax\t{number}\n")
    with pytest.raises(ValueError, match=rf"pairs.tsv, line 5: .* finite .* Got '{number}' instea"):
        TABLE.evaluate_word_pairs(path)
    path.write_text("word\tword\tscore\nsea\tlake\t 9.5 \nlake\ttax\t-1e-1\nsea\ttax\t.5\n")
    assert TABLE.evaluate_word_pairs(path)[1].statistic == pytest.approx(0.5)


@pytest.mark.parametrize("number", STRANGE)
def test_scores_and_grades_of_tasks(tmp_path, number):
    path = tmp_path / "sts.tsv"
    path.write_text(f"text1\ttext2\tscore\na\tb\t1\nc\td\t{number}\n")
    with pytest.raises(ValueError, match=f"sts.tsv.*{number}"):
        read_task(path)
    (tmp_path / "qrels").mkdir()
    for name in ("corpus", "queries"):
        (tmp_path / f"{name}.jsonl").write_text('{"_id": "1", "text": "sea"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n1\t1\t{number}\n")
    with pytest.raises(ValueError, match=f"Line 2 of .*test.tsv.*'{number}'"):
        read_task(tmp_path)


@pytest.mark.parametrize("number", STRANGE)
def test_scores_to_tune_on(tmp_path, number):
    path = tmp_path / "records.jsonl"
    rows = [{"text1": "a", "text2": "b", "score": score} for score in ("1", number)]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(ValueError, match=rf"Got '{number}' in row 1"):
        read_records(path)


@pytest.mark.parametrize("number", STRANGE)
def test_vectors_in_text(tmp_path, number):
    path = tmp_path / "vectors.txt"
    path.write_text(f"2 2\nsea 1 2\nlake 3 {number}\n")
    with pytest.raises(ValueError, match=f"vectors.txt, line 3: .*{number}"):
        KeyedVectors.load_word2vec_format(path)


def test_cells_of_tables():
    assert (neutral("-1"), neutral("-1_0"), neutral("-inf")) == ("-1", "'-1_0", "'-inf")
