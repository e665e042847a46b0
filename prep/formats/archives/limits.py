"""How far an archive from outside is followed, and the errors where it goes too far."""

import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from t2i.errors import InputError

_CHUNK = 1 << 18
# What file systems take.
_MAX_PART_BYTES = 255
_MAX_DEPTH = 32
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]")


@dataclass(frozen=True)
class Limits:
    """What an archive may grow to; reading stops with an error beyond.

    Attributes:
        entries: files, folders and headers that stand for themselves.
        total_bytes: of what is unpacked, altogether.
        ratio: of what is unpacked to the archive's size. No published data set comes near.
        always_bytes: unpacked bytes that the ratio does not forbid.
    """

    entries: int = 1 << 19
    total_bytes: int = 1 << 36
    ratio: int = 200
    always_bytes: int = 1 << 26


class Budget:
    """What is left of the limits for an archive."""

    def __init__(self, archive: Path, limits: Limits) -> None:
        self.archive = archive
        by_ratio = max(limits.always_bytes, limits.ratio * archive.stat().st_size)
        self._bytes_left = self._bytes = min(limits.total_bytes, by_ratio)
        self._entries_left = self._entries = limits.entries

    def spend_entry(self) -> None:
        """Raises InputError when the archive holds too many entries."""
        self._entries_left -= 1
        if self._entries_left < 0:
            raise self._exceeded(f"{self._entries:,} entries")

    def spend_bytes(self, count: int) -> None:
        """Raises InputError when too much comes out of the archive."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise self._exceeded(f"{self._bytes:,} bytes unpacked")

    def _exceeded(self, bound: str) -> InputError:
        return InputError(
            f"{self.archive}: expected at most {bound}, got more; "
            "unpack it by other means if you trust it"
        )


class Readable(Protocol):
    """Something with bytes in it."""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes; none at the end."""


class Unpacked:
    """The bytes that come out of an archive, or of a member of it, counted."""

    def __init__(self, file: Readable, budget: Budget) -> None:
        self._file = file
        self._budget = budget

    def some(self, size: int = _CHUNK) -> bytes:
        """Returns at most `size` bytes, and not very many; none at the end."""
        with reading(self._budget.archive):
            content = self._file.read(min(size, _CHUNK))
        self._budget.spend_bytes(len(content))
        return content

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yields `size` bytes in pieces; raises InputError where there are fewer."""
        while size:
            content = self.some(size)
            if not content:
                raise damaged(self._budget.archive, "one that is cut off")
            size -= len(content)
            yield content

    def exactly(self, size: int) -> bytes:
        """Returns `size` bytes; raises InputError where there are fewer."""
        return b"".join(self.chunks(size))


@contextmanager
def reading(archive: Path) -> Iterator[None]:
    """Turns whatever the libraries say of a damaged archive into an InputError."""
    try:
        yield
    except (
        OSError,
        EOFError,
        ValueError,
        OverflowError,
        NotImplementedError,
        zlib.error,
        zipfile.BadZipFile,
        tarfile.HeaderError,
    ) as error:
        raise damaged(archive, " ".join(str(error).split()) or type(error).__name__) from error


def damaged(archive: Path, got: str) -> InputError:
    """Returns the error for an archive that can't be read."""
    return InputError(f"{archive}: expected a whole .tgz, .tar or .zip, got {got}; fetch it again")


def refused(archive: Path, name: str) -> InputError:
    """Returns the error for a member that is neither file nor folder."""
    return InputError(
        f"{archive}: expected files and folders alone, got a link or device {name[:80]!r}; "
        "fetch it from a source that you trust"
    )


def inner_path(archive: Path, name: str) -> str:
    """Returns a file's name in an archive without `.` and empty parts.

    Raises:
        InputError: it leads out of the folder that it is joined to, or no file can have it.
    """
    path = PurePosixPath(name)
    if (
        path.is_absolute()
        or not 0 < len(path.parts) <= _MAX_DEPTH
        or ".." in path.parts
        or _UNPRINTABLE.search(name)
        or max(len(part.encode()) for part in path.parts) > _MAX_PART_BYTES
    ):
        raise InputError(
            f"{archive}: expected names of files inside it, got {name[:80]!r}; "
            "fetch it from a source that you trust"
        )
    return str(path)
