"""What the command reads: endings, encodings, and what is wrong with a file."""

import json

import pytest

from .command import CHINESE, HOTELS, assert_refused, recommend, run

HEAD = "code,desc\n1,the sea\n2,the red sea\n"


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
    assert_refused(result, "closing quotation mark in the cells from line 2", 'Write "" for')
    path.write_text('id\ttext\n1\t"sea view\n2\tbus\n3\tquiet"\n', encoding="utf-8")
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
        ("utf-32", CHINESE, "简介", "名称", "空港", "航站"),
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
        "must be in utf-8: byte 0xe9 at offset 21 (line 3)",
        "--encoding gb18030 (Chinese)",
        "--encoding latin-1 (Western European)",
    )
    result = recommend(path, "--like", "1", "--encoding", "gb18030")
    assert_refused(result, "must be in gb18030", "--encoding latin-1")
    assert "--encoding gb18030" not in result.stderr
    path.write_bytes("code,desc\n1,Café\n".encode("utf-8-sig") + b"\xff")
    assert_refused(recommend(path, "--like", "1"), "byte 0xff at offset 21 (line 3)")
    assert_refused(recommend(path, "--like", "1", "--encoding", "klingon"), "encoding: klingon")


RAGGED = [
    ("code,desc\n1,red apple,\n2,red pear,\n", "2. Got 3 in line 2, ['1', 'red apple', '']"),
    ("code,desc\n1,red, apple\n2,red, pear\n", "2. Got 3 in line 2, ['1', 'red', ' apple']"),
    ('code,desc\n1,"red\n\napple"\n\n2,red, pear\n', "2. Got 3 in line 6, ['2', 'red', ' pear']"),
    ("code,desc,stars\n1,red apple,3\n2,red pear\n", "3. Got 2 in line 3, ['2', 'red pear']"),
    ("code;desc\n1;red; apple\n", "2. Got 3 in line 2, ['1', 'red', ' apple']"),
]


@pytest.mark.parametrize(("content", "words"), RAGGED)
@pytest.mark.parametrize(
    "args", [("search", "--query", "red"), ("embed", "--vectorizer", "lsa", "--out", "x.npz")]
)
def test_a_line_of_more_or_fewer_cells_is_refused(tmp_path, monkeypatch, args, content, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "items.csv"
    path.write_text(content, encoding="utf-8")
    command, *options = args
    result = run(command, path, "--text", "desc", *options)
    assert_refused(result, "as many cells as its header", words, "must stand in quotation marks")
    assert [one.name for one in tmp_path.iterdir()] == ["items.csv"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("excel.csv", "code;desc;stars\n1;red apple, big;3,5\n2;red pear;2\n"),
        ("tabs.csv", "code\tdesc\tstars\n1\tred apple, big\t3.5\n2\tred pear\t2\n"),
        ("said.csv", "sep=;\ncode;desc;stars\n1;red apple, big;3.5\n2;red pear;2\n"),
        ("mac.csv", 'code,desc,stars\r1,"red apple, big",3.5\r2,red pear,2\r'),
        ("crlf.csv", 'code,desc,stars\r\n1,"red apple, big",3.5\r\n\r\n2,red pear,2'),
        ("marks.tsv", 'code\tdesc\tstars\n1\t"red apple, big"\t3.5\n2\tred pear\t2\n'),
    ],
)
def test_tables_as_other_programs_write_them(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content.encode())
    result = recommend(path, "--like", "2", "--where", "stars>3", "--json")
    assert result.exit_code == 0, result.stderr
    (found,) = json.loads(result.stdout)
    assert found["desc"] == "red apple, big"
    assert found["stars"] == 3.5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("utf16.csv", HEAD.encode("utf-16-le"), ["zero bytes throughout", "--encoding utf-16-le"]),
        ("excel.csv", b"PK\x03\x04" + bytes(50), ["is a zip archive, as .xlsx files are: save"]),
        ("old.csv", b"\xd0\xcf\x11\xe0" + bytes(50), ["a file of old Office: save the table"]),
        ("packed.csv", b"\x1f\x8b\x08" + bytes(50), ["is packed by gzip: unpack it"]),
        ("zero.csv", bytes(100), ["zero bytes throughout"]),
    ],
)
def test_what_is_no_text_is_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert_refused(recommend(tmp_path / name, "--like", "1"), *words)


def test_what_is_in_utf_8_is_not_read_as_utf_16(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text(HEAD * 2, encoding="utf-8")
    result = recommend(path, "--like", "1", "--encoding", "utf-16")
    assert_refused(result, "must be in utf-16", "name its encoding, such as --encoding utf-8.")


@pytest.mark.filterwarnings("default:.* is in Windows")  # as outside of tests
@pytest.mark.parametrize("name", ["latin-1", "ISO-8859-1", "l1"])
def test_latin_1_of_windows_is_read_as_windows_means_it(tmp_path, name):
    path = tmp_path / "items.txt"
    path.write_bytes("the sea\x92s \x93caf\xe9\x94 \x80 \x81\nbus\n".encode("latin-1"))
    result = run("search", path, "--query", "sea", "--encoding", name, "--json")
    assert json.loads(result.stdout)[0]["text"] == "the sea’s “café” € \x81"
    (line,) = result.stderr.splitlines()
    assert "items.txt is in Windows' encoding rather than latin-1: byte 0x80 is read as '€'" in line
    path.write_bytes("the sea and the caf\xe9\n".encode("latin-1"))
    assert run("search", path, "--query", "sea", "--encoding", name).stderr == ""


@pytest.mark.filterwarnings(
    "default:.* has no text in", "default:1 of 3 items is all zeros"
)  # as outside of tests
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("items.csv", "code,desc\n1,red apple\n2,\n3,red pear\n"),
        ("items.tsv", "code\tdesc\n1\tred apple\n2\t\n3\tred pear\n"),
        ("items.jsonl", '{"code":1,"desc":"red apple"}\n{"code":2}\n{"code":3,"desc":"red pear"}'),
        (
            "null.jsonl",
            '{"code":1,"desc":"red car"}\n{"code":2,"desc":null}\n{"code":3,"desc":"red"}',
        ),
    ],
)
@pytest.mark.parametrize(
    "args",
    [
        ("recommend", "--id", "code", "--query", "red"),
        ("search", "--id", "code", "--query", "red"),
        ("embed", "--vectorizer", "lsa", "--vector-size", 1, "--out", "x.npz"),
    ],
)
def test_an_empty_cell_is_an_empty_text_and_counted(tmp_path, monkeypatch, args, name, content):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    command, *options = args
    result = run(command, name, "--text", "desc", *options, "--json")
    assert result.exit_code == 0, result.stderr
    said, *_ = result.stderr.splitlines()
    assert f"{name}: column 'desc' has no text in 1 of 3 rows (row 1 is the first, " in said
    assert said.endswith("counted from 0): this is an empty text.")
    found = json.loads(result.stdout)
    if command == "embed":
        assert found["rows"] == 3
    else:
        assert {row["id"] for row in found} == {"1", "3"}


def test_halves_of_characters_are_shown_as_such_everywhere(tmp_path):
    path, page = tmp_path / "items.jsonl", tmp_path / "page.html"
    path.write_text(
        '{"code": "\\ud83dx", "desc": "red \\ud83d apple"}\n'
        '{"code": "\\ud83d\\ude00", "desc": "red pear"}\n',
        encoding="utf-8",
    )
    for args in (("search", "--query", "red \ud800"), ("recommend", "--query", "red \ud800")):
        command, *rest = args
        args = (command, path, "--text", "desc", "--id", "code", *rest)
        result = run(*args, "--html", page)
        assert result.exit_code == 0, result.output
        for shown in (result.stdout, page.read_text(encoding="utf-8")):
            assert "\ufffdx" in shown
            assert "😀" in shown
        found = json.loads(run(*args, "--json").stdout)
        assert {row["id"] for row in found} == {"\ufffdx", "😀"}


def test_json_has_no_infinity_and_no_nan(tmp_path):
    path = tmp_path / "items.jsonl"
    path.write_text(
        '{"desc": "red apple", "n": Infinity, "m": [NaN, {"a": -Infinity}]}\n'
        '{"desc": "red pear", "n": NaN, "m": 1}\n',
        encoding="utf-8",
    )

    def refuse(name):
        raise AssertionError(name)

    args = ("recommend", path, "--text", "desc", "--query", "red apple", "--json")
    found = json.loads(run(*args).stdout, parse_constant=refuse)
    assert [row["n"] for row in found] == [None, None]
    assert found[0]["m"] == [None, {"a": None}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", "", ["empty.csv is empty."]),
        ("header.csv", "code,desc\n", ["header.csv has columns and no rows."]),
        ("ragged.csv", "code,desc\n1,a\n2,b,c\n", ["ragged.csv", "Got 3 in line 3"]),
        (
            "open.csv",
            'code,desc\n1,a\n2,"b\n3,c\n',
            ["not closed in the cells from line 3", 'Write "" for'],
        ),
        (
            "marks.csv",
            'code,desc\n1,"a" b\n',
            ["goes on after its closing", "from line 2", 'Write ""'],
        ),
        ("twin.csv", "code,desc,desc\n1,a,b\n", ["must name each column once. Got 'desc' 2"]),
        ("twin.jsonl", '{"desc": "a", "desc": "b"}\n', ["Line 1 of", "'desc' must stand once"]),
        ("deep.jsonl", "[" * 100_000, ["Line 1 of", "it is nested too deeply"]),
        ("long.jsonl", '{"n": 1%s}' % ("0" * 5000), ["a number of more digits than Python reads"]),
        ("empty.jsonl", "\n", ["empty.jsonl is empty."]),
        ("broken.jsonl", '{"code": 1}\n{"code"\n', ["Line 2 of", "broken.jsonl must hold JSON"]),
        ("list.jsonl", "[1, 2]\n", ["Line 1 of", "must hold an object. Got '[1, 2]'"]),
        ("items.xlsx", "", ["must end in .csv"]),
        ("twice.csv", "code,desc\n1,a\n1,b\n", ["'1' stands in rows 0 and 1 of column 'code'"]),
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
