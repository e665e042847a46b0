"""Names of pictures, which become names of files: none may lead anywhere else."""

import re

# No folder upwards, and nothing that could break a line.
PART = r"(?!\.{1,2}(?:/|$))[^/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+"
# What file systems take, with room for another ending.
MAX_BYTES = 240
_NAME = re.compile(rf"{PART}(?:/{PART})?")
_NUMBER = re.compile(r"(\d{1,9})\..*|class_(\d{1,9})")


def is_name(name: object) -> bool:
    """Returns whether it names a file, alone or in one folder, that any file system takes."""
    return (
        isinstance(name, str)
        and bool(_NAME.fullmatch(name))
        and all(len(part.encode()) <= MAX_BYTES for part in name.split("/"))
    )


def number_of(folder: str) -> int | None:
    """Returns the class number in `001.Black_footed_Albatross` or `class_00001`, or None."""
    match = _NUMBER.fullmatch(folder)
    return int(match[1] or match[2]) if match else None
