"""CSV and JSON-lines lists of pictures and their captions, as people write them."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from t2i.errors import InputError
from t2i.files.disk import require_at_most
from t2i.pairs.structure import SPLITS

# What the columns are called, in lower case; Hugging Face says file_name and text.
_PATH = ("path", "file_name", "filename", "file", "image")
_CAPTION = ("caption", "captions", "text")
_CLASS = ("class", "label")
_SPLIT = ("split",)
SPLIT_NAMES = {name: name for name in SPLITS} | {"valid": "val", "validation": "val", "dev": "val"}

_JSON_LINES = (".jsonl", ".ndjson")
# Many times what is real, and little enough for any machine.
_MAX_BYTES, _MAX_LINE = 1 << 28, 1 << 20
# What file systems take, with room for another ending.
_MAX_NAME_BYTES = 240


@dataclass(frozen=True)
class Row:
    """What a list says of a picture.

    Attributes:
        path: of the picture, relative, leading nowhere out of where it starts.
        captions: those of this row, none of them empty.
        class_name: or None where the list has no classes.
        split: of `t2i.pairs.structure.SPLITS`, or None where the list has no splits.
    """

    path: str
    captions: tuple[str, ...]
    class_name: str | None
    split: str | None


def read_listing(path: Path) -> Iterator[Row]:
    """Yields the rows of a list, JSON lines by its ending and CSV with a header otherwise.

    Raises:
        InputError: it is missing, too large, malformed, or a path in it leads elsewhere.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a list of pictures, got no such file; write one")
    require_at_most(path, _MAX_BYTES, "split it")
    lines = _json_lines if path.suffix.lower() in _JSON_LINES else _csv_lines
    for place, fields in lines(path):
        yield Row(
            path=checked_path(place, _text(place, fields, _PATH)),
            captions=_captions(place, fields),
            class_name=_optional(place, fields, _CLASS),
            split=_split(place, _optional(place, fields, _SPLIT)),
        )


def checked_path(place: str, path: str) -> str:
    """Returns a relative path without `.` or empty parts.

    Raises:
        InputError: it leads out of where it starts, or no file system takes it.
    """
    given = PurePosixPath(path)
    tame = path.isprintable() and "\\" not in path and all(map(_is_short, given.parts))
    if not tame or not given.parts or given.is_absolute() or ".." in given.parts:
        raise InputError(
            f"{place}: expected the path of a picture inside the folder, with /, "
            f"got {path[:80]!r}; correct it"
        )
    return str(given)


def _is_short(part: str) -> bool:
    return len(part.encode()) <= _MAX_NAME_BYTES


def _json_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
            place = f"{path}:{number}"
            if len(line) > _MAX_LINE:
                raise InputError(f"{place}: expected at most {_MAX_LINE} bytes, got more; split it")
            line = line.strip()
            if not line:
                continue
            try:
                fields = json.loads(line.decode("utf-8-sig", errors="replace"))
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{place}: expected a JSON object, got {_shown(line)}; correct it"
                ) from error
            if not isinstance(fields, dict):
                raise InputError(f"{place}: expected a JSON object, got {_shown(line)}; correct it")
            yield place, {name.lower(): value for name, value in fields.items()}


def _csv_lines(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            for names in (_PATH, _CAPTION):
                if len(set(names) & set(header)) != 1:
                    raise InputError(
                        f"{path}:1: expected a header with one of {', '.join(names)}, "
                        f"got {','.join(header)[:80]!r}; add it"
                    )
            for fields in reader:
                place = f"{path}:{reader.line_num}"
                if fields and len(fields) != len(header):
                    raise InputError(
                        f"{place}: expected {len(header)} fields as in the header, "
                        f'got {len(fields)}; put captions with commas in "quotes"'
                    )
                if fields:
                    yield place, dict(zip(header, fields, strict=True))
        except csv.Error as error:
            raise InputError(
                f"{path}:{reader.line_num}: expected comma-separated values, got: {error}; "
                "correct it"
            ) from error


def _value(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if name in fields), None)


def _text(place: str, fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = _value(fields, names)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{place}: expected text as {names[0]}, got {_shown(value)}; correct it")
    return value.strip()


def _optional(place: str, fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """Returns a class or a split; numbers are names too."""
    value = _value(fields, names)
    if isinstance(value, int):
        return str(value)
    return None if value is None else _text(place, fields, names)


def _captions(place: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    value = _value(fields, _CAPTION)
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise InputError(
            f"{place}: expected text, or a list of texts, as caption, "
            f"got {_shown(value)}; correct it"
        )
    # Lone surrogates, which JSON can spell, fit into no file.
    clean = (" ".join(text.encode("utf-8", "replace").decode().split()) for text in texts)
    return tuple(text for text in clean if text)


def _split(place: str, name: str | None) -> str | None:
    if name is not None and name.lower() not in SPLIT_NAMES:
        raise InputError(
            f"{place}: expected {', '.join(SPLIT_NAMES)} as split, got {name[:80]!r}; correct it"
        )
    return name and SPLIT_NAMES[name.lower()]


def _shown(value: Any) -> str:
    return repr(value)[:80]
