"""HDF5 files: those that may come from anybody, read, and ours, written where there is room.

What is read of anybody's is their own, and as large as they say.
"""

import errno
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.files.disk import replacing


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


def vectors(path: Path, max_count: int, max_size: int) -> dict[str, npt.NDArray[Any]]:
    """Returns the numbers in a file of one-dimensional data sets, by their names.

    Args:
        path: the file.
        max_count: data sets at most.
        max_size: numbers in one at most.

    Raises:
        InputError: the file can't be read, or holds something else or more.
    """
    try:
        with h5py.File(path, "r") as file:
            if len(file) > max_count:
                raise InputError(
                    f"{path}: expected at most {max_count} data sets, got {len(file)}; "
                    "fetch the file again"
                )
            return {name: _vector(path, file, name, max_size) for name in file}
    # Whatever a damaged file makes HDF5 say.
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: expected an HDF5 file, got one that can't be read; fetch the file again"
        ) from error


def _vector(path: Path, file: h5py.File, name: str, max_size: int) -> npt.NDArray[Any]:
    link = file.get(name, getlink=True)
    data = file[name] if isinstance(link, h5py.HardLink) else None
    # What is packed is unpacked a chunk at a time, and a chunk may be larger than what is in it.
    if (
        not isinstance(data, h5py.Dataset)
        or data.is_virtual
        or data.external
        or data.ndim != 1
        or data.dtype.kind not in "iuf"
        or max(data.size, *(data.chunks or (0,))) > max_size
    ):
        raise InputError(
            f"{path}: expected at most {max_size} numbers of its own in {ascii(name)[:40]}, "
            "got something else; fetch the file again"
        )
    return np.asarray(data[:])


def _kind(dtype: np.dtype[Any]) -> str:
    # To numpy whatever varies in length is `object`.
    text = h5py.check_string_dtype(dtype)
    return "text" if text and text.length is None else str(dtype)


# More than HDF5 holds back of a file that is being written: a megabyte a data set, and its index.
_SPARE_BYTES = 32 << 20


@contextmanager
def new_file(path: Path) -> Iterator[h5py.File]:
    """Yields a file that takes the place of `path` when the block ends well, as `replacing` has it.

    What is written in the block is announced to `require_room` before.
    """
    with replacing(path) as unfinished, h5py.File(unfinished, "w") as file:
        require_room(file, 0)
        yield file


def require_room(file: h5py.File, size: int) -> None:
    """Raises OSError, as a full disk does, where there is no room for so many bytes more.

    HDF5 whose writing fails takes the process down with it when it closes the file. What limits
    a user and not the disk, a quota say, is not seen here.
    """
    if shutil.disk_usage(file.filename).free < size + _SPARE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def halved(content: bytes) -> bytes:
    """Returns an HDF5 file of our own whose float32 matrices, and larger arrays, are float16.

    Vectors stay: they are few bytes, and batch variances may be less than float16 can say.
    """
    packed = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as file, h5py.File(packed, "w") as smaller:

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                data = item[()]
                if data.dtype == np.float32 and data.ndim > 1:
                    data = data.astype(np.float16)
                smaller.create_dataset(name, data=data)
            else:
                smaller.require_group(name)
            for key, value in item.attrs.items():
                smaller[name].attrs[key] = value

        for key, value in file.attrs.items():
            smaller.attrs[key] = value
        file.visititems(copy)
    return packed.getvalue()
