"""Writes Torch7 files, as torch.save does, out of Python values."""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

KINDS = {
    "u1": "Byte",
    "i1": "Char",
    "i2": "Short",
    "i4": "Int",
    "i8": "Long",
    "f4": "Float",
    "f8": "Double",
}


@dataclass(eq=False)
class Instance:
    """An object of a Lua class."""

    class_name: str
    fields: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Dict:
    """A plain table that can be a key, and can hold itself."""

    fields: dict[Any, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Tensor:
    """A view of a storage, offset counted from 0; two may share one storage."""

    storage: np.ndarray | None
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    kind: str = ""


class Writer:
    def __init__(self, long_size: int = 8, version: bool = True) -> None:
        self._long = {8: "<q", 4: "<i"}[long_size]
        self._version = version
        self._seen: dict[int, int] = {}
        self._kept: list[Any] = []
        self.content = bytearray()

    def ints(self, *values: int) -> None:
        for value in values:
            self.content += struct.pack("<i", value)

    def longs(self, *values: int) -> None:
        for value in values:
            self.content += struct.pack(self._long, value)

    def string(self, text: str | bytes) -> None:
        encoded = text.encode() if isinstance(text, str) else text
        self.ints(len(encoded))
        self.content += encoded

    def value(self, value: Any) -> None:
        if value is None:
            self.ints(0)
        elif isinstance(value, bool):
            self.ints(5, int(value))
        elif isinstance(value, int | float):
            self.ints(1)
            self.content += struct.pack("<d", value)
        elif isinstance(value, str | bytes):
            self.ints(2)
            self.string(value)
        elif isinstance(value, dict | list | Dict):
            self.ints(3)
            if self._first(value):
                self._entries(value)
        else:
            self.ints(4)
            if self._first(value):
                self._object(value)

    def _first(self, value: Any) -> bool:
        """Writes the index of a value; True the first time, when its content is to follow."""
        seen = id(value) in self._seen
        self._kept.append(value)
        self.ints(self._seen.setdefault(id(value), len(self._seen) + 1))
        return not seen

    def _entries(self, value: Any) -> None:
        if isinstance(value, list):
            value = dict(enumerate(value, 1))
        fields = value.fields if isinstance(value, Dict) else value
        self.ints(len(fields))
        for key, content in fields.items():
            self.value(key)
            self.value(content)

    def class_name(self, name: str) -> None:
        if self._version:
            self.string("V 1")
        self.string(name)

    def _object(self, value: Any) -> None:
        if isinstance(value, Instance):
            self.class_name(value.class_name)
            self.value(dict(value.fields))
            return
        if isinstance(value, np.ndarray):
            value = Tensor(
                np.ascontiguousarray(value).reshape(-1),
                value.shape,
                tuple(s // value.itemsize for s in np.ascontiguousarray(value).strides),
            )
        kind = value.kind or KINDS[value.storage.dtype.str[1:]]
        self.class_name(f"torch.{kind}Tensor")
        self.ints(len(value.shape))
        self.longs(*value.shape, *value.strides, value.offset + 1)
        if value.storage is None:
            self.ints(0)
            return
        self.ints(4)
        if self._first(value.storage):
            self.class_name(f"torch.{kind}Storage")
            self.longs(len(value.storage))
            longs = value.storage.astype(self._long) if kind == "Long" else value.storage
            self.content += longs.tobytes()


def written(value: Any, long_size: int = 8, version: bool = True) -> bytes:
    writer = Writer(long_size, version)
    writer.value(value)
    return bytes(writer.content)


def save(path: Path, value: Any, long_size: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(value, long_size))
    return path
