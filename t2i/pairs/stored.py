"""Rows of a pairs file that stay in the file until they are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from t2i.pairs.reading import Pairs, read

# Rows as near as this are read in one go: skipping costs more than reading.
_GAP = 16


class StoredRows:
    """A column of the joined splits, indexed as an array is by numbers of rows or a slice.

    Attributes:
        shape: of the whole column.
    """

    def __init__(self, path: Path, splits: Sequence[str], column: str) -> None:
        """Opens the file, whose header was read before; it stays open.

        Args:
            path: the pairs file.
            splits: in the order in which they are joined.
            column: `image` or `embedding`.
        """
        file = h5py.File(path, "r")
        self._parts = [file[split][column] for split in splits]
        self._starts = np.cumsum([0, *(len(part) for part in self._parts)])
        self.shape: tuple[int, ...] = (int(self._starts[-1]), *self._parts[0].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
        """Returns the rows in the order asked for, read in the order of the file."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        wanted, places = np.unique(rows, return_inverse=True)
        read: npt.NDArray[Any] = np.empty((len(wanted), *self.shape[1:]), self._parts[0].dtype)
        parts = np.asarray(np.searchsorted(self._starts, wanted, side="right") - 1)
        far = (np.diff(wanted) > _GAP) | (np.diff(parts) > 0)
        bounds = [0, *(np.flatnonzero(far) + 1), len(wanted)]
        for first, stop in pairwise(bounds):
            part = int(parts[first])
            own = wanted[first:stop] - self._starts[part]
            read[first:stop] = self._parts[part][own[0] : own[-1] + 1][own - own[0]]
        ordered: npt.NDArray[Any] = read[places]
        return ordered


def read_stored(path: Path, splits: Sequence[str]) -> Pairs:
    """Returns splits whose pictures stay in the file until rows of them are asked for.

    Their embeddings are not read. Raises as `read`.
    """
    pairs = read(path, splits, images=False, embeddings=False)
    stored: Any = StoredRows(path, splits, "image")
    return replace(pairs, image=stored)
