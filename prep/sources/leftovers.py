"""What lies in the folders of a source and is in none of its examples: named, and no fault."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from prep.building.examples import UNLISTED, UNPICTURED, Note
from prep.formats.folders import files_below, is_picture


def pictures_left(folder: Path, listed: Iterable[str], listing: str) -> Iterator[Note]:
    """Yields a note for each picture below a folder that a list does not name.

    Args:
        folder: where the pictures are.
        listed: paths below it.
        listing: what the list is called.
    """
    known = set(listed)
    for path in files_below(folder).paths:
        if is_picture(path) and path not in known:
            yield Note(path, f"expected it in {listing}, got no line of it", UNLISTED)


def captions_left(folder: Path, names: Iterable[str]) -> Iterator[Note]:
    """Yields a note for each text file, in a folder of a class, that is no picture's.

    Args:
        folder: of the folders.
        names: of the pictures, `class folder/file name without ending`.
    """
    known = set(names)
    for path in files_below(folder).paths:
        name, dot, ending = path.rpartition(".")
        if "/" in path and f"{dot}{ending}".lower() == ".txt" and name not in known:
            yield Note(path, "expected a picture to these captions, got none", UNPICTURED)
