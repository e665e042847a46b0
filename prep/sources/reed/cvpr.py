"""Reed's `cvpr2016_cub` (CVPR 2016) -> captioned pictures of a CUB tree.

A picture's captions are taken from its `.txt`, else from its `.h5`, else from its row in the
class's `.t7`. Rows have no names: they are in the order of the `.txt` names, and they are only
used when there is one for each picture of the class and they agree with every text there is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from prep.building.examples import Example, Fault
from prep.building.splits import read_list, read_split, split_classes
from prep.formats.caption_files import read_captions
from prep.formats.torch7 import load
from prep.sources.cub import picture_files
from prep.sources.reed.files import decoded, is_name, stems
from t2i.errors import InputError
from t2i.files.hdf5 import vectors
from t2i.files.text import Sentences

_FOLDER = "text_c10"
# 60 pictures of ten captions take a megabyte, as doubles.
_MAX_BYTES = 1 << 26
_MAX_CAPTIONS = 100
_MAX_CHARACTERS = 4096
_CLASS = re.compile(r"(\d{1,9})\.")
_NOT_LETTERS = re.compile(r"[^a-z]")


class ReedCvpr:
    """A folder of captions by class, and the CUB tree with the pictures, their indices read."""

    def __init__(
        self, folder: Path, cub: Path, use_box: bool, split_of: Mapping[str, str] | None = None
    ) -> None:
        """Reads both indices.

        Args:
            folder: `cvpr2016_cub`.
            cub: the tree of CUB-200-2011.
            use_box: crop to its bounding boxes.
            split_of: the split of each class of the folder; None takes the folder's own lists.

        Raises:
            InputError: an index is missing or malformed, or a class has no split or another
                number than in its name.
        """
        self._captions = folder / _FOLDER
        if not self._captions.is_dir():
            raise InputError(
                f"{self._captions}: expected a folder, got none; give the folder cvpr2016_cub"
            )
        self._pictures = picture_files(cub, use_box)
        self._classes = _classes(folder / "manifest.txt")
        self._split_of = split_classes(self._classes, split_of or read_split(folder))
        self._names: dict[int, list[str]] = {class_id: [] for class_id in self._classes}
        for name in self._pictures:
            match = _CLASS.match(name)
            self._names.setdefault(int(match[1]) if match else 0, []).append(name)

    def __len__(self) -> int:
        return len(self._pictures) + sum(len(self._without(key)) for key in self._classes)

    def __iter__(self) -> Iterator[Example | Fault]:
        """Yields the pictures class by class, in the order of their names."""
        for class_id, names in sorted(self._names.items()):
            if class_id not in self._classes:
                for name in names:
                    yield Fault(name, "expected its class in manifest.txt, got no such number")
                continue
            for name in self._without(class_id):
                yield Fault(name, "expected a picture to these captions, got none of that name")
            # By `.txt` name: a dot sorts before a letter, and behind a hyphen.
            names = sorted(names, key=lambda name: f"{PurePosixPath(name).name}.txt")
            captions = self._captions_of(class_id, names)
            for name, own in zip(names, captions, strict=True):
                if isinstance(own, InputError):
                    yield Fault(name, str(own))
                    continue
                picture, box = self._pictures[name]
                split = self._split_of[class_id]
                yield Example(name, picture, own.texts, class_id, split, box, remark=own.remark)

    def _without(self, class_id: int) -> list[str]:
        """Returns the names of captions to which there is no picture."""
        name = self._classes[class_id]
        folder = self._captions / name
        texts = stems(folder, ".txt", ".h5") if folder.is_dir() else set()
        pictures = {PurePosixPath(picture).name for picture in self._names[class_id]}
        return sorted(f"{name}/{text}" for text in texts - pictures)

    def _captions_of(self, class_id: int, names: Sequence[str]) -> list[Sentences | InputError]:
        """Returns the captions of each picture, or why there are none."""
        folder = self._captions / self._classes[class_id]
        found = [_read(folder / PurePosixPath(name).name) for name in names]
        rows = folder.with_name(f"{folder.name}.t7")
        if all(isinstance(own, Sentences) for own in found) or not rows.is_file():
            return found
        try:
            recovered = _rows(rows, names)
            for name, own, row in zip(names, found, recovered, strict=True):
                if isinstance(own, Sentences) and not _agree(own, row):
                    raise InputError(
                        f"{rows}: expected the captions of {name} in its row, got others; "
                        "fetch the file again"
                    )
        except InputError as error:
            return [own if isinstance(own, Sentences) else error for own in found]
        return [
            own if isinstance(own, Sentences) else row
            for own, row in zip(found, recovered, strict=True)
        ]


def _classes(manifest: Path) -> dict[int, str]:
    """Returns the name of each class by its number, which is the line and stands in the name."""
    classes = {}
    for number, line in enumerate(read_list(manifest), 1):
        name = line.removesuffix(".t7")
        match = _CLASS.match(name)
        if not match or int(match[1]) != number or not is_name(name):
            raise InputError(
                f"{manifest}:{number}: expected the file of class {number}, got {line[:80]!r}; "
                "fetch the file again"
            )
        classes[number] = name
    return classes


def _read(stem: Path) -> Sentences | InputError:
    """Returns the captions in a picture's own files, or why there are none."""
    text, numbers = (stem.with_name(f"{stem.name}{suffix}") for suffix in (".txt", ".h5"))
    try:
        return _spelled(numbers) if numbers.is_file() and not text.exists() else read_captions(text)
    except InputError as error:
        return error


def _spelled(path: Path) -> Sentences:
    """Returns the captions in txt1, txt2 and so on, each a list of ASCII codes."""
    found = vectors(path, _MAX_CAPTIONS, _MAX_CHARACTERS)
    captions = []
    for index in range(1, len(found) + 1):
        codes = found.get(f"txt{index}")
        if codes is None or not np.isin(codes, np.arange(128)).all():
            raise InputError(
                f"{path}: expected ASCII codes in txt1 to txt{len(found)}, got others in "
                f"txt{index}; fetch the file again"
            )
        captions.append(bytes(codes.astype(np.uint8)).decode("ascii").strip("\0\r\n\t "))
    if not all(captions) or not captions:
        raise InputError(f"{path}: expected captions, got an empty one; fetch the file again")
    return Sentences(tuple(captions), None)


def _rows(path: Path, names: Sequence[str]) -> list[Sentences]:
    """Returns the captions in the rows of a class's file, one row for each name."""
    codes = load(path, _MAX_BYTES)
    if (
        not isinstance(codes, np.ndarray)
        or codes.ndim != 3
        or not 1 <= codes.shape[2] <= _MAX_CAPTIONS
    ):
        raise InputError(
            f"{path}: expected codes [pictures, characters, captions], got something else; "
            "fetch the file again"
        )
    if len(codes) != len(names):
        raise InputError(
            f"{path}: expected a row for each of the {len(names)} pictures of the class, "
            f"got {len(codes)}; which row is whose can't be told"
        )
    return [Sentences(decoded(path, row.T), None) for row in codes]


def _agree(text: Sentences, row: Sentences) -> bool:
    """Tells whether a row can be of these captions: in letters alone, and perhaps cut short."""
    letters = [_NOT_LETTERS.sub("", caption.lower()) for caption in text.texts]
    read = [_NOT_LETTERS.sub("", caption) for caption in row.texts]
    return len(read) == len(letters) and all(map(str.startswith, letters, read))
