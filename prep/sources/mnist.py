"""MNIST, or anything in its files -> digits in greys, with one-hot classes as their embeddings."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import numpy as np
import numpy.typing as npt

from prep.building.examples import Example
from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.pairs.reading import IMPORTED, EncoderStamp

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FILES = {"train": "train", "test": "t10k"}
# The rank and the type, unsigned bytes, of an IDX file.
_IMAGES, _LABELS = 0x803, 0x801
# Many times what is real.
_MAX_IMAGES, _MAX_SIDE = 1_000_000, 256
_ADVICE = "download it again"


class Mnist:
    """The four IDX files in a folder, gzipped or not; iterating reads a picture at a time.

    Attributes:
        encoder: stamp of the embeddings.
    """

    def __init__(self, folder: Path, padding: int = 0) -> None:
        """Reads the labels and the headers.

        Args:
            folder: where the files are.
            padding: black pixels added on every side; 2 make 28 pixels 32.

        Raises:
            InputError: a file is missing, is no IDX file, or does not fit the others.
        """
        self._padding = padding
        self._images = {split: _found(folder, f"{_FILES[split]}-images", 3) for split in _FILES}
        labels = {split: _found(folder, f"{_FILES[split]}-labels", 1) for split in _FILES}
        self._labels = {split: _read_labels(path) for split, path in labels.items()}
        digest = hashlib.sha256()
        for split, path in self._images.items():
            with _opened(path) as file:
                count, *_ = _header(file, path, _IMAGES)
            if count != len(self._labels[split]):
                raise InputError(
                    f"{path}: expected {len(self._labels[split])} pictures, as many as labels, "
                    f"got {count}; {_ADVICE}"
                )
            digest.update(self._labels[split].tobytes())
        self.encoder = EncoderStamp(
            digest.hexdigest(), f"{IMPORTED}one-hot classes of MNIST", len(_DIGITS)
        )

    def __len__(self) -> int:
        return sum(len(labels) for labels in self._labels.values())

    def __iter__(self) -> Iterator[Example]:
        """Yields the pictures in the files' order, train before test.

        Raises:
            InputError: a file ends early, or can't be unpacked.
        """
        one_hot = np.eye(len(_DIGITS), dtype=np.float32)
        for split, path in self._images.items():
            for number, pixels in enumerate(_pictures(path)):
                digit = int(self._labels[split][number])
                yield Example(
                    f"{_DIGITS[digit]}/{_FILES[split]}_{number:05d}",
                    np.pad(pixels, self._padding)[..., None],
                    (f"a handwritten {_DIGITS[digit]}",),
                    digit,
                    split,
                    embeddings=one_hot[digit : digit + 1],
                )


def _found(folder: Path, name: str, rank: int) -> Path:
    names = [f"{name}{dot}idx{rank}-ubyte{ending}" for dot in "-." for ending in ("", ".gz")]
    for path in (folder / name for name in names):
        if path.is_file():
            return path
    raise InputError(
        f"{folder}: expected {names[0]} or {names[1]}, got neither; "
        "give the folder that MNIST was downloaded to"
    )


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    """Yields the file's bytes, unpacked; raises InputError where they can't be."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: expected a file that can be read, got: {error}; {_ADVICE}"
        ) from error


def _header(file: BufferedIOBase, path: Path, magic: int) -> tuple[int, ...]:
    """Returns the sizes that an IDX file begins with.

    Source: LeCun et al., The MNIST database, "File formats": numbers are big-endian, 32 bits.
    """
    rank = magic & 0xFF
    words = np.frombuffer(_exactly(file, path, 4 * (1 + rank)), ">u4")
    if words[0] != magic:
        raise InputError(
            f"{path}: expected an IDX file of {rank} dimensions, magic number {magic}, "
            f"got {words[0]}; {_ADVICE}"
        )
    count, *sides = (int(word) for word in words[1:])
    if not 1 <= count <= _MAX_IMAGES or not all(1 <= side <= _MAX_SIDE for side in sides):
        raise InputError(
            f"{path}: expected 1 to {_MAX_IMAGES} items of 1 to {_MAX_SIDE} pixels a side, "
            f"got {' x '.join(map(str, (count, *sides)))}; {_ADVICE}"
        )
    return count, *sides


def _read_labels(path: Path) -> npt.NDArray[np.uint8]:
    with _opened(path) as file:
        (count,) = _header(file, path, _LABELS)
        labels = np.frombuffer(_exactly(file, path, count), np.uint8)
    if labels.max() >= len(_DIGITS):
        raise InputError(f"{path}: expected labels 0 to 9, got {labels.max()}; {_ADVICE}")
    return labels


def _pictures(path: Path) -> Iterator[Pixels]:
    """Yields uint8 [height, width]."""
    with _opened(path) as file:
        count, height, width = _header(file, path, _IMAGES)
        for _ in range(count):
            yield np.frombuffer(_exactly(file, path, height * width), np.uint8).reshape(
                height, width
            )


def _exactly(file: BufferedIOBase, path: Path, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise InputError(f"{path}: expected {count} more bytes, got {len(content)}; {_ADVICE}")
    return content
