"""PyTorch's checkpoint files, written without PyTorch."""

import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_STORAGES = {"f4": b"FloatStorage", "f8": b"DoubleStorage", "i8": b"LongStorage"}
_DICT = b"ccollections\nOrderedDict\n)R"
MAGIC = 0x1950A86A20F9469CFC6C


def plain(value: Any) -> bytes:
    """The opcodes of a value of Python's own, without the frame around them."""
    return pickle.dumps(value, 2)[2:-1]


def tensor(key: str, array: np.ndarray, legacy: bool, **changes: Any) -> bytes:
    """The opcodes of a tensor that is all of a storage; `changes` tell lies about it."""
    facts = {
        "count": array.size,
        "offset": 0,
        "shape": array.shape,
        "stride": tuple(stride // array.itemsize for stride in array.strides),
        **changes,
    }
    storage = b"ctorch\n" + _STORAGES[array.dtype.str[1:]] + b"\n"
    view = plain(None) if legacy else b""
    persistent = (
        b"(" + plain("storage") + storage + plain(key) + plain("cpu")
        + plain(facts["count"]) + view + b"tQ"
    )  # fmt: skip
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + plain(facts["offset"])
        + plain(facts["shape"]) + plain(facts["stride"]) + plain(False) + _DICT + b"tR"
    )  # fmt: skip


def table(entries: Mapping[str, bytes]) -> bytes:
    """The pickle of a state_dict, with the attribute that PyTorch leaves on one."""
    items = b"".join(plain(name) + value for name, value in entries.items())
    metadata = b"}" + plain("_metadata") + _DICT + b"sb"
    return b"\x80\x02" + _DICT + b"(" + items + b"u" + metadata + b"."


def write_zip(path: Path, arrays: Mapping[str, np.ndarray], **changes: Any) -> Path:
    """As PyTorch 1.6 and later writes."""
    entries = {
        name: tensor(str(i), array, legacy=False, **changes)
        for i, (name, array) in enumerate(arrays.items())
    }
    return write_zip_of(path, table(entries), list(arrays.values()))


def write_zip_of(path: Path, content: bytes, storages: list[np.ndarray]) -> Path:
    """The archive around a pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        for i, array in enumerate(storages):
            archive.writestr(f"archive/data/{i}", array.tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def write_legacy(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """As PyTorch before 1.6 wrote."""
    entries = {
        name: tensor(str(i), array, legacy=True) for i, (name, array) in enumerate(arrays.items())
    }
    # The storages in another order than the tensors.
    keys = [str(i) for i in range(len(arrays))][::-1]
    blocks = [struct.pack("<q", array.size) + array.tobytes() for array in arrays.values()][::-1]
    head = [pickle.dumps(value, 2) for value in (MAGIC, 1001, {"little_endian": True})]
    path.write_bytes(b"".join([*head, table(entries), pickle.dumps(keys, 2), *blocks]))
    return path
