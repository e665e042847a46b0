"""Faults that only the contents show."""

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from pairs_samples import ENCODER

from t2i.pairs.checking import check
from t2i.pairs.classes import class_lines


def _set(path: Path, name: str, index: Any, value: Any) -> list[str]:
    with h5py.File(path, "a") as file:
        file[name][index] = value
    return check(path)[1]


def test_numbers_that_are_not_finite(embedded: Path) -> None:
    faults = _set(embedded, "train/embedding", (slice(None), 1), [0, np.nan, 1, np.inf, 2, -np.inf])
    assert faults == ["/train/embedding: expected finite numbers, got others in rows 1, 3, 5"]


def test_many_rows_are_counted(embedded: Path) -> None:
    faults = _set(embedded, "train/embedding", slice(None), np.nan)
    assert faults == [
        "/train/embedding: expected finite numbers, got others in rows 0, 1, 2, 3, 4 and 1 more"
    ]


def test_classes_in_two_splits(embedded: Path) -> None:
    _set(embedded, "val/class_id", 0, 2)
    assert _set(embedded, "test/class_id", 0, 2) == [
        "classes: expected none in both train and val, got 2",
        "classes: expected none in both train and test, got 2",
        "classes: expected none in both val and test, got 2",
    ]
    assert check(embedded).remarks == []


def test_classes_in_two_splits_may_be_meant(embedded: Path) -> None:
    _set(embedded, "val/class_id", 0, 2)
    with h5py.File(embedded, "a") as file:
        file.attrs["split_by"] = "picture"
    assert check(embedded)[1:] == ([], [])
    assert "classes in both train and val: 1, class 2" in class_lines(embedded)


def test_empty_captions(embedded: Path) -> None:
    _set(embedded, "train/caption", 2, "")
    faults = _set(embedded, "train/caption", 4, " \t")
    assert faults == ["/train/caption: expected words, got empty captions in rows 2, 4"]


def test_a_picture_without_captions(embedded: Path) -> None:
    faults = _set(embedded, "train/caption_offset", 1, 0)
    assert faults == ["/train/caption: expected captions for every picture, got none for bird 0"]


def test_offsets_that_lead_astray(embedded: Path) -> None:
    faults = _set(embedded, "train/caption_offset", 1, 9)
    assert faults == ["/train/caption_offset: expected to rise from 0 to 6, got otherwise"]


def test_a_name_twice(embedded: Path) -> None:
    faults = _set(embedded, "train/name", 2, "bird 0")
    assert faults == ["/train/name: expected unique names, got bird 0 again"]


def test_an_encoder_that_is_not_the_stamped_one(embedded: Path) -> None:
    faults = _set(embedded, "encoder", 0, 0)
    found = hashlib.sha256(b"\0" + ENCODER[1:]).hexdigest()
    stamped = hashlib.sha256(ENCODER).hexdigest()
    assert faults == [f"/encoder: expected SHA-256 {stamped}, got {found}"]
