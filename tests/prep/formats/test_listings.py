"""CSV and JSON lines of captions, good and bad."""

from pathlib import Path

import pytest
from listing_samples import listed, only_row, refusal

from prep.formats.listings import read_listing
from prep.formats.rows import BadRow, Row


def test_a_csv_with_everything(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "captions.csv",
        '\ufeffFile_Name,Text,Label,split\r\n"a.jpg","red, and\nround",ball,train\r\n\r\n'
        "./b//c.jpg, blue ,cube,Validation\r\n",
    )
    assert read_listing(path).rows == [
        Row("a.jpg", ("red, and round",), "ball", "train"),
        Row("b/c.jpg", ("blue",), "cube", "val"),
    ]


def test_json_lines_with_everything(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "metadata.jsonl",
        '{"file_name": "a.jpg", "text": "red", "width": 3}\n\n'
        '{"path": "b.jpg", "caption": ["one", " ", "two\\ud800"], "class": 7, "split": "test"}',
    )
    assert read_listing(path).rows == [
        Row("a.jpg", ("red",), None, None),
        Row("b.jpg", ("one", "two?"), "7", "test"),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"path,caption\na.jpg,caf\xe9\n"),
        ("a.jsonl", b'\n{"path": "a.jpg", "caption": "caf\xe9"}'),
    ],
)
def test_text_that_is_no_utf8_is_of_windows_where_that_is_certain(
    tmp_path: Path, name: str, content: bytes
) -> None:
    listing = read_listing(listed(tmp_path, name, content))
    assert listing.rows == [Row("a.jpg", ("café",), None, None)]
    assert listing.remark == "expected UTF-8, got Windows-1252 in line 2"
    bad = only_row(listed(tmp_path, name, content.replace(b"\xe9", b"\x8d")))
    assert bad == BadRow(
        "a.jpg",
        "expected text as caption, got bytes that are neither UTF-8 nor Windows-1252; "
        "save it as UTF-8",
    )


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.jpg", "b/../../a.jpg", "b\\a.jpg", "."])
def test_paths_stay_in_the_folder(tmp_path: Path, path: str) -> None:
    listing = listed(tmp_path, "captions.csv", f"path,caption\na.jpg,red\n{path},red\n")
    assert read_listing(listing).rows == [
        Row("a.jpg", ("red",), None, None),
        BadRow(
            "captions.csv:3",
            "expected the path of a picture inside the folder, with /, "
            f"got {path[:80]!r}; correct it",
        ),
    ]


def test_names_that_no_file_of_ours_can_have(tmp_path: Path) -> None:
    paths = ["a\x1b.jpg", "b" * 241]
    listing = listed(tmp_path, "captions.csv", "path,caption\n" + ",red\n".join([*paths, ""]))
    assert [row.reason for row in read_listing(listing).rows] == [
        "expected a name in UTF-8 without line breaks and other control characters, got "
        "'a\\x1b.jpg'; rename it",
        f"expected names of at most 240 bytes, got {'b' * 80!r}...; rename it",
    ]


@pytest.mark.parametrize(
    "path", ["Screenshot 3.14\u202fPM.png", "family \U0001f468\u200d\U0001f469.png", "a\xa0b.png"]
)
def test_odd_letters_are_letters(tmp_path: Path, path: str) -> None:
    listing = listed(tmp_path, "captions.csv", f"path,caption\n{path},red\n")
    assert only_row(listing) == Row(path, ("red",), None, None)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "1: expected a header with one of path, file_name, filename, file, image, got ''"),
        (
            "path,words\n",
            "1: expected a header with one of caption, captions, text, got 'path,words'",
        ),
        (
            "path,text,caption\n",
            "1: expected a header with one of caption, captions, text, got 'path,text,caption'",
        ),
        (
            'path,caption\na.jpg,"red',
            "2: expected comma-separated values, got: unexpected end of data",
        ),
        (
            f"path,caption\na.jpg,{'a' * 140_000}\n",
            "2: expected comma-separated values, got: field larger than field limit (131072)",
        ),
    ],
)
def test_a_malformed_csv(tmp_path: Path, content: str, fault: str) -> None:
    path = listed(tmp_path, "captions.csv", content)
    said = refusal(path)
    assert said.startswith(f"{path}:{fault}; ")


@pytest.mark.parametrize(
    ("row", "name", "fault"),
    [
        (",red,ball,train", "captions.csv:2", "expected text as path, got ''; correct it"),
        ("a.jpg,red, ,train", "a.jpg", "expected text as class, got ' '; correct it"),
        (
            "a.jpg,red,ball,holdout",
            "a.jpg",
            "expected train, val, test, valid, validation, dev as split, got 'holdout'; correct it",
        ),
        (
            "a.jpg,red, round,ball,train",
            "captions.csv:2",
            'expected 4 fields as in the header, got 5; put captions with commas in "quotes"',
        ),
    ],
)
def test_a_fault_of_a_row_is_that_rows(tmp_path: Path, row: str, name: str, fault: str) -> None:
    content = f"path,caption,class,split\n{row}\nb.jpg,blue,cube,test\n"
    bad, good = read_listing(listed(tmp_path, "captions.csv", content)).rows
    assert bad == BadRow(name, fault)
    assert good == Row("b.jpg", ("blue",), "cube", "test")


@pytest.mark.parametrize(
    ("line", "name", "fault"),
    [
        ("[1]", "metadata.jsonl:2", "expected a JSON object, got [1]"),
        ('{"path":', "metadata.jsonl:2", "expected a JSON object, got '{\"path\":'"),
        ("[" * 100_000, "metadata.jsonl:2", f"expected a JSON object, got '{'[' * 79}"),
        ('{"caption": "red"}', "metadata.jsonl:2", "expected text as path, got None"),
        ('{"path": 3, "caption": "red"}', "metadata.jsonl:2", "expected text as path, got 3"),
        ('{"path": "a.jpg"}', "a.jpg", "expected text, or a list of texts, as caption, got None"),
        (
            '{"path": "a.jpg", "caption": ["red", 3]}',
            "a.jpg",
            "expected text, or a list of texts, as caption, got ['red', 3]",
        ),
        (
            '{"path": "a.jpg", "caption": "red", "class": []}',
            "a.jpg",
            "expected text as class, got []",
        ),
    ],
)
def test_a_malformed_line_of_json(tmp_path: Path, line: str, name: str, fault: str) -> None:
    good = '{"path": "b.jpg", "caption": "blue"}'
    path = listed(tmp_path, "metadata.jsonl", f"\n{line}\n{good}\n")
    assert read_listing(path).rows == [
        BadRow(name, f"{fault}; correct it"),
        Row("b.jpg", ("blue",), None, None),
    ]


def test_a_text_that_is_null_is_none(tmp_path: Path) -> None:
    path = listed(tmp_path, "metadata.jsonl", '{"file_name": "a.jpg", "text": null}')
    assert only_row(path) == Row("a.jpg", (), None, None)


@pytest.mark.parametrize("text", ["nan", "NaN", "None", "<NA>"])
def test_a_text_that_says_that_there_is_none_is_left_out_and_said(
    tmp_path: Path, text: str
) -> None:
    path = listed(tmp_path, "captions.csv", f"path,caption_1,caption_2\na.jpg,{text},a  red ball\n")
    said = f"expected captions, got 1 that say {text!r}"
    assert only_row(path) == Row("a.jpg", ("a red ball",), None, None, said)


@pytest.mark.parametrize(
    ("cell", "captions"),
    [
        ("""['a red ball', "it's round"]""", ("a red ball", "it's round")),
        ("""["a red ball", 'round']""", ("a red ball", "round")),
        ("['a red ball'\n 'round']", ("a red ball", "round")),
        ("[a red ball]", ("[a red ball]",)),
        (r"['a\'b\nc']", ("a'b c",)),
    ],
)
def test_a_cell_that_spells_a_list(tmp_path: Path, cell: str, captions: tuple[str, ...]) -> None:
    quoted = cell.replace('"', '""')
    path = listed(tmp_path, "captions.csv", f'path,caption\na.jpg,"{quoted}"\n')
    assert only_row(path) == Row("a.jpg", captions, None, None)


def test_a_list_has_a_bound(tmp_path: Path) -> None:
    path = listed(tmp_path, "metadata.jsonl", '{"path": "a.jpg", "caption": "' + "a" * (1 << 20))
    assert only_row(path) == BadRow(
        "metadata.jsonl:1", "expected at most 1048576 letters, got more; split it"
    )
    with path.open("r+b") as file:
        file.truncate((1 << 28) + 1)
    assert refusal(path) == f"{path}: expected at most 268435456 bytes, got 268435457; split it"


def test_no_list(tmp_path: Path) -> None:
    path = tmp_path / "captions.csv"
    assert refusal(path) == f"{path}: expected a list of pictures, got no such file; write one"
