"""One captioned picture on its way into a pairs file."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """A captioned picture in the source tree, not yet decoded.

    Attributes:
        name: unique and stable, `class folder/file name without ending`.
        image_path: the picture.
        captions: one sentence each, never empty.
        class_id: the class as the source numbers it.
        box: (x, y, width, height) in pixels of the picture, or None to take it whole.
    """

    name: str
    image_path: Path
    captions: tuple[str, ...]
    class_id: int
    box: tuple[float, float, float, float] | None
