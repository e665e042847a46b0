"""Pieces of HDF5 files by others: checked before they are read, and none leads to another file.

By h5py's low-level functions: files of a hundred thousand small data sets are read several times
as fast, and `Group.get` would follow a link to another file before it says that it is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5, h5d, h5g, h5l, h5s, h5t

from t2i.errors import InputError

# What a damaged file makes h5py raise.
_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError)
_MAX_TEXT_BYTES = 1 << 16
_MAX_NUMBERS = 1 << 16


class Group:
    """A group of an open file; every method raises InputError where it is not as expected."""

    def __init__(self, group: Any, place: str) -> None:
        self._group = group
        self.place = place

    def __contains__(self, name: str) -> bool:
        """Returns whether the group has a member of that name, of whatever kind."""
        with _Whole(f"to look for {name} in {self.place or '/'}"):
            return bool(self._group.links.exists(name.encode()))

    def members(self) -> list[str]:
        """Returns the names in the group, as they were made if it knows that, else sorted."""
        names: list[bytes] = []
        with _Whole(f"the members of {self.place}"):
            tracked = self._group.get_create_plist().get_link_creation_order()
            order = h5.INDEX_CRT_ORDER if tracked else h5.INDEX_NAME
            self._group.links.iterate(names.append, idx_type=order)
        return [name.decode("utf-8", "replace") for name in names]

    def group(self, name: str) -> "Group":
        """Returns a group in this one."""
        place = self._own(name)
        with _Whole(f"a group {place}"):
            return Group(h5g.open(self._group, name.encode()), place)

    def text(self, name: str) -> str:
        """Returns the text in a data set."""
        data, place = self._data(name, ())
        with _Whole(f"text in {place}"):
            kind = data.get_type()
            if kind.get_class() != h5t.STRING or kind.get_size() > _MAX_TEXT_BYTES:
                raise InputError(f"expected text in {place}, got something else")
            value = np.empty((), data.dtype)
            data.read(h5s.ALL, h5s.ALL, value)
        content: object = value[()]
        if not isinstance(content, bytes) or len(content) > _MAX_TEXT_BYTES:
            raise InputError(f"expected at most {_MAX_TEXT_BYTES} bytes of text in {place}")
        return content.decode("utf-8", "replace")

    def opaque(self, name: str, limit: int) -> bytes:
        """Returns the bytes in a data set, so many at most."""
        data, place = self._data(name, ())
        with _Whole(f"bytes in {place}"):
            kind = data.get_type()
            if kind.get_class() != h5t.OPAQUE or kind.get_size() > limit:
                raise InputError(f"expected at most {limit} opaque bytes in {place}, got others")
            value = np.empty((), f"V{kind.get_size()}")
            data.read(h5s.ALL, h5s.ALL, value)
        return value.tobytes()

    def numbers(self, name: str) -> npt.NDArray[np.float32]:
        """Returns the finite float32 [d] in a data set."""
        data, place = self._data(name, None)
        with _Whole(f"numbers in {place}"):
            shape = data.shape
            if len(shape) != 1 or not 0 < shape[0] <= _MAX_NUMBERS:
                raise InputError(f"expected numbers in {place}, got shape {shape}")
            if data.get_type().get_class() != h5t.FLOAT:
                raise InputError(f"expected floating-point numbers in {place}, got others")
            values = np.empty(shape, np.float32)
            data.read(h5s.ALL, h5s.ALL, values)
        if not np.isfinite(values).all():
            raise InputError(f"expected finite numbers in {place}, got others")
        return values

    def _own(self, name: str) -> str:
        """Returns the place of a member of this very file: a link could lead to another."""
        place = f"{self.place}/{name}"
        with _Whole(place):
            if not self._group.links.exists(name.encode()):
                raise InputError(f"expected {place}, got nothing")
            if self._group.links.get_info(name.encode()).type != h5l.TYPE_HARD:
                raise InputError(f"expected {place} itself, got a link")
        return place

    def _data(self, name: str, shape: tuple[int, ...] | None) -> tuple[Any, str]:
        """Returns a data set of this very file, of the given shape unless None, and its place."""
        place = self._own(name)
        with _Whole(f"a data set {place}"):
            data = h5d.open(self._group, name.encode())
            # What has a place in this file needs no closer look.
            if data.get_offset() is None and _elsewhere(data.get_create_plist()):
                raise InputError(f"expected {place} in this file, got it in another")
            if shape not in (None, data.shape):
                raise InputError(f"expected one value in {place}, got shape {data.shape}")
            return data, place


def _elsewhere(made: Any) -> bool:
    layout = made.get_layout()
    return bool(
        layout == h5d.VIRTUAL or (layout == h5d.CONTIGUOUS and made.get_external_count() > 0)
    )


@contextmanager
def opened(path: Path) -> Iterator[Group]:
    """Yields the root of the file; raises InputError when HDF5 can't open it."""
    if not path.is_file():
        raise InputError("expected an HDF5 file, got no such file")
    try:
        file = h5py.File(path, "r")
    except _DAMAGE as error:
        raise InputError("expected an HDF5 file, got one that HDF5 can't open") from error
    with file:
        yield Group(file.id, "")


class _Whole:
    """Turns what a damaged file raises in the block into an InputError."""

    # A class: entered some forty times a picture, a generator takes several times as long.
    __slots__ = ("_expected",)

    def __init__(self, expected: str) -> None:
        self._expected = expected

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _DAMAGE):
            words = " ".join(str(error).split())[:200]
            raise InputError(f"expected {self._expected}, got: {words}") from error
