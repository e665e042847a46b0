"""The pickles of one split of a StackGAN layout, checked against each other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prep.building.names import is_name, number_of
from prep.formats.pickles.arrays import StoredArray
from prep.formats.pickles.reading import load
from t2i.errors import InputError

FILENAMES = "filenames.pickle"
CLASSES = "class_info.pickle"
EMBEDDINGS = "char-CNN-RNN-embeddings.pickle"
# Numbers in an embedding: many times what is real.
_MAX_SIZE = 1 << 16
_AGAIN = "get the files again, all from one release"


@dataclass(frozen=True)
class SplitIndex:
    """What the pickles of a split hold, a row a picture.

    Attributes:
        split: one of `t2i.pairs.structure.SPLITS`.
        names: `class folder/file name without ending`, in the order of the file.
        class_ids: their classes.
        embeddings: float [captions, d] each, or None where there are none.
        pictures: uint8 [h, w, 3] each, or None where they are taken from elsewhere.
    """

    split: str
    names: Sequence[str]
    class_ids: Sequence[int]
    embeddings: Sequence[StoredArray] | None
    pictures: Sequence[StoredArray] | None

    def __len__(self) -> int:
        return len(self.names)


def read_index(folder: Path, split: str, pictures: str | None) -> SplitIndex:
    """Returns the index of a split.

    Args:
        folder: of the pickles.
        split: its name.
        pictures: the pickle of the pictures, or None.

    Raises:
        InputError: a pickle is missing or holds something else, they differ in length, or a
            picture's class is not the one that its folder is numbered with.
    """
    names = _names(folder / FILENAMES)
    stored = folder / EMBEDDINGS
    return SplitIndex(
        split,
        names,
        _class_ids(folder / CLASSES, names),
        _arrays(stored, names, "a table of numbers", _is_table) if stored.exists() else None,
        _arrays(folder / pictures, names, "a picture", _is_picture) if pictures else None,
    )


def _names(path: Path) -> list[str]:
    names: list[str] = []
    for row, name in enumerate(_list(path)):
        if not isinstance(name, str) or not is_name(name):
            raise InputError(
                f"{path}: expected `class folder/file name` in row {row}, got something else; "
                f"{_AGAIN}"
            )
        names.append(name)
    return names


def _class_ids(path: Path, names: Sequence[str]) -> list[int]:
    class_ids: list[int] = []
    for row, (class_id, name) in enumerate(zip(_list(path, len(names)), names, strict=True)):
        if type(class_id) is not int or not 0 <= class_id < 2**31:
            raise InputError(
                f"{path}: expected a class number in row {row}, got something else; {_AGAIN}"
            )
        folder = name.rpartition("/")[0]
        if number_of(folder) not in (class_id, None):
            raise InputError(
                f"{path}: expected class {number_of(folder)} in row {row}, for {name!r}, "
                f"got {class_id}; {_AGAIN}, and sort none of them"
            )
        class_ids.append(class_id)
    return class_ids


def _arrays(
    path: Path, names: Sequence[str], kind: str, fits: Callable[[StoredArray], bool]
) -> list[StoredArray]:
    arrays: list[StoredArray] = []
    for row, array in enumerate(_list(path, len(names))):
        if not isinstance(array, StoredArray) or not fits(array):
            raise InputError(f"{path}: expected {kind} in row {row}, got something else; {_AGAIN}")
        arrays.append(array)
    return arrays


def _is_table(array: StoredArray) -> bool:
    return array.dtype.kind == "f" and len(array.shape) == 2 and array.shape[1] <= _MAX_SIZE


def _is_picture(array: StoredArray) -> bool:
    return array.dtype == np.uint8 and len(array.shape) == 3 and array.shape[2] == 3


def _list(path: Path, rows: int | None = None) -> list[object]:
    """Returns the list in a pickle, of so many rows."""
    value = load(path)
    if not isinstance(value, list):
        raise InputError(f"{path}: expected a list, got something else; {_AGAIN}")
    if rows is not None and len(value) != rows:
        raise InputError(
            f"{path}: expected {rows} rows, as in {FILENAMES}, got {len(value)}; {_AGAIN}"
        )
    return value
