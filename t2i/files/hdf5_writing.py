"""Writing HDF5 files, where there is room for them."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from t2i.files.disk import replacing

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
