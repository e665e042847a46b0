"""Pictures and examples made on the spot."""

from pathlib import Path

import numpy as np
from PIL import Image

from prep.building.examples import Example, Fault
from prep.building.pictures import Item, prepare
from t2i.images.squares import Box, Square, square_of


def saved(path: Path, picture: Image.Image, kind: str = "JPEG") -> Path:
    picture.save(path, kind)
    return path


def example(path: Path, class_id: int = 1, box: Box | None = None, split: str = "train") -> Example:
    return Example(f"Class/{path.stem}", path, ("one", "two", "three"), class_id, split, box)


def plain(folder: Path, count: int) -> list[Item]:
    """Pictures of one grey each, told apart by it, alternately of two classes and splits."""
    return [
        example(
            saved(folder / f"{i:03}.jpg", Image.new("RGB", (12, 9), (i * 4,) * 3)),
            class_id=1 + i % 2,
            split=("train", "test")[i % 2],
        )
        for i in range(count)
    ]


def fault_of(path: Path, box: Box | None = None) -> str:
    (fault,) = prepare([example(path, box=box)], 8, 3)
    assert isinstance(fault, Fault)
    assert fault.name == f"Class/{path.stem}"
    return fault.reason


def pixels_of(path: Path, size: int = 8) -> np.ndarray:
    (prepared,) = prepare([example(path)], size, 3)
    assert isinstance(prepared, Square)
    assert prepared.pixels.shape == (size, size, 3)
    assert prepared.pixels.dtype == np.uint8
    return prepared.pixels


def squared(*how) -> np.ndarray:
    """Returns the pixels of a picture made square."""
    return square_of(*how).pixels


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def block_mean(pixels: np.ndarray, size: int) -> np.ndarray:
    height, width = pixels.shape[0] // size, pixels.shape[1] // size
    return pixels.reshape(size, height, size, width, 3).mean((1, 3))
