"""Data sets that TFDS has prepared here become ours, and pairs files become data sets of TFDS."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tfds_samples as samples
from click.testing import CliRunner
from miniature import write_pairs

import prep.tfds_pairs  # noqa: F401
from prep.build import build_pairs
from prep.cli import main
from prep.examples import Example, Fault
from prep.sources.cub import Cub
from prep.sources.tfds import Tfds
from prep.tfds_copies import PreparedCopy
from t2i.errors import InputError
from t2i.pairs import EncoderStamp, read, read_header
from t2i.pairs_checking import check
from t2i.pairs_writing import writing

SPLIT_OF = {"001.Ani": "train", "002.Jay": "test", "003.Owl": "val"}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What TFDS has prepared; not to be changed."""
    folder = tmp_path_factory.mktemp("prepared")
    for prepare in (samples.coco, samples.birds, samples.flowers, samples.mnist):
        prepare(folder)
    return folder


@pytest.fixture
def birds(data_dir: Path, tmp_path: Path) -> Path:
    """A copy of the birds alone that can be damaged: the folder with its files."""
    name = "caltech_birds2011/0.2.0"
    return Path(shutil.copytree(data_dir / name, tmp_path / name))


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
    items = list(source)
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
    assert list(source) == list(source)


def test_captions_are_joined_by_name_and_classes_split(data_dir: Path, tmp_path: Path) -> None:
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
    assert source.channels == 1
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


def test_a_copy_is_found_by_what_it_is_called(data_dir: Path, tmp_path: Path) -> None:
    for name in ("coco_captions", "coco_captions/2014", "coco_captions/2014:1.1.0"):
        assert PreparedCopy(data_dir, name).name == "coco_captions/2014/1.1.0"
    assert _error(lambda: PreparedCopy(data_dir, "coco")) == (
        f"{data_dir}/coco: expected a data set that TFDS has prepared, got none; "
        f"prepare it with tfds.load('coco', data_dir='{data_dir}')"
    )
    assert _error(lambda: PreparedCopy(data_dir, "../mnist")) == (
        "../mnist: expected the name of a data set, got a path; name its folder with --data-dir"
    )
    for version in ("1.0.0", "2.0.0"):
        shutil.copytree(data_dir / "mnist/3.0.1", tmp_path / "mnist" / version)
    assert _error(lambda: PreparedCopy(tmp_path, "mnist")) == (
        "mnist: expected one version, got mnist/1.0.0, mnist/2.0.0; name one of them"
    )


def test_a_damaged_copy_is_refused(birds: Path, tmp_path: Path) -> None:
    shard = birds / "caltech_birds2011-train.tfrecord-00000-of-00001"
    whole = shard.read_bytes()

    def said() -> str:
        return _error(lambda: list(_tfds(tmp_path, "caltech_birds2011")))

    shard.write_bytes(whole[:-1])
    assert said() == (
        f"{shard}: expected whole records, got one that is cut off or too long; "
        "prepare it again with TFDS"
    )
    shard.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    assert said() == (
        f"{birds}: expected whole records in split train, got DataLossError; "
        "prepare it again with TFDS"
    )
    shard.unlink()
    assert said() == f"{shard}: expected a file, got none; prepare it again with TFDS"


def test_another_format_is_named(birds: Path, tmp_path: Path) -> None:
    path = birds / "dataset_info.json"
    info = json.loads(path.read_text())
    path.write_text(json.dumps({**info, "fileFormat": "array_record"}))
    assert _error(lambda: PreparedCopy(tmp_path, "caltech_birds2011")) == (
        f"{birds}: expected files of format tfrecord, got 'array_record'; "
        "prepare it with file_format='tfrecord'"
    )
    path.write_text(json.dumps({**info, "name": "../birds"}))
    assert "expected a name and splits, got others" in _error(
        lambda: PreparedCopy(tmp_path, "caltech_birds2011")
    )


def test_a_class_that_features_name_is_not_imported(birds: Path, tmp_path: Path) -> None:
    path = birds / "features.json"
    evil = "tensorflow_datasets.testing.mocking.Evil"
    path.write_text(path.read_text().replace("tensorflow_datasets.core.features.", evil))
    assert PreparedCopy(tmp_path, "caltech_birds2011").features >= {"image", "label"}


def test_a_pairs_file_is_a_data_set_of_tfds_and_back(pairs_file: Path, tmp_path: Path) -> None:
    pairs = read(pairs_file, ["train"])
    assert pairs.embedding is not None
    kwargs = {"pairs": pairs_file}
    loaded = tfds.load("t2i_pairs", split="train", data_dir=tmp_path, builder_kwargs=kwargs)
    rows = {row["image/filename"].decode(): row for row in tfds.as_numpy(loaded)}
    back = {example.name: example for example in _examples(_tfds(tmp_path, "t2i_pairs"))}
    assert len(back) == sum(read_header(pairs_file).images.values())
    assert sorted(rows) == sorted(f"{name}.png" for name in pairs.name)
    for index, name in enumerate(pairs.name):
        row, example = rows[f"{name}.png"], back[name]
        own = slice(*pairs.caption_offset[index : index + 2])
        assert np.array_equal(row["image"], pairs.image[index])
        assert np.array_equal(row["embeddings"], pairs.embedding[own])
        assert [text.decode() for text in row["captions"]] == pairs.captions_of(index)
        assert row["label"] == pairs.class_id[index] == example.class_id
        assert (example.captions, example.split) == (tuple(pairs.captions_of(index)), "train")


def test_what_tfds_keeps_of_one_pairs_file_is_not_another(tmp_path: Path) -> None:
    path = tmp_path / "pairs.h5"
    with writing(path, 4, "a test", channels=1) as pairs:
        pairs.add("train", np.zeros((4, 4, 1), np.uint8), ["a"], 1, "a")
    builders = [tfds.builder("t2i_pairs", data_dir=tmp_path, pairs=str(path))]
    write_pairs(path)
    builders.append(tfds.builder("t2i_pairs", data_dir=tmp_path, pairs=str(path)))
    names = {builder.info.full_name for builder in builders}
    assert len(names) == 2
    bare, embedded = (set(builder.info.features) for builder in builders)
    assert embedded - bare == {"embeddings"}
