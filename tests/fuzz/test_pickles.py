"""Damaged pickles of every protocol."""

import pickle
from pathlib import Path

import numpy as np
from hypothesis import given
from mutations import assert_holds, mutated

from prep.formats.pickles.arrays import StoredArray
from prep.formats.pickles.reading import load

_VALUE = [
    ["002.Jay/Jay_1", "001.Ani/Ani_2"],
    [np.int64(2), 1, 2**40, 1.5, None, True],
    [np.arange(2048, dtype=np.uint8).reshape(32, 64), np.ones((2, 3), ">f4")],
    {1: "jay", "ani": (2, "x" * 300)},
]
SAMPLES = [pickle.dumps(_VALUE, protocol) for protocol in range(6)]


def read(path: Path) -> None:
    """Reads all that is expected in one."""
    value = load(path)
    for part in value if isinstance(value, list) else []:
        for array in part if isinstance(part, list) else []:
            if isinstance(array, StoredArray):
                array.read()


@given(content=mutated(SAMPLES))
def test_damaged_pickles_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".pickle")
