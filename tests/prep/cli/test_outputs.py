"""Nothing of the user's is replaced: no input, by whatever name, and no file of another kind."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from miniature import write_pairs
from PIL import Image

from prep.cli.main import main
from t2i.pairs.reading import EncoderStamp
from t2i.pairs.writing import writing


def _refusal(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(part) for part in arguments])
    assert result.exit_code == 1, result.output
    return result.output.splitlines()[-1].removeprefix("Error: ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (9, 9)).save(folder / f"{number}.png")
    rows = "".join(f"{number}.png,a ball\n" for number in range(12))
    (folder / "c.csv").write_text(f"path,caption\n{rows}")
    return folder


def _import(folder: Path, out: Path) -> tuple[object, ...]:
    return (
        *("import", "folder", folder, "--captions", folder / "c.csv"),
        *("--image-size", 8, "--workers", 1, "--out", out),
    )


@pytest.mark.parametrize("by", ["name", "link", "hard link"])
def test_an_output_that_is_an_input(folder: Path, by: str) -> None:
    listing = folder / "c.csv"
    before, out = listing.read_bytes(), folder.parent / "out.h5"
    if by == "name":
        out = listing
    elif by == "link":
        out.symlink_to(listing)
    else:
        out.hardlink_to(listing)
    assert _refusal(*_import(folder, out)) == (
        f"{out}: expected another file than what is read, got {listing} itself; "
        "choose another output"
    )
    assert listing.read_bytes() == before


def test_an_output_of_another_kind(folder: Path) -> None:
    picture = folder / "3.png"
    before = picture.read_bytes()
    assert _refusal(*_import(folder, picture)) == (
        f"{picture}: expected a pairs file to replace, or nothing there, got another file; "
        "move it away, or choose another output"
    )
    assert picture.read_bytes() == before


def test_a_pairs_file_and_an_empty_file_are_replaced(folder: Path) -> None:
    out = folder.parent / "out.h5"
    out.touch()
    for _ in range(2):
        result = CliRunner().invoke(main, [str(part) for part in _import(folder, out)])
        assert result.exit_code == 0, result.output


def test_a_file_that_is_called_like_the_report(folder: Path) -> None:
    own = folder.parent / "out.report.txt"
    own.write_text("What I found out.\nAnd more.\n")
    assert _refusal(*_import(folder, folder.parent / "out.h5")) == (
        f"{own}: expected the report of out.h5 there, got another file; "
        "move it away, or choose another --out"
    )
    assert own.read_text() == "What I found out.\nAnd more.\n"


def test_exports(tmp_path: Path) -> None:
    pairs, other = write_pairs(tmp_path / "a.h5"), write_pairs(tmp_path / "b.h5")
    before = pairs.read_bytes()
    assert _refusal("export", "aelnouby", pairs, pairs) == (
        f"{pairs}: expected another file than what is read, got {pairs} itself; "
        "choose another output"
    )
    assert _refusal("export", "aelnouby", pairs, other) == (
        f"{other}: expected a file of this layout to replace, or nothing there, got another file; "
        "move it away, or choose another output"
    )
    assert pairs.read_bytes() == other.read_bytes() == before
    out, few = tmp_path / "c.hdf5", tmp_path / "few.h5"
    with writing(few, 8, "a test", 3, EncoderStamp("0" * 64, "imported: a test", 2)) as writer:
        image, table = np.zeros((8, 8, 3), np.uint8), np.zeros((1, 2), np.float32)
        writer.add("train", image, ["a bird"], 1, "001.Ani/Ani_1", table)
    for _ in range(2):
        result = CliRunner().invoke(main, ["export", "aelnouby", str(few), str(out)])
        assert result.exit_code == 0, result.output
    assert _refusal("import", "aelnouby", out, "--out", out) == (
        f"{out}: expected another file than what is read, got {out} itself; choose another output"
    )
