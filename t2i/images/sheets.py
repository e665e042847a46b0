"""Sheets of pictures, with captions or without."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from t2i.images.lettering import fitted, lettered
from t2i.images.pixels import Pixels, as_picture


def grid(pixels: Pixels, padding: int = 2) -> Pixels:
    """Returns one picture with the given ones in rows and columns, on white.

    Args:
        pixels: uint8 [rows, columns, height, width, C].
        padding: pixels left free around every picture.
    """
    rows, columns, height, width, channels = pixels.shape
    cell_height, cell_width = height + padding, width + padding
    sheet = np.full(
        (rows * cell_height + padding, columns * cell_width + padding, channels), 255, np.uint8
    )
    for row in range(rows):
        for column in range(columns):
            top, left = row * cell_height + padding, column * cell_width + padding
            sheet[top : top + height, left : left + width] = pixels[row, column]
    return sheet


def captioned_grid(pixels: Pixels, captions: Sequence[str], scale: int = 1) -> Pixels:
    """Returns a grid in colour with a caption, wrapped, to the left of each row.

    Args:
        pixels: uint8 [rows, columns, height, width, C].
        captions: one for each row.
        scale: how many times each picture is enlarged, by whole pixels.
    """
    enlarged = pixels.repeat(scale, axis=2).repeat(scale, axis=3)
    pictures = grid(enlarged, padding=4)
    row_height = enlarged.shape[2] + 4
    size = max(10, min(16, row_height // 4))
    text_width = 260
    sheet = Image.new("RGB", (text_width + pictures.shape[1], pictures.shape[0]), "white")
    sheet.paste(as_picture(pictures), (text_width, 0))
    draw = ImageDraw.Draw(sheet)
    for row, caption in enumerate(captions):
        text, font = lettered(caption, size)
        text = fitted(text, font, text_width - 20, row_height)
        draw.multiline_text(
            (10, row * row_height + row_height // 2 + 2), text, "black", font, anchor="lm"
        )
    return np.asarray(sheet)
