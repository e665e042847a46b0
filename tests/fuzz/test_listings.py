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
TREES = [
    json.dumps([dict(zip(_NAMES, row, strict=True)) for row in _ROWS]),
    json.dumps({path: text for path, text, *_ in _ROWS}),
    json.dumps(
        {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"image_id": 1, "caption": "a red ball"}],
        }
    ),
]
TABLES = [
    "sep=;\npath;caption_1;caption_2\na.jpg;['a ball', \"red\"];nan\n",
    "a.jpg#0\ta red ball\na.jpg#1\tround\n",
    "image_name| comment_number| comment\na.jpg| 0| a red ball\n",
]


def read(path: Path) -> None:
    """Reads a list to the end; its pictures are not there."""
    list(Folder(path.parent, [path], split_by="picture"))


@given(content=mutated([text.encode() for text in CSV]))
def test_damaged_csv_is_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".csv")


@given(content=mutated([text.encode(c) for text in TABLES for c in ("cp1252", "utf-16")]))
def test_damaged_tables_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".txt")


@given(content=mutated([text.encode() for text in TREES]))
def test_damaged_json_is_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".json")


@given(content=mutated([text.encode() for text in JSON_LINES]))
def test_damaged_json_lines_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".jsonl")
