"""A pairs file that stays open, and rows that stay in it until they are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.files.disk import AnyPath
from t2i.pairs.reading import Pairs, encoder_of, header_of, open_file, pairs_of

# Rows as near as this are read in one go: skipping costs more than reading.
_GAP = 16


class StoredRows:
    """A column of the joined splits, indexed as an array is by numbers of rows or a slice.

    Attributes:
        shape: of the whole column.
    """

    def __init__(self, parts: Sequence[h5py.Dataset]) -> None:
        """Joins columns of an open file, which stays open."""
        self._parts = parts
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


class OpenPairs:
    """A pairs file, opened and checked once and handed on; it is open as long as it is held.

    Attributes:
        path: of the file.
        header: what it says of itself.
    """

    def __init__(self, path: AnyPath) -> None:
        """Opens it; raises as `read_header`."""
        self.path = Path(path)
        self._file = open_file(self.path)
        try:
            self.header = header_of(self._file)
        except InputError:
            self._file.close()
            raise

    @cached_property
    def encoder(self) -> bytes | None:
        """The encoder inside; see `read_encoder`."""
        return encoder_of(self._file, self.header)

    def read(self, splits: Sequence[str], images: bool = True, embeddings: bool = True) -> Pairs:
        """Returns splits in memory; see `t2i.pairs.reading.read`."""
        return pairs_of(self._file, self.header, splits, images, embeddings)

    def rows(self, splits: Sequence[str], column: Literal["image", "embedding"]) -> StoredRows:
        """Returns a column of splits that stays in the file."""
        return StoredRows([self._file[split][column] for split in splits])

    def stored(self, splits: Sequence[str]) -> Pairs:
        """Returns splits whose pictures stay in the file; their embeddings are not read."""
        image: Any = self.rows(splits, "image")
        return replace(self.read(splits, images=False, embeddings=False), image=image)
