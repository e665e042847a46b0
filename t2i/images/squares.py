"""A picture that may come from anybody -> a square of pixels.

Each process that decodes imports this module, so it imports little.
"""

from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from t2i.errors import InputError
from t2i.images.decoding import RawImage, converted, opened, turn_of
from t2i.images.pixels import Pixels, as_picture

# StackGAN's crop reaches half as far again as the longer side of the box.
_CROP_SCALE = 1.5

# A JPEG is decoded at a half, a quarter or an eighth of its size as long as the crop keeps this
# many times the pixels of its side. Over 382 pictures of CUB at 76 pixels, the result is then off
# the area mean by 0.88 of 255 on average, 3.0 in the worst picture; from the full picture by 1.00
# and 3.3. The two differ by 1.35 on average, one pixel by 43; with 1.5 it were 1.72, and 57.
_LEAST_OVERSAMPLING = 2
_REDUCTIONS = (8, 4, 2)
# What is enlarged by more than this has no detail of the size that is stored.
_MOST_ENLARGED = 2

# x, y, width and height of what a picture shows; left, top, right and bottom of what is kept.
Box = tuple[float, float, float, float]
Region = tuple[float, float, float, float]
# How what is not square becomes square: its middle, all of it on white, or all of it squeezed.
Fit = Literal["crop", "pad", "stretch"]


class Square(NamedTuple):
    """A picture made square.

    Attributes:
        pixels: uint8 [size, size, channels].
        remark: what was made of it and should be known, or None.
    """

    pixels: Pixels
    remark: str | None


def fit_of(fit: Fit | None, boxed: bool) -> Fit:
    """Returns how pictures become square: as asked for, else squeezed where they have boxes.

    Args:
        fit: what was asked for.
        boxed: whether the surroundings of a box are taken; what the border of the picture leaves
            of their square is squeezed, as published.
    """
    return fit or ("stretch" if boxed else "crop")


def square_of(
    image: RawImage, box: Box | None, size: int, channels: int, fit: Fit | None = None
) -> Square:
    """Returns the surroundings of the box, or the picture, as uint8 [size, size, channels].

    Where few pixels are enlarged to so many, that is remarked.

    Args:
        image: a file, the bytes of one, or uint8 [h, w, 3] or [h, w, 1]; where it is transparent
            it is put on white.
        box: see `crop_and_resize`.
        size: pixels.
        channels: 3 for RGB, 1 for greys.
        fit: see `fit_of`.

    Raises:
        InputError: the picture is missing, too large, damaged, or of no format that is read, or
            the box is none of this picture.
    """
    with opened(image) as picture:
        how = fit_of(fit, box is not None)
        region = _region(picture, box)
        region = _middle(region) if how == "crop" else region
        # A box is in the pixels that are stored; without one, the picture is as it is looked at.
        turn = turn_of(picture) if box is None else None
        scale = _reduced(picture, region, size)
        plain = converted(picture, channels)
        if how == "pad":
            pixels = _padded(plain, region, scale, size)
        else:
            pixels = _resized(plain, region, scale, (size, size))
    width, height = (round(region[2] - region[0]), round(region[3] - region[1]))
    side = max(width, height) if how == "pad" else min(width, height)
    remark = None
    if side * _MOST_ENLARGED < size:
        least = -(-size // _MOST_ENLARGED)
        remark = f"expected {least} x {least} pixels or more, got {width} x {height}, enlarged"
    return Square(pixels if turn is None else _turned(pixels, turn), remark)


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
    return _resized(picture, _region(picture, box), 1, (size, size))


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


def _turned(pixels: Pixels, turn: Image.Transpose) -> Pixels:
    size = pixels.shape[0]
    return np.asarray(as_picture(pixels).transpose(turn)).reshape(size, size, -1)


def _middle(region: Region) -> Region:
    """Returns the square in the middle of a region, from whole pixels on."""
    left, top, right, bottom = region
    side = min(right - left, bottom - top)
    left, top = left + (right - left - side) // 2, top + (bottom - top - side) // 2
    return (left, top, left + side, top + side)


def _padded(picture: Image.Image, region: Region, scale: int, size: int) -> Pixels:
    """Returns uint8 [size, size, C] that holds all of a region, in the middle of white."""
    left, top, right, bottom = region
    share = size / max(right - left, bottom - top)
    width, height = (max(1, round(side * share)) for side in (right - left, bottom - top))
    made = _resized(picture, region, scale, (width, height))
    pixels = np.full((size, size, made.shape[2]), 255, np.uint8)
    x, y = (size - width) // 2, (size - height) // 2
    pixels[y : y + height, x : x + width] = made
    return pixels


def _resized(picture: Image.Image, region: Region, scale: int, sides: tuple[int, int]) -> Pixels:
    """Returns uint8 [height, width, C] of a region, in pixels of `scale` times the picture.

    Args:
        picture: decoded at 1 / `scale` of its size.
        region: left, top, right and bottom, pixels of the whole picture.
        scale: see `_reduced`.
        sides: width and height, pixels.
    """
    # Whole pixels are too coarse where few are left: a window with soft edges is the nearer to
    # the area mean.
    window = Image.Resampling.BOX if scale == 1 else Image.Resampling.HAMMING
    left, top, right, bottom = region
    box = (left / scale, top / scale, right / scale, bottom / scale)
    made = np.asarray(picture.resize(sides, window, box=box))
    return made.reshape(*made.shape[:2], -1)
