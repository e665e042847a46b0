"""One's own picture, as a user types it."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from evaluation_samples import write_run
from miniature import write_pairs
from PIL import Image

import t2i
from t2i.cli.main import main


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photo")
    run, pairs = write_run(folder / "run"), write_pairs(folder / "birds.h5")
    result = typed("train-inversion", run, "--data", pairs, "--steps", "2")
    lines = result.output.splitlines()
    assert lines[-2].startswith("on fresh pictures, R^2 of latents ")
    assert lines[-1] == (
        f'{run}/inversion.keras: trained; try t2i restyle {run} photo.jpg "a red bird"'
    )
    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.new("RGB", (20, 12), "red").save(tmp_path / "photo.jpg")
    return tmp_path / "photo.jpg"


def test_pictures_are_painted_again(run: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.png"
    words = ("--caption", "a red bird", "--refine", "2", "--out", out)
    result = typed("invert", run, photo, photo, *words)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].startswith(f"{out}: 2 pictures painted again, ")
    with Image.open(out) as sheet:
        assert sheet.size == (260 + 3 * 132 + 4, 2 * 132 + 4)


def test_a_picture_is_painted_for_sentences(run: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "restyled.png"
    result = typed(
        "restyle", run, photo, "a blue bird", "a red bird", "--refine", "2", "--out", out
    )
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == f"{out}: photo.jpg for 2 sentences"
    with Image.open(out) as sheet:
        assert sheet.size == (260 + 3 * 132 + 4, 2 * 132 + 4)


def test_in_a_program_it_is_the_same(run: Path, photo: Path) -> None:
    painter = t2i.load(run)
    inverted = painter.invert(photo, "a red bird")
    assert inverted.latent.shape == (5,)
    assert inverted.pictures.pixels.shape == (1, 2, 8, 8, 3)
    assert inverted._repr_png_().startswith(b"\x89PNG")
    restyled = painter.restyle(str(photo), ["a red bird", "a blue bird"], "a red bird").pixels
    np.testing.assert_array_equal(restyled[:, :2], inverted.pictures.pixels.repeat(2, axis=0))
    # For what it shows, it is painted as it was painted again.
    np.testing.assert_allclose(restyled[0, 2].astype(int), restyled[0, 1], atol=1)
    assert (restyled[1, 2] != restyled[0, 2]).any()


def test_what_is_wrong_is_said_in_a_line(run: Path, photo: Path, tmp_path: Path) -> None:
    bare = write_run(tmp_path / "bare")
    assert typed("restyle", bare, photo, "a red bird").output == (
        f"Error: {bare}: expected what finds a picture's latent, got nothing yet; "
        f"train it with `t2i train-inversion {bare}`\n"
    )
    assert typed("train-inversion", bare).output == (
        "Error: --data: expected a pairs file, whose captions are painted, got none that the run "
        "was trained on; name one\n"
    )
    out = ("--out", tmp_path / "a.png")
    (tmp_path / "notes.jpg").write_text("no picture")
    result = typed(
        "restyle", run, tmp_path / "notes.jpg", "a red bird", "--out", tmp_path / "a.png"
    )
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {tmp_path}/notes.jpg: expected a picture in JPEG, PNG, WebP, GIF, BMP, TIFF or "
        "PPM, got something else; choose another\n"
    )
    assert not (tmp_path / "a.png").exists()
    result = typed("restyle", run, photo, "鳥", *out)
    assert result.output.startswith("Error: captions: expected words")
