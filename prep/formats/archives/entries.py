"""The entries of tar and zip archives, by readers that hostile ones can't exhaust."""

import re
import stat
import tarfile
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prep.formats.archives.limits import (
    Budget,
    Readable,
    Unpacked,
    damaged,
    inner_path,
    reading,
    refused,
)

_BLOCK = tarfile.BLOCKSIZE
# Long names and extended headers are read whole.
_MAX_HEADER_BYTES = 1 << 20
# The index of a zip is read whole; this is some hundred thousand entries.
_MAX_INDEX_BYTES = 1 << 24
_PAX_LENGTH = re.compile(rb"([1-9]\d{0,6}) ")
_PAX_SIZE = re.compile(r"\d{1,19}")


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its path, relative, of plain parts; never leads out of a folder it is joined to.
        size: bytes.
        chunks: its content; what is not taken before the next member is asked for is lost.
    """

    name: str
    size: int
    chunks: Iterator[bytes]


def tar_members(file: Readable, budget: Budget) -> Generator[Member, None, None]:
    """Yields the files in a tar, each to be read whole before the next, and reads it to its end.

    tarfile reads each header block. What follows one is read here, since tarfile takes
    extended headers and maps of sparse files of any length into memory.

    Args:
        file: the tar, read in passing.
        budget: what the archive may still grow to.

    Raises:
        InputError: it is damaged, goes beyond the budget, or holds what is no file or folder.
    """
    archive, unpacked = budget.archive, Unpacked(file, budget)
    name, size = "", None
    while (block := unpacked.exactly(_BLOCK)).strip(b"\0"):
        with reading(archive):
            header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        budget.spend_entry()
        if header.size < 0:
            raise damaged(archive, f"an entry of {header.size} bytes")
        if header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            content = _header_content(archive, unpacked, header.size)
            if header.type == tarfile.XHDTYPE:
                fields = _pax_fields(archive, content)
                name, size = fields.get("path", name), _pax_size(archive, fields)
            elif header.type == tarfile.GNUTYPE_LONGNAME:
                name = _text(archive, content.partition(b"\0")[0])
            continue
        if header.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
            length = header.size if size is None else size
            path = inner_path(archive, name or header.name)
            yield Member(path, length, unpacked.chunks(length))
            unpacked.exactly(-length % _BLOCK)
        elif header.type != tarfile.DIRTYPE:
            raise refused(archive, name or header.name)
        name, size = "", None
    while unpacked.some():
        pass


def _header_content(archive: Path, unpacked: Unpacked, size: int) -> bytes:
    if size > _MAX_HEADER_BYTES:
        raise damaged(archive, f"a header of {size} bytes")
    return unpacked.exactly(size + -size % _BLOCK)[:size]


def _pax_fields(archive: Path, content: bytes) -> dict[str, str]:
    """Returns the fields of an extended header: records `LENGTH KEY=VALUE` that end a line.

    Source: POSIX.1-2001, pax; LENGTH counts the whole record, itself included.
    """
    fields = {}
    while content:
        match = _PAX_LENGTH.match(content)
        length = int(match[1]) if match else 0
        record, content = content[:length], content[length:]
        key, equals, value = record.partition(b" ")[2].partition(b"=")
        if len(record) != length or not equals or not value.endswith(b"\n"):
            raise damaged(archive, "a malformed extended header")
        if key.startswith(b"GNU.sparse"):
            raise damaged(archive, "a sparse file")
        fields[_text(archive, key)] = _text(archive, value[:-1])
    return fields


def _pax_size(archive: Path, fields: dict[str, str]) -> int | None:
    size = fields.get("size")
    if size is None:
        return None
    if not _PAX_SIZE.fullmatch(size):
        raise damaged(archive, f"an entry of {size[:80]!r} bytes")
    return int(size)


def _text(archive: Path, content: bytes) -> str:
    with reading(archive):
        return content.decode()


class _Indexed:
    """A zip file, of which zipfile can't take an index of any length into memory."""

    def __init__(self, file: BinaryIO, archive: Path) -> None:
        self._file = file
        self._archive = archive
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _MAX_INDEX_BYTES:
            raise damaged(self._archive, f"an index of {size} bytes")
        return self._file.read(size)


def zip_members(file: BinaryIO, budget: Budget) -> Generator[Member, None, None]:
    """Yields the files in a zip; the arguments and errors are those of `tar_members`."""
    archive = budget.archive
    with reading(archive):
        opened = zipfile.ZipFile(_Indexed(file, archive))
    for entry in opened.infolist():
        budget.spend_entry()
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refused(archive, entry.filename)
        if entry.is_dir():
            continue
        if entry.flag_bits & 1:
            raise damaged(archive, "an encrypted one")
        # The other methods may ask for gigabytes of memory.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(archive, f"compression method {entry.compress_type}")
        with reading(archive):
            content = opened.open(entry)
        with content:
            path = inner_path(archive, entry.filename)
            yield Member(path, entry.file_size, Unpacked(content, budget).chunks(entry.file_size))
