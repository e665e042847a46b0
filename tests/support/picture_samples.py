"""Pictures and examples made on the spot."""

from pathlib import Path

import numpy as np
from PIL import Image

from prep.build import Item, prepare
from prep.cub import Box, Fault
from prep.examples import Example


def saved(path: Path, picture: Image.Image, kind: str = "JPEG") -> Path:
    picture.save(path, kind)
    return path


def example(path: Path, class_id: int = 1, box: Box | None = None) -> Example:
    return Example(f"Class/{path.stem}", path, ("one", "two", "three"), class_id, box)


def plain(folder: Path, count: int) -> list[Item]:
    """Pictures of one grey each, told apart by it, alternately of two classes."""
    return [
        example(saved(folder / f"{i:03}.jpg", Image.new("RGB", (12, 9), (i * 4,) * 3)), 1 + i % 2)
        for i in range(count)
    ]


def fault_of(path: Path, box: Box | None = None) -> str:
    (fault,) = prepare([example(path, box=box)], 8)
    assert isinstance(fault, Fault)
    assert fault.name == f"Class/{path.stem}"
    return fault.reason


def pixels_of(path: Path, size: int = 8) -> np.ndarray:
    (prepared,) = prepare([example(path)], size)
    assert not isinstance(prepared, Fault)
    assert prepared[1].shape == (size, size, 3)
    assert prepared[1].dtype == np.uint8
    return prepared[1]


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def block_mean(pixels: np.ndarray, size: int) -> np.ndarray:
    height, width = pixels.shape[0] // size, pixels.shape[1] // size
    return pixels.reshape(size, height, size, width, 3).mean((1, 3))
