"""What Reed's two layouts share: captions as codes of characters, and a folder a class."""

from pathlib import Path

from prep.formats.torch7 import Array
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError

_TOKENIZER = CharTokenizer()
# What file systems take, with room for an ending.
_MAX_NAME_BYTES = 240


def decoded(path: Path, codes: Array) -> tuple[str, ...]:
    """Returns the captions in codes [captions, characters] out of a file.

    Raises:
        InputError: a number is no code, or a caption is empty.
    """
    try:
        captions = tuple(_TOKENIZER.decode(codes))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    for index, caption in enumerate(captions, 1):
        if not caption.strip():
            raise InputError(f"{path}: expected caption {index}, got padding; fetch the file again")
    return captions


def is_name(name: str) -> bool:
    """Tells whether this can be the name of a file or folder, leads nowhere else and is text."""
    return (
        name.isprintable()
        and not {"/", "\\"} & set(name)
        and name not in (".", "..")
        and 0 < len(name.encode()) <= _MAX_NAME_BYTES
    )


def stems(folder: Path, *suffixes: str) -> set[str]:
    """Returns the names, without their endings, of the files in a folder with such an ending.

    Raises:
        InputError: one of them is no text.
    """
    found = {file.stem for file in folder.iterdir() if file.suffix in suffixes}
    for stem in found:
        if not is_name(stem):
            raise InputError(
                f"{folder}: expected names of printable text, got {stem[:80]!a}; rename the file"
            )
    return found
