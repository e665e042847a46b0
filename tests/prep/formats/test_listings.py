"""CSV and JSON lines of captions, good and bad."""

from pathlib import Path

import pytest

from prep.formats.listings import Row, read_listing
from t2i.errors import InputError


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        list(read_listing(path))
    return str(raised.value)


def test_a_csv_with_everything(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "captions.csv",
        '\ufeffFile_Name,Text,Label,split\r\n"a.jpg","red, and\nround",ball,train\r\n\r\n'
        "./b//c.jpg, blue ,cube,Validation\r\n",
    )
    assert list(read_listing(path)) == [
        Row("a.jpg", ("red, and round",), "ball", "train"),
        Row("b/c.jpg", ("blue",), "cube", "val"),
    ]


def test_json_lines_with_everything(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "metadata.jsonl",
        '{"file_name": "a.jpg", "text": "red", "width": 3}\n\n'
        '{"path": "b.jpg", "caption": ["one", " ", "two\\ud800"], "class": 7, "split": "test"}',
    )
    assert list(read_listing(path)) == [
        Row("a.jpg", ("red",), None, None),
        Row("b.jpg", ("one", "two?"), "7", "test"),
    ]


def test_text_that_is_no_utf8_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    for name, content in (
        ("a.csv", b"path,caption\na.jpg,caf\xe9\n"),
        ("a.jsonl", b'{"path": "a.jpg", "caption": "caf\xe9"}'),
    ):
        (row,) = read_listing(_write(tmp_path, name, content))
        assert row.captions == ("caf\N{REPLACEMENT CHARACTER}",)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../a.jpg", "b/../../a.jpg", "b\\a.jpg", "a\x1b.jpg", ".", "b" * 241]
)
def test_paths_stay_in_the_folder(tmp_path: Path, path: str) -> None:
    listing = _write(tmp_path, "captions.csv", f"path,caption\na.jpg,red\n{path},red\n")
    assert _refusal(listing) == (
        f"{listing}:3: expected the path of a picture inside the folder, with /, "
        f"got {path[:80]!r}; correct it"
    )


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
        ("path,caption\n,red\n", "2: expected text as path, got ''"),
        ("path,caption,class\na.jpg,red, \n", "2: expected text as class, got ' '"),
        (
            "path,caption,split\na.jpg,red,holdout\n",
            "2: expected train, val, test, valid, validation, dev as split, got 'holdout'",
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
    path = _write(tmp_path, "captions.csv", content)
    said = _refusal(path)
    assert said.startswith(f"{path}:{fault}; ")


def test_commas_that_are_not_quoted(tmp_path: Path) -> None:
    path = _write(tmp_path, "captions.csv", "path,caption\na.jpg,red, round\n")
    assert _refusal(path) == (
        f'{path}:2: expected 2 fields as in the header, got 3; put captions with commas in "quotes"'
    )


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[1]", "expected a JSON object, got b'[1]'"),
        ('{"path":', "expected a JSON object, got b'{\"path\":'"),
        ("[" * 100_000, f"expected a JSON object, got {repr(b'[' * 100)[:80]}"),
        ('{"caption": "red"}', "expected text as path, got None"),
        ('{"path": 3, "caption": "red"}', "expected text as path, got 3"),
        ('{"path": "a.jpg"}', "expected text, or a list of texts, as caption, got None"),
        (
            '{"path": "a.jpg", "caption": ["red", 3]}',
            "expected text, or a list of texts, as caption, got ['red', 3]",
        ),
        ('{"path": "a.jpg", "caption": "red", "class": []}', "expected text as class, got []"),
    ],
)
def test_a_malformed_line_of_json(tmp_path: Path, line: str, fault: str) -> None:
    path = _write(tmp_path, "metadata.jsonl", f"\n{line}\n")
    assert _refusal(path) == f"{path}:2: {fault}; correct it"


def test_a_list_has_a_bound(tmp_path: Path) -> None:
    path = _write(tmp_path, "metadata.jsonl", '{"path": "a.jpg", "caption": "' + "a" * (1 << 20))
    assert _refusal(path) == f"{path}:1: expected at most 1048576 bytes, got more; split it"
    with path.open("r+b") as file:
        file.truncate((1 << 28) + 1)
    assert _refusal(path) == f"{path}: expected at most 268435456 bytes, got 268435457; split it"


def test_no_list(tmp_path: Path) -> None:
    path = tmp_path / "captions.csv"
    assert _refusal(path) == f"{path}: expected a list of pictures, got no such file; write one"
