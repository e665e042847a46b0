"""Lists of pictures and their captions, as people and data sets write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prep.formats.rows import BadRow, Row, row_of
from prep.formats.tables import Record, table_records
from prep.formats.trees import line_records, tree_records
from t2i.errors import InputError
from t2i.files.disk import require_at_most
from t2i.files.text import read_text

_JSON_LINES, _JSON = (".jsonl", ".ndjson"), ".json"
# Many times what is real, and little enough for any machine.
_MAX_BYTES = 1 << 28


@dataclass(frozen=True)
class Listing:
    """A list that was read.

    Attributes:
        rows: in its order; those that can't be used among them.
        remark: how it was read where that should be known, or None.
    """

    rows: list[Row | BadRow]
    remark: str | None


def read_listing(path: Path) -> Listing:
    """Returns the rows of a list: JSON by its ending, and text in columns otherwise.

    A fault of a row is that row's.

    Raises:
        InputError: it is missing, too large, or of no form in which rows can be told apart.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a list of pictures, got no such file; write one")
    require_at_most(path, _MAX_BYTES, "split it")
    try:
        text = read_text(path, _MAX_BYTES)
    except InputError as error:
        raise InputError(f"{path}: {error}; save it as UTF-8") from error
    rows = [
        fields if isinstance(fields, BadRow) else row_of(place, fields)
        for place, fields in _records(path, text.content)
    ]
    return Listing(rows, text.remark)


def _records(path: Path, text: str) -> Iterator[Record]:
    ending = path.suffix.lower()
    if ending in _JSON_LINES:
        return line_records(path, text)
    if ending != _JSON:
        return table_records(path, text)
    # Lines of objects are often called .json too.
    first, _, rest = text.strip().partition("\n")
    if first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip().startswith("{"):
        return line_records(path, text)
    return tree_records(path, text)
