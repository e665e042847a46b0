"""What stands between the operations of a pickle: numbers, text and bytes, none believed."""

import codecs
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from t2i.errors import InputError

# Text up to this length is read at once; more can only be the numbers of an array.
_SHORT = 1024
# An array of 64 MB, each byte as an escape of four.
_MAX_TEXT = 1 << 28
_INTEGER = re.compile(rb"[-+]?\d{1,19}")


class RefusedError(Exception):
    """What was got where something else was expected; `reading.load` adds file and place."""


@dataclass(frozen=True)
class Stretch:
    """Bytes left in the file until they are wanted.

    Attributes:
        path: the file.
        start: where they are stored.
        stored: bytes in the file.
        length: bytes once decoded.
        decoded: turns the one into the other.
    """

    path: Path
    start: int
    stored: int
    length: int
    decoded: Callable[[bytes], bytes] = bytes

    def __len__(self) -> int:
        return self.length

    def read(self) -> bytes:
        """Returns the bytes, decoded; raises InputError when the file has changed since."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            try:
                content = self.decoded(file.read(self.stored))
            except (RefusedError, UnicodeError):
                content = b""
        if len(content) != self.length:
            raise InputError(
                f"{self.path}: expected {self.length} bytes at {self.start} as a moment ago, got "
                "others; leave the file alone while it is read"
            )
        return content


class Tokens:
    """Reads an open pickle from its start; every method raises RefusedError at what can't be."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._size = path.stat().st_size

    def place(self) -> int:
        """Returns how many bytes have been read."""
        return self._file.tell()

    def take(self, count: int) -> bytes:
        """Returns the next few bytes."""
        content = self._file.read(count)
        if len(content) < count:
            raise RefusedError("the end")
        return content

    def line(self) -> bytes:
        """Returns the rest of a line."""
        line = self._file.readline(_MAX_TEXT)
        if line.endswith(b"\r\n"):
            raise RefusedError(
                "lines that end in CRLF (git's core.autocrlf does that to pickles on Windows)"
            )
        if not line.endswith(b"\n"):
            raise RefusedError("a line without an end")
        return line[:-1]

    def name(self) -> str:
        """Returns the rest of a line as text."""
        return self.line().decode("utf-8", "replace")

    def integer(self) -> int:
        """Returns the integer on a line; Python 2 writes an L behind some."""
        line = self.line().removesuffix(b"L")
        if not _INTEGER.fullmatch(line):
            raise RefusedError(f"the integer {line[:20]!r}")
        return int(line)

    def number(self) -> float:
        """Returns the number on a line."""
        line = self.line()
        try:
            return float(line)
        except ValueError as error:
            raise RefusedError(f"the number {line[:20]!r}") from error

    def binary_integer(self, form: str) -> int:
        """Returns an integer, in the form that `struct` calls so."""
        value: int = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        return value

    def binary_number(self) -> float:
        """Returns a number of eight bytes."""
        value: float = struct.unpack(">d", self.take(8))[0]
        return value

    def long_integer(self) -> int:
        """Returns an integer behind the number of its bytes."""
        count = self.binary_integer("B")
        if count > 8:
            raise RefusedError(f"an integer of {count} bytes")
        return int.from_bytes(self.take(count), "little", signed=True)

    def raw(self, form: str) -> bytes | Stretch:
        """Returns the bytes behind their length."""
        count, start = self._length(form)
        if count > _SHORT:
            self._file.seek(count, 1)
            return Stretch(self._path, start, count, count)
        return self.take(count)

    def latin1(self, form: str) -> str | Stretch:
        """Returns the string of Python 2 behind its length."""
        content = self.raw(form)
        return content.decode("latin1") if isinstance(content, bytes) else content

    def utf8(self, form: str) -> str | Stretch:
        """Returns the text behind its length."""
        count, start = self._length(form)
        if count > _MAX_TEXT:
            raise RefusedError(f"text of {count} bytes")
        return self._text(start, self.take(count), "utf-8")

    def escaped(self) -> str | Stretch:
        """Returns the text on a line."""
        start = self.place()
        return self._text(start, self.line(), "raw-unicode-escape")

    def quoted(self) -> str | Stretch:
        """Returns the string on a line, in quotes as Python 2 writes it."""
        start, line = self.place(), self.line()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise RefusedError("a string without its quotes")
        content = _unquoted(line)
        if len(content) > _SHORT:
            return Stretch(self._path, start, len(line), len(content), _unquoted)
        return content.decode("latin1")

    def _length(self, form: str) -> tuple[int, int]:
        """Returns a length that the file has room for, and where what it counts begins."""
        count = self.binary_integer(form)
        start = self.place()
        if not 0 <= count <= self._size - start:
            raise RefusedError(f"a length of {count} with {self._size - start} bytes to go")
        return count, start

    def _text(self, start: int, content: bytes, encoding: str) -> str | Stretch:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            raise RefusedError(f"text that is no {encoding}") from error
        if len(text) <= _SHORT:
            return text

        def decoded(stored: bytes) -> bytes:
            return stored.decode(encoding).encode("latin1")

        if max(text) > "\xff":
            raise RefusedError(f"text of {len(text)} characters")
        return Stretch(self._path, start, len(content), len(text), decoded)


def _unquoted(line: bytes) -> bytes:
    try:
        # As pickle does it; there is no other name for this.
        return codecs.escape_decode(line[1:-1])[0]
    except ValueError as error:
        raise RefusedError("a string with broken escapes") from error
