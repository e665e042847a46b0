"""A folder of pictures says which file is of which sentence, and takes no other folder's place."""

import json
from pathlib import Path

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.folder import open_folder
from t2i.painting.folder import read_folder, write_folder
from t2i.painting.recipe import Recipe, inscribed_png

# Each would be the end of a line for somebody.
SENTENCES = ["a red\nbird", "a blue\u2028bird", "a\fgreen bird", "plain \udce9"]


def painted(pixels: np.ndarray) -> bytes:
    return inscribed_png(pixels, Recipe("a bird", 0, 0, 1.0, "0"))


def _write(out: Path, sentences: list[str], count: int = 2) -> None:
    pictures = [
        [np.full((8, 8, 3), 9 * i + j, np.uint8) for j in range(count)]
        for i, _ in enumerate(sentences)
    ]
    write_folder(out, sentences, [[painted(p) for p in own] for own in pictures])


def _error(folder: Path) -> str:
    with pytest.raises(InputError) as error:
        _write(folder, ["a bird"])
    return str(error.value)


def test_every_picture_has_its_own_sentence(tmp_path: Path) -> None:
    _write(tmp_path / "out", SENTENCES)
    lines = (tmp_path / "out/metadata.jsonl").read_text().splitlines()
    assert json.loads(lines[2]) == {"file_name": "2_0000.png", "text": "a blue\u2028bird"}
    opened = open_folder(tmp_path / "out")
    assert opened.captions == [text for text in SENTENCES for _ in range(2)]
    assert opened.at(np.arange(8))[:, 0, 0, 0].tolist() == [0, 1, 9, 10, 18, 19, 27, 28]
    assert len((tmp_path / "out/captions.txt").read_text().splitlines()) == 4


def test_what_was_written_before_is_replaced_whole(tmp_path: Path) -> None:
    _write(tmp_path / "out", SENTENCES)
    (tmp_path / "out/evaluation").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    _write(tmp_path / "link", ["a bird"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "1_0000.png", "1_0001.png", "captions.txt", "metadata.jsonl",
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out"]
    assert (tmp_path / "link").is_symlink()


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    advice = "there; choose another --out"
    expected = "expected no folder, or one of pictures of t2i generate alone, got"
    _write(tmp_path / "out", ["a bird"])
    (tmp_path / "out/mine.txt").write_text("mine")
    assert _error(tmp_path / "out") == f"{tmp_path}/out: {expected} mine.txt {advice}"
    # One's own pictures, described as Hugging Face has it.
    own = tmp_path / "own"
    own.mkdir()
    np_bytes = (tmp_path / "out/1_0000.png").read_bytes().replace(b"Software", b"Softwarf")
    (own / "a.png").write_bytes(np_bytes)
    (own / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "a cat"}')
    assert _error(own) == f"{own}: {expected} a.png {advice}"
    (tmp_path / "file").write_text("mine")
    assert _error(tmp_path / "file") == (
        f"{tmp_path}/file: expected a folder for the pictures, got a file; choose another"
    )


def test_a_failure_leaves_the_old_pictures(tmp_path: Path) -> None:
    _write(tmp_path / "out", ["a bird"])

    def broken():
        yield [painted(np.zeros((8, 8, 3), np.uint8))]
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        write_folder(tmp_path / "out", ["a", "b"], broken())
    assert open_folder(tmp_path / "out").captions == ["a bird"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"file_name": "a.png"}',
        '{"file_name": "../a.png", "text": "a"}',
        '{"file_name": "/etc/passwd", "text": "a"}',
        '{"file_name": "", "text": "a"}',
        '{"file_name": 3, "text": "a"}',
        '{"file_name": "a.png", "text": null}',
        "[" * 100_000,
    ],
)
def test_a_line_that_says_something_else(tmp_path: Path, line: str) -> None:
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "a"}\n' + line)
    with pytest.raises(InputError) as error:
        read_folder(tmp_path)
    assert str(error.value) == (
        f'{tmp_path}/metadata.jsonl: expected lines of {{"file_name": ..., "text": ...}}, got '
        "another in line 2; correct it"
    )


def test_pictures_that_metadata_does_not_name(tmp_path: Path) -> None:
    _write(tmp_path, ["a bird"])
    (tmp_path / "1_0001.png").rename(tmp_path / "other.png")
    with pytest.raises(InputError, match=r"names, got no 1_0001\.png; make them"):
        open_folder(tmp_path)
