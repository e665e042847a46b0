"""Damaged MATLAB files, in the place of the labels and of the split of the flowers."""

import shutil
from pathlib import Path

from hypothesis import given
from matlab_samples import BY_SCIPY, BY_SCIPY_PACKED, HEADER, variable, write_mat
from mutations import assert_holds, mutated

from prep.formats.matlab import read_whole_numbers
from prep.sources.flowers import Flowers

_LABELS = variable("labels", [1, 2, 1, 102])
_IDS = {"trnid": [1], "valid": [4], "tstid": [2, 3]}
_SPLITS = b"".join(variable(name, numbers) for name, numbers in _IDS.items())
SAMPLES = [BY_SCIPY, BY_SCIPY_PACKED, HEADER + _LABELS, HEADER + _LABELS + _SPLITS]


def read_numbers(path: Path) -> None:
    """Reads a variable."""
    read_whole_numbers(path, "labels")


def read_flowers(path: Path) -> None:
    """Reads the labels, and splits if there are any, and goes through the pictures."""
    folder = path.with_name("flowers")
    (folder / "class_00001").mkdir(parents=True, exist_ok=True)
    write_mat(folder / "imagelabels.mat", {"labels": [1, 2, 1, 102]})
    for name in ("setid.mat", "imagelabels.mat"):
        shutil.copy(path, folder / name)
    list(Flowers(folder))


@given(content=mutated(SAMPLES))
def test_damaged_matlab_files_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read_numbers", content, ".mat")


@given(content=mutated([HEADER + _LABELS + _SPLITS]))
def test_damaged_labels_and_splits_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read_flowers", content, ".mat")
