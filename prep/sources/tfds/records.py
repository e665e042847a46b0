"""The values in an example of TensorFlow Datasets, each held to be what it is called."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

from t2i.errors import InputError
from t2i.images.squares import Box

# The values of each feature of an example; those of nested ones are called `outer/inner`.
Record = Mapping[str, Sequence[Any]]

_MAX_NAME = 240


def content(record: Record, key: str) -> bytes:
    """Returns the one value of a feature of bytes; raises InputError where it is not that."""
    values = record.get(key, ())
    if len(values) != 1 or not isinstance(values[0], bytes):
        raise InputError(f"expected one value of bytes in feature {key}, got {_some(values)}")
    return values[0]


def texts(record: Record, key: str) -> tuple[str, ...]:
    """Returns the sentences of a feature of texts, on its own or one of each item in it.

    Raises:
        InputError: there are none.
    """
    values = record.get(f"{key}/text") or record.get(key, ())
    sentences = tuple(filter(None, (_text(value) for value in values if isinstance(value, bytes))))
    if not sentences:
        raise InputError(f"expected text in feature {key}, got {_some(values)}")
    return sentences


def file_name(record: Record, key: str) -> str:
    """Returns the name of a file without its ending; raises InputError where it is no name."""
    file = _text(content(record, key))
    stem, dot, ending = file.rpartition(".")
    name = stem if dot and "/" not in ending else file
    if not name.isprintable() or not 0 < len(name.encode()) <= _MAX_NAME:
        raise InputError(f"expected the name of a file in feature {key}, got {file[:80]!r}")
    return name


def label(record: Record, count: int) -> int:
    """Returns the class, below `count`; raises InputError where there is none."""
    values = record.get("label", ())
    if len(values) != 1 or not isinstance(values[0], int) or not 0 <= values[0] < count:
        raise InputError(f"expected a number below {count} in feature label, got {_some(values)}")
    return values[0]


def box(record: Record, image: bytes) -> Box:
    """Returns the feature `bbox` in pixels of the picture.

    TFDS has (top, left, bottom, right) in parts of it.

    Raises:
        InputError: the box or the picture is something else.
    """
    values = record.get("bbox", ())
    if len(values) != 4 or not all(isinstance(value, float) for value in values):
        raise InputError(f"expected 4 numbers in feature bbox, got {_some(values)}")
    try:
        with Image.open(io.BytesIO(image), formats=("JPEG", "PNG")) as picture:
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InputError("expected a JPEG or PNG picture, got something else") from error
    top, left, bottom, right = values
    # The parts have 32 bits: what the source had is known to a hundredth of a pixel.
    x, y = round(left * width, 2), round(top * height, 2)
    return x, y, round(right * width - x, 2), round(bottom * height - y, 2)


def _text(value: bytes) -> str:
    text = value.decode("utf-8", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return " ".join(text.split())


def _some(values: Sequence[Any]) -> str:
    return f"{', '.join(repr(value)[:40] for value in values[:3])}..." if values else "nothing"
