import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reed_samples
import torch7_writer
from click.testing import CliRunner
from PIL import Image
from reed_samples import NAMES, captions, embeddings, icml_file, lines

from prep.building.examples import UNLISTED, Example, Fault, Note
from prep.cli.main import main
from prep.sources.reed.icml import ReedIcml
from t2i.errors import InputError
from t2i.pairs import reading as pairs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    reed_samples.icml(tmp_path / "cub_icml")
    reed_samples.cub(tmp_path / "CUB_200_2011")
    return tmp_path


def source(tree: Path, use_box: bool = True) -> ReedIcml:
    return ReedIcml(tree / "cub_icml", tree, use_box)


def change(tree: Path, **changes: Any) -> Path:
    name = NAMES[1]
    return torch7_writer.save(tree / f"cub_icml/{name}.t7", icml_file(name, **changes))


def fault(tree: Path) -> str:
    items = list(source(tree))
    assert len(items) == len(NAMES)
    (found,) = [item for item in items if isinstance(item, Fault)]
    assert found.name == NAMES[1]
    return found.reason


def refusal(tree: Path) -> str:
    with pytest.raises(InputError) as caught:
        source(tree)
    return str(caught.value)


def test_every_picture_has_its_captions_and_their_embeddings(tree):
    read = source(tree)
    examples = list(read)
    assert len(read) == len(NAMES)
    assert [example.name for example in examples] == sorted(NAMES)
    for example in examples:
        assert isinstance(example, Example)
        assert example.image == tree / f"CUB_200_2011/images/{example.name}.jpg"
        assert example.captions == captions(example.name)
        np.testing.assert_array_equal(example.embeddings, embeddings(example.name))
        assert example.embeddings.dtype == np.float32
        assert example.class_id == int(example.name[:3])
        assert example.split == {1: "train", 2: "val", 3: "test"}[example.class_id]
    # The third picture of the index.
    assert next(e.box for e in examples if e.name == "001.Ani/Ani_2") == (2.0, 2.0, 3.0, 4.0)
    assert {example.box for example in source(tree, use_box=False)} == {None}


def test_the_flowers_have_no_index_and_one_folder(tree):
    flowers = tree / "flowers_icml"
    lines(flowers / "allclasses.txt", "class_00001", "class_00002")
    lines(flowers / "trainvalclasses.txt", "class_00001")
    lines(flowers / "testclasses.txt", "class_00002")
    for name in ("class_00001/image_00007", "class_00002/image_00003"):
        file = icml_file(name, img=f"jpg/{Path(name).name}.jpg")
        torch7_writer.save(flowers / f"{name}.t7", file)
    (tree / "oxford102/jpg").mkdir(parents=True)
    (tree / "oxford102/jpg/image_00007.jpg").touch()
    (tree / "oxford102/jpg/image_00009.jpg").touch()
    one, other, left = ReedIcml(flowers, tree / "oxford102", use_box=False)
    assert one.image == tree / "oxford102/jpg/image_00007.jpg"
    assert (one.class_id, one.split, one.box) == (1, "train", None)
    assert (other.class_id, other.split) == (2, "test")
    reason = "expected it in a .t7 of flowers_icml, got no line of it"
    assert left == Note("image_00009.jpg", reason, UNLISTED)
    with pytest.raises(InputError) as caught:
        ReedIcml(flowers, tree / "oxford102", use_box=True)
    assert str(caught.value) == (
        f"{tree}/oxford102: expected the tree of CUB-200-2011 to crop to its boxes, "
        "got no images.txt; take the pictures whole with --crop none"
    )


def test_a_picture_of_a_class_that_is_not_listed_is_noted(tree):
    reed_samples.cub(tree / "CUB_200_2011", [*NAMES, "009.Wren/Wren_1"])
    assert list(source(tree))[len(NAMES) :] == [
        Note("009.Wren/Wren_1", "expected its class in allclasses.txt, got no such line", UNLISTED)
    ]


def test_another_split_may_be_given(tree):
    split_of = {"001.Ani": "test", "002.Jay": "train", "003.Owl": "train"}
    read = ReedIcml(tree / "cub_icml", tree, True, split_of)
    assert [example.split for example in read] == ["test"] * 2 + ["train"] * 4


def test_a_missing_file_is_an_error_and_no_shift(tree):
    (tree / f"cub_icml/{NAMES[1]}.t7").unlink()
    assert fault(tree) == (
        f"{tree}/cub_icml/{NAMES[1]}.t7: expected a Torch file, got no such file; check the path"
    )
    others = [item for item in source(tree) if isinstance(item, Example)]
    assert all(item.captions == captions(item.name) for item in others)


def test_a_file_without_its_picture_is_an_error(tree):
    name = "001.Ani/Ani_9"
    torch7_writer.save(tree / f"cub_icml/{name}.t7", icml_file(name))
    assert Fault(name, f"expected it in images.txt of {tree}, got no such picture") in list(
        source(tree)
    )


def test_a_file_of_another_picture_is_an_error(tree):
    path = change(tree, img=f"{NAMES[0]}.jpg")
    assert fault(tree) == (
        f"{path}: expected img of the same name, got '001.Ani/Ani_1.jpg'; fetch the file again"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"img": None},
        {"txt": 3.0},
        {"txt": np.ones((3, 4))},
        {"txt": np.ones(2)},
        {"char": np.ones((201, 3))},
        {"char": "text"},
        {"txt": np.ones((0, 4)), "char": np.ones((201, 0))},
    ],
)
def test_a_file_of_another_shape_is_an_error(tree, changes):
    path = change(tree, **changes)
    assert fault(tree) == (
        f"{path}: expected img, txt [captions, numbers] and char [characters, captions], "
        "got something else; fetch the file again"
    )


@pytest.mark.parametrize("wrong", [np.nan, 1e300])
def test_embeddings_are_finite(tree, wrong):
    path = change(tree, txt=np.full((2, 4), wrong))
    assert fault(tree) == f"{path}: expected finite embeddings, got others; fetch it again"


def test_embeddings_are_of_one_size(tree):
    path = change(tree, txt=np.zeros((2, 5)))
    assert fault(tree) == (
        f"{path}: expected embeddings of 4 numbers as in the files before, got 5; "
        "fetch the file again"
    )


@pytest.mark.parametrize("wrong", [71, -1, 1.5, np.nan])
def test_codes_are_those_of_the_alphabet(tree, wrong):
    path = change(tree, char=np.full((201, 2), wrong))
    assert fault(tree) == (
        f"{path}: codes: expected whole numbers from 0 to 70, got {wrong:g}; "
        "see whether they are of another alphabet"
    )


def test_a_caption_of_nothing_is_an_error(tree):
    char = reed_samples.codes(NAMES[1])
    char[:, 1] = 0
    path = change(tree, char=char)
    assert fault(tree) == f"{path}: expected caption 2, got padding; fetch the file again"


def test_a_class_without_its_folder_is_an_error(tree):
    lines(tree / "cub_icml/allclasses.txt", "001.Ani", "002.Jay", "003.Owl", "004.Emu")
    lines(tree / "cub_icml/testclasses.txt", "003.Owl", "004.Emu")
    assert refusal(tree) == (
        f"{tree}/cub_icml/004.Emu: expected a folder for each class of allclasses.txt, got none; "
        "unpack it again"
    )


@pytest.mark.parametrize("name", ["../cub_icml", "..", "a\\b", "/tmp", "a\x7f", "é" * 121])
def test_no_class_leads_out_of_the_folder(tree, name):
    path = lines(tree / "cub_icml/allclasses.txt", "001.Ani", name)
    assert refusal(tree) == (
        f"{path}:2: expected the name of a folder, got {name[:80]!r}; fetch the file again"
    )


@pytest.mark.parametrize("name", [b"Ani\xff.t7", b"Ani\n1.t7"])
def test_names_of_files_are_text(tree, name):
    (tree / "cub_icml/001.Ani" / os.fsdecode(name)).touch()
    assert refusal(tree) == (
        f"{tree}/cub_icml/001.Ani: expected names of printable text, "
        f"got {os.fsdecode(name)[:-3]!a}; rename the file"
    )


def test_a_class_stands_once(tree):
    path = lines(tree / "cub_icml/allclasses.txt", "001.Ani", "002.Jay", "001.Ani")
    assert refusal(tree) == f"{path}: expected each class once, got one again; fetch the file again"


@pytest.mark.parametrize("ids", [("1",), ("1", "3"), ("1", "two"), ("1", "9")])
def test_numbers_and_names_of_classes_agree(tree, ids):
    path = lines(tree / "cub_icml/trainvalids.txt", *ids)
    assert refusal(tree) == (
        f"{path}: expected the lines in allclasses.txt of the classes in trainvalclasses.txt, "
        "got others; fetch both again"
    )


def test_the_stamp_is_of_all_files(tree):
    stamp = source(tree).encoder
    assert stamp.embedding_size == 4
    assert stamp.imported
    assert stamp.kind == "imported: char-CNN-RNN in cub_icml"
    assert source(tree).encoder == stamp
    change(tree, txt=np.zeros((2, 4)))
    assert source(tree).encoder.sha256 != stamp.sha256


def test_without_any_embedding_there_is_no_stamp(tree):
    for name in NAMES:
        (tree / f"cub_icml/{name}.t7").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        _ = source(tree).encoder
    assert str(caught.value) == (
        f"{tree}/cub_icml: expected .t7 files with embeddings, got none; unpack it again"
    )


def test_the_command_writes_captions_and_embeddings(tree):
    for index, name in enumerate(NAMES):
        path = tree / f"CUB_200_2011/images/{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16), (index * 40,) * 3).save(path)
    out = tree / "birds.h5"
    arguments = ["import", "reed-icml", str(tree / "cub_icml"), "--images", str(tree)]
    result = CliRunner().invoke(
        main, [*arguments, "--out", str(out), "--image-size", "8", "--workers", "1"]
    )
    assert result.exit_code == 0, result.output
    assert "2 train, 3 val, 1 test pictures of 8 pixels, 12 captions" in result.output
    read = pairs.read(out, ["train"])
    assert list(read.caption) == [c for name in NAMES[:2] for c in captions(name)]
    np.testing.assert_array_equal(
        read.embedding, np.concatenate([embeddings(name) for name in NAMES[:2]])
    )
    header = pairs.read_header(out)
    assert header.source == "cub_icml, Reed et al. ICML 2016, crop box"
    assert header.encoder == source(tree).encoder
