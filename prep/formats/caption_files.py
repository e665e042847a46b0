"""Text files of captions, one a line, as Reed et al. published them and as people write them."""

from collections.abc import Iterable
from pathlib import Path

from t2i.errors import InputError
from t2i.files.text import Sentences, joined, read_text, sentences

# Where copies of the captions keep the class folders, below the folder that is unpacked.
_NESTINGS = tuple(
    f"{outer}{inner}"
    for outer in ("", "birds/", "CUB_200_2011/", "cvpr2016_cub/", "flowers/", "cvpr2016_flowers/")
    for inner in ("", "text_c10", "text", "text_c10/text", "text_c10/text_c10")
)
# Many times what is real.
_MAX_CAPTION_BYTES = 1 << 20


def caption_root(captions: Path, classes: Iterable[str]) -> Path:
    """Returns the folder that holds a folder of captions for each class.

    Args:
        captions: the folder that they were unpacked to.
        classes: the names of the classes' folders, empty for none; one of them is enough.

    Raises:
        InputError: they are in none of the known nestings.
    """
    classes = list(classes)
    for nesting in _NESTINGS:
        if any(_has_captions(captions / nesting, name) for name in classes):
            return captions / nesting
    raise InputError(
        f"{captions}: expected a folder for each class in it or in its text_c10 or text, "
        "got none; give the folder that the captions were unpacked to"
    )


def _has_captions(root: Path, name: str) -> bool:
    """Returns whether a class can be in a folder; one of no name has its files in it."""
    return (root / name).is_dir() if name else any(root.glob("*.txt"))


def read_captions(path: Path) -> Sentences:
    """Returns the captions in a text file, one a line.

    Raises:
        InputError: there are none, the file is too large, or it is no text.
    """
    if not path.is_file():
        raise InputError(f"expected captions in {path}, got no such file")
    # Some of the published files hold U+FFFD, which stays.
    text = read_text(path, _MAX_CAPTION_BYTES)
    try:
        found = sentences(text.content.replace("\r", "\n").split("\n"))
    except InputError as error:
        raise InputError(f"expected text in {path}, got {error}") from error
    if not found.texts:
        raise InputError(found.remark or f"expected captions in {path}, got an empty file")
    return Sentences(found.texts, joined(text.remark, found.remark))
