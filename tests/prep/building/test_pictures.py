"""Decoding and cropping, of good pictures and bad ones."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from picture_samples import block_mean, example, fault_of, noise, pixels_of, saved, squared
from PIL import Image, ImageOps

from prep.building.pictures import prepare
from t2i.errors import InputError
from t2i.images.squares import Box, Square, crop_and_resize


def test_the_whole_picture_is_averaged_by_area() -> None:
    pixels = noise(24, 40)
    made = crop_and_resize(Image.fromarray(pixels), None, 8)
    assert made.shape == (8, 8, 3)
    np.testing.assert_allclose(made, block_mean(pixels, 8), atol=1.01)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        # Side 1.5 x 16 = 24 around (30, 32): 18..42 across, 20..44 down.
        ((22, 27, 16, 10), (20, 44), (18, 42)),
        # The taller side counts: 24 around (30, 32).
        ((25, 24, 10, 16), (20, 44), (18, 42)),
        # 24 around (8, 32): clipped on the left to 0..20.
        ((0, 28, 16, 8), (20, 44), (0, 20)),
        # 24 around (52, 42): clipped at the right and the bottom.
        ((44, 38, 16, 8), (30, 50), (40, 60)),
        # 48 around (30, 25): 1..49 down, 6..54 across.
        ((14, 10, 32, 30), (1, 49), (6, 54)),
    ],
)
def test_the_crop_is_a_square_clipped_to_the_picture(
    box: Box, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    pixels = noise(50, 60)
    made = crop_and_resize(Image.fromarray(pixels), box, 4)
    expected = block_mean(pixels[slice(*rows), slice(*columns)], 4)
    np.testing.assert_allclose(made, expected, atol=1.01)


def test_a_small_crop_is_enlarged_by_whole_pixels() -> None:
    pixels = noise(9, 9)
    made = crop_and_resize(Image.fromarray(pixels), (3, 3, 2, 2), 6)
    # 3 x 3 pixels around (4, 4), from 2.5 to 5.5: those whose centres lie nearest.
    assert {tuple(pixel) for row in made for pixel in row} <= {
        tuple(pixel) for row in pixels[2:6, 2:6] for pixel in row
    }


def test_a_box_may_reach_over_the_border(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (60, 50), "red"))
    assert isinstance(prepare([example(path, box=(-20, 0, 50, 50))], 8, 3)[0], Square)


@pytest.mark.parametrize(
    ("box", "got"),
    [
        ((70, 10, 20, 20), "x 70, y 10, width 20, height 20"),
        ((-30, 10, 20.5, 20), "x -30, y 10, width 20.5, height 20"),
        ((10, 41, 20, 20), "x 10, y 41, width 20, height 20"),
        ((10, -50, 20, 20), "x 10, y -50, width 20, height 20"),
        ((10, 10, 0, 20), "x 10, y 10, width 0, height 20"),
        ((30, 30, 20, -1), "x 30, y 30, width 20, height -1"),
    ],
)
def test_a_box_outside_the_picture(tmp_path: Path, box: Box, got: str) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (60, 50)))
    assert fault_of(path, box) == f"expected a box inside the 60 x 50 picture, got {got}"


# Decoding.


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_every_kind_of_jpeg_becomes_rgb(tmp_path: Path, mode: str) -> None:
    colour = (90, 90, 90) if mode == "L" else (200, 30, 40)
    picture = Image.new("RGB", (16, 16), colour).convert(mode)
    pixels = pixels_of(saved(tmp_path / "a.jpg", picture))
    assert np.abs(pixels.astype(int) - colour).max() <= 4


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_png_in_disguise_becomes_rgb(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGB", (16, 16), "white").convert(mode)
    assert (pixels_of(saved(tmp_path / "a.jpg", picture, "PNG")) == 255).all()


def test_bytes_and_pixels_are_pictures_too(tmp_path: Path) -> None:
    pixels = noise(12, 12)
    path = saved(tmp_path / "a.png", Image.fromarray(pixels), "PNG")
    grey = pixels[..., :1]
    for image in (path, path.read_bytes(), pixels):
        np.testing.assert_array_equal(squared(image, None, 12, 3), pixels)
        shades = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        np.testing.assert_array_equal(squared(image, None, 12, 1), shades)
    np.testing.assert_array_equal(squared(grey, None, 12, 1), grey)
    np.testing.assert_array_equal(squared(grey, None, 12, 3), grey.repeat(3, axis=2))
    with pytest.raises(
        InputError,
        match="expected a picture in JPEG, PNG, WebP, GIF, BMP, TIFF or PPM, got something else",
    ):
        squared(b"no picture", None, 12, 3)


def test_greys_keep_their_channel() -> None:
    picture = Image.fromarray(noise(16, 16)).convert("L")
    assert crop_and_resize(picture, None, 8).shape == (8, 8, 1)
    assert crop_and_resize(picture, (4, 4, 8, 8), 8).shape == (8, 8, 1)


def _scene(width: int, height: int) -> Image.Image:
    """Clouds whose detail falls with its size, as in photographs."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1.0
    waves = np.fft.fft2(random.normal(size=(3, height, width))) / frequency
    values = np.moveaxis(np.fft.ifft2(waves).real, 0, 2)
    return Image.fromarray(np.uint8(np.clip(128 + 45 * values / values.std(), 0, 255)))


# Boxes in the middle, clipped by a corner, and none; an odd size, that no reduction divides.
@pytest.mark.parametrize("box", [(80, 60, 150, 90), (150, 120, 170, 110), None])
@pytest.mark.parametrize("size", [16, 24, 40])
def test_a_jpeg_decoded_smaller_looks_the_same(tmp_path: Path, box: Box | None, size: int) -> None:
    path = tmp_path / "a.jpg"
    _scene(331, 247).save(path, quality=90)
    found = squared(path, box, size, 3, "stretch").astype(int)
    with Image.open(path) as full:
        expected = crop_and_resize(full.convert("RGB"), box, size)
    difference = np.abs(found - expected)
    # Photographs are smoother: over CUB, 1.35. With whole pixels it would be up to 4.5, and 28.
    assert 0 < difference.mean() < 2.4
    assert difference.max() < 13


def test_a_jpeg_is_decoded_whole_where_the_crop_is_small(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    _scene(331, 247).save(path, quality=90)
    with Image.open(path) as full:
        expected = crop_and_resize(full.convert("RGB"), (80, 60, 80, 80), 31)
    # 120 pixels are fewer than 2 x 2 x 31.
    np.testing.assert_array_equal(squared(path, (80, 60, 80, 80), 31, 3), expected)


def test_transparency_shows_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 8, 16))
    pixels = pixels_of(saved(tmp_path / "a.jpg", picture, "PNG"), 2)
    assert (pixels[:, 0] == (255, 0, 0)).all()
    assert (pixels[:, 1] == 255).all()


def test_a_truncated_jpeg(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.fromarray(noise(64, 64)))
    path.write_bytes(path.read_bytes()[:-1000])
    assert fault_of(path).startswith("expected a whole picture, got: image file is truncated")


def test_a_picture_of_another_kind(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (8, 8)), "TGA")
    assert fault_of(path) == (
        "expected a picture in JPEG, PNG, WebP, GIF, BMP, TIFF or PPM, got something else"
    )


def test_no_picture(tmp_path: Path) -> None:
    assert fault_of(tmp_path / "a.jpg") == "expected a picture, got no such file"


def _png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for tag, data in (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ):
        parts += [
            struct.pack(">I", len(data)),
            tag,
            data,
            struct.pack(">I", zlib.crc32(tag + data)),
        ]
    return b"".join(parts)


@pytest.mark.parametrize("size", [(5_000, 5_001), (13_000, 10_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_png_of(*size))
    assert fault_of(path) == (
        f"expected at most 25000000 pixels of PNG RGB, got {size[0]} x {size[1]}"
    )


def test_a_bomb_too_big_for_pillow(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_png_of(60_000, 60_000))
    assert fault_of(path).startswith(
        "expected a whole picture, got: Image size (3600000000 pixels)"
    )


def test_a_picture_file_has_a_bound(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (8, 8)))
    with path.open("r+b") as file:
        file.truncate((1 << 26) + 1)
    assert fault_of(path) == "expected at most 67108864 bytes, got 67108865"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phones_picture_is_turned_as_its_camera_says(tmp_path: Path, orientation: int) -> None:
    """Against Pillow's own turning of the whole picture."""
    picture = Image.fromarray(noise(40, 24))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "phone.png"
    picture.save(path, exif=exif)
    with Image.open(path) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    expected = squared(np.asarray(upright), None, 8, 3)
    np.testing.assert_allclose(squared(path, None, 8, 3), expected, atol=1)
    if orientation > 1:
        as_stored = squared(np.asarray(picture), None, 8, 3).astype(int)
        assert np.abs(as_stored - expected).mean() > 10
    # A box is of the pixels that are stored.
    box = (4.0, 10.0, 12.0, 16.0)
    np.testing.assert_array_equal(squared(path, box, 8, 3), squared(np.asarray(picture), box, 8, 3))


def test_broken_metadata_are_no_fault_of_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    picture = Image.fromarray(noise(24, 24))
    picture.save(path, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\0" * 8, quality=95)
    plain = tmp_path / "plain.jpg"
    picture.save(plain, quality=95)
    np.testing.assert_array_equal(squared(path, None, 8, 3), squared(plain, None, 8, 3))


@pytest.mark.parametrize("channels", [1, 3])
def test_greys_of_16_bits_keep_their_shades(tmp_path: Path, channels: int) -> None:
    shades = np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    path = tmp_path / "deep.png"
    Image.fromarray(shades).save(path)
    made = squared(path, None, 8, channels)
    assert made.shape == (8, 8, channels)
    np.testing.assert_array_equal(made[..., 0], np.rint(shades / 257))
