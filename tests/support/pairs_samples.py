"""A pairs file of five pictures, and what is said of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from t2i.errors import InputError
from t2i.pairs.checking import check
from t2i.pairs.reading import EncoderStamp, read, read_encoder, read_header
from t2i.pairs.structure import SPLITS

SIZE = 4
WIDTH = 3
ENCODER = b"an encoder"
IMPORTED = EncoderStamp("0" * 64, "imported: a pickle", WIDTH)
# (split, captions, class) of each picture, in the order written.
PICTURES = (
    ("train", ["a red bird", "rød fugl"], 1),
    ("test", ["a b\N{REPLACEMENT CHARACTER}d"], 4),
    ("train", ["a blue bird", "it is blue", "blue"], 2),
    ("val", ["a green bird"], 3),
    ("train", ["another red bird"], 1),
)
CAPTIONS = {"train": 6, "val": 1, "test": 1}


def image(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)


def table(split: str, rows: int | None = None) -> np.ndarray:
    rows = CAPTIONS[split] if rows is None else rows
    seed = SPLITS.index(split)
    return np.random.default_rng(seed).normal(size=(rows, WIDTH)).astype(np.float32)


def message(call: Callable[[], Any]) -> str:
    with pytest.raises(InputError) as raised:
        call()
    return str(raised.value)


def faults(path: Path) -> str:
    """What every reader says of a misshaped file, without the place and the advice."""
    said = message(lambda: read_header(path))
    for other in (
        lambda: read(path, ["train"]),
        lambda: read_encoder(path),
        lambda: check(path),
    ):
        assert message(other) == said
    assert said.startswith(f"{path}: ")
    assert said.endswith("; prepare it again")
    return said.removeprefix(f"{path}: ").removesuffix("; prepare it again")


def replace(path: Path, name: str, **dataset: Any) -> None:
    with h5py.File(path, "a") as file:
        del file[name]
        if dataset:
            file.create_dataset(name, **dataset)
