"""Reed's `cub_icml` and `flowers_icml` (ICML 2016) -> captioned pictures with their embeddings."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from prep.building.examples import UNLISTED, Example, Fault, Note
from prep.building.splits import read_list, read_split, split_classes
from prep.formats.torch7 import Table, load
from prep.sources.cub import picture_files
from prep.sources.leftovers import pictures_left
from prep.sources.reed.files import decoded, is_name, stems
from t2i.errors import InputError
from t2i.images.squares import Box
from t2i.pairs.reading import IMPORTED, EncoderStamp

# Ten captions of 201 characters and 1,024 numbers take 100 kB, or twice that as doubles.
_MAX_BYTES = 1 << 24
_MAX_CAPTIONS = 100
_MAX_EMBEDDING_SIZE = 1 << 14
_ID_LISTS = ("train", "val", "trainval")


class ReedIcml:
    """A folder of `.t7` files, one a picture in a folder a class, its index read.

    A caption stands in a file as codes of characters, at most 201: what was cut off, or was not
    in the alphabet, is lost.
    """

    def __init__(
        self, folder: Path, images: Path, use_box: bool, split_of: Mapping[str, str] | None = None
    ) -> None:
        """Reads the lists, and the names of the files.

        Args:
            folder: `cub_icml` or `flowers_icml`.
            images: the tree of CUB-200-2011, or the folder of the flowers.
            use_box: crop to CUB's bounding boxes.
            split_of: the split of each class name; None takes the folder's own lists.

        Raises:
            InputError: a list or a class folder is missing, lists contradict each other, or
                there are no pictures.
        """
        self._folder = folder
        classes = dict(enumerate(read_list(folder / "allclasses.txt"), 1))
        _check_names(folder / "allclasses.txt", classes)
        _check_ids(folder, classes)
        self._split_of = split_classes(classes, split_of or read_split(folder))
        is_cub = any((images / root / "images.txt").is_file() for root in ("", "CUB_200_2011"))
        self._images = images
        self._pictures = picture_files(images, use_box) if is_cub else None
        if use_box and not is_cub:
            raise InputError(
                f"{images}: expected the tree of CUB-200-2011 to crop to its boxes, "
                "got no images.txt; take the pictures whole with --crop none"
            )
        names: dict[str, set[str]] = defaultdict(set)
        for name in self._pictures or ():
            names[name.partition("/")[0]].add(name)
        # A picture of CUB without a file is a fault, and so is a file without its picture.
        self._items = [
            (class_id, item)
            for class_id, name in classes.items()
            for item in sorted(names[name] | _files(folder, name))
        ]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Example | Fault | Note]:
        """Yields the pictures class by class, in the order of their names; then what is left."""
        used: set[str] = set()
        for class_id, name in self._items:
            try:
                captions, embeddings, image = self._read(name)
                picture, box = self._picture(name, image)
                used.add(picture.name)
                self._check_size(name, embeddings)
            except InputError as error:
                yield Fault(name, str(error))
                continue
            yield Example(
                name, picture, captions, class_id, self._split_of[class_id], box, embeddings
            )
        if self._pictures is None:
            folder = self._images / "jpg" if (self._images / "jpg").is_dir() else self._images
            yield from pictures_left(folder, used, f"a .t7 of {self._folder.name}")
        listed = {name for _, name in self._items}
        for name in self._pictures or ():
            if name not in listed:
                yield Note(name, "expected its class in allclasses.txt, got no such line", UNLISTED)

    @cached_property
    def encoder(self) -> EncoderStamp:
        """What the embeddings are; all files are read once, for their SHA-256.

        Raises:
            InputError: no file can be read.
        """
        content = hashlib.sha256()
        for _, name in self._items:
            path = self._path(name)
            if path.is_file():
                with path.open("rb") as file:
                    content.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
        kind = f"{IMPORTED}char-CNN-RNN in {self._folder.name}"
        return EncoderStamp(content.hexdigest(), kind, self._embedding_size)

    @cached_property
    def _embedding_size(self) -> int:
        """Numbers in an embedding of the first file that can be read."""
        for _, name in self._items:
            try:
                _, embeddings, _ = self._read(name)
            except InputError:
                continue
            return int(embeddings.shape[1])
        raise InputError(
            f"{self._folder}: expected .t7 files with embeddings, got none; unpack it again"
        )

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.t7"

    def _read(self, name: str) -> tuple[tuple[str, ...], npt.NDArray[np.float32], PurePosixPath]:
        """Returns the captions, their embeddings and the picture's path in a file."""
        path = self._path(name)
        value = load(path, _MAX_BYTES)
        fields = value.fields if isinstance(value, Table) else {}
        image, embeddings, codes = (fields.get(key) for key in ("img", "txt", "char"))
        if not (
            isinstance(image, str)
            and isinstance(embeddings, np.ndarray)
            and isinstance(codes, np.ndarray)
            and embeddings.ndim == codes.ndim == 2
            and 1 <= codes.shape[1] == len(embeddings) <= _MAX_CAPTIONS
            and embeddings.shape[1] <= _MAX_EMBEDDING_SIZE
        ):
            raise InputError(
                f"{path}: expected img, txt [captions, numbers] and char [characters, captions], "
                "got something else; fetch the file again"
            )
        with np.errstate(over="ignore"):
            embeddings = embeddings.astype(np.float32)
        if not np.isfinite(embeddings).all():
            raise InputError(f"{path}: expected finite embeddings, got others; fetch it again")
        return decoded(path, codes.T), embeddings, PurePosixPath(image)

    def _picture(self, name: str, image: PurePosixPath) -> tuple[Path, Box | None]:
        """Returns the picture's file, which is the one of the same name, and its box."""
        if image.stem != PurePosixPath(name).name:
            raise InputError(
                f"{self._path(name)}: expected img of the same name, got {str(image)[:80]!r}; "
                "fetch the file again"
            )
        if self._pictures is None:
            places = [self._images / image.name, self._images / "jpg" / image.name]
            return next((place for place in places if place.is_file()), places[0]), None
        if name not in self._pictures:
            raise InputError(f"expected it in images.txt of {self._images}, got no such picture")
        return self._pictures[name]

    def _check_size(self, name: str, embeddings: npt.NDArray[np.float32]) -> None:
        if embeddings.shape[1] != self._embedding_size:
            raise InputError(
                f"{self._path(name)}: expected embeddings of {self._embedding_size} numbers as in "
                f"the files before, got {embeddings.shape[1]}; fetch the file again"
            )


def _files(folder: Path, name: str) -> set[str]:
    """Returns the pictures of a class that have a file."""
    if not (folder / name).is_dir():
        raise InputError(
            f"{folder / name}: expected a folder for each class of allclasses.txt, got none; "
            "unpack it again"
        )
    return {f"{name}/{stem}" for stem in stems(folder / name, ".t7")}


def _check_names(path: Path, classes: Mapping[int, str]) -> None:
    """Raises InputError when a class could lead out of the folder, or stands twice."""
    for class_id, name in classes.items():
        if not is_name(name):
            raise InputError(
                f"{path}:{class_id}: expected the name of a folder, got {name[:80]!r}; "
                "fetch the file again"
            )
    if len(set(classes.values())) < len(classes):
        raise InputError(f"{path}: expected each class once, got one again; fetch the file again")


def _check_ids(folder: Path, classes: Mapping[int, str]) -> None:
    """Raises InputError when a list of numbers and the list of names beside it differ."""
    for split in _ID_LISTS:
        path, names = folder / f"{split}ids.txt", folder / f"{split}classes.txt"
        if not (path.is_file() and names.is_file()):
            continue
        ids = read_list(path)
        found = {classes.get(int(line)) if line.isdecimal() else None for line in ids}
        if found != set(read_list(names)):
            raise InputError(
                f"{path}: expected the lines in allclasses.txt of the classes in {names.name}, "
                "got others; fetch both again"
            )
