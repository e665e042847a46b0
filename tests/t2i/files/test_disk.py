import errno
import hashlib
import os
from pathlib import Path

import pytest

from t2i.errors import InputError
from t2i.files.disk import replacing, require_apart, reserved, sha256


def test_the_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.bin"
    with replacing(path) as unfinished:
        unfinished.write_bytes(b"half")
        assert not path.exists()
        unfinished.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_the_unfinished_file_lies_on_the_same_disk_and_keeps_the_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.keras") as unfinished:
        unfinished.touch()
        assert unfinished.suffix == ".keras"
        assert unfinished.is_relative_to(tmp_path)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stays_whole_when_the_block_raises(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write() -> None:
        with replacing(path) as unfinished:
            unfinished.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file, no folder")
    path = tmp_path / "a" / "b.bin"
    with pytest.raises(InputError) as raised, replacing(path):
        pytest.fail("there is nothing to write to")
    assert str(raised.value) == (
        f"{path}: expected a place that can be written, got a file where its folder "
        "should be; choose another output"
    )


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc" * 100_000)
    assert sha256(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_said_in_one_line_and_leaves_the_old_file(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write() -> None:
        with replacing(path) as unfinished:
            unfinished.write_bytes(b"half")
            raise OSError(number, "a message of the library's own")

    with pytest.raises(InputError) as error:
        write()
    assert str(error.value) == (
        f"{path}: expected room for the file, got {os.strerror(number)}; "
        "free some or choose another output"
    )
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_reserved_for_one_and_free_again_behind_the_block(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    def reserve() -> None:
        with reserved(folder, "expected nobody, got another; wait", "choose another"):
            pass

    with (
        reserved(folder, "expected nobody, got another; wait", "choose another"),
        pytest.raises(InputError) as error,
    ):
        reserve()
    assert str(error.value) == f"{folder}: expected nobody, got another; wait"
    reserve()


def test_a_folder_that_cannot_be_reserved(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "new"
    with pytest.raises(InputError) as error, reserved(folder, "", "choose another"):
        pass
    assert str(error.value) == (
        f"{folder}: expected a folder that can be written, got Not a directory; choose another"
    )


def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    far = tmp_path / "far" / "file.txt"
    far.parent.mkdir()
    near, dangling = tmp_path / "near.txt", tmp_path / "dangling.txt"
    far.write_text("old")
    near.symlink_to(far)
    dangling.symlink_to(tmp_path / "far" / "new.txt")
    for link in (near, dangling):
        with replacing(link) as unfinished:
            unfinished.write_text("new")
        assert link.is_symlink()
        assert link.resolve().read_text() == "new"
    assert far.read_text() == "new"
    assert sorted(path.name for path in far.parent.iterdir()) == ["file.txt", "new.txt"]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_not_called_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def flock(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("t2i.files.disk.fcntl.flock", flock)
    with pytest.raises(InputError) as error, reserved(tmp_path, "in use; wait", "choose another"):
        pass
    assert str(error.value) == (
        f"{tmp_path}: expected a file system that can lock files, got {os.strerror(code)}; "
        "choose another, on another disk"
    )


def test_a_place_where_no_file_can_be_made() -> None:
    with pytest.raises(InputError) as error, replacing(Path("/proc/x.h5")):
        pass
    assert str(error.value) == (
        "/proc/x.h5: expected a place that can be written, got a folder where no file can be made; "
        "choose another output"
    )


@pytest.mark.parametrize("kind", ["itself", "a link", "another name of it"])
def test_an_output_that_is_an_input_is_refused(tmp_path: Path, kind: str) -> None:
    given, out = tmp_path / "given.h5", tmp_path / "out.h5"
    require_apart(out, given, None)
    given.write_text("mine")
    require_apart(out, given, None)
    if kind == "itself":
        out = tmp_path / "." / "given.h5"
    elif kind == "a link":
        out.symlink_to(given)
    else:
        out.hardlink_to(given)
    with pytest.raises(InputError) as error:
        require_apart(out, None, given)
    assert str(error.value) == (
        f"{out}: expected another file than what is read, got {given} itself; choose another output"
    )
