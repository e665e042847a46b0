"""Folders of one's own pictures, in every form that is read."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from prep.building.examples import Example, Fault
from prep.cli.main import main
from prep.sources.folder import Folder
from t2i.errors import InputError
from t2i.pairs.reading import read


def _tree(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes files; pictures are empty, as nothing here opens them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def _examples(*arguments, **options) -> dict[str, Example]:
    items = list(Folder(*arguments, **options))
    assert all(isinstance(item, Example) for item in items), items
    return {item.name: item for item in items if isinstance(item, Example)}


def _refusal(*arguments) -> str:
    with pytest.raises(InputError) as raised:
        Folder(*arguments)
    return str(raised.value)


_BESIDE = {
    "images/b.png": "",
    "images/b.txt": "a red ball\nround\n",
    "images/a.JPG": "",
    "images/a.txt": "a cube",
    "images/notes.md": "",
    ".hidden/c.jpg": "",
    "__MACOSX/images/a.jpg": "",
}


def test_captions_beside_the_pictures(tmp_path: Path) -> None:
    found = _examples(_tree(tmp_path, _BESIDE))
    assert list(found) == ["images/a", "images/b"]
    assert found["images/b"] == Example(
        "images/b", tmp_path / "images/b.png", ("a red ball", "round"), 2, "train"
    )
    assert found["images/a"].class_id == 1
    # The folder of pictures itself does as well.
    assert [item.captions for item in _examples(tmp_path / "images").values()] == [
        ("a cube",),
        ("a red ball", "round"),
    ]


def test_folders_are_classes_unless_told_otherwise(tmp_path: Path) -> None:
    names = [f"{kind}/{number}" for kind in ("ball", "cube") for number in (1, 2)]
    _tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = _examples(tmp_path)
    assert [item.class_id for item in found.values()] == [1, 1, 2, 2]
    # Both hashes are those of train; a class stays together.
    assert {item.split for item in found.values()} == {"train"}
    assert [item.class_id for item in _examples(tmp_path, None, False).values()] == [1, 2, 3, 4]


def test_a_class_keeps_its_split_whatever_else_there_is(tmp_path: Path) -> None:
    names = [f"kind {kind}/{number}" for kind in range(20) for number in (1, 2)]
    _tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = _examples(tmp_path)
    assert Folder(tmp_path).split_by == "class"
    of_class = {name.split("/")[0]: item.split for name, item in found.items()}
    assert all(of_class[name.split("/")[0]] == item.split for name, item in found.items())
    counts = [list(of_class.values()).count(split) for split in ("train", "val", "test")]
    assert counts == [11, 5, 4]
    by_picture = _examples(tmp_path, split_by="picture")
    assert any(
        by_picture[f"kind {kind}/1"].split != by_picture[f"kind {kind}/2"].split
        for kind in range(20)
    )
    for path in (tmp_path / "kind 0").iterdir():
        path.unlink()
    kept = _examples(tmp_path)
    assert all(found[name].split == item.split for name, item in kept.items())


def test_folders_of_splits(tmp_path: Path) -> None:
    names = ["train/ball/1", "train/cube/1", "validation/ball/2", "test/images/cube/3"]
    _tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = _examples(tmp_path)
    assert Folder(tmp_path).split_by == "picture"
    assert {name: (item.class_id, item.split) for name, item in found.items()} == {
        "train/ball/1": (1, "train"),
        "train/cube/1": (2, "train"),
        "validation/ball/2": (1, "val"),
        "test/images/cube/3": (2, "test"),
    }


def test_a_list_in_the_folder(tmp_path: Path) -> None:
    listing = "path,caption,class,split\nb.jpg,red,ball,train\na.jpg,a cube,cube,train\n"
    listing += "b.jpg,round,ball,train\nc.jpg,blue,ball,test\n"
    _tree(tmp_path, {"captions.csv": listing, "images/b.jpg": ""})
    found = _examples(tmp_path)
    assert list(found.values()) == [
        Example("images/b", tmp_path / "images/b.jpg", ("red", "round"), 1, "train"),
        Example("images/a", tmp_path / "images/a.jpg", ("a cube",), 2, "train"),
        Example("images/c", tmp_path / "images/c.jpg", ("blue",), 1, "test"),
    ]


def test_a_list_elsewhere(tmp_path: Path) -> None:
    folder = _tree(tmp_path / "pictures", {"a.jpg": ""})
    listing = _tree(tmp_path, {"my.csv": "image,text\na.jpg,red\nb.jpg,blue\n"}) / "my.csv"
    found = _examples(folder, listing)
    assert [item.image for item in found.values()] == [folder / "a.jpg", folder / "b.jpg"]


def test_metadata_of_hugging_face_in_every_split(tmp_path: Path) -> None:
    line = '{{"file_name": "{}.png", "text": "number {}"}}\n'
    _tree(
        tmp_path,
        {
            "train/metadata.jsonl": line.format(1, 1) + line.format(2, 2),
            "test/metadata.jsonl": line.format(1, 3),
        },
    )
    found = _examples(tmp_path)
    assert [(item.name, item.split, item.captions) for item in found.values()] == [
        ("train/1", "train", ("number 1",)),
        ("train/2", "train", ("number 2",)),
        ("test/1", "test", ("number 3",)),
    ]
    assert len({item.class_id for item in found.values()}) == 3


def test_pictures_without_captions_are_faults(tmp_path: Path) -> None:
    folder = _tree(tmp_path, _BESIDE)
    (folder / "images/a.txt").unlink()
    first, second = Folder(folder)
    assert first == Fault(
        "images/a", f"expected captions in {folder}/images/a.txt, got no such file"
    )
    assert isinstance(second, Example)
    _tree(folder, {"captions.csv": "path,caption\nb.png, \na.JPG,a cube\n"})
    assert next(iter(Folder(folder))) == Fault(
        "images/b", "expected captions in the list, got empty ones"
    )


@pytest.mark.parametrize("name", ["a.JPG", "a.txt"])
def test_links_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = _tree(tmp_path / "mine", _BESIDE)
    (folder / "images" / name).unlink()
    (folder / "images" / name).symlink_to(_tree(tmp_path, {"secret": ""}) / "secret")
    assert next(iter(Folder(folder))) == Fault(
        "images/a", f"expected a file in {folder}, got a link out of it"
    )


def test_two_lists(tmp_path: Path) -> None:
    _tree(tmp_path, {"captions.csv": "", "metadata.jsonl": ""})
    assert _refusal(tmp_path) == (
        f"{tmp_path}: expected one list of captions in a folder, "
        "got metadata.jsonl, captions.csv; choose with --captions"
    )


def test_a_picture_of_two_classes(tmp_path: Path) -> None:
    _tree(tmp_path, {"captions.csv": "path,text,class\na.jpg,red,ball\na.jpg,red,cube\n"})
    assert _refusal(tmp_path) == (
        f"{tmp_path}/captions.csv: expected one class and one split of each picture, "
        "got others of 'a.jpg'; correct them"
    )


def test_two_pictures_of_one_name(tmp_path: Path) -> None:
    _tree(tmp_path, {"a.jpg": "", "a.png": ""})
    assert _refusal(tmp_path) == (
        f"{tmp_path}: expected names that differ before the ending, got 'a' again; rename one"
    )


def test_nothing_there(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "none") == (
        f"{tmp_path}/none: expected a folder of pictures, got none; name another"
    )
    assert _refusal(tmp_path) == (
        f"{tmp_path}: expected pictures (.jpg, .jpeg, .png), got none; "
        "name the folder that holds them"
    )


def test_too_few_classes_to_train_on(tmp_path: Path) -> None:
    _tree(tmp_path, {"ball/1.jpg": "", "ball/2.jpg": "", "val/cube/1.jpg": ""})
    assert _refusal(tmp_path) == (
        f"{tmp_path}: expected at least 2 classes to train on, got 1 of 2; "
        "use --split-by picture or --no-classes, or give splits"
    )


def test_the_command(tmp_path: Path) -> None:
    folder, out = tmp_path / "mine", tmp_path / "mine.h5"
    _tree(folder, {f"{number}.txt": f"number {number}" for number in range(12)})
    for number in range(12):
        Image.new("RGB", (9, 9), (number, 0, 0)).save(folder / f"{number}.png")
    result = CliRunner().invoke(
        main,
        ["import", "folder", str(folder), "--out", str(out), "--image-size", "8", "--workers", "1"],
    )
    assert result.exit_code == 0, result.output
    assert f"{out}: 10 train, 1 val, 1 test pictures of 8 pixels, 12 captions in" in result.output
    train = read(out, ["train"])
    assert [f"number {name}" for name in train.name] == train.caption
    assert train.image[:, 0, 0, 0].tolist() == [int(name) for name in train.name]
