"""A picture that may come from anybody -> the square of pixels that is stored.

Each process that decodes imports this module, so it imports little.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from prep.building.examples import Box, Example, Fault, RawImage
from t2i.errors import InputError
from t2i.images.pixels import Pixels, as_picture

# StackGAN's crop reaches half as far again as the longer side of the box.
_CROP_SCALE = 1.5
_MAX_PICTURE_BYTES = 1 << 26
# Four bytes a pixel, in memory up to three times where colours are converted or laid on white.
_MAX_PIXELS, _MAX_PLAIN_PIXELS = 25_000_000, 50_000_000

# A JPEG is decoded at a half, a quarter or an eighth of its size as long as the crop keeps this
# many times the pixels of its side. Over 382 pictures of CUB at 76 pixels, the result is then off
# the area mean by 0.88 of 255 on average, 3.0 in the worst picture; from the full picture by 1.00
# and 3.3. The two differ by 1.35 on average, one pixel by 43; with 1.5 it were 1.72, and 57.
_LEAST_OVERSAMPLING = 2
_REDUCTIONS = (8, 4, 2)

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
_SIXTEEN_TO_EIGHT = 257

Region = tuple[float, float, float, float]
Item = Example | Fault
Prepared = Pixels | Fault


def prepare(items: Sequence[Item], size: int, channels: int) -> list[Prepared]:
    """Returns each picture as uint8 [size, size, channels], or why there is none."""
    return [item if isinstance(item, Fault) else _prepared(item, size, channels) for item in items]


def _prepared(example: Example, size: int, channels: int) -> Prepared:
    try:
        return square_of(example.image, example.box, size, channels)
    except InputError as error:
        return Fault(example.name, str(error))


def square_of(image: RawImage, box: Box | None, size: int, channels: int) -> Pixels:
    """Returns uint8 [size, size, channels]: the surroundings of the box, or the whole picture.

    Args:
        image: a file, the bytes of one, or uint8 [h, w, 3] or [h, w, 1]; where it is transparent
            it is put on white.
        box: see `crop_and_resize`.
        size: pixels.
        channels: 3 for RGB, 1 for greys.

    Raises:
        InputError: the picture is missing, too large, damaged, or neither JPEG nor PNG, or the
            box is none of this picture.
    """
    with _opened(image) as picture:
        region = _region(picture, box)
        # A box is in the pixels that are stored; without one, the picture is as it is looked at.
        turn = _turn(picture) if box is None else None
        scale = _reduced(picture, region, size)
        pixels = _resized(_converted(picture, channels), region, scale, size)
    return pixels if turn is None else _turned(pixels, turn)


def crop_and_resize(picture: Image.Image, box: Box | None, size: int) -> Pixels:
    """Returns uint8 [size, size, C]: the surroundings of the box, or the whole picture.

    The crop is a square of 1.5 times the longer side of the box around the box's centre,
    clipped to the picture; what the clipping leaves is resized to a square all the same.
    Each pixel is the mean of those whose centres lie in it.

    Args:
        picture: in RGB for C = 3, in greys for C = 1.
        box: (x, y, width, height) in pixels, or None.
        size: pixels.

    Raises:
        InputError: the box is smaller than a pixel or its centre lies outside the picture.
            Published boxes reach over the border by up to 20 pixels, so that is no fault.

    Source: Zhang et al., StackGAN (ICCV 2017), released code; there the centre and the half
        side are cut to whole pixels, here they stay as they are.
    """
    return _resized(picture, _region(picture, box), 1, size)


@contextmanager
def _opened(image: RawImage) -> Iterator[Image.Image]:
    """Yields the picture, not yet decoded; what goes wrong with it is an InputError."""
    if isinstance(image, np.ndarray):
        yield as_picture(image)
        return
    if isinstance(image, Path) and not image.is_file():
        raise InputError("expected a picture, got no such file")
    size = image.stat().st_size if isinstance(image, Path) else len(image)
    if size > _MAX_PICTURE_BYTES:
        raise InputError(f"expected at most {_MAX_PICTURE_BYTES} bytes, got {size}")
    file = io.BytesIO(image) if isinstance(image, bytes) else image
    try:
        # Pillow warns of oddities in metadata, and of sizes that are checked here anyway. The
        # fewer formats, the fewer decoders at risk; one that Pillow knows starts Ghostscript.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(file, formats=("JPEG", "PNG")) as picture,
        ):
            plain = picture.format == "JPEG" and picture.mode in ("L", "RGB")
            most = _MAX_PLAIN_PIXELS if plain else _MAX_PIXELS
            if picture.width * picture.height > most:
                raise InputError(
                    f"expected at most {most} pixels of {picture.format} {picture.mode}, "
                    f"got {picture.width} x {picture.height}"
                )
            yield picture
    except UnidentifiedImageError as error:
        raise InputError("expected a JPEG or PNG picture, got something else") from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise InputError(
            f"expected a whole picture, got: {' '.join(str(error).split())}"
        ) from error


def _region(picture: Image.Image, box: Box | None) -> Region:
    """Returns left, top, right and bottom of what `crop_and_resize` keeps, in pixels."""
    if box is None:
        return (0.0, 0.0, float(picture.width), float(picture.height))
    x, y, width, height = box
    centre_x, centre_y = x + width / 2, y + height / 2
    inside = 0 <= centre_x <= picture.width and 0 <= centre_y <= picture.height
    if not inside or min(width, height) < 1:
        raise InputError(
            f"expected a box inside the {picture.width} x {picture.height} picture, "
            f"got x {x:g}, y {y:g}, width {width:g}, height {height:g}"
        )
    reach = _CROP_SCALE * max(width, height) / 2
    return (
        max(0.0, centre_x - reach),
        max(0.0, centre_y - reach),
        min(float(picture.width), centre_x + reach),
        min(float(picture.height), centre_y + reach),
    )


def _reduced(picture: Image.Image, region: Region, size: int) -> int:
    """Returns by how much the picture will be decoded smaller, 1, 2, 4 or 8."""
    left, top, right, bottom = region
    most = min(right - left, bottom - top) / (_LEAST_OVERSAMPLING * size)
    scale = next((scale for scale in _REDUCTIONS if scale <= most), 1)
    if picture.format != "JPEG" or scale == 1:
        return 1
    picture.draft(None, (picture.width // scale, picture.height // scale))
    return scale


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """Returns how a camera says that its picture is to be turned; None where it says nothing."""
    try:
        orientation: Any = picture.getexif().get(_ORIENTATION)
        return _TURNS.get(orientation)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        # Metadata that can't be read are no fault of the picture's.
        return None


def _turned(pixels: Pixels, turn: Image.Transpose) -> Pixels:
    size = pixels.shape[0]
    return np.asarray(as_picture(pixels).transpose(turn)).reshape(size, size, -1)


def _converted(picture: Image.Image, channels: int) -> Image.Image:
    mode = "RGB" if channels == 3 else "L"
    if picture.mode.startswith("I"):
        # Greys of 16 bits, which Pillow would cut off at 255.
        greys = np.rint(np.asarray(picture).astype(np.float64) / _SIXTEEN_TO_EIGHT)
        picture = Image.fromarray(np.clip(greys, 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        return white.convert(mode)
    return picture.convert(mode)


def _resized(picture: Image.Image, region: Region, scale: int, size: int) -> Pixels:
    """Returns uint8 [size, size, C] of a region, in pixels of `scale` times the picture."""
    # Whole pixels are too coarse where few are left: a window with soft edges is the nearer to
    # the area mean.
    window = Image.Resampling.BOX if scale == 1 else Image.Resampling.HAMMING
    left, top, right, bottom = region
    box = (left / scale, top / scale, right / scale, bottom / scale)
    return np.asarray(picture.resize((size, size), window, box=box)).reshape(size, size, -1)
