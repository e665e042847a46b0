import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from prep.formats.archives.limits import Limits
from prep.formats.archives.unpacking import extract, members
from t2i.errors import InputError

FILES = {
    "birds/images.txt": b"1 a/b.jpg\n",
    "birds/images/a/b.jpg": bytes(range(256)) * 3000,
    "birds/" + "long " * 40 + "/c.txt": b"",
    "attributes.txt": b"x",
}
Make = Callable[[Path, dict[str, bytes]], Path]


def _tar(path: Path, files: dict[str, bytes], mode: str = "w", format_: int = 2) -> Path:
    # The mode decides on gzip; the names of both kinds of headers are long enough to be tested.
    with tarfile.open(path, mode, format=format_) as archive:
        archive.addfile(_entry("./", tarfile.DIRTYPE))
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def _pax(path: Path, files: dict[str, bytes]) -> Path:
    return _tar(path, files, "w", tarfile.PAX_FORMAT)


def _gnu(path: Path, files: dict[str, bytes]) -> Path:
    return _tar(path, files, "w", tarfile.GNU_FORMAT)


def _tgz(path: Path, files: dict[str, bytes]) -> Path:
    return _tar(path, files, "w:gz")


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("birds")
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


MAKERS = pytest.mark.parametrize("make", [_pax, _gnu, _tgz, _zip])


def _all_of(archive: Path, limits: Limits | None = None) -> dict[str, bytes]:
    found = members(archive, limits) if limits else members(archive)
    return {member.name: b"".join(member.chunks) for member in found}


def _error(archive: Path, limits: Limits | None = None) -> str:
    with pytest.raises(InputError) as raised:
        _all_of(archive, limits)
    return str(raised.value).removeprefix(f"{archive}: ")


@MAKERS
def test_every_file_is_read_in_order(make: Make, tmp_path: Path) -> None:
    archive = make(tmp_path / "archive", FILES)
    assert list(_all_of(archive).items()) == list(FILES.items())
    assert [(member.name, member.size) for member in members(archive)] == [
        (name, len(content)) for name, content in FILES.items()
    ]


@MAKERS
def test_what_is_unpacked_is_what_was_packed(make: Make, tmp_path: Path) -> None:
    folder, told = tmp_path / "new" / "folder", list[tuple[str, int, int | None]]()
    archive = make(tmp_path / "archive", FILES)
    made = extract(archive, folder, progress=lambda *call: told.append(call))
    assert made == (folder / "attributes.txt", folder / "birds")
    assert {path.name for path in folder.iterdir()} == {"attributes.txt", "birds"}
    for name, content in FILES.items():
        assert (folder / name).read_bytes() == content
    size = archive.stat().st_size
    assert {(what, total) for what, _, total in told} == {(f"unpacking {archive.name}", size)}
    done = [so_far for _, so_far, _ in told]
    assert done == sorted(done)
    assert 0 < done[-1] <= size


def test_rights_are_those_of_new_files(tmp_path: Path) -> None:
    entry = tarfile.TarInfo("root")
    entry.mode, entry.uid = 0o6777, 0
    with tarfile.open(tmp_path / "archive", "w") as archive:
        archive.addfile(entry)
    (path,) = extract(tmp_path / "archive", tmp_path / "out")
    assert not stat.S_IMODE(path.stat().st_mode) & 0o7111


@MAKERS
@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "/etc/out", "a\\..\\out", "a\nb", "b" * 256, "a/" * 32 + "b"]
)
def test_no_name_leads_out(make: Make, name: str, tmp_path: Path) -> None:
    archive = make(tmp_path / "archive", {name: b"x"})
    expected = (
        f"{archive}: expected names of files inside it, got {name[:80]!r}; "
        "fetch it from a source that you trust"
    )
    with pytest.raises(InputError) as raised:
        extract(archive, tmp_path / "inner")
    assert str(raised.value) == expected
    assert not list((tmp_path / "inner").iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "inner"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "archive", "w") as archive:
        archive.addfile(_entry("way/out", kind, "/etc"))
    assert _error(tmp_path / "archive") == (
        "expected files and folders alone, got a link or device 'way/out'; "
        "fetch it from a source that you trust"
    )


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_refused(kind: int, tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("way")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "archive", "w") as archive:
        archive.writestr(entry, "/etc")
    assert _error(tmp_path / "archive").startswith(
        "expected files and folders alone, got a link or device 'way'; "
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "attributes.txt").symlink_to(tmp_path / "elsewhere")
    archive = _tgz(tmp_path / "archive", FILES)
    with pytest.raises(InputError) as raised:
        extract(archive, tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/attributes.txt: expected nothing there yet, got something; "
        "move it away to unpack archive"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"attributes.txt", "archive"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "archive", {"a": b"", "a/b": b""})
    with pytest.raises(InputError) as raised:
        extract(archive, tmp_path)
    assert str(raised.value) == (
        f"{archive}: expected to be unpacked to {tmp_path}, got File exists; "
        "make room there, or fetch the archive again"
    )


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "archive", FILES)
    with pytest.raises(InputError) as raised:
        extract(archive, archive / "in")
    assert str(raised.value) == (
        f"{archive}/in: expected a folder that can be written to, got Not a directory; "
        "choose another"
    )


@pytest.mark.parametrize("make", [_tgz, _zip])
def test_a_bomb_stops_at_the_ratio(make: Make, tmp_path: Path) -> None:
    archive = make(tmp_path / "archive", {"zeros": bytes(3 << 20)})
    limits = Limits(always_bytes=1 << 10)
    assert _error(archive, limits) == (
        f"expected at most {200 * archive.stat().st_size:,} bytes unpacked, got more; "
        "unpack it by other means if you trust it"
    )
    assert len(_all_of(archive)["zeros"]) == 3 << 20


@MAKERS
def test_bytes_and_entries_are_bounded(make: Make, tmp_path: Path) -> None:
    archive = make(tmp_path / "archive", FILES)
    assert _error(archive, Limits(total_bytes=5000)).startswith(
        "expected at most 5,000 bytes unpacked, got more; "
    )
    assert _error(archive, Limits(entries=2)).startswith("expected at most 2 entries, got more; ")


def test_a_bomb_after_the_end_of_a_tar_counts(tmp_path: Path) -> None:
    archive = _tar(tmp_path / "archive", FILES)
    content = gzip.compress(archive.read_bytes() + bytes(3 << 20))
    archive.write_bytes(content)
    assert _error(archive, Limits(total_bytes=2 << 20)).startswith("expected at most 2,097,152")


@MAKERS
def test_one_that_is_cut_off_is_damaged(make: Make, tmp_path: Path) -> None:
    archive = make(tmp_path / "archive", FILES)
    content = archive.read_bytes()
    for length in (0, 1, 511, 512, 1024, 2048, len(content) // 2, len(content) - 10241):
        archive.write_bytes(content[: max(0, length)])
        assert _error(archive).startswith("expected a whole .tgz, .tar or .zip, got "), length


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    for make, place in ((_tgz, -8), (_zip, 2000)):
        archive = make(tmp_path / "archive", FILES)
        content = bytearray(archive.read_bytes())
        content[place] ^= 4
        archive.write_bytes(content)
        assert _error(archive).startswith("expected a whole .tgz, .tar or .zip, got ")
        # Also where only the names are asked for.
        with pytest.raises(InputError):
            list(members(archive))


def test_something_else_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"<html>quota exceeded</html>" * 40)
    assert _error(tmp_path / "archive") == (
        "expected a whole .tgz, .tar or .zip, got invalid header; fetch it again"
    )
    assert _error(tmp_path / "none") == "expected an archive, got no such file; check the path"


def _header(kind: bytes, size: int, content: bytes = b"") -> bytes:
    entry = tarfile.TarInfo("a")
    entry.type, entry.size = kind, size
    padded = content + bytes(-len(content) % 512)
    return entry.tobuf(tarfile.GNU_FORMAT) + padded


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (_header(tarfile.XHDTYPE, 1 << 40), "a header of 1099511627776 bytes"),
        (_header(tarfile.GNUTYPE_LONGNAME, 1 << 40), "a header of 1099511627776 bytes"),
        (_header(tarfile.REGTYPE, -(1 << 40)), "an entry of -1099511627776 bytes"),
        (_header(tarfile.REGTYPE, 1 << 60), "one that is cut off"),
        (_header(tarfile.XHDTYPE, 9, b"9 size=x\n"), "an entry of 'x' bytes"),
        (_header(tarfile.XHDTYPE, 9, b"10 a=bcd\n"), "a malformed extended header"),
        (_header(tarfile.XHDTYPE, 9, b"0 size=1\n"), "a malformed extended header"),
        (_header(tarfile.XHDTYPE, 9, b"2 size=1\n"), "a malformed extended header"),
        (_header(tarfile.XHDTYPE, 22, b"22 GNU.sparse.size=10\n"), "a sparse file"),
    ],
)
def test_headers_are_not_believed(content: bytes, got: str, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(content + bytes(1024))
    assert _error(tmp_path / "archive") == (
        f"expected a whole .tgz, .tar or .zip, got {got}; fetch it again"
    )


def test_sparse_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(_header(tarfile.GNUTYPE_SPARSE, 0) + bytes(1024))
    assert "got a link or device 'a'" in _error(tmp_path / "archive")


def test_the_index_of_a_zip_is_bounded(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with archive.open("wb") as file:
        file.truncate(1 << 25)
        file.seek(0, io.SEEK_END)
        file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 9, 9, 1 << 25, 0, 0))
        file.seek(0)
        file.write(b"PK")
    assert _error(archive) == (
        "expected a whole .tgz, .tar or .zip, got an index of 33554432 bytes; fetch it again"
    )


def test_other_methods_and_encryption_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as opened:
        opened.writestr("a", "a")
    assert "got compression method 14; " in _error(archive)
    content = bytearray(_zip(archive, {"a": b"a"}).read_bytes())
    for flags in (content.index(b"PK\1\2", 100) + 8, content.index(b"PK\3\4", 10) + 6):
        content[flags] |= 1
    archive.write_bytes(content)
    assert "got an encrypted one; " in _error(archive)
