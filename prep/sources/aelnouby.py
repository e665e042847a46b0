"""A. El-Nouby's birds.hdf5 and flowers.hdf5 -> captioned pictures.

    /train, /valid, /test, each with a group `<file name without ending>_<number>` a caption:
        name        str              the file name without ending
        class       str              `001.Black_footed_Albatross`, `class_00001`
        img         opaque           the bytes of the JPEG, repeated with every caption
        txt         str              the caption, and the end of its line
        embeddings  float [1024]

Captions were drawn with replacement, so that one may stand in several groups of a picture.

Source: A. El-Nouby, text-to-image synthesis, released code, convert_cub_to_hd5_script.py.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from prep.building.examples import Example, Fault
from prep.building.names import is_name, number_of
from prep.formats.hdf5 import Group, opened
from t2i.errors import InputError
from t2i.files.disk import sha256
from t2i.pairs.reading import IMPORTED, EncoderStamp

# Ours by theirs; in their order.
SPLITS = {"train": "train", "valid": "val", "test": "test"}
_MAX_PICTURE_BYTES = 1 << 26
_GROUP = re.compile(r"(.+)_(\d{1,9})")


class Aelnouby:
    """A file of captions with their pictures; iterating reads a picture at a time.

    Attributes:
        embedding_size: numbers in an embedding.
    """

    def __init__(self, path: Path) -> None:
        """Reads the names.

        Raises:
            InputError: it is no such file, or holds names of another form.
        """
        self._path = path
        try:
            with opened(path) as file:
                self._groups = {
                    split: _grouped(file.group(split)) for split in SPLITS if split in file
                }
                self.embedding_size = self._first_size(file)
        except InputError as error:
            raise InputError(f"{path}: {error}; give a birds.hdf5 or flowers.hdf5") from error

    def __len__(self) -> int:
        return sum(map(len, self._groups.values()))

    def __iter__(self) -> Iterator[Example | Fault]:
        """Yields the pictures by name, of train, then val, then test."""
        with opened(self._path) as file:
            for split, pictures in self._groups.items():
                group = file.group(split)
                for name, captions in pictures.items():
                    try:
                        yield _example(group, name, captions, SPLITS[split], self.embedding_size)
                    except InputError as error:
                        yield Fault(name, str(error))

    @cached_property
    def encoder(self) -> EncoderStamp:
        """What the embeddings are; the whole file is read for its SHA-256."""
        kind = f"{IMPORTED}aelnouby {self._path.name}"
        return EncoderStamp(sha256(self._path), kind, self.embedding_size)

    def _first_size(self, file: Group) -> int:
        for split, pictures in self._groups.items():
            for name, captions in pictures.items():
                first = file.group(split).group(f"{name}_{captions[0]}")
                return len(first.numbers("embeddings"))
        raise InputError("expected pictures in /train, /valid or /test, got none")


def _grouped(group: Group) -> dict[str, list[str]]:
    """Returns the numbers of each picture's captions, by its name."""
    pictures: dict[str, list[str]] = {}
    for key in group.members():
        match = _GROUP.fullmatch(key)
        if not match:
            raise InputError(
                f"expected groups `<picture>_<number>` in {group.place}, got {key[:80]!r}"
            )
        pictures.setdefault(match[1], []).append(match[2])
    for captions in pictures.values():
        captions.sort(key=int)
    return pictures


def _example(split: Group, name: str, captions: list[str], ours: str, size: int) -> Example:
    groups = [split.group(f"{name}_{number}") for number in captions]
    folder = groups[0].text("class")
    for group in groups:
        found = group.text("name")
        if found != name:
            raise InputError(f"expected the name {name!r} in {group.place}, got {found!r}")
    class_id = number_of(folder)
    if class_id is None or not is_name(f"{folder}/{name}"):
        raise InputError(f"expected a class such as '001.Black_footed_Albatross', got {folder!r}")
    sentences = tuple(group.text("txt").strip() for group in groups)
    embeddings = [group.numbers("embeddings") for group in groups]
    if not all(sentences) or {len(own) for own in embeddings} != {size}:
        raise InputError(f"expected a caption and {size} numbers in each group, got others")
    image = groups[0].opaque("img", _MAX_PICTURE_BYTES)
    return Example(
        f"{folder}/{name}", image, sentences, class_id, ours, embeddings=np.stack(embeddings)
    )
