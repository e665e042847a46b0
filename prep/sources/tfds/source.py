"""What TensorFlow Datasets has prepared -> captioned pictures, by the features that it has.

Captions may be one of them, as in `coco_captions`; they may lie in folders under the pictures'
names, as Reed's do for `caltech_birds2011` and `oxford_flowers102`; and where there are none, as
in `mnist`, the class is the condition.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import numpy as np

from prep.building.examples import UNPICTURED, Example, Fault, Note
from prep.formats.caption_files import caption_root, read_captions
from prep.sources.tfds.copies import PreparedCopy
from prep.sources.tfds.records import Record, box, content, file_name, label, texts
from t2i.errors import InputError
from t2i.pairs.reading import IMPORTED, EncoderStamp, SplitBy

# Ours by theirs; `restval` is what COCO's usual division trains on beside `train`.
_SPLITS = MappingProxyType(
    {
        "train": "train",
        "restval": "train",
        "validation": "val",
        "valid": "val",
        "val": "val",
        "test": "test",
    }
)
_CAPTIONS = ("captions", "caption", "text")
_FILES = ("image/filename", "file_name", "filename")
# `class_00001` of the flowers, `001.Black_footed_Albatross` of the birds.
_NUMBERED = re.compile(r"(?:class_)?(\d{1,9})(?:\..*)?")
# Of one-hot classes, each as long as there are classes.
_MAX_CLASSES = 1000
_ANY_CLASS = 2**31 - 1


class Tfds:
    """The pictures of a prepared data set; iterating reads one at a time.

    Attributes:
        channels: 3 for colours, 1 for greys.
        encoder: stamp of the one-hot classes where these are the condition, else None.
        left_out: splits that there is no use for.
        split_by: `class` where the captions' folders are split, or no picture has a class;
            `picture` where the splits are those of the data set.
    """

    def __init__(
        self, copy: PreparedCopy, captions: Path | None, use_box: bool, split_of: Mapping[str, str]
    ) -> None:
        """Decides where the captions come from, and finds them.

        Args:
            copy: the data set.
            captions: folder of caption files, whose classes are split; None takes captions or
                classes from the data set, and its splits.
            use_box: crop to the feature `bbox`, where there is one.
            split_of: the split of each class folder that `captions` may have.

        Raises:
            InputError: the features or the splits do not suffice, or the captions aren't found.
        """
        self.channels = copy.channels
        self.encoder: EncoderStamp | None = None
        self.left_out = [split for split in copy.splits if split not in _SPLITS]
        labelled = not captions and "label" in copy.features
        self.split_by: SplitBy = "picture" if labelled else "class"
        self._copy = copy
        self._use_box = use_box and "bbox" in copy.features
        self._splits = {split: _SPLITS[split] for split in copy.splits if split in _SPLITS}
        self._split_of = split_of
        self._file = next((key for key in _FILES if key in copy.features), None)
        self._caption = next((key for key in _CAPTIONS if key in copy.features), None)
        needed = {"image", "label", self._file} if captions else {"image", self._caption or "label"}
        if not needed <= copy.features:
            wanted = "a label and a file name" if captions else "captions or a label"
            raise InputError(
                f"{copy.name}: expected features image and {wanted}, "
                f"got {', '.join(sorted(copy.features)) or 'none'}; choose another data set"
            )
        if "train" not in self._splits.values():
            raise InputError(
                f"{copy.name}: expected a split train, got {', '.join(copy.splits)}; "
                "choose another data set"
            )
        self._caption_files: Mapping[str, list[Path]] = {}
        self._joined_to: set[Path] = set()
        if captions:
            self._worded = self._joined
            self._caption_files = _by_stem(caption_root(captions, split_of), split_of)
        elif self._caption:
            self._worded = self._captioned
        else:
            self._worded = self._one_hot
            self._classes = copy.classes()
            self.encoder = _one_hot_stamp(copy, len(self._classes))

    def __len__(self) -> int:
        return sum(self._copy.splits[split] for split in self._splits)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures split by split, in the order of the files; then what is left."""
        count = 0
        for theirs, ours in self._splits.items():
            for number, record in enumerate(self._copy.records(theirs)):
                name = f"{theirs}/{number:06d}"
                try:
                    image = content(record, "image")
                    area = box(record, image) if self._use_box else None
                    bare = Example(name, image, (), count, ours, area)
                    yield self._worded(record, bare)
                except InputError as error:
                    yield Fault(name, str(error))
                count += 1
        for path in sorted(set().union(*self._caption_files.values()) - self._joined_to):
            name = f"{path.parent.name}/{path.name}"
            yield Note(name, "expected a picture of this name, got none", UNPICTURED)

    def _captioned(self, record: Record, bare: Example) -> Example:
        return replace(
            bare,
            name=file_name(record, self._file) if self._file else bare.name,
            captions=texts(record, self._caption or ""),
            class_id=label(record, _ANY_CLASS) if "label" in record else bare.class_id,
        )

    def _joined(self, record: Record, bare: Example) -> Example:
        file = PurePosixPath(file_name(record, self._file or ""))
        found = [
            path
            for path in self._caption_files.get(file.name, ())
            if file.parent.name in ("", path.parent.name)
        ]
        if len(found) != 1:
            raise InputError(
                f"expected captions in one file {file.name}.txt, got {len(found) or 'none'}"
            )
        folder, class_id = found[0].parent.name, label(record, _ANY_CLASS) + 1
        numbered = _NUMBERED.fullmatch(folder)
        if not numbered or int(numbered[1]) != class_id:
            raise InputError(f"expected captions of class {class_id}, got those of {folder}")
        captions = read_captions(found[0])
        self._joined_to.add(found[0])
        return replace(
            bare,
            name=f"{folder}/{file.name}",
            captions=captions.texts,
            remark=captions.remark,
            class_id=class_id,
            split=self._split_of[folder],
        )

    def _one_hot(self, record: Record, bare: Example) -> Example:
        class_id = label(record, len(self._classes))
        return replace(
            bare,
            captions=(self._classes[class_id].replace("_", " "),),
            class_id=class_id,
            embeddings=np.eye(1, len(self._classes), class_id, np.float32),
        )


def _by_stem(root: Path, folders: Mapping[str, str]) -> Mapping[str, list[Path]]:
    """Returns the caption files in some folders, by their names without ending."""
    files: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for path in (root / folder).glob("*.txt"):
            files[path.stem].append(path)
    return files


def _one_hot_stamp(copy: PreparedCopy, classes: int) -> EncoderStamp:
    if not 0 < classes <= _MAX_CLASSES:
        raise InputError(
            f"{copy.name}: expected 1 to {_MAX_CLASSES} classes to be the condition, "
            f"got {classes}; name a folder of captions with --captions"
        )
    return EncoderStamp(copy.sha256, f"{IMPORTED}one-hot classes of {copy.name}", classes)
