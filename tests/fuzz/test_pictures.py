"""Damaged pictures: what is decoded has the size that its header promised, or is refused."""

import io
from pathlib import Path

import numpy as np
from hypothesis import given
from mutations import assert_holds, mutated
from PIL import Image

from t2i.images.squares import square_of

_NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 4), dtype=np.uint8)
_DEEP = _NOISE[..., 0].astype(np.uint16) * 257
_OTHER = Image.new("RGB", (32, 24))
_TURNED = Image.Exif()
_TURNED[0x0112] = 6


def _encoded(mode: str, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    deep = mode.startswith("I;16")
    picture = Image.fromarray(_DEEP) if deep else Image.fromarray(_NOISE).convert(mode)
    picture.save(file, kind, **options)
    return file.getvalue()


SAMPLES = [
    _encoded("RGB", "JPEG"),
    _encoded("RGB", "JPEG", exif=_TURNED),
    _encoded("RGB", "MPO", save_all=True, append_images=[_OTHER]),
    _encoded("L", "JPEG", progressive=True),
    _encoded("CMYK", "JPEG"),
    _encoded("RGBA", "PNG"),
    _encoded("RGB", "PNG", exif=_TURNED),
    _encoded("P", "PNG"),
    _encoded("L", "PNG", transparency=7),
    _encoded("1", "PNG"),
    _encoded("I;16", "PNG"),
    _encoded("RGBA", "WEBP"),
    _encoded("RGB", "WEBP", exif=_TURNED),
    _encoded("RGB", "WEBP", save_all=True, append_images=[_OTHER]),
    _encoded("P", "GIF", save_all=True, append_images=[Image.new("P", (32, 24))]),
    _encoded("RGB", "BMP"),
    _encoded("RGBA", "BMP"),
    _encoded("RGB", "TIFF", compression="tiff_lzw"),
    _encoded("RGB", "TIFF", tiffinfo={0x0112: 6}),
    _encoded("L", "TIFF", compression="tiff_adobe_deflate"),
    _encoded("I;16", "TIFF"),
    _encoded("F", "TIFF"),
    _encoded("RGB", "PPM"),
    b"P5 32 24 65535 " + _DEEP.astype(">u2").tobytes(),
]


def read(path: Path) -> None:
    """Decodes a picture, as a file and as bytes."""
    square_of(path, None, 8, 3)
    square_of(path.read_bytes(), None, 8, 1)


@given(content=mutated(SAMPLES))
def test_damaged_pictures_are_decoded_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".jpg")
