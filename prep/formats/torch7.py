"""Files of Torch7 (`.t7`) -> Python values and NumPy arrays; nothing in them is ever run.

A file may come from anybody: every count is held against the bytes that are left, every tensor
against its storage, and tables may hold each other in circles and to any depth.

Source: torch/torch7, File.lua and generic/{Tensor,Storage}.c, the binary format, little-endian.
"""

import math
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError

MAX_BYTES = 1 << 29
# A value takes at most some 400 bytes of memory; a checkpoint of Reed et al. holds about 10^5.
_MAX_VALUES = 500_000
_MAX_DIMENSIONS = 8

_NIL, _NUMBER, _STRING, _TABLE, _OBJECT, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)
# The fewest bytes of an entry: a boolean for a key, and nil.
_ENTRY_BYTES = 12
_CLASS = re.compile(r"[A-Za-z_]\w{0,63}(\.[A-Za-z_]\w{0,63}){0,3}")
_DTYPES = {
    "Byte": "u1",
    "Char": "i1",
    "Short": "<i2",
    "Int": "<i4",
    "Long": "<i8",
    "Half": "<f2",
    "Float": "<f4",
    "Double": "<f8",
    "Cuda": "<f4",
}
_DTYPES |= {f"Cuda{kind}": dtype for kind, dtype in _DTYPES.items() if kind != "Cuda"}

Array: TypeAlias = npt.NDArray[Any]
Value: TypeAlias = "bool | float | str | Array | Table | None"


@dataclass(eq=False, slots=True)
class Table:
    """A Lua table, or an object of a Lua class; equal to nothing but itself.

    Attributes:
        fields: by str, float (1 finds 1.0), bool or Table.
        class_name: `nn.Linear` for example; empty for a plain table.
    """

    fields: dict[Any, Value] = field(default_factory=dict)
    class_name: str = ""

    def sequence(self) -> list[Value]:
        """Returns the values of the keys 1, 2, 3 and so on, up to the first that is missing."""
        values: list[Value] = []
        while (value := self.fields.get(len(values) + 1)) is not None:
            values.append(value)
        return values


def load(path: Path, max_bytes: int = MAX_BYTES) -> Value:
    """Returns the one value in a file.

    Numbers are float. Strings are str, bytes that are no UTF-8 in them as lone surrogates.
    Tensors and storages are read-only arrays, those of a GPU too. A long has 8 bytes, or 4
    where the file makes sense in no other way.

    Args:
        path: the file.
        max_bytes: larger files are refused.

    Raises:
        InputError: it is missing, too large, damaged or of another format, or it holds a
            function or an object that only its own library can read.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a Torch file, got no such file; check the path")
    size = path.stat().st_size
    if size > max_bytes:
        raise InputError(
            f"{path}: expected at most {max_bytes} bytes, got {size}; is it the right file?"
        )
    content = path.read_bytes()
    try:
        return _Reader(path, content, 8).value()
    except InputError:
        try:
            return _Reader(path, content, 4).value()
        except InputError:
            pass
        raise


@dataclass(slots=True)
class _Open:
    """A table whose entries are being read; `key` is the one that waits for its value."""

    table: Table
    left: int
    key: Any = None


class _Reader:
    """One pass over a file."""

    def __init__(self, path: Path, content: bytes, long_size: int) -> None:
        self._path = path
        self._content = content
        self._position = 0
        self._long = {8: "q", 4: "i"}[long_size]
        self._dtypes = _DTYPES | {"Long": f"<i{long_size}", "CudaLong": f"<i{long_size}"}
        self._values = 0
        self._objects: dict[int, Table | Array] = {}
        self._storages: dict[int, Array] = {}
        # A stack of our own: a file may nest deeper than Python calls.
        self._open: list[_Open] = []

    def value(self) -> Value:
        root = Table()
        self._open.append(_Open(root, 0, key="root"))
        while self._open:
            top = self._open[-1]
            if top.key is not None:
                key, top.key = top.key, None
                top.table.fields[key] = self._value()
            elif top.left:
                top.left -= 1
                top.key = self._key()
            else:
                self._open.pop()
        if self._position != len(self._content):
            raise self._error("the end", f"{len(self._content) - self._position} more bytes")
        return root.fields["root"]

    def _key(self) -> Any:
        key = self._value()
        if key is None or isinstance(key, np.ndarray) or key != key:
            raise self._error("a key", "nan" if isinstance(key, float) else type(key).__name__)
        return key

    def _value(self) -> Value:
        """Returns the next value; a table is empty as yet, and open."""
        self._values += 1
        if self._values > _MAX_VALUES:
            raise self._error(f"at most {_MAX_VALUES} values", "more")
        kind = self._int()
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return float(struct.unpack("<d", self._take(8))[0])
        if kind == _STRING:
            return self._string()
        if kind == _BOOLEAN:
            return self._int() == 1
        if kind == _TABLE:
            return self._table(Table())
        if kind == _OBJECT:
            return self._object()
        if kind in _FUNCTIONS:
            raise self._error("data only", "a function")
        if self._position == 4 and self._content[:1].isdigit():
            raise self._error("Torch's binary format", "perhaps its ASCII format")
        raise self._error("a value of Torch", f"kind {kind}")

    def _table(self, table: Table) -> Table | Array:
        """Returns the table that stands next: one seen before, or else `table`, to be filled."""
        index = self._int()
        if index in self._objects:
            return self._objects[index]
        self._objects[index] = table
        count = self._count(self._int(), _ENTRY_BYTES, "entries")
        self._open.append(_Open(table, count))
        return table

    def _object(self) -> Table | Array:
        index = self._int()
        if index in self._objects:
            return self._objects[index]
        name = self._class_name()
        kind = name.removeprefix("torch.").removesuffix("Tensor").removesuffix("Storage")
        if name == f"torch.{kind}Tensor" and kind in self._dtypes:
            self._objects[index] = tensor = self._tensor(kind)
            return tensor
        if name == f"torch.{kind}Storage" and kind in self._dtypes:
            return self._storage(index, kind)
        if name.startswith(("torch.", "tds.")):
            raise self._error("tables, tensors and neural networks", name)
        self._objects[index] = made = Table(class_name=name)
        if self._int() != _TABLE:
            raise self._error(f"the fields of {name}", "no table")
        fields = self._table(Table(made.fields))
        if not isinstance(fields, Table):
            raise self._error(f"the fields of {name}", "no table")
        made.fields = fields.fields
        return made

    def _class_name(self) -> str:
        name = self._string()
        # Files from before there were versions start with the name.
        if name.startswith("V "):
            name = self._string()
        if not _CLASS.fullmatch(name):
            raise self._error("the name of a class", ascii(name[:40]))
        return name

    def _storage(self, index: int, kind: str) -> Array:
        dtype = np.dtype(self._dtypes[kind])
        count = self._count(self._longs(1)[0], dtype.itemsize, "numbers")
        values = np.frombuffer(self._content, dtype, count, self._position)
        self._position += count * dtype.itemsize
        self._objects[index] = self._storages[index] = values
        return values

    def _tensor(self, kind: str) -> Array:
        dimensions = self._int()
        if not 0 <= dimensions <= _MAX_DIMENSIONS:
            raise self._error(f"at most {_MAX_DIMENSIONS} dimensions", str(dimensions))
        shape, strides = self._longs(dimensions), self._longs(dimensions)
        offset = self._longs(1)[0] - 1
        storage = self._storage_of(kind)
        if not dimensions or 0 in shape:
            return np.empty(0, self._dtypes[kind])
        # Strides may overlap, as those of an expanded tensor do, but not to more numbers than
        # there are: a file could ask for any amount of memory.
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if (
            min(*shape, *strides, offset) < 0
            or last >= len(storage)
            or math.prod(shape) > len(storage)
        ):
            raise self._error(f"a tensor inside its storage of {len(storage)}", f"shape {shape}")
        # The stride of a single row is never used, and may be anything.
        bytes_of = [
            step * storage.itemsize if n > 1 else 0 for n, step in zip(shape, strides, strict=True)
        ]
        # Read-only, as the bytes of the file are.
        return np.lib.stride_tricks.as_strided(storage[offset:], shape, bytes_of)

    def _storage_of(self, kind: str) -> Array:
        """Returns the storage of a tensor, which is all that can stand there."""
        value = self._int()
        if value == _NIL:
            return np.empty(0, self._dtypes[kind])
        index = self._int() if value == _OBJECT else None
        if index in self._storages:
            storage = self._storages[index]
        elif index is not None and index not in self._objects:
            name = self._class_name()
            if name != f"torch.{kind}Storage":
                raise self._error(f"torch.{kind}Storage", name)
            storage = self._storage(index, kind)
        else:
            raise self._error(f"torch.{kind}Storage", "something else")
        if storage.dtype != self._dtypes[kind]:
            raise self._error(f"torch.{kind}Storage", f"one of {storage.dtype}")
        return storage

    def _string(self) -> str:
        count = self._count(self._int(), 1, "characters")
        return self._take(count).decode("utf-8", "surrogateescape")

    def _int(self) -> int:
        return int(struct.unpack("<i", self._take(4))[0])

    def _longs(self, count: int) -> tuple[int, ...]:
        form = f"<{count}{self._long}"
        return struct.unpack(form, self._take(struct.calcsize(form)))

    def _count(self, count: int, size: int, what: str) -> int:
        """Returns the count when the file is long enough for as many things of `size` bytes."""
        if not 0 <= count <= (len(self._content) - self._position) // size:
            raise self._error(f"as many {what} as the file has room for", str(count))
        return count

    def _take(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        if self._position > len(self._content):
            self._position = len(self._content)
            raise self._error(f"{count} bytes", f"the end after {len(self._content) - start}")
        return self._content[start : self._position]

    def _error(self, expected: str, got: str) -> InputError:
        return InputError(
            f"{self._path}: expected {expected} before byte {self._position}, got {got}; "
            "fetch the file again, or save it again in Torch"
        )
