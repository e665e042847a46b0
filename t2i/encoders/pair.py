"""A text encoder and the image encoder trained with it: a judge of pictures and captions.

The two lie side by side, NAME.keras and NAME.image.keras, as `t2i-prep train-encoder` leaves them.
"""

import json
import zipfile
from pathlib import Path

import pydantic

from t2i.encoders.config import ImageEncoderConfig
from t2i.encoders.description import MAX_DESCRIPTION_BYTES
from t2i.encoders.image import ImageEncoder, build_image_encoder, least_bytes
from t2i.encoders.text import MAX_ENCODER_BYTES, TextEncoder
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.files.weights import described, holds, load_weights, weights_sha256

FORMAT = "t2i-image-encoder"
VERSION = 1

_DESCRIPTION = "t2i/image_encoder.json"
_AGAIN = "train the pair with `t2i-prep train-encoder`"


def image_side(text: Path) -> Path:
    """Returns the name of the image side, given that of the text side."""
    return text.with_name(f"{text.stem}.image.keras")


def is_image_side(path: Path) -> bool:
    """Returns whether a file is the image side of some encoder, by its description."""
    return holds(path, _DESCRIPTION)


def save_image_side(
    path: Path,
    images: ImageEncoder,
    config: ImageEncoderConfig,
    text: TextEncoder,
    trained_on: str,
) -> None:
    """Writes one `.keras` file, which stock Keras loads too, with its description inside.

    Args:
        path: of the file.
        images: the image side.
        config: its shape.
        text: the text side trained with it.
        trained_on: `digest` of the pairs.
    """
    description = {
        "format": FORMAT,
        "version": VERSION,
        "config": config.model_dump(),
        "text_weights_sha256": weights_sha256(text.model),
        "trained_on": trained_on,
    }
    with replacing(path) as unfinished:
        images.model.save(unfinished)
        with zipfile.ZipFile(unfinished, "a") as archive:
            archive.writestr(_DESCRIPTION, json.dumps(description, indent=1))


def load_image_side(path: Path, text: TextEncoder) -> tuple[ImageEncoder, str]:
    """Returns the image side of a text encoder, and the digest of the pairs it was trained on.

    The file may come from anybody: its network is built here from the checked configuration.

    Args:
        path: of the image side.
        text: the text side.

    Raises:
        InputError: the file is missing, damaged, or was trained with another text side.
    """
    config, trained_on, partner = _described(path)
    if partner != weights_sha256(text.model):
        raise InputError(
            f"{path}: expected the image side trained with this text side, got another's; {_AGAIN}"
        )
    least = least_bytes(config, text.embedding_size)
    if path.stat().st_size < least:
        raise InputError(
            f"{path}: expected at least {least} bytes for its configuration, "
            f"got {path.stat().st_size}; {_AGAIN}"
        )
    images = build_image_encoder(config, text.embedding_size, pretrained=False)
    load_weights(path, images.model)
    return images, trained_on


def _described(path: Path) -> tuple[ImageEncoderConfig, str, str]:
    """Returns what a file says of its image side: its shape, its pairs, and its text side."""
    if not path.is_file() or path.stat().st_size > MAX_ENCODER_BYTES:
        raise InputError(
            f"{path}: expected the image side of an encoder, got nothing there, or more than "
            f"{MAX_ENCODER_BYTES} bytes; {_AGAIN}"
        )
    try:
        description = described(path, _DESCRIPTION, MAX_DESCRIPTION_BYTES)
        stated = (description["format"], description["version"])
        config = ImageEncoderConfig.model_validate(description["config"])
        trained_on = str(description["trained_on"])
        partner = description["text_weights_sha256"]
    except (ValueError, KeyError, TypeError, pydantic.ValidationError) as error:
        raise InputError(
            f"{path}: expected the image side of an encoder, got another file; {_AGAIN}"
        ) from error
    if stated != (FORMAT, VERSION):
        raise InputError(
            f"{path}: expected format {FORMAT!r} version {VERSION}, got {stated[0]!r} version "
            f"{stated[1]!r}; {_AGAIN}"
        )
    return config, trained_on, partner
