"""Damaged archives of every kind, also below their checksums; nothing of one leaves its folder."""

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

from hypothesis import given
from mutations import assert_holds, mutated

from prep.formats.archives.unpacking import extract
from t2i.errors import InputError

_BLOCK = tarfile.BLOCKSIZE
_FILES = {
    "birds/images.txt": b"1 a/b.jpg\n",
    "birds/" + "long " * 40 + "/c.txt": b"x" * 700,
    "a": b"",
}


def _tar(mode: str, kind: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=kind) as archive:
        for name, content in _FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 1.5
            archive.addfile(entry, io.BytesIO(content))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    return packed.getvalue()


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _FILES.items():
            archive.writestr(name, content)
    return packed.getvalue()


TARS = [_tar("w", kind) for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)]
SAMPLES = [*TARS, _tar("w:gz", tarfile.PAX_FORMAT), _zip(), _zip()]


def read(path: Path) -> None:
    """Unpacks one into a folder within another, and looks around."""
    with tempfile.TemporaryDirectory() as outer:
        inner = Path(outer, "inner")
        try:
            extract(path, inner)
        except InputError:
            if list(inner.iterdir()):
                raise AssertionError("something is left of an archive that was refused") from None
            raise
        finally:
            if [entry.name for entry in Path(outer).iterdir()] != ["inner"]:
                raise AssertionError("something was written outside the folder")


def _summed(tar: bytes) -> bytes:
    """Returns a tar whose headers have the checksums of what they say."""
    blocks = [tar[start : start + _BLOCK] for start in range(0, len(tar), _BLOCK)]
    for number, block in enumerate(blocks):
        if block[257:262] == b"ustar" and len(block) == _BLOCK:
            blank = block[:148] + b" " * 8 + block[156:]
            blocks[number] = block[:148] + b"%06o\0 " % sum(blank) + block[156:]
    return b"".join(blocks)


@given(content=mutated(SAMPLES))
def test_damaged_archives_are_unpacked_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content)


@given(content=mutated(TARS))
def test_damaged_headers_are_unpacked_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", gzip.compress(_summed(content), 1))
