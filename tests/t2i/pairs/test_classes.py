"""What is said of classes, and of sentences that several of them share."""

from pathlib import Path

import numpy as np
import pytest

from t2i.pairs.checking import check
from t2i.pairs.classes import class_lines
from t2i.pairs.sentences import compare
from t2i.pairs.writing import writing


def _file(path: Path, pictures: list[tuple[str, str, int, list[str]]]) -> Path:
    with writing(path, 4, "a test", split_by="picture") as writer:
        for split, name, class_id, captions in pictures:
            writer.add(split, np.zeros((4, 4, 3), np.uint8), captions, class_id, name)
    return path


def test_classes_are_counted_and_named(tmp_path: Path) -> None:
    pictures = [
        ("train", f"some/{c}. kind/{n}", c, [f"{c} {n}"]) for c in range(5) for n in range(2)
    ]
    pictures += [("test", "0. kind/x", 0, ["one"]), ("test", "y", 9, ["two"])]
    pictures += [("test", "z", 9, ["three"])]
    path = _file(tmp_path / "a.h5", pictures)
    assert list(class_lines(path)) == [
        "classes in train: 5, 0. kind, 1. kind, 2. kind and 2 more",
        "val: no pictures; the encoder is scored on it, and judges may be chosen by it",
        "classes in test: 2, 0. kind, class 9",
        "classes in both train and test: 1, 0. kind",
    ]
    alone = _file(tmp_path / "b.h5", [("train", "a", 1, ["x"]), ("val", "b", 2, ["y"])])
    assert list(class_lines(alone)) == [
        "classes in train: each picture is its own",
        "classes in val: each picture is its own",
        "test: no pictures; `t2i evaluate` measures on it, and sentences never trained on are "
        "shown from it",
        "classes in two splits: none",
    ]


def test_texts_of_other_classes_that_would_be_right_are_counted(tmp_path: Path) -> None:
    pictures = [
        ("train", f"{c}/{n}", c, [("red", "Red ", "blue")[c]]) for c in range(3) for n in "ab"
    ]
    path = _file(tmp_path / "a.h5", pictures)
    # Each of the two red classes has one of two others that says the same.
    assert check(path).remarks == [
        "train: 33 % of the texts of other classes are the right one word for word; "
        "training draws none of them as mismatched"
    ]


def test_the_chance_is_that_of_the_draw() -> None:
    random = np.random.default_rng(0)
    owned = random.integers(1, 4, 30)
    class_id, offset = random.integers(0, 6, 30), np.concatenate([[0], np.cumsum(owned)])
    texts = random.integers(0, 9, offset[-1])
    own = [texts[offset[i] : offset[i + 1]] for i in range(30)]
    chances = [
        np.mean(
            [
                np.mean([np.isin(own[j], own[i]).mean() for j in np.flatnonzero(class_id == other)])
                for other in set(class_id) - {class_id[i]}
            ]
        )
        for i in range(30)
    ]
    found = compare([f"text {number}" for number in texts], offset, class_id)
    assert found.chance == pytest.approx(np.mean(chances), rel=1e-9)
    free = [
        any(not np.isin(own[j], own[i]).all() for j in np.flatnonzero(class_id != class_id[i]))
        for i in range(30)
    ]
    assert found.replaceable.tolist() == free
