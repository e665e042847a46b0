import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
import tfds_samples as samples

from prep.sources.tfds.copies import PreparedCopy
from t2i.errors import InputError


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What TFDS has prepared; not to be changed."""
    folder = tmp_path_factory.mktemp("prepared")
    for prepare in (samples.coco, samples.birds, samples.mnist):
        prepare(folder)
    return folder


@pytest.fixture
def birds(data_dir: Path, tmp_path: Path) -> Path:
    """A copy of the birds alone that can be damaged: the folder with its files."""
    name = "caltech_birds2011/0.2.0"
    return Path(shutil.copytree(data_dir / name, tmp_path / name))


def _error(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as raised:
        call()
    return str(raised.value)


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
        return _error(lambda: list(PreparedCopy(tmp_path, "caltech_birds2011").records("train")))

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


def test_a_class_that_features_name_is_not_imported(
    birds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil_features.py").write_text("raise SystemExit('code has run')")
    monkeypatch.syspath_prepend(tmp_path)
    path = birds / "features.json"
    known = "tensorflow_datasets.core.features.image_feature.Image"
    path.write_text(path.read_text().replace(known, "evil_features.Image"))
    copy = PreparedCopy(tmp_path, "caltech_birds2011")
    assert copy.features >= {"image", "label"}
    assert len(list(copy.records("train"))) == 3
    with pytest.raises(SystemExit, match="code has run"):
        tfds.builder_from_directory(birds)
