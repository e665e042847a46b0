"""Tables of text: CSV, TSV and their kin, with a header or as Flickr8k and Flickr30k have them."""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import PurePath
from typing import Any

from prep.formats.rows import CAPTIONS, PATHS, BadRow, Fields, caption_columns, chosen
from t2i.errors import InputError

Record = tuple[str, Fields | BadRow]

_SEPARATORS = (",", "\t", ";", "|")
# What spreadsheets put into the first line.
_SAID = re.compile(r'"?sep=(.)"?')
_PICTURE = re.compile(r".+\.(?:jpe?g|jfif|png|webp|bmp|gif|tiff?)", re.IGNORECASE)
# `1000268201_693b08cb0e.jpg#0`, a tab, and the caption. Source: Hodosh et al., Flickr8k.
_TOKENS = re.compile(r"(.+\.[A-Za-z]{3,4})#\d+\t(.*)")


def table_records(path: PurePath, text: str) -> Iterator[Record]:
    """Yields the place and the fields of each row of a table.

    Args:
        path: of the list, for messages; its ending says nothing.
        text: what is in it.

    Raises:
        InputError: it has no header that says where paths and captions are, or can't be told
            apart into fields.
    """
    lines = [f"{line}\n" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    said = _SAID.fullmatch(lines[first].rstrip("\n")) if lines else None
    if said:
        first += 1
    if first < len(lines) and _TOKENS.fullmatch(lines[first].strip()):
        yield from _token_records(path, lines)
        return
    separators = (said[1],) if said else _SEPARATORS
    separator, header = _header(path, lines, first, separators)
    yield from _separated(path, lines, first, separator, header)


def _token_records(path: PurePath, lines: list[str]) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        match = _TOKENS.fullmatch(line.strip())
        place = f"{path.name}:{number}"
        if match:
            yield place, {"path": match[1], "caption": match[2]}
        elif line.strip():
            reason = f"expected <picture>#<number>, a tab and a caption, got {line.strip()[:80]!r}"
            yield place, BadRow(place, reason)


def _header(
    path: PurePath, lines: list[str], first: int, separators: tuple[str, ...]
) -> tuple[str, list[str] | None]:
    """Returns the separator and the names of the columns; None where the rows begin at once."""
    rows = {separator: _first_row(lines[first:], separator) for separator in separators}
    for separator, fields in rows.items():
        columns = [name.strip().lower() for name in fields]
        if set(chosen(PATHS, columns)) & set(columns) and caption_columns(columns):
            return separator, _checked(path, first, columns)
    for separator, fields in rows.items():
        if len(fields) == 2 and _PICTURE.fullmatch(fields[0].strip()) and fields[1].strip():
            return separator, None
    most = max(rows, key=lambda separator: len(rows[separator]))
    return most, _checked(path, first, [name.strip().lower() for name in rows[most]])


def _checked(path: PurePath, first: int, columns: list[str]) -> list[str]:
    for names in (PATHS, CAPTIONS):
        group = chosen(names, columns)
        found = set(group) & set(columns)
        numbered = names is CAPTIONS and caption_columns(columns)
        if len(found) > 1 or not (found or numbered):
            raise InputError(
                f"{path}:{first + 1}: expected a header with one of {', '.join(group)}, "
                f"got {','.join(columns)[:80]!r}; add it"
            )
    return columns


def _first_row(lines: list[str], separator: str) -> list[str]:
    try:
        return next(_reader(islice(lines, 1), separator), [])
    except csv.Error:
        return []


def _reader(lines: Iterable[str], separator: str) -> Any:
    # A caption between bars is written as it is: Flickr30k.
    if separator == "|":
        return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=separator, strict=True)


def _separated(
    path: PurePath, lines: list[str], first: int, separator: str, header: list[str] | None
) -> Iterator[Record]:
    skipped = first + (header is not None)
    reader = _reader(islice(lines, skipped, None), separator)
    columns = header or ["path", "caption"]
    try:
        for fields in reader:
            place = f"{path.name}:{skipped + reader.line_num}"
            if not any(field.strip() for field in fields):
                continue
            if len(fields) == len(columns):
                yield place, dict(zip(columns, fields, strict=True))
                continue
            cure = 'put captions with commas in "quotes"' if separator == "," else "correct it"
            reason = f"expected {len(columns)} fields as in the header, got {len(fields)}; {cure}"
            yield place, BadRow(place, reason)
    except csv.Error as error:
        raise InputError(
            f"{path}:{skipped + reader.line_num}: expected comma-separated values, got: {error}; "
            "correct it"
        ) from error
