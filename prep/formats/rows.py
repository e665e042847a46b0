"""What a row of a list says of a picture, from whatever its columns are called and hold."""

import ast
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from prep.formats.split_names import SPLIT_NAMES, split_of_name
from t2i.errors import InputError
from t2i.files.text import Sentences, sentences

# What the columns are called, in lower case; Hugging Face says file_name and text. Those of the
# second line count where there is none of the first.
PATHS = (
    ("path", "file_name", "filename", "file", "image"),
    ("image_name", "image_path", "image_file", "filepath", "file_path", "img"),
)
CAPTIONS = (("caption", "captions", "text"), ("comment", "sentence", "sentences", "description"))
_NUMBERED = re.compile(r"(?:caption|captions|text|comment|sentence|description)[ _.-]?\d{1,3}")
_CLASS = ("class", "label")
_SPLIT = ("split",)
# Of COCO by Karpathy, beside `train`.
_RESTVAL = "restval"
# A class that some program took for a number.
_WHOLE = re.compile(r"(-?\d+)\.0+")

# A cell that spells a list of texts, as Python or numpy print one.
_QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_SPELLED = re.compile(rf"\[\s*{_QUOTED}(?:(?:\s*,\s*|\s+){_QUOTED})*\s*,?\s*\]", re.DOTALL)
_SPELLED_PART = re.compile(_QUOTED, re.DOTALL)

# What file systems take, with room for another ending.
_MAX_NAME_BYTES = 240
_NO_LETTER = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """What a list says of a picture.

    Attributes:
        path: of the picture, relative, leading nowhere out of where it starts.
        captions: those of this row, none of them empty.
        class_name: or None where the list has no classes.
        split: of `t2i.pairs.structure.SPLITS`, or None where the list has no splits.
        remark: what was left out of the captions, or None.
    """

    path: str
    captions: tuple[str, ...]
    class_name: str | None
    split: str | None
    remark: str | None = None


@dataclass(frozen=True)
class BadRow:
    """A row that can't be used.

    Attributes:
        name: the picture, or the list and the line where it names none.
        reason: what was expected and what was got.
        pictured: False for captions alone, whose picture nobody names.
    """

    name: str
    reason: str
    pictured: bool = True


def row_of(place: str, fields: Fields) -> Row | BadRow:
    """Returns what a row says.

    Args:
        place: the list and the line.
        fields: by the names of their columns, in lower case.
    """
    name = place
    try:
        path = checked_path(_text(fields, chosen(PATHS, fields)))
        name = path
        captions = _captions(fields)
        split = _split(_optional(fields, _SPLIT))
        return Row(path, captions.texts, _class(fields), split, captions.remark)
    except InputError as error:
        return BadRow(name, str(error))


def chosen(names: tuple[tuple[str, ...], ...], columns: Any) -> tuple[str, ...]:
    """Returns the first of some groups of names of which a column has one."""
    return next((group for group in names if set(group) & set(columns)), names[0])


def caption_columns(columns: Any) -> list[str]:
    """Returns the columns that hold captions: one, and those with a number behind it."""
    plain = [name for name in chosen(CAPTIONS, columns) if name in columns]
    return plain + [name for name in columns if _NUMBERED.fullmatch(name)]


def checked_path(path: str) -> str:
    """Returns a relative path without `.` or empty parts.

    Raises:
        InputError: it leads out of where it starts, or no file system takes it.
    """
    if _NO_LETTER.search(path):
        raise InputError(
            "expected a name in UTF-8 without line breaks and other control characters, got "
            f"{path[:80]!r}; rename it"
        )
    given = PurePosixPath(path)
    if not all(map(_is_short, given.parts)):
        raise InputError(
            f"expected names of at most {_MAX_NAME_BYTES} bytes, got {path[:80]!r}...; rename it"
        )
    if "\\" in path or not given.parts or given.is_absolute() or ".." in given.parts:
        raise InputError(
            f"expected the path of a picture inside the folder, with /, got {path[:80]!r}; "
            "correct it"
        )
    return str(given)


def _is_short(part: str) -> bool:
    return len(part.encode()) <= _MAX_NAME_BYTES


def _text(fields: Fields, names: tuple[str, ...]) -> str:
    value = next((fields[name] for name in names if name in fields), None)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"expected text as {names[0]}, got {shown(value)}; correct it")
    return value.strip()


def _optional(fields: Fields, names: tuple[str, ...]) -> str | None:
    """Returns a class or a split; numbers are names too."""
    value = next((fields[name] for name in names if name in fields), None)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return None if value is None else _text(fields, names)


def _class(fields: Fields) -> str | None:
    name = _optional(fields, _CLASS)
    whole = _WHOLE.fullmatch(name) if name else None
    return whole[1] if whole else name


def _captions(fields: Fields) -> Sentences:
    columns = caption_columns(fields)
    if not columns:
        raise InputError("expected text, or a list of texts, as caption, got None; correct it")
    texts = [text for name in columns for text in _texts(fields[name])]
    try:
        return sentences(texts)
    except InputError as error:
        raise InputError(f"expected text as {columns[0]}, got {error}") from error


def _texts(value: Any) -> list[str]:
    """Returns the texts in a field; none where it is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, str) and _SPELLED.fullmatch(value.strip()):
        return [_unquoted(part) for part in _SPELLED_PART.findall(value)]
    texts = value if isinstance(value, list) else [value]
    # Karpathy's lists have the words beside the text.
    texts = [text.get("raw") if isinstance(text, dict) else text for text in texts]
    if not all(isinstance(text, str) or text is None for text in texts):
        raise InputError(
            f"expected text, or a list of texts, as caption, got {shown(value)}; correct it"
        )
    return [text for text in texts if text is not None]


def _unquoted(part: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            return str(ast.literal_eval(part.replace("\n", " ")))
    except (ValueError, SyntaxError):
        return part[1:-1]


def _split(name: str | None) -> str | None:
    if name is None:
        return None
    split = "train" if name.lower() == _RESTVAL else split_of_name(name)
    if split is None:
        raise InputError(
            f"expected {', '.join(SPLIT_NAMES)} as split, got {name[:80]!r}; correct it"
        )
    return split


def shown(value: Any) -> str:
    """Returns the beginning of a value, as it is quoted."""
    return repr(value)[:80]
