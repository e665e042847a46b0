"""StackGAN layouts: every row with its picture, or an error, never a shift."""

from pathlib import Path

import numpy as np
import pytest
import stackgan_samples as samples
from stackgan_samples import write_pickle

from prep.building.examples import Example, Fault, Note
from prep.sources.stackgan.source import StackGan
from t2i.errors import InputError

_STORED = Path("9images.pickle")
_AGAIN = "; get the files again, all from one release"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return samples.write_layout(tmp_path / "birds")


def _items(folder: Path, captions: Path | None = None) -> list[Example | Fault]:
    return list(StackGan(folder, _STORED, captions or folder, use_box=True))


def _refusal(folder: Path, captions: Path | None = None) -> str:
    with pytest.raises(InputError) as raised:
        StackGan(folder, _STORED, captions or folder, use_box=True)
    return str(raised.value)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_every_row_comes_in_the_order_of_the_file(tmp_path: Path, protocol: int) -> None:
    layout = samples.write_layout(tmp_path / "birds", protocol)
    source = StackGan(layout, _STORED, layout, use_box=True)
    items = list(source)
    assert len(source) == len(items) == 3
    row = 0
    for split, class_ids in {"train": [2, 1], "test": [3]}.items():
        stored = zip(
            samples.NAMES[split],
            class_ids,
            samples.pictures(split),
            samples.embeddings(split),
            strict=True,
        )
        for name, class_id, pixels, embeddings in stored:
            item = items[row]
            assert isinstance(item, Example)
            assert (item.name, item.split, item.class_id) == (name, split, class_id)
            assert item.captions == (f"this is {name}", f"another of {name}")
            assert isinstance(item.image, np.ndarray)
            np.testing.assert_array_equal(item.image, pixels, strict=True)
            np.testing.assert_array_equal(item.embeddings, embeddings, strict=True)
            row += 1


def test_the_stamp_says_where_embeddings_came_from(layout: Path) -> None:
    source = StackGan(layout, _STORED, layout, use_box=True)
    assert source.encoder is not None
    assert source.encoder.kind == "imported: StackGAN char-CNN-RNN-embeddings.pickle"
    assert source.encoder.embedding_size == samples.SIZE
    first = source.encoder.sha256
    write_pickle(layout / "test/char-CNN-RNN-embeddings.pickle", samples.embeddings("test", "f8"))
    second = StackGan(layout, _STORED, layout, use_box=True)
    assert second.encoder is not None
    assert second.encoder.sha256 != first
    last = list(second)[-1]
    assert isinstance(last, Example)
    assert last.embeddings is not None
    assert last.embeddings.dtype == np.float32


def test_pictures_of_a_cub_tree_are_found_by_name(layout: Path, tmp_path: Path) -> None:
    cub = samples.write_cub(tmp_path / "CUB_200_2011")
    items = list(StackGan(layout, tmp_path, layout, use_box=True))
    assert [(item.image, item.box) for item in items if isinstance(item, Example)] == [
        (cub / "images/002.Jay/Jay_2.jpg", (4.0, 2.0, 3.0, 4.0)),
        (cub / "images/001.Ani/Ani_1.jpg", (3.0, 2.0, 3.0, 4.0)),
        (cub / "images/003.Owl/Owl_7.jpg", (2.0, 2.0, 3.0, 4.0)),
    ]
    (cub / "bounding_boxes.txt").unlink()
    whole = list(StackGan(layout, tmp_path, layout, use_box=False))
    assert [item.box for item in whole if isinstance(item, Example)] == [None] * 3


def test_a_missing_picture_or_caption_is_a_fault_and_no_shift(layout: Path, tmp_path: Path) -> None:
    cub = samples.write_cub(tmp_path / "CUB_200_2011")
    index = (cub / "images.txt").read_text().replace("4 002.Jay/Jay_2.jpg\n", "")
    (cub / "images.txt").write_text(index)
    missing = layout / "text_c10/003.Owl/Owl_7.txt"
    missing.unlink()
    first, second, third, *left = StackGan(layout, tmp_path, layout, use_box=True)
    assert [note.name for note in left if isinstance(note, Note)] == ["001.Ani/Ani_0"]
    reason = "expected a picture of this name in images.txt, got none"
    assert first == Fault("002.Jay/Jay_2", reason)
    assert isinstance(second, Example)
    assert second.name == "001.Ani/Ani_1"
    np.testing.assert_array_equal(second.embeddings, samples.embeddings("train")[1])
    assert third == Fault("003.Owl/Owl_7", f"expected captions in {missing}, got no such file")


def test_captions_and_embeddings_must_be_as_many(layout: Path) -> None:
    (layout / "text_c10/001.Ani/Ani_1.txt").write_text("one alone\n")
    assert _items(layout)[1] == Fault(
        "001.Ani/Ani_1", "expected a caption for each of 2 embeddings, got 1"
    )


def test_attngans_captions_are_said_in_words(layout: Path) -> None:
    items = _items(layout, layout / "captions.pickle")
    assert [item.captions for item in items if isinstance(item, Example)] == [
        ("a red bird", "red"),
        ("a blue bird", "blue"),
        ("a bird", "bird"),
    ]


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        (
            [[[1]], [[1]], {1: "a"}],
            "expected train captions, test captions and two word tables, got something else; "
            "give AttnGAN's captions.pickle",
        ),
        (
            [[[1]] * 5, [[1]], {1: "a"}, {}],
            "expected as many train captions for each of 2 pictures, got 5 in all; "
            "get the captions.pickle that was made with these filenames",
        ),
        (
            [[[1]] * 4, [], {1: "a"}, {}],
            "expected as many test captions for each of 1 pictures, got 0 in all; "
            "get the captions.pickle that was made with these filenames",
        ),
    ],
)
def test_captions_that_cant_be_shared_out_are_refused(
    layout: Path, value: object, refusal: str
) -> None:
    path = layout / "captions.pickle"
    write_pickle(path, value)
    assert _refusal(layout, path) == f"{path}: {refusal}"


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ([1, 9], "expected numbers of words that {path} lists, got 9"),
        ([2], "expected numbers of words that {path} lists, got 2"),
        ([[1]], "expected numbers of words that {path} lists, got something else"),
        ([0], "expected words in {path}, got an empty caption"),
        (
            "a red bird",
            "expected lists of at most 1000 word numbers in {path}, got something else",
        ),
        ([1] * 1001, "expected lists of at most 1000 word numbers in {path}, got something else"),
    ],
)
def test_a_caption_of_no_known_words_is_a_fault(layout: Path, numbers: object, reason: str) -> None:
    path = layout / "captions.pickle"
    write_pickle(
        path, [[[1], [1], numbers, [1]], [[1], [1]], {0: "<end>", 1: "a", 2: "a" * 101}, {}]
    )
    first, second, _ = _items(layout, path)
    assert isinstance(first, Example)
    assert second == Fault("001.Ani/Ani_1", reason.format(path=path))


def test_a_list_that_was_sorted_or_cut_is_refused(layout: Path) -> None:
    path = layout / "train/filenames.pickle"
    write_pickle(path, sorted(samples.NAMES["train"]))
    assert _refusal(layout) == (
        f"{layout}/train/class_info.pickle: expected class 1 in row 0, for '001.Ani/Ani_1', "
        f"got 2{_AGAIN}, and sort none of them"
    )
    write_pickle(path, samples.NAMES["train"][:1])
    assert _refusal(layout) == (
        f"{layout}/train/class_info.pickle: expected 1 rows, as in filenames.pickle, got 2{_AGAIN}"
    )


@pytest.mark.parametrize(
    ("file", "value", "refusal"),
    [
        ("filenames", {"a": 1}, "expected a list, got something else"),
        ("filenames", ["../../etc/x", "a/b"],
         "expected `class folder/file name` in row 0, got something else"),
        ("filenames", ["a/b", "a/\n"],
         "expected `class folder/file name` in row 1, got something else"),
        ("class_info", [2, "1"], "expected a class number in row 1, got something else"),
        ("class_info", [2, 2**31], "expected a class number in row 1, got something else"),
        ("char-CNN-RNN-embeddings", [1.5, 2.5],
         "expected a table of numbers in row 0, got something else"),
        ("char-CNN-RNN-embeddings", [np.zeros((2, 3), np.int32)] * 2,
         "expected a table of numbers in row 0, got something else"),
        ("char-CNN-RNN-embeddings", [np.zeros((1, 65537), "f2")] * 2,
         "expected a table of numbers in row 0, got something else"),
        ("char-CNN-RNN-embeddings", [np.zeros((2, 3))],
         "expected 2 rows, as in filenames.pickle, got 1"),
        ("9images", [np.zeros((9, 9), np.uint8)] * 2,
         "expected a picture in row 0, got something else"),
        ("9images", [np.zeros((9, 9, 3))] * 2, "expected a picture in row 0, got something else"),
    ],
)  # fmt: skip
def test_pickles_of_something_else_are_refused(
    layout: Path, file: str, value: object, refusal: str
) -> None:
    path = layout / "train" / f"{file}.pickle"
    write_pickle(path, value)
    assert _refusal(layout) == f"{path}: {refusal}{_AGAIN}"


def test_a_missing_pickle_is_an_error(layout: Path) -> None:
    for file in ("filenames", "class_info", "9images"):
        path = layout / "test" / f"{file}.pickle"
        content = path.read_bytes()
        path.unlink()
        expected = f"{path}: expected a pickle, got no such file; check the name"
        assert _refusal(layout) == expected
        path.write_bytes(content)


def test_embeddings_are_in_every_split_or_in_none(layout: Path) -> None:
    path = layout / "test/char-CNN-RNN-embeddings.pickle"
    write_pickle(path, [np.zeros((2, 4))])
    tail = "; get those of all splits, or remove them to embed the captions anew"
    head = f"{layout}: expected embeddings of one size in every split, got {path.name} in "
    assert _refusal(layout) == f"{head}train and test, of sizes [3, 4]{tail}"
    path.unlink()
    assert _refusal(layout) == f"{head}train, of sizes [3]{tail}"
    (layout / "train/char-CNN-RNN-embeddings.pickle").unlink()
    source = StackGan(layout, _STORED, layout, use_box=True)
    assert source.encoder is None
    assert [item.embeddings for item in source if isinstance(item, Example)] == [None] * 3


@pytest.mark.parametrize("value", [np.nan, 1e300])
def test_embeddings_must_be_finite(layout: Path, value: float) -> None:
    path = layout / "test/char-CNN-RNN-embeddings.pickle"
    write_pickle(path, [np.full((2, 3), value)])
    assert _items(layout)[2] == Fault("003.Owl/Owl_7", "expected finite embeddings, got others")


def test_a_picture_stands_in_one_split(layout: Path) -> None:
    write_pickle(layout / "test/filenames.pickle", ["001.Ani/Ani_1"])
    write_pickle(layout / "test/class_info.pickle", [1])
    assert _refusal(layout) == (
        f"{layout}: expected each picture once, got '001.Ani/Ani_1' again{_AGAIN}"
    )


def test_the_name_of_a_pickle_is_no_path(layout: Path) -> None:
    with pytest.raises(InputError) as raised:
        StackGan(layout, layout / "train/9images.pickle", layout, use_box=True)
    assert str(raised.value) == (
        f"{layout}/train/9images.pickle: expected the name of a pickle that train/ and test/ each "
        "hold, got a path; give 9images.pickle alone"
    )
