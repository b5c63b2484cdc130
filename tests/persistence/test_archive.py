"""Files as they lie on the disk: replaced at once, damaged, made up by others, mapped."""

import io
import os
import pickletools
import stat
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from scipy import sparse

from textvec import persistence
from textvec.persistence import load, save
from textvec.sparse.bm25 import BM25Vectorizer
from textvec.sparse.counts import CountVectorizer
from textvec.sparse.tfidf import TfidfVectorizer

from .files import HOTELS, assert_equal, npy, replace_part, rewrite, set_root, state


def test_equal_models_make_equal_files_without_pickle(path, tmp_path):
    words = frozenset(f"w{i}" for i in range(100))
    TfidfVectorizer(stop_words=list(words)).fit(HOTELS).save(path)
    TfidfVectorizer(stop_words=list(words)).fit(HOTELS).save(tmp_path / "twin")
    assert (tmp_path / "twin").read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            content = archive.read(info)
            assert info.filename == "header.json" or content[:6] == b"\x93NUMPY"
            with pytest.raises(Exception, match=r"opcode|pickle"):
                list(pickletools.genops(content))


def test_arrays_begin_at_multiples_of_64_bytes(path):
    BM25Vectorizer().fit(HOTELS).save(path)
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            assert persistence.archive._data_offset(file, info) % 64 == 0


# ------------------------------------------------------------------------------- replacing files


@pytest.mark.parametrize("call", ["write_array", "fsync", "replace"])
def test_an_error_half_way_leaves_the_old_file_and_nothing_else(call, path, monkeypatch):
    BM25Vectorizer().fit(HOTELS).save(path)
    before = path.read_bytes()

    def disk_full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    owner = np.lib.format if call == "write_array" else os
    monkeypatch.setattr(owner, call, disk_full)
    with pytest.raises(OSError, match="No space left"):
        TfidfVectorizer().fit(HOTELS).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_the_file_is_whole_on_disk_before_it_is_renamed(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)

        def record(*args, name=name, original=original):
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(os, name, record)
    CountVectorizer().save(path)
    assert calls == ["fsync", "replace", "fsync"]


def test_a_link_stays_a_link(path, tmp_path):
    link = tmp_path / "latest"
    CountVectorizer().save(path)
    link.symlink_to(path)
    CountVectorizer(min_df=3).save(link)
    assert link.is_symlink()
    assert load(path).min_df == 3


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_the_file_has_the_usual_permissions(path):
    CountVectorizer().save(path)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


# ------------------------------------------------------------------------------- damaged files


def put_byte(path, position, value):
    """Change a file in place: to write it anew makes some file systems wait for the disk."""
    with path.open("r+b") as file:
        file.seek(position)
        file.write(bytes([value]))


SLOWLY = pytest.param(
    [
        (mmap_mode, bits)
        for mmap_mode in (None, "r")
        for bits in (*(1 << i for i in range(8)), 0xFF)
    ],
    marks=pytest.mark.slow,
    id="each-bit",
)


@pytest.mark.parametrize("flips", [pytest.param([(None, 0xFF), ("r", 0x01)], id="two"), SLOWLY])
def test_every_one_byte_flip_gives_an_error_or_the_same_model(flips, saved):
    """Each of its 2,222 bytes is changed in place, loaded and put back."""
    model, path = saved
    content = path.read_bytes()
    messages, same = [], 0
    for mmap_mode, bits in flips:
        for i in range(len(content)):
            put_byte(path, i, content[i] ^ bits)
            try:
                loaded = load(path, mmap_mode)
            except ValueError as error:
                messages.append(str(error))
            else:
                assert_equal(loaded, model)
                same += 1
            put_byte(path, i, content[i])
    assert all(str(path) in message for message in messages)
    assert len(messages) > same > 0


def test_every_truncation_is_an_error(saved):
    _, path = saved
    for length in reversed(range(path.stat().st_size)):
        os.truncate(path, length)
        with pytest.raises(ValueError, match="is not a textvec file|is cut short or damaged"):
            load(path)


def drop_part(header, parts):
    del parts["0.npy"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda header, parts: header.update(format_version=persistence.FORMAT_VERSION + 1),
            "in format 4; this textvec .* Upgrade",
        ),
        (lambda header, parts: header.update(format="other"), "its format is 'other'"),
        (lambda header, parts: header.update(format_version="1"), "header.json is not that"),
        (lambda header, parts: header.update(parts={"x": 1}), "header.json is not that"),
        (lambda header, parts: header.pop("root"), "header.json is not that .* 'root'"),
        (drop_part, "the part 0.npy is missing"),
        (
            set_root(**{"class": "os.system"}),
            "unknown class 'os.system'",
        ),
        (set_root(**{"class": "top_k"}), "unknown class"),  # public, and no class
        (set_root(**{"class": "Comparison"}), "unknown class"),  # public, and never saved
        (set_root(type="__class__"), "unknown type of node '__class__'"),
        (state({"type": "column", "values": 1}), "unknown type of node 'column'"),  # of no table
        (set_root(parameters={"bogus": 1}), "header.json does not describe a model"),
        (
            state({"type": "range_index", "bounds": [0, 1, 1, "u09,i"], "name": None}),
            "a range must have a start",  # the fourth is a dtype, which NumPy would evaluate
        ),
        (state({"type": "numpy_type", "value": "load"}), "'load' is not a type"),
        (state({"type": "builtin_type", "value": "eval"}), "does not describe"),
        (state({"type": "scalar", "dtype": "|O", "value": "00" * 8}), "would need pickle"),
        (state({"type": "array", "part": "9.npy"}), "does not describe a model: '9.npy'"),
        (state({"type": "tuple", "items": 3}), "items must be a list. Got int"),
        (
            replace_part(npy((10**12,))),
            r"the part 0.npy is damaged or altered: its shape .* does not fit",
        ),
        (replace_part(npy((2**62, 4))), "the part 0.npy is damaged or altered: its shape"),
        (replace_part(npy((-1,))), "the part 0.npy .*: it is no array"),
        (replace_part(npy((1,), "|O", b"\0" * 8)), "the part 0.npy .*: it would need pickle"),
        (replace_part(b"\x93NUMPY\x09\x00" + b"\0" * 99), "the part 0.npy .*: it is no array"),
        (replace_part(b""), "the part 0.npy .*: it is no array"),
    ],
)
def test_files_made_up_by_others_are_named(saved, change, message):
    _, path = saved
    rewrite(path, change)
    with pytest.raises(ValueError, match=message) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_an_altered_part_is_named(saved):
    _, path = saved

    def change(header, parts):
        parts["0.npy"] = parts["0.npy"][:-1] + b"?"

    rewrite(path, change, resign=False)
    for mmap_mode in (None, "r"):
        with pytest.raises(ValueError, match="the part 0.npy is damaged or altered: its sha256"):
            load(path, mmap_mode)


def test_sparse_indices_out_of_range_are_an_error_not_a_crash(path):
    matrix = sparse.csr_array(np.eye(3))
    matrix.indices[1] = 1_000_000
    holder = CountVectorizer()
    holder.value_ = matrix
    save(holder, path)
    with pytest.raises(ValueError, match="does not describe a model: .*indices"):
        load(path)


def test_other_files_are_named(path):
    with pytest.raises(FileNotFoundError):
        load(path)
    for content in (b"", b"hello", b"\x80\x04N.", b"a text of 3 or 4 words\n", b"3 cats\n"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"is not a textvec file. Only what save wrote"):
            load(path)
    vectors = [b"2 3\nsea 1 2 3\n", b"sea 0.5 -1e-3 2 0.25\n", b"the " + b"0.5 " * 2000]
    for content in vectors:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="are read by .*load_word2vec_format"):
            load(path)
    binary = path.with_suffix(".bin.gz")
    binary.write_bytes(b"hello")
    with pytest.raises(ValueError, match="are read by .*load_word2vec_format"):
        load(binary)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(
        ValueError, match=r"is a zip, but not a textvec file: it has no header.json"
    ):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", "[" * 100_000)
    with pytest.raises(ValueError, match=r"header.json is not that of a textvec file"):
        load(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}" + " " * 100_000)
    with pytest.raises(ValueError, match="is cut short or damaged: header.json is compressed"):
        load(path)
    with pytest.raises(ValueError, match="mmap_mode must be one of None, 'r', 'c'. Got 'r\\+'"):
        load(path, mmap_mode="r+")


# ------------------------------------------------------------------------------- hostile files


def write_zip(path, members, change=lambda info: None):
    """Write a zip of (name, content) pairs, each changed as a member of it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            change(info)
            archive.writestr(info, content)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_come_twice_are_refused(saved):
    _, path = saved
    members = members_of(path)
    for twice in (members[0], members[-1]):
        write_zip(path, [*members, twice])
        with pytest.raises(ValueError, match="damaged: a member comes twice"):
            load(path)


@pytest.mark.parametrize("name", ["../../evil.npy", "/etc/evil.npy", "C:\\evil.npy", "0.npy/", "x"])
def test_members_of_other_names_are_refused_and_nothing_is_unpacked(name, saved):
    _, path = saved
    write_zip(path, [*members_of(path), (name, b"evil")])
    with pytest.raises(ValueError, match="is not the name of a part"):
        load(path)
    assert os.listdir(path.parent) == [path.name]


def test_parts_that_no_header_names_are_refused(saved):
    _, path = saved
    write_zip(path, [*members_of(path), ("77.npy", b"evil")])
    with pytest.raises(ValueError, match=r"the part 77.npy is not named in header.json"):
        load(path)


def test_a_symbolic_link_among_the_members_is_bytes_like_any_other(saved):
    model, path = saved

    def as_link(info):
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16

    write_zip(path, members_of(path), as_link)
    assert_equal(load(path), model)
    write_zip(path, [*members_of(path)[1:], ("0.npy", b"/etc/hostname")], as_link)
    with pytest.raises(ValueError, match=r"the part 0.npy is damaged or altered"):
        load(path)


def test_members_that_share_bytes_are_refused(saved):
    """Otherwise a small file of many names for one member would fill the memory."""
    _, path = saved
    with zipfile.ZipFile(path, "a") as archive:
        large = io.BytesIO()
        np.lib.format.write_array(large, np.zeros(1 << 17))
        archive.writestr("50.npy", large.getvalue())
        for number in range(51, 60):
            again = zipfile.ZipInfo(f"{number}.npy")
            for name in ("header_offset", "file_size", "compress_size", "CRC"):
                setattr(again, name, getattr(archive.getinfo("50.npy"), name))
            archive.filelist.append(again)
    with pytest.raises(ValueError, match="its members claim more bytes than it has"):
        load(path)


@pytest.mark.parametrize("mmap_mode", [None, "r"])
def test_no_claim_makes_memory_grow(mmap_mode, saved):
    """Sizes are claimed in each place where a file has one; nothing is made of that size."""
    model, path = saved
    content = path.read_bytes()
    huge = struct.pack("<Q", 10**12)
    claims = [content.replace(struct.pack("<Q", size), huge) for size in range(64, 2000)]
    claims = {claim for claim in claims if claim != content}
    refused = 0
    tracemalloc.start()
    for claim in claims:
        path.write_bytes(claim)
        try:
            loaded = load(path, mmap_mode)
        except ValueError as error:
            refused += "damaged" in str(error)
        else:
            assert_equal(loaded, model)  # a size that nothing looks at
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused >= 3
    assert peak < 20e6


def array(name):
    return {"type": "array", "part": name}


ENDS = npy((70,), "<i8", (np.arange(70) * 0 + 100).astype("<i8").tobytes())


def with_parts(root, **arrays):
    """Replace all parts and the learned attribute that names them."""

    def change(header, parts):
        parts.clear()
        header["parts"].clear()
        parts.update({f"{name[1:]}.npy": content for name, content in arrays.items()})
        header["root"] = {
            "type": "object",
            "class": "CountVectorizer",
            "parameters": {},
            "state": {"value_": root},
        }

    return change


NO_LABELS = {"type": "range_index", "bounds": [0, 0, 1], "name": None}


def one_row(kind, shape):
    """Return a sparse matrix of no entries that claims a shape, stored as coordinates."""
    coords = {"type": "tuple", "items": [array("1.npy"), array("1.npy")]}
    node = {"type": "sparse", "class": kind, "shape": shape, "data": array("0.npy")}
    return with_parts(node | {"coords": coords}, _0=npy((0,)), _1=npy((0,), "<i4"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # shapes that no byte stands for
        (one_row("lil_matrix", [10**12, 1]), "does not describe a model"),
        (one_row("csr_array", [10**12, 1]), "'indices'"),
        (replace_part(npy((10**12,), "<U0")), "is of items without a byte"),
        (replace_part(npy((0, 10**30))), "the part 0.npy is damaged"),
        (
            with_parts(
                {
                    "type": "series",
                    "values": {
                        "type": "column",
                        "values": {"type": "scalar", "dtype": "<f8", "value": "00" * 8},
                    },
                    "index": {"type": "range_index", "bounds": [0, 10**12, 1], "name": None},
                    "name": None,
                }
            ),
            "a column does not have the 1000000000000 values of its index",
        ),
        # parts that are named again and again
        (
            with_parts(
                [{"type": "strings", "text": "0.npy", "ends": "1.npy"}] * 700,
                _0=npy((100_000,), "|u1", b"a" * 100_000),
                _1=npy((1,), "<i8", struct.pack("<q", 100_000)),
            ),
            "named so often that they would fill the memory",
        ),
        (
            with_parts(
                {"type": "strings", "text": "0.npy", "ends": "1.npy"},
                _0=npy((100,), "|u1", b"a" * 100),
                _1=npy((3,), "<i8", struct.pack("<3q", 100, 0, 100)),
            ),
            "its texts do not end one after another",
        ),
        # dtypes that NumPy would not write
        (replace_part(npy((1,), "f8,O", b"\0" * 16)), "would need pickle"),
        (state({"type": "dtype", "value": ["a"]}), "would need pickle"),
        (
            state(
                {
                    "type": "index",
                    "values": {"type": "masked_column", "dtype": "a", "values": [], "missing": []},
                    "name": None,
                }
            ),
            "no column with gaps is of dtype 'a'",
        ),
        # labels of several levels, which could not be saved again
        *(
            (
                state({"type": "frame", "columns": [], "labels": labels, "index": index}),
                "labels must be an index. Got list instead",
            )
            for labels, index in (([[""]], NO_LABELS), (NO_LABELS, [[1]]))
        ),
        # indices that are no integers
        (
            with_parts(
                {
                    "type": "sparse",
                    "class": "csr_array",
                    "shape": [1, 1],
                    **{name: array(f"{i}.npy") for i, name in enumerate(["data", "indices"])},
                    "indptr": array("1.npy"),
                },
                _0=npy((2,), "<f8", b"\0" * 16),
                _1=npy((2,), "<f8", b"\0" * 16),
            ),
            "indices of float64",
        ),
        # roots that are no models
        (lambda header, parts: header.update(root=[1]), "a list is no estimator"),
        (lambda header, parts: header.update(root={"type": "path", "value": "x"}), "no estimator"),
        (lambda header, parts: header.update(format_version=0), "format_version is 0"),
        (lambda header, parts: header.update(format_version=True), "format_version is True"),
        (lambda header, parts: header.update(format_version=-1), "format_version is -1"),
    ],
)
def test_what_promises_too_much_is_refused(saved, change, message):
    _, path = saved
    rewrite(path, change)
    with pytest.raises(ValueError, match=message) as raised:
        load(path)
    assert str(path) in str(raised.value)


def test_a_lil_matrix_of_format_1_may_not_claim_rows(saved):
    _, path = saved
    rewrite(path, one_row("lil_matrix", [10**12, 1]))
    rewrite(path, lambda header, parts: header.update(format_version=1))
    with pytest.raises(ValueError, match="may have 1048576 rows. Got 1000000000000"):
        load(path)


# ------------------------------------------------------------------------------- speed for trust


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_sums_are_left_out_when_asked(mmap_mode, saved, monkeypatch):
    model, path = saved
    digests = []
    original = persistence.archive._sha256
    monkeypatch.setattr(persistence.archive, "_sha256", lambda c: digests.append(1) or original(c))
    assert_equal(load(path, mmap_mode, verify=False), model)
    assert not digests
    assert_equal(load(path, mmap_mode), model)
    assert digests
