"""CUB-200-2011 and its caption folders -> captioned pictures, not yet decoded."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from prep.building.examples import Example, Fault, Note
from prep.building.names import MAX_BYTES, PART
from prep.building.splits import split_classes
from prep.formats.caption_files import caption_root, read_captions
from prep.sources.leftovers import captions_left, pictures_left
from t2i.errors import InputError
from t2i.files.text import read_text
from t2i.images.squares import Box

_FLOAT = r"(-?\d{1,9}(?:\.\d{1,20})?)"
_PICTURE = re.compile(rf"(\d{{1,9}}) ({PART}/{PART})")
_LABEL = re.compile(r"(\d{1,9}) (\d{1,9})")
_CLASS = re.compile(r"(\d{1,9}) (\S+)")
_BOX = re.compile(rf"(\d{{1,9}}) {_FLOAT} {_FLOAT} {_FLOAT} {_FLOAT}")

# Many times what is real, and little enough for any machine.
_MAX_INDEX_BYTES = 1 << 26


class Cub:
    """A CUB tree, its index read; iterating reads the captions, a picture at a time."""

    def __init__(
        self, cub: Path, captions: Path, use_box: bool, split_of: Mapping[str, str]
    ) -> None:
        """Reads the index.

        Args:
            cub: the folder `CUB_200_2011`, or the one that holds it.
            captions: the folder of the captions, in any of their known nestings.
            use_box: False takes the pictures whole and needs no bounding_boxes.txt.
            split_of: the split of each class name.

        Raises:
            InputError: the index is missing, malformed or contradicts itself, a name in it
                leads out of the tree, the captions are not found, or a class has no split.
        """
        root = _root(cub)
        self._images = root / "images"
        self._pictures = _pictures(root / "images.txt")
        self._class_ids = _class_ids(root, self._pictures)
        self._boxes = _boxes(root / "bounding_boxes.txt", self._pictures) if use_box else {}
        classes = {
            class_id: _folder(self._pictures[picture])
            for picture, class_id in self._class_ids.items()
        }
        self._split_of = split_classes(classes, split_of)
        self._captions = caption_root(captions, classes.values())

    def __len__(self) -> int:
        return len(self._pictures)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures in the order of images.txt, then what it does not name."""
        for picture, file in self._pictures.items():
            name = _stem(file)
            try:
                captions = read_captions(self._captions / f"{name}.txt")
            except InputError as error:
                yield Fault(name, str(error))
                continue
            class_id = self._class_ids[picture]
            yield Example(
                name,
                self._images / file,
                captions.texts,
                class_id,
                self._split_of[class_id],
                self._boxes.get(picture),
                remark=captions.remark,
            )
        yield from pictures_left(self._images, self._pictures.values(), "images.txt")
        yield from captions_left(self._captions, map(_stem, self._pictures.values()))


def picture_files(cub: Path, use_box: bool) -> dict[str, tuple[Path, Box | None]]:
    """Returns the file and the box of each picture of a CUB tree, by its name; as for `Cub`."""
    root = _root(cub)
    pictures = _pictures(root / "images.txt")
    boxes = _boxes(root / "bounding_boxes.txt", pictures) if use_box else {}
    return {
        _stem(file): (root / "images" / file, boxes.get(picture))
        for picture, file in pictures.items()
    }


def _root(cub: Path) -> Path:
    for root in (cub, cub / "CUB_200_2011"):
        if (root / "images.txt").is_file():
            return root
    raise InputError(
        f"{cub}: expected images.txt in it or in its CUB_200_2011, got neither; "
        "give the folder that CUB-200-2011 was unpacked to"
    )


def _pictures(path: Path) -> dict[int, str]:
    """Returns `class folder/file` of each picture by its number."""
    pictures = {
        key: file
        for key, (file,) in _rows(path, _PICTURE, "<id> <class>/<file> inside images").items()
    }
    names = set()
    for file in pictures.values():
        if max(len(part.encode()) for part in file.split("/")) > MAX_BYTES:
            raise InputError(
                f"{path}: expected names of at most {MAX_BYTES} bytes, "
                f"got {file[:80]!r} and more; unpack CUB-200-2011 again"
            )
        if _stem(file) in names:
            raise InputError(f"{path}: expected each picture once, got {file!r} again; remove one")
        names.add(_stem(file))
    if not pictures:
        raise InputError(f"{path}: expected pictures, got none; unpack CUB-200-2011 again")
    return pictures


def _class_ids(root: Path, pictures: Mapping[int, str]) -> dict[int, int]:
    """Returns the class of each picture, checked to be the folder that it is in."""
    path = root / "image_class_labels.txt"
    names = _rows(root / "classes.txt", _CLASS, "<id> <class>")
    labels = _rows(path, _LABEL, "<id> <class id>", pictures)
    for picture, file in pictures.items():
        (name,) = names.get(int(labels[picture][0]), (None,))
        if name != _folder(file):
            raise InputError(
                f"{path}: expected the class of picture {picture} to be {_folder(file)!r}, "
                f"got {labels[picture][0]} ({name}); unpack CUB-200-2011 again"
            )
    return {picture: int(labels[picture][0]) for picture in pictures}


def _boxes(path: Path, pictures: Mapping[int, str]) -> dict[int, Box]:
    rows = _rows(path, _BOX, "<id> <x> <y> <width> <height>", pictures)
    return {
        picture: (float(x), float(y), float(width), float(height))
        for picture, (x, y, width, height) in rows.items()
    }


def _rows(
    path: Path, line_of: re.Pattern[str], expected: str, needed: Mapping[int, str] | None = None
) -> dict[int, tuple[str, ...]]:
    """Returns the fields of each line of an index file, by the number that the line starts with.

    Args:
        path: the file.
        line_of: the number and the fields.
        expected: the same in words.
        needed: pictures that must each have a line.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file, got none; unpack CUB-200-2011 again")
    size = path.stat().st_size
    if size > _MAX_INDEX_BYTES:
        raise InputError(
            f"{path}: expected at most {_MAX_INDEX_BYTES} bytes, got {size}; "
            "unpack CUB-200-2011 again"
        )
    rows: dict[int, tuple[str, ...]] = {}
    lines = read_text(path, _MAX_INDEX_BYTES).content.split("\n")
    for number, line in enumerate(map(str.strip, lines), 1):
        match = line_of.fullmatch(line)
        if match and int(match[1]) not in rows:
            rows[int(match[1])] = match.groups()[1:]
        elif line:
            got = f"number {match[1]} again" if match else repr(line[:80])
            raise InputError(
                f"{path}:{number}: expected {expected}, got {got}; unpack CUB-200-2011 again"
            )
    for picture in needed or ():
        if picture not in rows:
            raise InputError(
                f"{path}: expected a line for each picture, got none for {picture}; "
                "unpack CUB-200-2011 again"
            )
    return rows


def _folder(file: str) -> str:
    return file.partition("/")[0]


def _stem(file: str) -> str:
    return str(PurePosixPath(file).with_suffix(""))
