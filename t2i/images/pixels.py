"""The pixel range, grids of pictures, and PNG and GIF files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from t2i.files.disk import replacing

Pixels = npt.NDArray[np.uint8]


def to_float(pixels: Any) -> Any:
    """Returns images in [-1, 1] for pixels in 0..255; the inverse of `to_uint8`.

    Args:
        pixels: floating point or numpy array or tensor of any shape, 0..255.
    """
    return pixels / 127.5 - 1.0


def to_uint8(images: npt.NDArray[np.floating]) -> Pixels:
    """Returns pixels 0..255 for images in [-1, 1], rounded to nearest and clipped."""
    pixels: Pixels = np.clip(np.rint((images + 1.0) * 127.5), 0, 255).astype(np.uint8)
    return pixels


def as_picture(pixels: Pixels) -> Image.Image:
    """Returns uint8 [height, width, 3], or [height, width, 1] for greys, as a picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def middle(pixels: Pixels, size: int) -> Pixels:
    """Returns the middle crops [n, size, size, C] of pictures no smaller."""
    start = (pixels.shape[1] - size) // 2
    return pixels[:, start : start + size, start : start + size]


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
    font = ImageFont.load_default(size=max(10, min(16, row_height // 4)))
    text_width = 260
    sheet = Image.new("RGB", (text_width + pictures.shape[1], pictures.shape[0]), "white")
    sheet.paste(as_picture(pictures), (text_width, 0))
    draw = ImageDraw.Draw(sheet)
    for row, caption in enumerate(captions):
        text = _fitted(caption, font, text_width - 20, row_height)
        draw.multiline_text(
            (10, row * row_height + row_height // 2 + 2), text, "black", font, anchor="lm"
        )
    return np.asarray(sheet)


def _fitted(text: str, font: Any, width: int, height: int) -> str:
    """Returns the text in lines no wider than `width`, and no more of them than fit `height`."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    room = max(1, height // (font.size + 5))
    if len(lines) > room:
        lines = [*lines[: room - 1], lines[room - 1] + " ..."]
    return "\n".join(lines)


def save_image(path: Path, pixels: Pixels) -> None:
    """Writes uint8 [height, width, C] in the format that the ending of `path` names."""
    with replacing(path) as unfinished:
        as_picture(pixels).save(unfinished)


def save_gif(path: Path, frames: Pixels, frame_ms: int = 80) -> None:
    """Writes uint8 [n, height, width, C] as a GIF that runs there and back for ever."""
    pictures = [as_picture(frame) for frame in np.concatenate([frames, frames[-2:0:-1]])]
    with replacing(path) as unfinished:
        pictures[0].save(
            unfinished, save_all=True, append_images=pictures[1:], duration=frame_ms, loop=0
        )
