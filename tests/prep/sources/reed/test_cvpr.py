from pathlib import Path

import h5py
import numpy as np
import pytest
import reed_samples
import torch7_writer
from click.testing import CliRunner
from PIL import Image
from reed_samples import CLASSES, NAMES, captions, class_codes, lines

from prep.building.examples import Example, Fault
from prep.cli.main import main
from prep.sources.reed.cvpr import ReedCvpr
from t2i.errors import InputError
from t2i.pairs import reading as pairs

# In the order of the `.txt` names a hyphen stands before the ending.
JAYS = ["002.Jay/Jay-b", "002.Jay/Jay", "002.Jay/Jay_c"]
ORDER = [*NAMES[:2], *JAYS, NAMES[5]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    reed_samples.cvpr(tmp_path / "cvpr2016_cub")
    reed_samples.cub(tmp_path / "CUB_200_2011")
    return tmp_path


def source(tree: Path) -> ReedCvpr:
    return ReedCvpr(tree / "cvpr2016_cub", tree, use_box=True)


def without(tree: Path, *endings: str, names: tuple[str, ...] = NAMES) -> None:
    for name in names:
        for ending in endings:
            (tree / f"cvpr2016_cub/text_c10/{name}{ending}").unlink()


def assert_right(tree: Path) -> None:
    read = source(tree)
    examples = list(read)
    assert len(read) == len(examples) == len(NAMES)
    assert [example.name for example in examples] == ORDER
    for example in examples:
        assert isinstance(example, Example)
        assert example.captions == captions(example.name)
        assert example.image == tree / f"CUB_200_2011/images/{example.name}.jpg"
        assert example.embeddings is None


def faults(tree: Path) -> dict[str, str]:
    items = list(source(tree))
    assert len(items) == len(source(tree))
    for item in items:
        assert isinstance(item, Fault) or item.captions == captions(item.name)
    return {item.name: item.reason for item in items if isinstance(item, Fault)}


def refusal(tree: Path) -> str:
    with pytest.raises(InputError) as caught:
        source(tree)
    return str(caught.value)


def test_captions_come_from_the_text(tree):
    for name in CLASSES:
        (tree / f"cvpr2016_cub/text_c10/{name}.t7").write_bytes(b"never read")
    assert_right(tree)
    jay = next(iter(source(tree)))
    assert (jay.class_id, jay.split, jay.box) == (1, "train", (1.0, 2.0, 3.0, 4.0))
    assert [example.split for example in source(tree)] == ["train"] * 2 + ["val"] * 3 + ["test"]


def test_captions_come_from_the_numbers_of_their_characters(tree):
    without(tree, ".txt")
    for name in CLASSES:
        (tree / f"cvpr2016_cub/text_c10/{name}.t7").unlink()
    assert_right(tree)


def test_captions_come_from_the_rows_of_the_class(tree):
    without(tree, ".txt", ".h5")
    assert_right(tree)


@pytest.mark.parametrize("missing", JAYS)
def test_a_missing_text_is_found_in_its_own_row(tree, missing):
    without(tree, ".txt", ".h5", names=(missing,))
    assert_right(tree)


def test_a_missing_text_without_rows_is_an_error_and_no_shift(tree):
    without(tree, ".txt", ".h5", names=(JAYS[1],))
    (tree / "cvpr2016_cub/text_c10/002.Jay.t7").unlink()
    path = tree / f"cvpr2016_cub/text_c10/{JAYS[1]}.txt"
    assert faults(tree) == {JAYS[1]: f"expected captions in {path}, got no such file"}


def test_a_missing_row_is_an_error_and_no_shift(tree):
    without(tree, ".txt", ".h5", names=(JAYS[1],))
    path = class_codes(tree / "cvpr2016_cub", "002.Jay", [JAYS[0], JAYS[2]])
    assert faults(tree) == {
        JAYS[1]: f"{path}: expected a row for each of the 3 pictures of the class, got 2; "
        "which row is whose can't be told"
    }


def test_rows_that_disagree_with_the_texts_are_not_used(tree):
    without(tree, ".txt", ".h5", names=(JAYS[2],))
    rows = np.stack([reed_samples.codes(name) for name in reversed(JAYS)])
    path = torch7_writer.save(tree / "cvpr2016_cub/text_c10/002.Jay.t7", rows)
    assert faults(tree) == {
        JAYS[2]: f"{path}: expected the captions of {JAYS[0]} in its row, got others; "
        "fetch the file again"
    }


def test_rows_cut_short_agree_with_their_texts(tree):
    without(tree, ".txt", ".h5", names=(JAYS[2],))
    longer = [f"{caption} {'x' * 200}" for caption in captions(JAYS[0])]
    lines(tree / f"cvpr2016_cub/text_c10/{JAYS[0]}.txt", *longer)
    recovered = [item for item in source(tree) if item.name == JAYS[2]]
    assert [item.captions for item in recovered] == [captions(JAYS[2])]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "expected codes [pictures, characters, captions], got something else; "),
        (np.zeros((3, 5)), "expected codes [pictures, characters, captions], got something else; "),
        (np.zeros((3, 5, 2)), "expected caption 1, got padding; "),
        (np.full((3, 5, 2), 80), "codes: expected whole numbers from 0 to 70, got 80; "),
    ],
)
def test_rows_of_something_else_are_an_error(tree, rows, said):
    without(tree, ".txt", ".h5", names=(JAYS[2],))
    path = torch7_writer.save(tree / "cvpr2016_cub/text_c10/002.Jay.t7", rows)
    assert faults(tree)[JAYS[2]].startswith(f"{path}: {said}")


def write_numbers(tree: Path, **vectors: object) -> str:
    without(tree, ".txt", names=(NAMES[0],))
    (tree / "cvpr2016_cub/text_c10/001.Ani.t7").unlink()
    path = tree / f"cvpr2016_cub/text_c10/{NAMES[0]}.h5"
    with h5py.File(path, "w") as file:
        for name, values in vectors.items():
            file[name] = values
    found = faults(tree)[NAMES[0]]
    assert found.startswith(f"{path}: ")
    return found.removeprefix(f"{path}: ").removesuffix("; fetch the file again")


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ({"txt1": [97.0, 300.0]}, "expected ASCII codes in txt1 to txt1, got others in txt1"),
        ({"txt1": [97.0, np.nan]}, "expected ASCII codes in txt1 to txt1, got others in txt1"),
        ({"txt2": [97.0]}, "expected ASCII codes in txt1 to txt1, got others in txt1"),
        ({"txt1": [32, 10]}, "expected captions, got an empty one"),
        ({}, "expected captions, got an empty one"),
        (
            {"txt1": [[97]]},
            "expected at most 4096 numbers of its own in 'txt1', got something else",
        ),
        (
            {"txt1": np.zeros(5000)},
            "expected at most 4096 numbers of its own in 'txt1', got something else",
        ),
        (
            {"txt1": h5py.ExternalLink("/etc/passwd", "/")},
            "expected at most 4096 numbers of its own in 'txt1', got something else",
        ),
        ({f"t{i}": [97] for i in range(101)}, "expected at most 100 data sets, got 101"),
    ],
)
def test_numbers_of_something_else_are_an_error(tree, vectors, said):
    assert write_numbers(tree, **vectors) == said


def test_a_damaged_file_of_numbers_is_an_error(tree):
    without(tree, ".txt", names=(NAMES[0],))
    (tree / "cvpr2016_cub/text_c10/001.Ani.t7").unlink()
    path = tree / f"cvpr2016_cub/text_c10/{NAMES[0]}.h5"
    path.write_bytes(path.read_bytes()[:-1])
    assert faults(tree)[NAMES[0]] == (
        f"{path}: expected an HDF5 file, got one that can't be read; fetch the file again"
    )


def test_captions_without_a_picture_are_an_error(tree):
    lines(tree / "cvpr2016_cub/text_c10/002.Jay/Jay_z.txt", "a bird")
    assert faults(tree) == {
        "002.Jay/Jay_z": "expected a picture to these captions, got none of that name"
    }


def test_classes_are_matched_by_their_number(tree):
    folder = tree / "cvpr2016_cub"
    (folder / "text_c10/002.Jay").rename(folder / "text_c10/002.Blue_Jay")
    (folder / "text_c10/002.Jay.t7").rename(folder / "text_c10/002.Blue_Jay.t7")
    lines(folder / "manifest.txt", "001.Ani.t7", "002.Blue_Jay.t7", "003.Owl.t7")
    lines(folder / "valclasses.txt", "002.Blue_Jay")
    assert_right(tree)


def test_a_class_of_pictures_alone_is_an_error(tree):
    lines(tree / "cvpr2016_cub/manifest.txt", "001.Ani.t7", "002.Jay.t7")
    assert faults(tree) == {NAMES[5]: "expected its class in manifest.txt, got no such number"}


@pytest.mark.parametrize("line", ["002.Ani.t7", "Ani.t7", "001.../Ani.t7", "001.a/../b.t7"])
def test_the_manifest_numbers_its_classes(tree, line):
    path = lines(tree / "cvpr2016_cub/manifest.txt", line)
    assert refusal(tree) == (
        f"{path}:1: expected the file of class 1, got {line!r}; fetch the file again"
    )


def test_a_missing_folder_is_named(tree):
    (tree / "cvpr2016_cub/text_c10").rename(tree / "elsewhere")
    assert refusal(tree) == (
        f"{tree}/cvpr2016_cub/text_c10: expected a folder, got none; give the folder cvpr2016_cub"
    )


def test_the_command_writes_the_captions(tree):
    for name in NAMES:
        path = tree / f"CUB_200_2011/images/{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16)).save(path)
    without(tree, ".txt", names=NAMES[:1])
    out = tree / "birds.h5"
    arguments = ["import", "reed-cvpr", str(tree / "cvpr2016_cub"), "--images", str(tree)]
    result = CliRunner().invoke(
        main, [*arguments, "--out", str(out), "--image-size", "8", "--workers", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "2 train, 3 val, 1 test pictures of 8 pixels, 12 captions" in result.output
    read = pairs.read(out, ["val"])
    assert list(read.caption) == [caption for name in JAYS for caption in captions(name)]
    header = pairs.read_header(out)
    assert header.encoder is None
    assert header.source == "cvpr2016_cub, Reed et al. CVPR 2016, crop box"
