"""Lists of whole numbers in MATLAB files, level 5: all that published labels and splits need.

Source: MathWorks, MAT-File Format, chapter 1, level 5.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.files.disk import require_at_most

# Many times what is real, the second of all that is packed in a file together.
_MAX_BYTES, _MAX_UNPACKED = 1 << 20, 1 << 24
_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
# Array classes from double to uint64; a flag says that there is an imaginary part.
_NUMERIC_CLASSES, _COMPLEX = range(6, 16), 0x800


def read_whole_numbers(path: Path, name: str) -> npt.NDArray[np.int64]:
    """Returns the numbers in a variable, int64 [n], column after column.

    Raises:
        InputError: the file is missing, too large, damaged, no MATLAB file of level 5, or holds
            no such list.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file, got none; download it again")
    require_at_most(path, _MAX_BYTES, "download it again")
    try:
        for variable, numbers in _variables(path.read_bytes()):
            if variable == name:
                return _whole(numbers)
    except (_MalformedError, struct.error, zlib.error) as error:
        raise InputError(
            f"{path}: expected a MATLAB file of level 5 with whole numbers as {name!r}, "
            f"got: {error}; download it again"
        ) from error
    raise InputError(f"{path}: expected a variable {name!r}, got none; download it again")


class _MalformedError(Exception):
    """The file is not what its own numbers say."""


def _variables(content: bytes) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """Yields the numeric arrays in a file; others are passed over."""
    order = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER_BYTES])
    if order is None or not content.startswith(b"MATLAB 5.0"):
        raise _MalformedError("another header")
    room = _MAX_UNPACKED
    for kind, data in _elements(content[_HEADER_BYTES:], order):
        if kind == _COMPRESSED:
            unpacked = _unpacked(data, room)
            room -= len(unpacked)
            kind, data = next(_elements(unpacked, order), (0, b""))
        if kind == _MATRIX:
            # Flags, dimensions, name, numbers.
            parts = list(islice(_elements(data, order), 4))
            if len(parts) < 4:
                raise _MalformedError("an array without its parts")
            (flags,) = struct.unpack_from(f"{order}I", parts[0][1])
            if flags & 0xFF in _NUMERIC_CLASSES and not flags & _COMPLEX:
                yield parts[2][1].decode("latin-1"), _numbers(*parts[3], order)


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yields the type and the data of each element."""
    start = 0
    while start < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, start)
        begin, room = start + 8, len(content) - start - 8
        if kind >> 16:
            # A few bytes of data stand within the tag itself.
            kind, size = kind & 0xFFFF, kind >> 16
            begin, room = start + 4, 4
        if size > room:
            raise _MalformedError(f"an element of {size} bytes where there is room for {room}")
        yield kind, content[begin : begin + size]
        start = begin + size if kind == _COMPRESSED else begin + size + -(begin + size - start) % 8


def _unpacked(data: bytes, room: int) -> bytes:
    unpacking = zlib.decompressobj()
    # One byte more: 0 would set no bound.
    content = unpacking.decompress(data, room + 1)
    if not unpacking.eof or len(content) > room:
        raise _MalformedError(f"packed data that are cut short, or more than {_MAX_UNPACKED} bytes")
    return content


def _numbers(kind: int, data: bytes, order: str) -> npt.NDArray[np.generic]:
    if kind not in _NUMBERS:
        raise _MalformedError(f"numbers of type {kind}")
    dtype = np.dtype(f"{order}{_NUMBERS[kind]}")
    if len(data) % dtype.itemsize:
        raise _MalformedError(f"{len(data)} bytes of numbers of {dtype.itemsize}")
    return np.frombuffer(data, dtype)


def _whole(numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    whole = numbers.astype(np.float64)
    # Not a number fails this too.
    if not (np.abs(whole) < 2**31).all() or (whole != np.trunc(whole)).any():
        raise _MalformedError("other numbers")
    return whole.astype(np.int64)
