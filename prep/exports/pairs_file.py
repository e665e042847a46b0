"""A pairs file, picture by picture: what every export reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from prep.building.names import is_name, number_of
from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.pairs.reading import opened, read_header
from t2i.pairs.structure import SPLITS

# Pictures read at a time.
_BLOCK = 64


@dataclass(frozen=True)
class Pair:
    """A picture with its captions.

    Attributes:
        name: unique.
        image: uint8 [S, S, C].
        captions: its sentences.
        class_id: its class.
        split: one of `t2i.pairs.structure.SPLITS`.
        embeddings: float32 [captions, d]; d = 0 before `embed`.
    """

    name: str
    image: Pixels
    captions: tuple[str, ...]
    class_id: int
    split: str
    embeddings: npt.NDArray[np.float32]


def file_name(pair: Pair) -> tuple[str, str]:
    """Returns a folder, perhaps none, and a name in it, by which a picture can be a file.

    Older code knows one folder above a picture, and its number as the class: folders above that
    one become a part of the name, and another number is put before.

    Raises:
        InputError: no file can have it.
    """
    parts = pair.name.split("/")
    *above, name = parts
    folder = above.pop() if above else ""
    if number_of(folder) not in (pair.class_id, None):
        folder = f"{pair.class_id:03d}.{folder}"
    name = "_".join([*above, name])
    if not all(map(is_name, [*parts, name])):
        raise InputError(
            f"expected names that files can have, got {pair.name[:80]!r}; "
            "prepare the pictures under others"
        )
    return folder, name


class PairsFile:
    """A pairs file; memory does not grow with its pictures.

    Attributes:
        header: what it says of itself.
    """

    def __init__(self, path: Path) -> None:
        """Reads the header; raises InputError as `t2i.pairs.reading.read_header`."""
        self._path = path
        self.header = read_header(path)

    def __len__(self) -> int:
        return sum(self.header.images.values())

    def __iter__(self) -> Iterator[Pair]:
        """Yields the pictures in the order of the file: train, val, test.

        Raises:
            InputError: pictures and captions don't share out.
        """
        for split in SPLITS:
            yield from self.pairs_of(split)

    def pairs_of(self, split: str) -> Iterator[Pair]:
        """Yields the pictures of a split; raises as all of them."""
        with opened(self._path) as file:
            offset = file[split]["caption_offset"][:].tolist()
            captions = self.header.captions[split]
            if (offset[0], offset[-1]) != (0, captions) or offset != sorted(set(offset)):
                raise InputError(
                    f"{self._path}: {split}/caption_offset: expected to rise from 0 to "
                    f"{captions}, got otherwise; see `t2i-prep check {self._path}`"
                )
            for start in range(0, len(offset) - 1, _BLOCK):
                yield from self._block(file[split], split, start, offset)

    def _block(self, group: Any, split: str, start: int, offset: list[int]) -> Iterator[Pair]:
        end = min(start + _BLOCK, len(offset) - 1)
        first, last = offset[start], offset[end]
        captions = group["caption"].asstr(errors="replace")[first:last]
        none = np.zeros((last - first, 0), np.float32)
        embeddings = group["embedding"][first:last] if self.header.encoder else none
        names = group["name"].asstr(errors="replace")[start:end]
        class_ids = group["class_id"][start:end].tolist()
        images = group["image"][start:end]
        for row in range(end - start):
            own = slice(offset[start + row] - first, offset[start + row + 1] - first)
            yield Pair(
                names[row],
                images[row],
                tuple(captions[own]),
                class_ids[row],
                split,
                embeddings[own],
            )
