"""Tensors out of PyTorch's `.pth` files, which may come from anybody, without PyTorch.

A `.pth` file is a pickle, and a pickle can run code: this one is read by an unpickler that knows
tensors and dictionaries, and refuses everything else.
"""

import io
import math
import pickle
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.files.disk import require_at_most

MAX_BYTES = 1 << 30
_MAX_PICKLE_BYTES = 1 << 26
# What a file begins with since 0.1.10 and before 1.6; then come version and machine.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}
_BROKEN = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class _Storage:
    """Numbers that tensors point into."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """A part of a storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Returns the tensors of a saved `state_dict`, by name.

    Both of PyTorch's formats are read: the zip archive of 1.6 and later, and the one before it.

    Raises:
        InputError: the file is missing, too large, damaged, or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: expected a PyTorch checkpoint, got nothing there; download it")
    require_at_most(path, MAX_BYTES, "is it the right file?")
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path)
        return _read_legacy(path)
    except _BROKEN as error:
        raise InputError(
            f"{path}: expected tensors that PyTorch saved, got something else; download it again"
        ) from error


def _read_zip(path: Path) -> dict[str, npt.NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        root = names[0].removesuffix("data.pkl")
        parts = {info.filename: info for info in archive.infolist()}
        # Not packed, so that nothing unpacks to more than the file holds.
        if any(info.compress_type != zipfile.ZIP_STORED for info in parts.values()):
            raise ValueError("packed")
        if parts[names[0]].file_size > _MAX_PICKLE_BYTES:
            raise ValueError("pickle too large")
        table = _unpickled(io.BytesIO(archive.read(names[0])))
        data = {}
        for storage in {tensor.storage for tensor in table.values()}:
            content = archive.read(parts[f"{root}data/{storage.key}"])
            if len(content) != storage.count * np.dtype(storage.dtype).itemsize:
                raise ValueError("count")
            data[storage.key] = (content, 0)
    return _arrays(table, data)


def _read_legacy(path: Path) -> dict[str, npt.NDArray[Any]]:
    content = path.read_bytes()
    file = io.BytesIO(content)
    if pickle_of_numbers(file) != _LEGACY_MAGIC:
        raise ValueError("magic")
    pickle_of_numbers(file)
    pickle_of_numbers(file)
    table = _unpickled(file)
    keys = pickle_of_numbers(file)
    counts = {tensor.storage.key: tensor.storage for tensor in table.values()}
    data = {}
    for key in keys:
        (count,) = struct.unpack("<q", file.read(8))
        storage = counts[key]
        if count != storage.count:
            raise ValueError("count")
        data[key] = (content, file.tell())
        file.seek(count * np.dtype(storage.dtype).itemsize, io.SEEK_CUR)
    return _arrays(table, data)


def pickle_of_numbers(file: io.BytesIO) -> Any:
    """Returns the next pickle of a file, which names nothing: numbers, texts, lists of them."""
    return _Unpickler(file, tensors=False).load()


def _unpickled(file: io.BytesIO) -> dict[str, _Tensor]:
    table = _Unpickler(file, tensors=True).load()
    if (
        not isinstance(table, dict)
        or not table
        or not all(
            isinstance(name, str) and isinstance(value, _Tensor) for name, value in table.items()
        )
    ):
        raise ValueError("no table of tensors")
    return table


# The one in Python: the one in C takes memory for what a broken file claims to hold.
class _Unpickler(pickle._Unpickler):
    """Knows tensors and dictionaries. What it hands out is new for each file: a file can set
    attributes of whatever it can name."""

    def __init__(self, file: io.BytesIO, tensors: bool) -> None:
        super().__init__(file)

        class Table(dict[Any, Any]):
            """An OrderedDict, less the attributes that one is saved with."""

            def __setstate__(self, _: Any) -> None:
                pass

        def tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> _Tensor:
            numbers = (offset, *shape, *stride)
            if not isinstance(storage, _Storage) or not all(type(n) is int for n in numbers):
                raise ValueError("tensor")
            return _Tensor(storage, offset, tuple(shape), tuple(stride))

        self._known: dict[tuple[str, str], Any] = {}
        if tensors:
            self._known = {
                ("collections", "OrderedDict"): Table,
                ("torch._utils", "_rebuild_tensor_v2"): tensor,
                **{("torch", name): dtype for name, dtype in _DTYPES.items()},
            }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return self._known[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, count = pid[:5]
        right = kind == "storage" and dtype in _DTYPES.values() and isinstance(key, str)
        if not right or type(count) is not int or count < 0:
            raise ValueError("storage")
        return _Storage(key, dtype, count)


def _arrays(
    table: dict[str, _Tensor], data: dict[str, tuple[bytes, int]]
) -> dict[str, npt.NDArray[Any]]:
    """Returns views into the bytes: however often a file names them, they are held once."""
    arrays = {}
    for name, tensor in table.items():
        count, dtype = tensor.storage.count, np.dtype(tensor.storage.dtype)
        end = tensor.offset + math.prod(tensor.shape)
        if min(tensor.offset, *tensor.shape, 0) < 0 or end > count or not _dense(tensor):
            raise ValueError("shape")
        content, start = data[tensor.storage.key]
        numbers = np.frombuffer(content, dtype, count, start)
        steps = [step * dtype.itemsize for step in tensor.stride]
        arrays[name] = np.lib.stride_tricks.as_strided(
            numbers[tensor.offset :], tensor.shape, steps, writeable=False
        )
    return arrays


def _dense(tensor: _Tensor) -> bool:
    """Returns whether each number is named once, whichever axis runs fastest.

    So a tensor spans as many numbers as it has, and none lies outside what was checked.
    """
    expected = 1
    for stride, length in sorted(zip(tensor.stride, tensor.shape, strict=True)):
        if length > 1 and stride != expected:
            return False
        expected *= length
    return True
