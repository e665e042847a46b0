"""Pickles as Python 2 wrote them, which every Python since reads: protocol 2, arrays of numpy 1.

Python 3 reads them with `pickle.load(file, encoding="latin1")`, as it does the published ones.
Its own pickles of arrays name modules that older numpys don't have.
"""

import pickle
import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt


class ListWriter:
    """Writes a list to a file, an array at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._file.write(b"\x80\x02]")

    def append(self, array: npt.NDArray[Any]) -> None:
        """Adds an array of plain numbers."""
        self._file.write(_pickled(array) + b"a")

    def finish(self) -> None:
        """Ends the list."""
        self._file.write(b".")


def dumped(value: list[str] | list[int]) -> bytes:
    """Returns the pickle of a list."""
    return pickle.dumps(value, protocol=2)


def _pickled(array: npt.NDArray[Any]) -> bytes:
    """Returns the operations that make an array, little-endian."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    shape = b"".join(b"J" + struct.pack("<i", side) for side in array.shape)
    code = f"{array.dtype.kind}{array.dtype.itemsize}".encode()
    order = b"|" if array.dtype.itemsize == 1 else b"<"
    return b"".join(
        (
            b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01(",
            shape,
            b"tcnumpy\ndtype\nU\x02" + code + b"K\x00K\x01\x87R(K\x03U\x01" + order,
            b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89",
            b"T" + struct.pack("<i", array.nbytes),
            array.tobytes(),
            b"tb",
        )
    )
