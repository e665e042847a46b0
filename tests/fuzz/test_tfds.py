"""Damaged copies of a data set of TFDS, also below the checksums of its records."""

import json
import tempfile
from multiprocessing import parent_process
from pathlib import Path

import tensorflow as tf
from hypothesis import given
from mutations import assert_holds, mutated

from prep.sources.tfds.copies import PreparedCopy
from prep.sources.tfds.source import Tfds

_SHAPES = {
    "image": {"image": {"shape": {"dimensions": ["-1", "-1", "3"]}}},
    "image/filename": {"text": {}},
    "bbox": {"boundingBox": {}},
    "label": {"classLabel": {"numClasses": "10"}},
}
_FEATURES = json.dumps({"featuresDict": {"features": _SHAPES}}).encode()
_CAPTIONED = json.dumps({"featuresDict": {"features": {**_SHAPES, "captions": {}}}}).encode()
_SPLITS = [{"name": "train", "shardLengths": ["1"]}]
_INFO = json.dumps({"name": "birds", "fileFormat": "tfrecord", "splits": _SPLITS}).encode()
_FILES = ("birds-train.tfrecord-00000-of-00001", "dataset_info.json", "features.json")
_MARK = b"\n--next file--\n"


def _example() -> bytes:
    # The picture is never decoded here: its size is all that is asked for.
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x04\x08\x02\0\0\0" + bytes(8)
    kinds = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[png])),
        "image/filename": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a/b.jpg"])),
        "captions/text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"one", b"two"])),
        "bbox": tf.train.Feature(float_list=tf.train.FloatList(value=[0.1, 0.2, 0.8, 0.9])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[7])),
    }
    return tf.train.Example(features=tf.train.Features(feature=kinds)).SerializeToString()


def _shard(example: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shard")
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(example)
        return path.read_bytes()


EXAMPLE = _example()
COPIES = [_MARK.join([_shard(EXAMPLE), _INFO, features]) for features in (_FEATURES, _CAPTIONED)]


def read(path: Path) -> None:
    """Reads a copy whose files stand in one, or one with the example in the file."""
    content = path.read_bytes()
    if path.suffix == ".example":
        content = _MARK.join([_shard(content), _INFO, _CAPTIONED])
    with tempfile.TemporaryDirectory() as data_dir:
        folder = Path(data_dir, "birds", "1.0.0")
        folder.mkdir(parents=True)
        for name, part in zip(_FILES, content.split(_MARK), strict=False):
            (folder / name).write_bytes(part)
        source = Tfds(PreparedCopy(Path(data_dir), "birds"), None, True, {})
        for _ in source:
            pass


if parent_process():
    # TensorFlow's threads reserve address space, which from here on is bounded.
    with tempfile.NamedTemporaryFile(suffix=".example") as file:
        Path(file.name).write_bytes(EXAMPLE)
        read(Path(file.name))


@given(content=mutated(COPIES))
def test_damaged_copies_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content)


@given(content=mutated([EXAMPLE]))
def test_damaged_examples_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".example")
