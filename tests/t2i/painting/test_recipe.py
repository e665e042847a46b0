"""A picture says what it was painted from, and is painted again from that."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from t2i.cli.main import main
from t2i.errors import InputError
from t2i.painting.recipe import Recipe, inscribed_png, read_recipe, save_inscribed

RECIPE = Recipe("a Köhler's bird \N{BIRD}", 2**31 - 1, 3, 0.75, "0123456789abcdef", "turn=1")
PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
SAYS_NOTHING = (
    "{}: expected a picture that says what it was painted from, got one that does not; "
    "name one that `t2i generate` or the page wrote, unchanged"
)
NO_PICTURE = (
    "{}: expected a whole PNG file, got another or a damaged one; "
    "name a picture that was painted here"
)


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_is_read_and_the_pixels_are_untouched(
    channels: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    save_inscribed(path, PIXELS[..., :channels], RECIPE)
    assert read_recipe(path) == RECIPE
    read = pixels_of(path).reshape(4, 4, channels)
    np.testing.assert_array_equal(read, PIXELS[..., :channels])


def _with(tmp_path: Path, **texts: str) -> Path:
    said = PngInfo()
    whole = {"Description": "a bird", "t2i:seed": "1", "t2i:index": "0", "t2i:variety": "1"}
    for name, text in (whole | {"t2i:run": "ab"} | texts).items():
        said.add_itxt(name, text)
    Image.fromarray(PIXELS).save(tmp_path / "a.png", pnginfo=said)
    return tmp_path / "a.png"


@pytest.mark.parametrize(
    "texts",
    [
        {"t2i:seed": "-1"},
        {"t2i:seed": str(2**31)},
        {"t2i:seed": "one"},
        {"t2i:index": "100000000"},
        {"t2i:variety": "nan"},
        {"t2i:variety": "1e9"},
        {"Description": ""},
        {"Description": "a" * 10_001},
        {"Description": "a" * (1 << 17)},
    ],
)
def test_a_recipe_out_of_bounds_is_none(texts: dict[str, str], tmp_path: Path) -> None:
    path = _with(tmp_path, **texts)
    with pytest.raises(InputError) as error:
        read_recipe(path)
    assert str(error.value) == SAYS_NOTHING.format(path)


def test_every_cut_and_every_changed_byte_of_what_is_said_is_refused(tmp_path: Path) -> None:
    whole, path = inscribed_png(PIXELS, RECIPE), tmp_path / "a.png"
    pixels = whole.index(b"IDAT") - 4
    for place in range(8, pixels):
        path.write_bytes(whole[:place])
        with pytest.raises(InputError):
            read_recipe(path)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError):
            read_recipe(path)
    path.write_bytes(b"GIF89a" + whole)
    with pytest.raises(InputError) as error:
        read_recipe(path)
    assert str(error.value) == NO_PICTURE.format(path)


def test_compressed_text_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    data = b"Description\0\x01\0\0\0" + zlib.compress(b"a" * (1 << 22))
    chunk = struct.pack(">I", len(data)) + b"iTXt" + data
    chunk += struct.pack(">I", zlib.crc32(b"iTXt" + data))
    whole = inscribed_png(PIXELS, RECIPE)
    path.write_bytes(whole[:33] + chunk + whole[33:])
    assert read_recipe(path) == RECIPE


def test_a_picture_is_painted_again_from_itself_by_its_own_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def t2i(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments).output

    monkeypatch.chdir(tmp_path)
    how = ("--count", "2", "--pose", "turn=1", "--variety", "0.5")
    t2i("generate", "birds", "a red bird", *how, "--out", "two")
    like = Path("two/1_0001.png")
    assert t2i("generate", "birds", "--like", str(like), "--out", "a.png") == "a.png: a red bird\n"
    first, again = (pixels_of(path).astype(int) for path in (like, Path("a.png")))
    # The batch is another, so equal to rounding.
    assert np.abs(first - again).max() <= 1
    assert read_recipe(Path("a.png")) == read_recipe(like)
    assert (read_recipe(like).variety, read_recipe(like).pose) == (0.5, "turn=1")
    # Of the weights that are shipped, whichever they are.
    identity, like = read_recipe(like).run, _with(tmp_path)
    assert t2i("generate", "birds", "--like", str(like), "--out", "b.png") == (
        f"Error: --like: expected a picture of this run ({identity}), got one of ab; "
        "name the run that painted it\n"
    )
    assert t2i("generate", "birds", "a bird", "--like", str(like)) == (
        "Error: --like: expected the picture alone, got sentences, captions, a pose or a variety "
        "beside it; leave one of them out\n"
    )
    assert t2i("generate", "birds", "--like", str(like), "--out", "b") == (
        "Error: --out: expected a .png file with --like, got b; name one\n"
    )
    assert t2i("generate", "birds", "--like", "no.png") == (
        "Error: no.png: expected a picture, got No such file or directory; name a PNG file\n"
    )


@pytest.mark.parametrize("variety", ["-0.1", "4.1", "nan"])
def test_a_variety_that_no_picture_may_have_is_refused(variety: str) -> None:
    said = CliRunner().invoke(main, ["generate", "birds", "a bird", "--variety", variety])
    assert (said.exit_code, said.output) == (
        1,
        f"Error: variety: expected a number from 0 to 4, got {float(variety)}; 1 is as in "
        "training\n",
    )
