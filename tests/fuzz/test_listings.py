"""Damaged lists of captions."""

import json
from pathlib import Path

from hypothesis import given
from mutations import assert_holds, mutated

from prep.sources.folder import Folder

_ROWS = [("a.jpg", "a red ball, round", "ball", "train"), ("b/c.png", "a cüb", "cube", "test")]
_NAMES = ("file_name", "text", "label", "split")
CSV = [
    "".join(f'{path},"{text}",{kind},{split}\r\n' for path, text, kind, split in (_NAMES, *rows))
    for rows in (_ROWS, _ROWS * 20)
]
JSON_LINES = [
    "".join(json.dumps(dict(zip(_NAMES, row, strict=True))) + "\n" for row in _ROWS),
    '{"path": "a.jpg", "caption": ["one", "two"], "class": 7, "more": [[[]], {"a": 1e9}]}\n',
]


def read(path: Path) -> None:
    """Reads a list to the end; its pictures are not there."""
    list(Folder(path.parent, path, split_by="picture"))


@given(content=mutated([text.encode() for text in CSV]))
def test_damaged_csv_is_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".csv")


@given(content=mutated([text.encode() for text in JSON_LINES]))
def test_damaged_json_lines_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".jsonl")
