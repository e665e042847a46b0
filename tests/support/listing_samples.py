"""Lists of pictures written for a test, and what is said of bad ones."""

from pathlib import Path

import pytest

from prep.formats.listings import read_listing
from prep.formats.rows import BadRow, Row
from t2i.errors import InputError


def listed(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        read_listing(path)
    return str(raised.value)


def only_row(path: Path) -> Row | BadRow:
    (row,) = read_listing(path).rows
    return row
