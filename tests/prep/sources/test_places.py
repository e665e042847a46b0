"""What folders say: splits, classes, or neither."""

from pathlib import Path

import pytest
from own_folders import captioned, examples, refusal, tree

from prep.formats.split_names import may_be_split, split_of_name
from prep.sources.folder import Folder


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Training TRAIN train2017 train_set training-set trainset images_train"),
        ("val", "val valid validation dev val2014 validation_data valset dev_set"),
        ("test", "test testing test2014 test_set eval evaluation Test testset test-images test_1"),
    ],
)
def test_names_that_are_splits_for_certain(split: str, names: str) -> None:
    assert {split_of_name(name) for name in names.split()} == {split}


@pytest.mark.parametrize(
    "name", ["test tube", "birds_test", "trainA", "testB", "train station", "trainval", "tests"]
)
def test_names_that_may_be_splits(name: str) -> None:
    assert split_of_name(name) is None
    assert may_be_split(name)


@pytest.mark.parametrize("name", ["cat", "trainer", "testudo", "valley", "device", "evaluator"])
def test_names_that_are_classes(name: str) -> None:
    assert split_of_name(name) is None
    assert not may_be_split(name)


@pytest.mark.parametrize("test", ["test", "testing", "test2014", "test_set", "eval", "Testing"])
@pytest.mark.parametrize("form", ["{split}/{kind}", "{kind}/{split}", "data/{split}/{kind}"])
def test_no_picture_of_a_test_is_ever_in_train(tmp_path: Path, test: str, form: str) -> None:
    names = [
        f"{form.format(split=split, kind=kind)}/{number}"
        for split in ("training", test)
        for kind in ("cat", "dog")
        for number in range(9)
    ]
    found = examples(captioned(tmp_path, *names))
    assert {name: item.split for name, item in found.items()} == {
        name: "test" if f"/{test}/" in f"/{name}" else "train" for name in names
    }
    assert {item.class_id for name, item in found.items() if "cat" in name} == {1}
    assert {item.class_id for name, item in found.items() if "dog" in name} == {2}


def test_a_folder_around_splits_is_no_class(tmp_path: Path) -> None:
    found = examples(captioned(tmp_path, "data/train/1", "data/train/2", "data/test/3"))
    assert [item.class_id for item in found.values()] == [1, 2, 3]
    names = [f"a/b/{kind}/{split}/1" for kind in ("cat", "dog") for split in ("train", "test")]
    inner = examples(captioned(tmp_path / "more", *names)).values()
    assert [(item.class_id, item.split) for item in inner] == [
        *((number, split) for number in (1, 2) for split in ("test", "train"))
    ]


@pytest.mark.parametrize(
    ("names", "got"),
    [
        (["birds_train/1", "birds_train/2", "birds_test/1"], "'birds_test', 'birds_train'"),
        (["train/1", "train/2", "ball/1"], "'train', 'ball'"),
        (["bus/1", "car/1", "train/1"], "'train', 'bus', 'car'"),
        (["test tube/1", "flask/1"], "'test tube'"),
        (["train/old test/1", "train/testing/2"], "'old test', 'train', 'testing'"),
    ],
)
def test_folders_that_may_be_either_are_named(tmp_path: Path, names: list[str], got: str) -> None:
    first = got.split("'")[1]
    assert refusal(captioned(tmp_path, *names)) == (
        f"{tmp_path}: expected folders that are all splits or all classes, got {got}; "
        f"say what each is: --folder-is {first!r}=train, or =val, =test, =class"
    )


def test_the_way_out(tmp_path: Path) -> None:
    captioned(tmp_path, "bus/1", "car/1", "test drive/1")
    meant = {"test drive": "test", "bus": "train", "car": "train"}
    found = examples(tmp_path, meant=meant)
    assert [item.split for item in found.values()] == ["train", "train", "test"]
    shown = examples(
        captioned(tmp_path / "more", "bus/1", "car/1", "train/1"),
        meant={"train": "class"},
        split_by="picture",
    )
    assert [item.class_id for item in shown.values()] == [1, 2, 3]


def test_shards_of_a_downloader_are_no_classes(tmp_path: Path) -> None:
    captioned(tmp_path, "00000/000000001", "00000/000000002", "00001/000010001")
    assert refusal(tmp_path) == (
        f"{tmp_path}: expected folders of classes, got 00000, 00001, as downloaders call parts of "
        "what they fetch; say which with --classes or --no-classes"
    )
    assert len({item.class_id for item in examples(tmp_path, use_classes=False).values()}) == 3
    kept = examples(tmp_path, use_classes=True, split_by="picture").values()
    assert [item.class_id for item in kept] == [1, 1, 2]
    tree(tmp_path, {"00000_stats.json": "{}", "00001_stats.json": "{}"})
    assert [item.class_id for item in examples(tmp_path).values()] == [1, 2, 3]


def test_numbers_of_classes_are_classes(tmp_path: Path) -> None:
    found = examples(captioned(tmp_path, "0/1", "1/1", "2/1"), split_by="picture")
    assert [item.class_id for item in found.values()] == [1, 2, 3]


def test_a_list_takes_splits_of_folders_and_its_own(tmp_path: Path) -> None:
    rows = "".join(
        f"{split}/{number}.jpg,red\n" for split in ("train2017", "eval") for number in "12"
    )
    tree(tmp_path, {"captions.csv": f"path,caption\n{rows}"})
    assert [item.split for item in examples(tmp_path).values()] == ["train"] * 2 + ["test"] * 2
    lists = [
        tree(tmp_path, {f"{name}.csv": f"path,caption\n{name}1.jpg,red\n{name}2.jpg,red\n"})
        / f"{name}.csv"
        for name in ("train", "captions_test")
    ]
    assert [item.split for item in Folder(tmp_path, lists) if hasattr(item, "split")] == [
        *["train"] * 2,
        *["test"] * 2,
    ]


def test_a_folder_says_more_than_the_name_of_its_list(tmp_path: Path) -> None:
    rows = "".join(f"{path}.jpg,red\n" for path in ("a/1", "a/2", "test/3"))
    listing = tree(tmp_path, {"train.csv": f"path,caption\n{rows}"}) / "train.csv"
    found = examples(tmp_path, [listing]).values()
    assert [item.split for item in found] == ["train", "train", "test"]
