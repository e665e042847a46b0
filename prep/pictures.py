"""A picture that may come from anybody -> the square of pixels that is stored."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from prep.examples import Box, RawImage
from t2i.errors import InputError
from t2i.images import Pixels, as_picture

# StackGAN's crop reaches half as far again as the longer side of the box.
_CROP_SCALE = 1.5
_MAX_PICTURE_BYTES = 1 << 26
_MAX_PIXELS = 50_000_000


def decoded(image: RawImage, channels: int) -> Image.Image:
    """Returns the picture in RGB, or in greys, on white where it is transparent.

    Args:
        image: a file, the bytes of one, or uint8 [h, w, 3] or [h, w, 1].
        channels: 3 for RGB, 1 for greys.

    Raises:
        InputError: it is missing, too large, damaged, or neither JPEG nor PNG.
    """
    mode = "RGB" if channels == 3 else "L"
    if isinstance(image, np.ndarray):
        return as_picture(image).convert(mode)
    if isinstance(image, Path) and not image.is_file():
        raise InputError("expected a picture, got no such file")
    size = image.stat().st_size if isinstance(image, Path) else len(image)
    if size > _MAX_PICTURE_BYTES:
        raise InputError(f"expected at most {_MAX_PICTURE_BYTES} bytes, got {size}")
    try:
        # Pillow warns of oddities in metadata, and of sizes that are checked here anyway.
        with warnings.catch_warnings(action="ignore"), _opened(image) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise InputError(
                    f"expected at most {_MAX_PIXELS} pixels, got {picture.width} x {picture.height}"
                )
            if picture.has_transparency_data:
                white = Image.new("RGBA", picture.size, "white")
                white.alpha_composite(picture.convert("RGBA"))
                return white.convert(mode)
            return picture.convert(mode)
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


def _opened(image: Path | bytes) -> Image.Image:
    # The fewer formats, the fewer decoders at risk; one that Pillow knows starts Ghostscript.
    file = io.BytesIO(image) if isinstance(image, bytes) else image
    return Image.open(file, formats=("JPEG", "PNG"))


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
    if box is None:
        return _resized(picture, size, (0.0, 0.0, float(picture.width), float(picture.height)))
    x, y, width, height = box
    centre_x, centre_y = x + width / 2, y + height / 2
    inside = 0 <= centre_x <= picture.width and 0 <= centre_y <= picture.height
    if not inside or min(width, height) < 1:
        raise InputError(
            f"expected a box inside the {picture.width} x {picture.height} picture, "
            f"got x {x:g}, y {y:g}, width {width:g}, height {height:g}"
        )
    reach = _CROP_SCALE * max(width, height) / 2
    region = (
        max(0.0, centre_x - reach),
        max(0.0, centre_y - reach),
        min(float(picture.width), centre_x + reach),
        min(float(picture.height), centre_y + reach),
    )
    return _resized(picture, size, region)


def _resized(picture: Image.Image, size: int, region: tuple[float, float, float, float]) -> Pixels:
    pixels = np.asarray(picture.resize((size, size), Image.Resampling.BOX, box=region))
    return pixels.reshape(size, size, -1)
