"""A picture file that may come from anybody -> a picture within bounds, in RGB or greys.

Each process that decodes imports this module, so it imports little.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from t2i.errors import InputError
from t2i.images.pixels import Pixels, as_picture

# A file, the bytes of one, or uint8 [h, w, 3] or [h, w, 1].
RawImage = Path | bytes | Pixels

# The fewer formats, the fewer decoders at risk: those that people's pictures are in, whose size is
# known before anything of it is in memory. One that Pillow knows starts Ghostscript; AVIF's says
# its size outside of the video that is then decoded.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
READ = "JPEG, PNG, WebP, GIF, BMP, TIFF or PPM"
_MAX_PICTURE_BYTES = 1 << 26
# Four bytes a pixel, in memory up to three times where colours are converted or laid on white.
_MAX_PIXELS, _MAX_PLAIN_PIXELS = 25_000_000, 50_000_000

# The tag of EXIF, and what undoes each of its values. Source: EXIF 2.32, section 4.6.4.
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# 65,535 becomes 255.
_SIXTEEN_BITS, _SIXTEEN_TO_EIGHT = 65535, 257
# Tags of TIFF: sides of a tile, and what a grey of 0 means.
_TILE_WIDTH, _TILE_LENGTH, _PHOTOMETRIC = 322, 323, 262
_WHITE_IS_ZERO = 0
# Of cameras; each begins with a small TIFF, which is not the picture.
_RAW = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw")
_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIF", b"msf1": "HEIF", b"avif": "AVIF"}
# How files begin that are often called pictures.
_BEGINNINGS = (
    (b"\0\0\0\x0cjP  ", "JPEG 2000; convert it"),
    (b"\0\0\0\x0cJXL ", "JPEG XL; convert it"),
    (b"8BPS", "a file of Photoshop; convert it"),
    (b"%PDF", "a PDF; convert it"),
    (b"version https://git-lfs", "a pointer of Git LFS; run git lfs pull"),
    (b"<!doctype html", "HTML, as of a download that failed; fetch it again"),
    (b"<html", "HTML, as of a download that failed; fetch it again"),
    (b"<svg", "SVG; convert it"),
    (b"<?xml", "XML, SVG perhaps; convert it"),
)


@contextmanager
def opened(image: RawImage) -> Iterator[Image.Image]:
    """Yields the picture, not yet decoded: the first, where the file holds several.

    Raises:
        InputError: it is missing, too large, damaged, or of a format that is not read. So is what
            goes wrong with it in the block.
    """
    if isinstance(image, np.ndarray):
        yield as_picture(image)
        return
    if isinstance(image, Path) and not image.is_file():
        raise InputError("expected a picture, got no such file")
    if isinstance(image, Path) and image.suffix.lower() in _RAW:
        raise InputError(f"expected a picture in {READ}, got a camera's raw file; convert it")
    size = image.stat().st_size if isinstance(image, Path) else len(image)
    if size > _MAX_PICTURE_BYTES:
        raise InputError(f"expected at most {_MAX_PICTURE_BYTES} bytes, got {size}")
    try:
        with io.BytesIO(image) if isinstance(image, bytes) else image.open("rb") as file:
            yield from _decodable(file)
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        LookupError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(
            f"expected a whole picture, got: {' '.join(str(error).split())}"
        ) from error


def _decodable(file: BinaryIO) -> Iterator[Image.Image]:
    _require_small_canvas(file)
    try:
        # Pillow warns of oddities in metadata, and of sizes that are checked here anyway.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(file, formats=_FORMATS) as picture,
        ):
            plain = picture.format in ("JPEG", "MPO") and picture.mode in ("L", "RGB")
            most = _MAX_PLAIN_PIXELS if plain else _MAX_PIXELS
            width, height = _unpacked_at_once(picture)
            if max(width * height, picture.width * picture.height) > most:
                raise InputError(
                    f"expected at most {most} pixels of {picture.format} {picture.mode}, "
                    f"got {width} x {height}"
                )
            yield picture
    except UnidentifiedImageError as error:
        raise InputError(f"expected a picture in {READ}, got {_looks_like(file)}") from error


def _require_small_canvas(file: BinaryIO) -> None:
    """Raises InputError where a WebP is too large: its decoder makes room for all when opened.

    Source: RFC 9649, sections 2.5 to 2.7, and 3.4; RFC 6386, section 9.1.
    """
    head = file.read(30)
    file.seek(0)
    if len(head) < 30 or head[:4] != b"RIFF":
        return
    if head[8:16] == b"WEBPVP8X":
        sides = (int.from_bytes(head[place : place + 3], "little") for place in (24, 27))
        width, height = (1 + side for side in sides)
    elif head[8:16] == b"WEBPVP8L":
        packed = int.from_bytes(head[21:25], "little")
        width, height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    elif head[8:16] == b"WEBPVP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<2H", head[26:30]))
    else:
        return
    if width * height > _MAX_PIXELS:
        raise InputError(f"expected at most {_MAX_PIXELS} pixels of WEBP, got {width} x {height}")


def _unpacked_at_once(picture: Image.Image) -> tuple[int, int]:
    """Returns the width and height that the decoder takes into memory: a tile may be larger."""
    tags: Any = getattr(picture, "tag_v2", None) if picture.format == "TIFF" else None
    tile = (tags.get(_TILE_WIDTH), tags.get(_TILE_LENGTH)) if tags else (None, None)
    width, height = tile
    if isinstance(width, int) and isinstance(height, int):
        return max(width, picture.width), max(height, picture.height)
    return picture.width, picture.height


def _looks_like(file: BinaryIO) -> str:
    """Returns what a file of none of the formats seems to be."""
    file.seek(0)
    head = file.read(64)
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp" and head[8:12] in _BRANDS:
        return f"{_BRANDS[head[8:12]]}; convert it"
    said = (what for begins, what in _BEGINNINGS if _begins(head, begins))
    return next(said, "something else")


def _begins(head: bytes, begins: bytes) -> bool:
    return head.lstrip().lower().startswith(begins.lower())


def turn_of(picture: Image.Image) -> Image.Transpose | None:
    """Returns how a camera says that its picture is to be turned; None where it says nothing."""
    try:
        orientation: Any = picture.getexif().get(_ORIENTATION)
        return _TURNS.get(orientation)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # Metadata that can't be read are no fault of the picture's.
        return None


def converted(picture: Image.Image, channels: int) -> Image.Image:
    """Returns the picture in RGB or greys of 8 bits; where it is transparent, on white.

    Raises:
        InputError: its numbers are of no known range.
    """
    mode = "RGB" if channels == 3 else "L"
    if picture.mode.startswith("I"):
        picture = _of_8_bits(picture)
    elif picture.mode == "F":
        raise InputError("expected greys of 8 or 16 bits, got numbers of no known range")
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert(mode)
    return picture.convert(mode)


def _of_8_bits(picture: Image.Image) -> Image.Image:
    """Returns greys of 16 bits, which Pillow would cut off at 255, as 8."""
    tags: Any = getattr(picture, "tag_v2", {})
    greys = np.asarray(picture).astype(np.float64)
    if greys.min() < 0 or greys.max() > _SIXTEEN_BITS:
        raise InputError("expected greys of 8 or 16 bits, got numbers of no known range")
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        greys = _SIXTEEN_BITS - greys
    return Image.fromarray(np.rint(greys / _SIXTEEN_TO_EIGHT).astype(np.uint8))
