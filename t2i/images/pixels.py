"""The pixel range, and PNG and GIF files."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from t2i.files.disk import AnyPath, replacing

Pixels = npt.NDArray[np.uint8]
# In the pictures written here, so that no other is replaced unasked.
_MARK = "t2i"


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


def save_image(path: AnyPath, pixels: Pixels) -> None:
    """Writes uint8 [height, width, C] in the format that the ending of `path` names."""
    with replacing(Path(path)) as unfinished:
        as_picture(pixels).save(unfinished, pnginfo=marked(), quality=95)


def marked() -> PngInfo:
    """Returns the text chunks of a PNG that is written here, for `made_here`."""
    mark = PngInfo()
    mark.add_text("Software", _MARK)
    return mark


def made_here(path: Path) -> bool:
    """Returns whether a PNG or GIF bears the mark of those written here."""
    try:
        with Image.open(path, formats=("PNG", "GIF")) as picture:
            return _MARK in (picture.info.get("Software"), _text(picture.info.get("comment")))
    except (OSError, SyntaxError, ValueError):
        return False


def _text(comment: Any) -> str:
    return comment.decode(errors="replace") if isinstance(comment, bytes) else ""


def save_gif(path: Path, frames: Pixels, frame_ms: int = 80) -> None:
    """Writes uint8 [n, height, width, C] as a GIF that runs there and back for ever."""
    pictures = [as_picture(frame) for frame in np.concatenate([frames, frames[-2:0:-1]])]
    with replacing(path) as unfinished:
        pictures[0].save(
            unfinished,
            save_all=True,
            append_images=pictures[1:],
            duration=frame_ms,
            loop=0,
            comment=_MARK.encode(),
        )
