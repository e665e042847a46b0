"""Damaged pictures: what is decoded has the size that its header promised, or is refused."""

import io
from pathlib import Path

import numpy as np
from hypothesis import given
from mutations import assert_holds, mutated
from PIL import Image

from t2i.images.squares import square_of

_NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 4), dtype=np.uint8)


def _encoded(mode: str, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(_NOISE)
    deep = Image.fromarray(_NOISE[..., 0].astype(np.uint16) * 257)
    (deep if mode == "I;16" else picture.convert(mode)).save(file, kind, **options)
    return file.getvalue()


SAMPLES = [
    _encoded("RGB", "JPEG"),
    _encoded("L", "JPEG", progressive=True),
    _encoded("CMYK", "JPEG"),
    _encoded("RGBA", "PNG"),
    _encoded("P", "PNG"),
    _encoded("1", "PNG"),
    _encoded("I;16", "PNG"),
    _encoded("RGBA", "WEBP"),
    _encoded("RGB", "WEBP", save_all=True, append_images=[Image.new("RGB", (32, 24))]),
    _encoded("P", "GIF", save_all=True, append_images=[Image.new("P", (32, 24))]),
    _encoded("RGB", "BMP"),
    _encoded("RGB", "TIFF", compression="tiff_lzw"),
    _encoded("L", "TIFF", compression="tiff_adobe_deflate"),
    _encoded("RGB", "PPM"),
]


def read(path: Path) -> None:
    """Decodes a picture, as a file and as bytes."""
    square_of(path, None, 8, 3)
    square_of(path.read_bytes(), None, 8, 1)


@given(content=mutated(SAMPLES))
def test_damaged_pictures_are_decoded_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".jpg")
