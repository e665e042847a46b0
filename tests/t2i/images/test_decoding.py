"""The formats that people's pictures are in, and what is too large for memory in each."""

import struct
from pathlib import Path

import numpy as np
import pytest
from picture_samples import fault_of, squared
from PIL import Image

_COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("ending", [".jpg", ".bin"])
def test_every_format_is_read_whatever_its_name(tmp_path: Path, kind: str, ending: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / f"a{ending}"
    pixels = np.repeat(np.array([*_COLOURS.values()], np.uint8)[None], 2, 0)
    Image.fromarray(pixels).save(path, kind, **options)
    np.testing.assert_array_equal(squared(path, None, 2, 3), pixels)


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "PNG"])
def test_of_several_frames_the_first_is_taken(tmp_path: Path, kind: str) -> None:
    first, *rest = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "blue"))
    options = {"lossless": True} if kind == "WEBP" else {}
    first.save(tmp_path / "a", kind, save_all=True, append_images=rest, **options)
    assert (squared(tmp_path / "a", None, 4, 3) == _COLOURS["red"]).all()


def test_a_phones_first_picture_is_under_the_bound_of_jpegs(tmp_path: Path) -> None:
    first, rest = (Image.new("L", (6000, 5000), shade) for shade in (200, 10))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[rest])
    assert np.abs(squared(tmp_path / "a.jpg", None, 4, 1).astype(int) - 200).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_bombs_of_every_format_are_refused_by_their_header(tmp_path: Path, kind: str) -> None:
    options = {"compression": "tiff_adobe_deflate"} if kind == "TIFF" else {}
    Image.new("L", (5_000, 5_001)).save(tmp_path / "a", kind, **options)
    mode = "P" if kind == "GIF" else "L"
    assert fault_of(tmp_path / "a") == (
        f"expected at most 25000000 pixels of {kind} {mode}, got 5000 x 5001"
    )


@pytest.mark.parametrize("kind", [b"VP8X", b"VP8L", b"VP8 "])
def test_a_webp_is_measured_before_its_decoder_makes_room(tmp_path: Path, kind: bytes) -> None:
    side = (16_382).to_bytes(3, "little")
    body = {
        b"VP8X": bytes(4) + side + side,
        b"VP8L": b"\x2f" + (16_382 | 16_382 << 14).to_bytes(4, "little") + bytes(8),
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<2H", 16_383, 16_383),
    }[kind]
    head = b"WEBP" + kind + len(body).to_bytes(4, "little") + body
    (tmp_path / "a").write_bytes(b"RIFF" + len(head).to_bytes(4, "little") + head)
    assert fault_of(tmp_path / "a") == (
        "expected at most 25000000 pixels of WEBP, got 16383 x 16383"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC; convert it"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000; convert it"),
        (b"\n<!DOCTYPE HTML><title>404", "HTML, as of a download that failed; fetch it again"),
        (b"version https://git-lfs.github.com", "a pointer of Git LFS; run git lfs pull"),
        (b"a b c", "something else"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    expected = "expected a picture in JPEG, PNG, WebP, GIF, BMP, TIFF or PPM, got "
    assert fault_of(tmp_path / "a.jpg") == expected + said


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_of_a_webp_is_that_of_its_picture(tmp_path: Path, lossless: bool) -> None:
    Image.new("RGB", (4_999, 5_002)).save(tmp_path / "a", "WEBP", lossless=lossless, method=0)
    assert fault_of(tmp_path / "a").endswith("pixels of WEBP, got 4999 x 5002")


def test_a_tile_larger_than_its_picture_counts(tmp_path: Path) -> None:
    tags = {256: 16, 257: 16, 258: 8, 259: 8, 262: 1, 277: 1}
    tags |= {322: 40_000, 323: 40_000, 324: 8, 325: 4}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    path = tmp_path / "a.tif"
    path.write_bytes(struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4))
    assert fault_of(path) == "expected at most 25000000 pixels of TIFF L, got 40000 x 40000"


def test_greys_of_a_tiff_may_be_the_other_way_round_and_of_no_known_range(tmp_path: Path) -> None:
    shades = np.array([[0, 65535]] * 2, np.uint16)
    Image.fromarray(shades).save(tmp_path / "a.tif", tiffinfo={262: 0})
    np.testing.assert_array_equal(squared(tmp_path / "a.tif", None, 2, 1)[0, :, 0], [255, 0])
    for numbers in (np.float32([[0.5]]), np.int32([[1 << 20]])):
        Image.fromarray(numbers).save(tmp_path / "a.tif")
        assert fault_of(tmp_path / "a.tif") == (
            "expected greys of 8 or 16 bits, got numbers of no known range"
        )
