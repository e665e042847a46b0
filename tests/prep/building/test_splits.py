from collections import Counter
from pathlib import Path

import pytest

from prep.building.splits import hashed_split, official_split, read_split, split_classes
from t2i.errors import InputError

_CUB48 = Path(__file__).parents[4] / "shared" / "data" / "cub48"


def _lists(folder: Path, **lists: str) -> Path:
    for split, text in lists.items():
        (folder / f"{split}classes.txt").write_bytes(text.encode())
    return folder


def test_the_official_split_is_100_50_50() -> None:
    split_of = official_split()
    assert Counter(split_of.values()) == {"train": 100, "val": 50, "test": 50}
    assert sorted(int(name.split(".")[0]) for name in split_of) == list(range(1, 201))
    assert split_of["001.Black_footed_Albatross"] == "test"


def test_every_third_of_the_sorted_150_is_val() -> None:
    split_of = official_split()
    trainval = sorted(name for name, split in split_of.items() if split != "test")
    assert [name for name in trainval if split_of[name] == "val"] == trainval[2::3]


@pytest.mark.skipif(not _CUB48.is_dir(), reason=f"no CUB subset at {_CUB48}")
def test_the_official_split_agrees_with_the_published_lists() -> None:
    split_of = official_split()
    for file, splits in (("trainval", {"train", "val"}), ("test", {"test"})):
        published = (_CUB48 / f"{file}classes.txt").read_text().split()
        assert {name for name in split_of if split_of[name] in splits} == set(published)


def test_lists_are_read_with_any_line_ends(tmp_path: Path) -> None:
    folder = _lists(tmp_path, train="a\r\n\r\n b \r\n", val="c\n", test="d")
    assert read_split(folder) == {"a": "train", "b": "train", "c": "val", "d": "test"}


def test_the_list_of_val_may_be_missing(tmp_path: Path) -> None:
    assert read_split(_lists(tmp_path, train="a", test="b")) == {"a": "train", "b": "test"}


def test_train_and_val_may_stand_in_one_list(tmp_path: Path) -> None:
    _lists(tmp_path, trainval="b\nc\na\nd", test="e")
    expected = {"a": "train", "b": "train", "c": "val", "d": "train", "e": "test"}
    assert read_split(tmp_path) == expected
    _lists(tmp_path, train="a\nb\nc\nd")
    assert read_split(tmp_path) == {**dict.fromkeys("abcd", "train"), "e": "test"}


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_other_lists_may_not(tmp_path: Path, split: str) -> None:
    _lists(tmp_path, train="a", test="b")
    path = tmp_path / f"{split}classes.txt"
    path.unlink()
    with pytest.raises(InputError) as raised:
        read_split(tmp_path)
    assert str(raised.value) == f"{path}: expected a list of classes, got no such file; add it"


def test_no_list_may_be_empty(tmp_path: Path) -> None:
    _lists(tmp_path, train="a", val=" \r\n", test="b")
    with pytest.raises(InputError) as raised:
        read_split(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/valclasses.txt: expected a class a line, got none; name them"
    )


def test_no_class_may_stand_in_two_lists(tmp_path: Path) -> None:
    _lists(tmp_path, train="a\nb\nc", val="d", test="c\ne\na")
    with pytest.raises(InputError) as raised:
        read_split(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/testclasses.txt: expected classes of no other list, got 'c', 'a'; "
        "leave each in one list"
    )


def test_a_list_is_small(tmp_path: Path) -> None:
    _lists(tmp_path, train="a" * ((1 << 20) + 1), test="b")
    with pytest.raises(InputError) as raised:
        read_split(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/trainclasses.txt: expected at most 1048576 bytes, got 1048577; "
        "name one class a line"
    )


def test_classes_are_split_by_name() -> None:
    split_of = {"a": "train", "b": "test", "without pictures": "val"}
    assert split_classes({7: "a", 9: "b"}, split_of) == {7: "train", 9: "test"}


def test_a_class_in_no_list_is_named() -> None:
    classes = {number: f"{number:03}.Bird" for number in range(7, 0, -1)}
    with pytest.raises(InputError) as raised:
        split_classes(classes, {"007.Bird": "train"})
    assert str(raised.value) == (
        "classes: expected each in one of the class lists, got '001.Bird', '002.Bird', "
        "'003.Bird', '004.Bird', '005.Bird' and 1 more; name the lists' folder with --split"
    )


def test_a_hashed_split_is_stable_and_of_the_sizes_promised() -> None:
    names = ("class 0", "class 6", "class 19", "\ud800")
    assert [hashed_split(name) for name in names] == ["train", "val", "test", "train"]
    counts = Counter(hashed_split(str(number)) for number in range(10_000))
    assert abs(counts["train"] - 8000) < 120
    assert abs(counts["val"] - 1000) < 90
