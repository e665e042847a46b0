"""Folders of one's own pictures, in every form that is read."""

from pathlib import Path

from click.testing import CliRunner
from own_folders import examples, refusal, tree
from PIL import Image

from prep.building.examples import Example, Fault
from prep.cli.main import main
from prep.formats.folders import PICTURES
from prep.sources.folder import Folder
from t2i.pairs.reading import read

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
    found = examples(tree(tmp_path, _BESIDE))
    assert list(found) == ["images/a", "images/b"]
    assert found["images/b"] == Example(
        "images/b", tmp_path / "images/b.png", ("a red ball", "round"), 2, "train"
    )
    assert found["images/a"].class_id == 1
    # The folder of pictures itself does as well.
    assert [item.captions for item in examples(tmp_path / "images").values()] == [
        ("a cube",),
        ("a red ball", "round"),
    ]


def test_folders_are_classes_unless_told_otherwise(tmp_path: Path) -> None:
    names = [f"{kind}/{number}" for kind in ("ball", "cube") for number in (1, 2)]
    tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = examples(tmp_path)
    assert [item.class_id for item in found.values()] == [1, 1, 2, 2]
    # Both hashes are those of train; a class stays together.
    assert {item.split for item in found.values()} == {"train"}
    assert [item.class_id for item in examples(tmp_path, (), False).values()] == [1, 2, 3, 4]


def test_a_class_keeps_its_split_whatever_else_there_is(tmp_path: Path) -> None:
    names = [f"kind {kind}/{number}" for kind in range(20) for number in (1, 2)]
    tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = examples(tmp_path)
    assert Folder(tmp_path).split_by == "class"
    of_class = {name.split("/")[0]: item.split for name, item in found.items()}
    assert all(of_class[name.split("/")[0]] == item.split for name, item in found.items())
    counts = [list(of_class.values()).count(split) for split in ("train", "val", "test")]
    assert counts == [11, 5, 4]
    by_picture = examples(tmp_path, split_by="picture")
    assert any(
        by_picture[f"kind {kind}/1"].split != by_picture[f"kind {kind}/2"].split
        for kind in range(20)
    )
    for path in (tmp_path / "kind 0").iterdir():
        path.unlink()
    kept = examples(tmp_path)
    assert all(found[name].split == item.split for name, item in kept.items())


def test_folders_of_splits(tmp_path: Path) -> None:
    names = ["train/ball/1", "train/cube/1", "validation/ball/2", "test/images/cube/3"]
    tree(tmp_path, {f"{n}.jpg": "" for n in names} | {f"{n}.txt": "words" for n in names})
    found = examples(tmp_path)
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
    tree(tmp_path, {"captions.csv": listing, "images/b.jpg": ""})
    found = examples(tmp_path)
    assert list(found.values()) == [
        Example("images/b", tmp_path / "images/b.jpg", ("red", "round"), 1, "train"),
        Example("images/a", tmp_path / "images/a.jpg", ("a cube",), 2, "train"),
        Example("images/c", tmp_path / "images/c.jpg", ("blue",), 1, "test"),
    ]


def test_a_list_elsewhere(tmp_path: Path) -> None:
    folder = tree(tmp_path / "pictures", {"a.jpg": ""})
    listing = tree(tmp_path, {"my.csv": "image,text\na.jpg,red\nb.jpg,blue\n"}) / "my.csv"
    found = examples(folder, [listing])
    assert [item.image for item in found.values()] == [folder / "a.jpg", folder / "b.jpg"]


def test_metadata_of_hugging_face_in_every_split(tmp_path: Path) -> None:
    line = '{{"file_name": "{}.png", "text": "number {}"}}\n'
    tree(
        tmp_path,
        {
            "train/metadata.jsonl": line.format(1, 1) + line.format(2, 2),
            "test/metadata.jsonl": line.format(1, 3),
        },
    )
    found = examples(tmp_path)
    assert [(item.name, item.split, item.captions) for item in found.values()] == [
        ("train/1", "train", ("number 1",)),
        ("train/2", "train", ("number 2",)),
        ("test/1", "test", ("number 3",)),
    ]
    assert len({item.class_id for item in found.values()}) == 3


def test_pictures_without_captions_are_faults(tmp_path: Path) -> None:
    folder = tree(tmp_path, _BESIDE)
    (folder / "images/a.txt").unlink()
    first, second = Folder(folder)
    assert first == Fault(
        "images/a", f"expected captions in {folder}/images/a.txt, got no such file"
    )
    assert isinstance(second, Example)
    tree(folder, {"captions.csv": "path,caption\nb.png, \na.JPG,a cube\n"})
    assert next(iter(Folder(folder))) == Fault(
        "images/b", "expected captions in the list, got empty ones"
    )


def test_two_lists(tmp_path: Path) -> None:
    tree(tmp_path, {"captions.csv": "", "metadata.jsonl": ""})
    assert refusal(tmp_path) == (
        f"{tmp_path}: expected one list of captions in a folder, "
        "got captions.csv, metadata.jsonl; choose with --captions"
    )


def test_a_picture_of_two_classes(tmp_path: Path) -> None:
    rows = (
        "a.jpg,red,ball,train\na.jpg,red,cube,train\nb.jpg,red,ball,train\nc.jpg,red,cube,train\n"
    )
    tree(tmp_path, {"captions.csv": f"path,text,class,split\n{rows}"})
    *good, bad = Folder(tmp_path)
    assert [item.name for item in good] == ["b", "c"]
    assert bad == Fault(
        "a.jpg", "expected one class and one split of each picture, got others; correct them"
    )


def test_two_pictures_of_one_name(tmp_path: Path) -> None:
    tree(tmp_path, {"a.jpg": "", "a.png": "", "a.txt": "red", "b.jpg": "", "b.txt": "blue"})
    *good, bad = Folder(tmp_path)
    assert [(item.name, item.image) for item in good if isinstance(item, Example)] == [
        ("a", tmp_path / "a.jpg"),
        ("b", tmp_path / "b.jpg"),
    ]
    assert bad == Fault(
        "a.png", "expected a name that differs before the ending, got that of a.jpg; rename one"
    )


def test_nothing_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == (
        f"{tmp_path}/none: expected a folder of pictures, got none; name another"
    )
    assert refusal(tmp_path) == (
        f"{tmp_path}: expected pictures ({', '.join(PICTURES)}), got none; "
        "name the folder that holds them"
    )


def test_too_few_classes_to_train_on(tmp_path: Path) -> None:
    tree(tmp_path, {"ball/1.jpg": "", "ball/2.jpg": ""})
    assert refusal(tmp_path) == (
        f"{tmp_path}: expected at least 2 classes to train on, got 1 of 1; "
        "use --split-by picture or --no-classes, or give splits that put more into train"
    )
    # Where folders are splits, no advice puts pictures of test into train.
    given = tree(tmp_path / "given", {"train/ball/1.jpg": "", "test/cube/2.jpg": ""})
    assert refusal(given) == (
        f"{given}: expected at least 2 classes to train on, got 1 of 2; "
        "use --no-classes, or give splits that put more into train"
    )


def test_the_command(tmp_path: Path) -> None:
    folder, out = tmp_path / "mine", tmp_path / "mine.h5"
    tree(folder, {f"{number}.txt": f"number {number}" for number in range(12)})
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
