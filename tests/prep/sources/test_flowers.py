"""Oxford-102 flowers in their published layout, in small."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from matlab_samples import write_mat
from PIL import Image

from prep.building.examples import Example, Fault
from prep.cli.main import main
from prep.sources.flowers import Flowers, class_split
from t2i.errors import InputError
from t2i.pairs.checking import check
from t2i.pairs.reading import read

_LABELS = [77, 1, 77, 102]
_SPLIT_OF = {"class_00001": "val", "class_00077": "train", "class_00102": "test"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Four pictures of three classes."""
    root = tmp_path / "flowers"
    (root / "jpg").mkdir(parents=True)
    write_mat(root / "imagelabels.mat", {"labels": _LABELS})
    write_mat(root / "setid.mat", {"trnid": [2, 3], "valid": [4], "tstid": [1]})
    for number, label in enumerate(_LABELS, start=1):
        Image.new("RGB", (9, 12), (number * 40,) * 3).save(
            root / f"jpg/image_{number:05d}.jpg", quality=100
        )
        path = root / f"text_c10/class_{label:05d}/image_{number:05d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"flower {number}\nanother of {label}\n")
    return root


def _refusal(*arguments) -> str:
    with pytest.raises(InputError) as raised:
        Flowers(*arguments)
    return str(raised.value)


def test_pictures_come_in_the_order_of_their_numbers(tree: Path) -> None:
    flowers = Flowers(tree, split_of=_SPLIT_OF)
    assert len(flowers) == 4
    assert list(flowers) == [
        Example(
            f"class_{label:05d}/image_{number:05d}",
            tree / f"jpg/image_{number:05d}.jpg",
            (f"flower {number}", f"another of {label}"),
            label,
            split,
        )
        for number, label, split in (
            (1, 77, "train"),
            (2, 1, "val"),
            (3, 77, "train"),
            (4, 102, "test"),
        )
    ]


def test_the_published_split_is_of_pictures(tree: Path) -> None:
    (tree / "text_c10").rename(tree.parent / "text_c10")
    items = list(Flowers(tree, tree.parent))
    assert [item.split for item in items if isinstance(item, Example)] == [
        "test",
        "train",
        "train",
        "val",
    ]


def test_our_own_split_has_the_published_sizes() -> None:
    split_of = class_split()
    assert Counter(split_of.values()) == {"train": 62, "val": 20, "test": 20}
    assert sorted(split_of) == [f"class_{label:05d}" for label in range(1, 103)]
    # Neither may move: files made before would mix what was held out with what was trained on.
    assert [name for name, split in split_of.items() if split == "test"][:3] == [
        "class_00090",
        "class_00038",
        "class_00080",
    ]


def test_captions_of_another_class_are_not_taken(tree: Path) -> None:
    write_mat(tree / "imagelabels.mat", {"labels": [77, 1, 1, 102]})
    items = list(Flowers(tree, split_of=_SPLIT_OF))
    missing = tree / "text_c10/class_00001/image_00003.txt"
    assert items[2] == Fault(
        "class_00001/image_00003", f"expected captions in {missing}, got no such file"
    )


@pytest.mark.parametrize("label", [0, 103])
def test_labels_out_of_range(tree: Path, label: int) -> None:
    path = write_mat(tree / "imagelabels.mat", {"labels": [1, label]})
    assert _refusal(tree) == (
        f"{path}: expected labels 1 to 102, got {label} for picture 2; download it again"
    )


@pytest.mark.parametrize(
    ("splits", "fault"),
    [
        (
            {"trnid": [2, 3], "valid": [3], "tstid": [1]},
            "expected each picture from 1 to 4 in one split, got 3 in valid",
        ),
        (
            {"trnid": [2, 3], "valid": [4], "tstid": [1, 5]},
            "expected each picture from 1 to 4 in one split, got 5 in tstid",
        ),
        (
            {"trnid": [2, 3], "valid": [4], "tstid": []},
            "expected 4 pictures in the splits, got 3",
        ),
    ],
)
def test_splits_that_do_not_fit(tree: Path, splits: dict[str, list[int]], fault: str) -> None:
    path = write_mat(tree / "setid.mat", splits)
    assert _refusal(tree) == f"{path}: {fault}; download it again"


def test_no_captions(tree: Path) -> None:
    assert _refusal(tree, tree / "jpg") == (
        f"{tree}/jpg: expected a folder for each class in it or in its text_c10 or text, "
        "got none; give the folder that the captions were unpacked to"
    )


def test_the_command(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "flowers.h5"
    arguments = ["import", "flowers", str(tree), "--out", str(out), "--image-size", "8"]
    arguments += ["--workers", "1", "--split-by", "picture"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    train = read(out, ["train"])
    assert check(out).faults == []
    assert train.name == ["class_00001/image_00002", "class_00077/image_00003"]
    assert train.image[:, 4, 4, 0].tolist() == [80, 120]
    result = CliRunner().invoke(main, [*arguments, "--split", str(tree)])
    assert (
        result.output == "Error: --split: expected only with --split-by class, got both; drop one\n"
    )
