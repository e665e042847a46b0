"""Data sets that TensorFlow Datasets has prepared, read as the files they are.

TFDS itself imports whatever class a features.json names, so a copy from anybody could run code;
and its files are plain: TFRecords of tf.train.Example, of which no more is needed than their keys.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from prep.sources.tfds.records import Record
from t2i.errors import InputError
from t2i.files.disk import sha256

_INFO = "dataset_info.json"
_MAX_TEXT_BYTES = 1 << 24
_MAX_RECORD_BYTES = 1 << 27
_COUNT = re.compile(r"\d{1,5}", re.ASCII)
_NAME = re.compile(r"[\w.-]{1,200}")
_ADVICE = "prepare it again with TFDS"
# A record: its length, the checksum of that, the content, the checksum of that.
_LENGTH_BYTES, _SUM_BYTES = 8, 4


class PreparedCopy:
    """A prepared data set; its shards are checked, and read a record at a time.

    Attributes:
        name: `name/config/version`, the config only where there is one.
        splits: how many examples each split has, under its name in TFDS.
        sha256: of dataset_info.json.
    """

    def __init__(self, data_dir: Path, name: str) -> None:
        """Finds the copy and walks over its shards.

        Args:
            data_dir: where TFDS keeps what it prepares.
            name: of the data set, alone where there is one version of it; else as TFDS writes it,
                `name/config:version`, or as its folder.

        Raises:
            InputError: there is no such copy or more than one, it is damaged, or its shards are
                no TFRecords.
        """
        self._folder = folder = _found(data_dir, name)
        self.name = str(folder.relative_to(data_dir))
        self.sha256 = sha256(folder / _INFO)
        info = _json(folder / _INFO)
        features = _json(folder / "features.json")
        self._features = _at(features, "featuresDict", "features")
        self._shards = _shards(folder, info)
        self.splits: Mapping[str, int] = {
            split: sum(_examples(path) for path in paths) for split, paths in self._shards.items()
        }

    @property
    def features(self) -> frozenset[str]:
        """The names of the features of an example."""
        return frozenset(self._features if isinstance(self._features, dict) else ())

    @property
    def channels(self) -> int:
        """How many colours the feature `image` has: 1 for greys, else 3."""
        shape = _at(self._features, "image", "image", "shape", "dimensions")
        return 1 if isinstance(shape, list) and shape and str(shape[-1]) == "1" else 3

    def classes(self) -> list[str]:
        """Returns the names of the classes of `label`, or their numbers where they have none."""
        path = self._folder / "label.labels.txt"
        if path.is_file():
            return _bounded(path).decode("utf-8", errors="replace").rstrip("\n").split("\n")
        count = str(_at(self._features, "label", "classLabel", "numClasses"))
        return [str(number) for number in range(int(count) if _COUNT.fullmatch(count) else 0)]

    def records(self, split: str) -> Iterator[Record]:
        """Yields the examples of a split, in the order of its files.

        Raises:
            InputError: a record is damaged.
        """
        import tensorflow as tf
        from google.protobuf.message import DecodeError

        paths = [str(path) for path in self._shards[split]]
        try:
            for content in tf.data.TFRecordDataset(paths).as_numpy_iterator():
                example = tf.train.Example.FromString(content)
                yield {
                    key: getattr(feature, feature.WhichOneof("kind") or "bytes_list").value
                    for key, feature in example.features.feature.items()
                }
        except (tf.errors.OpError, DecodeError) as error:
            raise InputError(
                f"{self._folder}: expected whole records in split {split}, "
                f"got {type(error).__name__}; {_ADVICE}"
            ) from error


def _found(data_dir: Path, name: str) -> Path:
    """Returns the folder of the one version that a name can mean."""
    path = PurePosixPath(name.replace(":", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(
            f"{name}: expected the name of a data set, got a path; name its folder with --data-dir"
        )
    root = data_dir / path
    found = [info.parent for depth in ("", "*/", "*/*/") for info in root.glob(f"{depth}{_INFO}")]
    if not found:
        raise InputError(
            f"{root}: expected a data set that TFDS has prepared, got none; "
            f"prepare it with tfds.load({name!r}, data_dir={str(data_dir)!r})"
        )
    if len(found) > 1:
        names = ", ".join(str(folder.relative_to(data_dir)) for folder in sorted(found))
        raise InputError(f"{name}: expected one version, got {names}; name one of them")
    return found[0]


def _bounded(path: Path) -> bytes:
    if not path.is_file() or path.stat().st_size > _MAX_TEXT_BYTES:
        raise InputError(
            f"{path}: expected a file of at most {_MAX_TEXT_BYTES} bytes, "
            f"got {path.stat().st_size if path.is_file() else 'none'}; {_ADVICE}"
        )
    return path.read_bytes()


def _json(path: Path) -> Any:
    try:
        return json.loads(_bounded(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got something else; {_ADVICE}") from error


def _at(value: Any, *keys: str) -> Any:
    """Returns what is found under the keys, one in the other, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _shards(folder: Path, info: Any) -> dict[str, list[Path]]:
    """Returns the files of each split, all there and none too many."""
    name, splits = _at(info, "name"), _at(info, "splits")
    kind = _at(info, "fileFormat") or "tfrecord"
    if kind != "tfrecord":
        raise InputError(
            f"{folder}: expected files of format tfrecord, got {str(kind)[:80]!r}; "
            "prepare it with file_format='tfrecord'"
        )
    shards = {}
    for entry in splits if isinstance(splits, list) else []:
        split, lengths = _at(entry, "name"), _at(entry, "shardLengths")
        if not all(isinstance(part, str) and _NAME.fullmatch(part) for part in (name, split)):
            raise InputError(f"{folder}: expected a name and splits, got others; {_ADVICE}")
        count = len(lengths) if isinstance(lengths, list) else 0
        paths = [
            folder / f"{name}-{split}.tfrecord-{number:05d}-of-{count:05d}"
            for number in range(count)
        ]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise InputError(f"{missing[0]}: expected a file, got none; {_ADVICE}")
        shards[split] = paths
    if not any(shards.values()):
        raise InputError(f"{folder}: expected splits with examples, got none; {_ADVICE}")
    return shards


def _examples(path: Path) -> int:
    """Returns how many records a file has, when their lengths fill it.

    Source: the format as tensorflow/core/lib/io/record_writer.h has it.
    """
    count, place, size = 0, 0, path.stat().st_size
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            place += _LENGTH_BYTES + _SUM_BYTES + length + _SUM_BYTES
            if place > size or length > _MAX_RECORD_BYTES:
                raise InputError(
                    f"{path}: expected whole records, got one that is cut off or too long; "
                    f"{_ADVICE}"
                )
            count += 1
    return count
