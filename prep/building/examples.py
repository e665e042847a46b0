"""One captioned picture on its way into a pairs file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from t2i.images.decoding import RawImage
from t2i.images.squares import Box


@dataclass(frozen=True)
class Example:
    """A captioned picture, as its source has it.

    Attributes:
        name: unique and stable; `class folder/file name without ending` where there are classes.
        image: the picture, not yet cropped or resized.
        captions: one sentence each, never empty.
        class_id: the class as the source numbers it; without classes each picture is its own.
        split: one of `t2i.pairs.structure.SPLITS`.
        box: (x, y, width, height) in pixels of the picture, or None to take it whole.
        embeddings: float32 [captions, d] where the source brings them, else None.
        remark: what was made of its text and should be known, or None.
    """

    name: str
    image: RawImage
    captions: tuple[str, ...]
    class_id: int
    split: str
    box: Box | None = None
    embeddings: npt.NDArray[np.float32] | None = None
    remark: str | None = None


@dataclass(frozen=True)
class Fault:
    """A picture that can't be used.

    Attributes:
        name: as `Example.name`.
        reason: what was expected of it and what was got.
    """

    name: str
    reason: str


# Kinds of notes, as they are counted.
UNLISTED = "pictures in no list"
UNPICTURED = "captions without a picture"
REREAD = "texts put right"
UNFOLLOWED = "links not followed"
ENLARGED = "pictures enlarged more than twice"


@dataclass(frozen=True)
class Note:
    """What stays out, or is read otherwise than it says, and is no fault of a picture.

    Attributes:
        name: of the file.
        reason: what was expected of it and what was got.
        kind: as it is counted.
    """

    name: str
    reason: str
    kind: str


class Source(Protocol):
    """Captioned pictures in a stable order, one at a time; their index is read and checked."""

    def __len__(self) -> int:
        """Returns how many items there are, faults among them, and no notes."""

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields each picture, or why it can't be used; and what else should be known."""
