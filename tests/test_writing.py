"""Files appear whole or not at all, keep who may read them, and never displace what is no file."""

import os
import stat
import threading
from contextlib import suppress

import pytest

from textvec import CountVectorizer, load
from textvec._writing import (
    check_new_folder,
    check_place,
    discard,
    folder_aside,
    holds_something,
    naming,
    new_folder,
    replacing,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes, pipes and devices are Unix'")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755])
def test_a_replaced_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "model.textvec"
    path.write_bytes(b"old")
    path.chmod(mode)
    CountVectorizer().fit(["sea view"]).save(path)
    assert mode_of(path) == mode
    assert load(path).get_feature_names_out().tolist() == ["sea", "view"]


def test_permissions_hold_while_it_is_written(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with replacing(path) as file:
        file.write(b"new")
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


def test_a_new_file_has_the_permissions_of_the_user_s_mask(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "new") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new") == 0o640


def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(b"old")
    try:
        os.chown(path, 12345, 23456)
    except PermissionError:  # who is not the superuser has no other owner's file to replace
        os.chown(path, -1, os.getgroups()[-1])
    before = path.stat()
    with replacing(path) as file:
        file.write(b"new")
    after = path.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert path.read_bytes() == b"new"
    assert after.st_ino != before.st_ino


def test_a_pipe_is_written_into(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    CountVectorizer().fit(["sea view"]).save(pipe)
    reader.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    (tmp_path / "copy").write_bytes(read[0])
    assert load(tmp_path / "copy").get_feature_names_out().tolist() == ["sea", "view"]


def test_a_device_is_written_into(tmp_path):
    check_place("/dev/null")
    beside = set(os.listdir("/dev"))
    CountVectorizer().fit(["sea view"]).save("/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert set(os.listdir("/dev")) == beside
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    with replacing(link) as file:
        file.write(b"gone")
    assert link.is_symlink()


def test_an_error_leaves_a_pipe_untouched(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with suppress(KeyError), replacing(pipe) as file:  # opening it would wait for a reader
        file.write(b"half")
        raise KeyError
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("write", [check_place, lambda path: replacing(path).__enter__()])
def test_what_is_neither_file_nor_stream_is_refused(tmp_path, monkeypatch, write):
    import socket

    monkeypatch.chdir(tmp_path)  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="cannot be written"):
            write(tmp_path / "socket")
    assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)
    with pytest.raises(IsADirectoryError):
        write(tmp_path)


def test_a_new_folder_stands_in_place_of_an_empty_one_alone(tmp_path):
    path = tmp_path / "above" / "new"
    with new_folder(path) as aside:
        (aside / "file").write_text("whole")
        assert not path.exists()
    assert [*tmp_path.rglob("*")] == [path.parent, path, path / "file"]
    with pytest.raises(FileExistsError, match="new holds something already"), new_folder(path):
        pass
    (path / "file").unlink()
    (tmp_path / "link").symlink_to(path)
    with new_folder(tmp_path / "link") as aside:  # a link stays one
        (aside / "file").write_text("again")
    assert (path / "file").read_text() == "again"
    with suppress(KeyError), new_folder(tmp_path / "other") as aside:
        (aside / "file").write_text("half")
        raise KeyError
    assert sorted(os.listdir(tmp_path)) == ["above", "link"]


def test_an_error_of_a_new_folder_names_it(tmp_path):
    with (
        pytest.raises(OSError, match=f"No space left .*{tmp_path}/new"),
        new_folder(tmp_path / "new") as aside,
    ):
        raise RuntimeError(f"{aside}: I/O error (os error 28)")  # as safetensors says it
    with pytest.raises(RuntimeError, match="another"), naming(tmp_path):
        raise RuntimeError("another")
    (tmp_path / "file").touch()
    for check in (check_new_folder, lambda path: new_folder(path).__enter__()):
        with pytest.raises(NotADirectoryError, match=f"{tmp_path}/file/below/new"):
            check(tmp_path / "file" / "below" / "new")
    assert os.listdir(tmp_path) == ["file"]


def test_folders_aside_go_once_nobody_writes_them(tmp_path):
    left = tmp_path / ".textvec-0123456789abcdef.tmp"
    (left / "below").mkdir(parents=True)
    with folder_aside(tmp_path) as aside:
        assert os.listdir(tmp_path) == [aside.name]
        assert holds_something(tmp_path)  # somebody writes
        (aside / "file").touch()
        discard(aside)
        assert os.listdir(tmp_path) == []
    target = tmp_path / "target"
    (target / "below").mkdir(parents=True)
    left.symlink_to(target)
    assert holds_something(tmp_path)
    assert (target / "below").exists()  # a link is none of ours, and not followed


def test_what_a_kill_left_aside_is_nothing(tmp_path):
    assert not holds_something(tmp_path / "new")
    left = tmp_path / ".textvec-0123456789abcdef.tmp"
    left.write_bytes(b"half")
    assert not holds_something(tmp_path)
    assert not left.exists()
    left.with_name(".textvec-notes").write_bytes(b"ours")
    assert holds_something(tmp_path)
    assert holds_something(tmp_path / ".textvec-notes")
