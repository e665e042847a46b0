"""Data sets that TFDS prepares here, with the features of known ones, become ours."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tfds_samples as samples
from click.testing import CliRunner

from prep.building.build import build_pairs
from prep.building.examples import UNPICTURED, Example, Fault, Note
from prep.cli.main import main
from prep.sources.cub import Cub
from prep.sources.tfds.copies import PreparedCopy
from prep.sources.tfds.source import Tfds
from t2i.errors import InputError
from t2i.pairs.checking import check
from t2i.pairs.reading import EncoderStamp, read, read_header

SPLIT_OF = {"001.Ani": "train", "002.Jay": "test", "003.Owl": "val"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What TFDS has prepared; not to be changed."""
    folder = tmp_path_factory.mktemp("prepared")
    for prepare in (samples.coco, samples.birds, samples.flowers, samples.mnist):
        prepare(folder)
    return folder


def _tfds(data_dir: Path, name: str, captions: Path | None = None, box: bool = True) -> Tfds:
    return Tfds(PreparedCopy(data_dir, name), captions, box, SPLIT_OF)


def _captions(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / "text_c10" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}\n")
    return folder


def _bird_captions(folder: Path) -> Path:
    splits = ("train", "test")
    return _captions(
        folder,
        [f"{name}/{split}_{i}" for split in splits for i, name in enumerate(samples.CLASSES)],
    )


def _error(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as raised:
        call()
    return str(raised.value)


def _examples(source: Tfds) -> list[Example]:
    items = [item for item in source if not isinstance(item, Note)]
    assert len(items) == len(source)
    assert not [item for item in items if isinstance(item, Fault)]
    return [item for item in items if isinstance(item, Example)]


def _reasons(source: Tfds) -> set[str]:
    return {item.reason for item in source if isinstance(item, Fault)}


def test_captions_of_the_data_set_are_taken(data_dir: Path) -> None:
    source = _tfds(data_dir, "coco_captions")
    found = {example.name: example for example in _examples(source)}
    assert sorted(found) == [f"COCO_{number:012}" for number in range(8)]
    for name, example in found.items():
        number = int(name[-1])
        assert example.captions == (f"picture {number}", "å cat")
        assert example.image == samples.jpeg(number)
        assert example.box is None
    splits = [found[name].split for name in sorted(found)]
    assert splits == ["train"] * 4 + ["val"] * 2 + ["test"] * 2
    assert len({example.class_id for example in found.values()}) == 8
    assert (source.channels, source.encoder, source.left_out) == (3, None, ["test2015"])
    assert source.split_by == "class"
    assert list(source) == list(source)


def test_captions_are_joined_by_name_and_classes_split(data_dir: Path, tmp_path: Path) -> None:
    # The same name in another folder is another picture's.
    _captions(tmp_path, ["003.Owl/train_0"])
    source = _tfds(data_dir, "caltech_birds2011", _bird_captions(tmp_path))
    found = {example.name: example for example in _examples(source)}
    assert len(found) == 6
    for label, folder in enumerate(samples.CLASSES):
        for split in ("train", "test"):
            name = f"{folder}/{split}_{label}"
            assert found[name] == Example(
                name,
                samples.jpeg(label),
                (f"this is {name}",),
                label + 1,
                SPLIT_OF[folder],
                samples.BOXES[label],
            )
    reason = "expected a picture of this name, got none"
    assert list(source)[-1] == Note("003.Owl/train_0.txt", reason, UNPICTURED)
    whole = _examples(_tfds(data_dir, "caltech_birds2011", tmp_path, box=False))
    assert {example.box for example in whole} == {None}


def test_it_is_what_the_tree_of_cub_gives(data_dir: Path, tmp_path: Path) -> None:
    _bird_captions(tmp_path)
    root = tmp_path / "CUB_200_2011"
    rows = [(label, split) for split in ("train", "test") for label in range(3)]
    files = [f"{samples.CLASSES[label]}/{split}_{label}" for label, split in rows]
    for file, (label, _) in zip(files, rows, strict=True):
        (root / "images" / file).parent.mkdir(parents=True, exist_ok=True)
        (root / "images" / f"{file}.jpg").write_bytes(samples.jpeg(label))
    boxes = [" ".join(map(str, samples.BOXES[label])) for label, _ in rows]
    for index, lines in {
        "images": [f"{file}.jpg" for file in files],
        "image_class_labels": [str(label + 1) for label, _ in rows],
        "bounding_boxes": boxes,
    }.items():
        numbered = "".join(f"{number} {line}\n" for number, line in enumerate(lines))
        (root / f"{index}.txt").write_text(numbered)
    (root / "classes.txt").write_text("1 001.Ani\n2 002.Jay\n3 003.Owl\n")
    tree = Cub(tmp_path, tmp_path, use_box=True, split_of=SPLIT_OF)
    copy = _tfds(data_dir, "caltech_birds2011", tmp_path)
    for out, source in (("tree.h5", tree), ("copy.h5", copy)):
        build_pairs(source, tmp_path / out, 8, "birds", workers=1)
    for split in ("train", "val", "test"):
        expected, got = (read(tmp_path / out, [split]) for out in ("tree.h5", "copy.h5"))
        order = [got.name.index(name) for name in expected.name]
        assert (got.image[order] == expected.image).all()
        assert got.class_id[order].tolist() == expected.class_id.tolist()
        assert [got.captions_of(i) for i in order] == [
            expected.captions_of(i) for i in range(len(order))
        ]


def test_names_without_a_folder_find_theirs(data_dir: Path, tmp_path: Path) -> None:
    captions = _captions(tmp_path, ["class_00001/image_00000", "class_00002/image_00001"])
    split_of = {"class_00001": "train", "class_00002": "val"}
    copy = PreparedCopy(data_dir, "oxford_flowers102")
    found = {example.name: example for example in _examples(Tfds(copy, captions, True, split_of))}
    assert {name: (own.class_id, own.split) for name, own in found.items()} == {
        "class_00001/image_00000": (1, "train"),
        "class_00002/image_00001": (2, "val"),
    }


def test_captions_of_another_class_are_none(data_dir: Path, tmp_path: Path) -> None:
    _captions(tmp_path, ["001.Ani/image_00001", "002.Jay/image_00000", "003.Owl/image_00000"])
    assert _reasons(_tfds(data_dir, "oxford_flowers102", tmp_path)) == {
        "expected captions of class 2, got those of 001.Ani",
        "expected captions in one file image_00000.txt, got 2",
    }
    assert _reasons(_tfds(data_dir, "caltech_birds2011", tmp_path)) == {
        f"expected captions in one file {split}_{label}.txt, got none"
        for split in ("train", "test")
        for label in range(3)
    }


def test_classes_alone_are_the_condition(data_dir: Path, tmp_path: Path) -> None:
    source = _tfds(data_dir, "mnist")
    examples = _examples(source)
    assert [example.split for example in examples] == ["train", "train", "test", "test"]
    assert sorted(example.class_id for example in examples) == [3, 3, 9, 9]
    for example in examples:
        assert example.captions == (str(example.class_id),)
        assert np.array_equal(example.embeddings, np.eye(10, dtype=np.float32)[[example.class_id]])
    assert (source.channels, source.split_by) == (1, "picture")
    assert isinstance(source.encoder, EncoderStamp)
    assert source.encoder.kind == "imported: one-hot classes of mnist/3.0.1"
    out = tmp_path / "mnist.h5"
    command = f"import tfds mnist --data-dir {data_dir} --out {out} --image-size 28 --workers 1"
    result = CliRunner().invoke(main, command.split())
    assert result.exit_code == 0, result.output
    assert not check(out).faults
    assert read(out, ["train"]).image.shape == (2, 28, 28, 1)
    flowers = _examples(_tfds(data_dir, "oxford_flowers102"))
    assert {example.captions for example in flowers} == {("pink primrose",), ("canterbury bells",)}


def test_the_command_names_the_splits_it_leaves_out(data_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "coco.h5"
    command = f"import tfds coco_captions/2014:1.1.0 --data-dir {data_dir} --out {out} --workers 1"
    result = CliRunner().invoke(main, [*command.split(), "--image-size", "16"])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("coco_captions/2014/1.1.0: left out splits test2015\n")
    assert f"{out}: 4 train, 2 val, 2 test pictures of 16 pixels, 16 captions" in result.stdout
    assert read_header(out).source == "TFDS coco_captions/2014/1.1.0"


def test_features_must_suffice(data_dir: Path, tmp_path: Path) -> None:
    assert _error(lambda: _tfds(data_dir, "mnist", tmp_path)) == (
        "mnist/3.0.1: expected features image and a label and a file name, got image, label; "
        "choose another data set"
    )
    _bird_captions(tmp_path)
    assert "got captions, image, image/filename, image/id, objects; " in _error(
        lambda: _tfds(data_dir, "coco_captions", tmp_path)
    )
