"""HDF5 files that may come from anybody: what is read is their own, and as large as they say."""

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np


def dataset_faults(group: h5py.Group, name: str, rank: int, dtype: np.dtype[Any]) -> Iterator[str]:
    """Yields what is wrong with a data set's type, shape and storage, reading no data.

    Args:
        group: where it is expected.
        name: what it is called there.
        rank: its dimensions.
        dtype: of its numbers, or a string type.
    """
    place = f"{group.name.rstrip('/')}/{name}"
    link = group.get(name, getlink=True)
    # A link or a virtual data set could lead the reader to another file.
    if not isinstance(link, h5py.HardLink):
        yield f"{place}: expected a data set, got {'nothing' if link is None else 'a link'}"
        return
    data = group[name]
    if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        yield f"{place}: expected a data set of this file, got something else"
    elif data.ndim != rank or _kind(data.dtype) != _kind(dtype):
        yield f"{place}: expected {rank}-d {_kind(dtype)}, got {data.ndim}-d {_kind(data.dtype)}"
    elif data.nbytes > data.id.get_storage_size():
        # Uncompressed, as the writer leaves it: a small file can't claim a huge array.
        yield f"{place}: expected {data.nbytes} bytes, got {data.id.get_storage_size()} stored"


def _kind(dtype: np.dtype[Any]) -> str:
    # To numpy whatever varies in length is `object`.
    text = h5py.check_string_dtype(dtype)
    return "text" if text and text.length is None else str(dtype)
