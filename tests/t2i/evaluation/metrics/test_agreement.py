"""Lists of ImageNet's classes, and the share of pictures that are taken for one of a list."""

from pathlib import Path

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.metrics.agreement import ClassList, load_classes, shipped, top1


def test_the_birds_of_imagenet_are_59() -> None:
    birds = load_classes("birds")
    assert shipped() == ["birds"]
    assert birds.name == "birds"
    assert birds.indices == (*range(7, 25), *range(80, 101), *range(127, 147))


def test_a_list_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cats.txt"
    path.write_text("# cats\n281 tabby\n\n282\n281\n")
    assert load_classes(str(path)) == ClassList("cats", (281, 282))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "281\ntabby\n",
            "{path}:2: expected an index of ImageNet from 0 to 999, got 'tabby'; "
            "put text behind it, or a # before it",
        ),
        (
            "1000\n",
            "{path}:1: expected an index of ImageNet from 0 to 999, got '1000'; "
            "put text behind it, or a # before it",
        ),
        ("# none\n", "{path}: expected an index of ImageNet a line, got none; add some"),
        ("1\n" * 40000, "{path}: expected at most 65536 bytes, got more; is it a list?"),
    ],
)
def test_other_lists_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "cats.txt"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        load_classes(str(path))
    assert str(error.value) == message.format(path=path)


def test_a_list_that_is_not_there_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError) as error:
        load_classes("fish")
    assert str(error.value) == (
        "--classes: expected one of birds, or a text file with an index of ImageNet a line, "
        "got 'fish'; choose one"
    )


def test_the_most_probable_class_decides() -> None:
    probabilities = np.full((3, 1000), 1e-4)
    probabilities[[0, 1, 2], [7, 500, 146]] = 0.4
    probabilities[2, 999] = 0.5
    assert top1(probabilities, load_classes("birds")).tolist() == [True, False, False]
