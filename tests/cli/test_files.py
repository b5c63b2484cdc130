"""What the command reads: endings, encodings, and what is wrong with a file."""

import json

import pytest

from .command import CHINESE, HOTELS, assert_refused, recommend, run


def test_tsv_and_jsonl(tmp_path):
    HOTELS.to_csv(tmp_path / "hotels.tsv", sep="\t", index=False)
    lines = [json.dumps({"code": 7, "desc": HOTELS["desc"][0], "tags": ["sea"]})]
    lines += ["", json.dumps({"code": 8, "desc": HOTELS["desc"][1], "tags": ["sea", None]})]
    (tmp_path / "hotels.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = json.loads(recommend(tmp_path / "hotels.tsv", "--like", "007", "--json").stdout)
    assert found[0]["id"] == "008"
    (found,) = json.loads(recommend(tmp_path / "hotels.jsonl", "--like", "7", "--json").stdout)
    assert (found["id"], found["tags"]) == ("8", ["sea", None])


def test_a_quotation_mark_of_a_tsv_swallows_no_rows(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"sea view\n2\tbus\n3\t"quiet" sea\n', encoding="utf-8")
    result = run("search", path, "--text", "text", "--query", "sea")
    assert_refused(result, "a quotation mark at the start of a cell takes in the rows", "sea view")
    path.write_text('id\ttext\n1\t"sea\nview"\n2\t"the ""busy"" street"\n', encoding="utf-8")
    found = json.loads(run("search", path, "--text", "text", "--query", "sea", "--json").stdout)
    assert found[0]["text"] == "sea\nview"


@pytest.mark.parametrize(
    ("encoding", "frame", "text", "id", "like", "nearest"),
    [
        ("latin-1", HOTELS.replace("008", "Café"), "desc", "code", "007", "Café"),
        ("gb18030", CHINESE, "简介", "名称", "空港", "航站"),
        ("utf-8-sig", CHINESE, "简介", "名称", "空港", "航站"),
        ("utf-16", CHINESE, "简介", "名称", "空港", "航站"),
    ],
)
def test_encodings(tmp_path, encoding, frame, text, id, like, nearest):
    path = tmp_path / "items.csv"
    frame.to_csv(path, index=False, encoding=encoding)
    # a byte order mark tells utf-8-sig and utf-16 apart by itself
    option = [] if encoding.startswith("utf") else ["--encoding", encoding]
    args = ("recommend", path, "--text", text, "--id", id, "--like", like, "-k", 1, *option)
    assert [row["id"] for row in json.loads(run(*args, "--json").stdout)] == [nearest]
    assert nearest in run(*args).stdout


def test_wrong_encoding_is_advised(tmp_path):
    path = tmp_path / "items.csv"
    path.write_bytes("code,desc\n1,tea\n2,Café\n".encode("latin-1"))
    assert_refused(
        recommend(path, "--like", "1"),
        "is not utf-8: byte 0xe9 at offset 21 (line 3)",
        "--encoding latin-1 (Western European) or --encoding gb18030 (Chinese)",
    )
    result = recommend(path, "--like", "1", "--encoding", "gb18030")
    assert_refused(result, "is not gb18030", "--encoding latin-1")
    assert "--encoding gb18030" not in result.stderr
    path.write_bytes("code,desc\n1,Café\n".encode("utf-8-sig") + b"\xff")
    assert_refused(recommend(path, "--like", "1"), "byte 0xff at offset 21 (line 3)")
    assert_refused(recommend(path, "--like", "1", "--encoding", "klingon"), "'klingon' is unknown")


@pytest.mark.filterwarnings("default:Length of header")  # as outside of tests
def test_a_comma_too_many_does_not_shift_the_columns(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("code,desc\n1,red apple,\n2,red pear,\n", encoding="utf-8")
    (found,) = json.loads(recommend(path, "--like", "1", "--json").stdout)
    assert found["id"] == "2"
    assert found["desc"] == "red pear"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", ["empty.csv is empty."]),
        ("header.csv", "code,desc\n", ["header.csv has columns and no rows."]),
        ("ragged.csv", "code,desc\n1,a\n2,b,c\n", ["ragged.csv", "Expected 2 fields in line 3"]),
        ("empty.jsonl", "\n", ["empty.jsonl is empty."]),
        ("broken.jsonl", '{"code": 1}\n{"code"\n', ["broken.jsonl, line 2 is no JSON"]),
        ("list.jsonl", "[1, 2]\n", ["line 1 must be a JSON object. Got [1, 2]"]),
        ("items.xlsx", "", ["must end in .csv"]),
        ("twice.csv", "code,desc\n1,a\n1,b\n", ["'1' stands in rows 0 and 1 of column 'code'"]),
        ("hole.csv", "code,desc\n1,apple\n2,\n", ["row 1 (id '2') of column 'desc' has no text"]),
        ("nameless.csv", "code,desc\n1,apple\n,pear\n", ["row 1 of column 'code' has no id"]),
    ],
)
def test_bad_files(tmp_path, name, content, words):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert_refused(recommend(tmp_path / name, "--like", "1"), *words)


def test_unreadable_files(tmp_path):
    assert_refused(recommend(tmp_path / "absent.csv", "--like", "1"), "absent.csv: No such file")
    (tmp_path / "folder.csv").mkdir()
    assert_refused(recommend(tmp_path / "folder.csv", "--like", "1"), "folder.csv: Is a directory")


@pytest.mark.parametrize("content", ["", "\n", "\ufeff \n\n"])
def test_texts_without_a_text(tmp_path, content):
    lines = tmp_path / "lines.txt"
    lines.write_text(content, encoding="utf-8")
    for args in (
        ("embed", lines, "--vectorizer", "lsa", "--out", tmp_path / "vectors.npz"),
        ("search", lines, "--query", "sea"),
    ):
        assert_refused(run(*args), f"{lines} holds no text.")
