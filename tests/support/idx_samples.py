"""The four files of MNIST in small: noise, alternately of two digits and more."""

import gzip
import struct
from pathlib import Path

import numpy as np

COUNTS = {"train": 24, "t10k": 4}


def labels(name: str) -> np.ndarray:
    return (np.arange(COUNTS[name]) * 3 % 10).astype(np.uint8)


def images(name: str) -> np.ndarray:
    shape = (COUNTS[name], 28, 28)
    return np.random.default_rng(len(name)).integers(0, 256, shape, dtype=np.uint8)


def idx(array: np.ndarray, magic: int | None = None) -> bytes:
    header = (0x800 + array.ndim if magic is None else magic, *array.shape)
    return struct.pack(f">{len(header)}I", *header) + array.tobytes()


def write_idx(folder: Path, zipped: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for name in COUNTS:
        for kind, array in (("images", images(name)), ("labels", labels(name))):
            path = folder / f"{name}-{kind}-idx{array.ndim}-ubyte"
            content = idx(array)
            if zipped:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content, mtime=0))
            else:
                path.write_bytes(content)
    return folder
