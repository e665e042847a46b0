"""What an encoder's file says of itself, and its tokenizer: read without TensorFlow."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pydantic

from t2i.encoders.config import TextEncoderConfig
from t2i.encoders.tokenizers import (
    MAX_SENTENCEPIECE_BYTES,
    CharTokenizer,
    SentencePieceTokenizer,
    Tokenizer,
    WordPieceTokenizer,
)
from t2i.errors import InputError
from t2i.files.weights import member, require_output

FORMAT = "t2i-encoder"
VERSION = 1
DESCRIPTION = "t2i/encoder.json"
SENTENCEPIECE = "t2i/sentencepiece.model"
MAX_DESCRIPTION_BYTES = 1 << 20


def require_encoder_output(out: Path) -> None:
    """Raises InputError where an encoder is not to be written; cheap."""
    require_output(out, DESCRIPTION, "an encoder")


def tokenizer_in(content: bytes, place: Path) -> Tokenizer:
    """Returns the tokenizer in the bytes of an encoder's file.

    Args:
        content: of the file, which may come from anybody.
        place: named in errors.

    Raises:
        InputError: they are no encoder, or a damaged one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            config, _ = read_description(place, archive)
            return read_tokenizer(place, archive, config)
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise InputError(
            f"{place}: expected an encoder inside, got one that can't be unpacked; embed it again"
        ) from error


def read_description(
    path: Path, archive: zipfile.ZipFile
) -> tuple[TextEncoderConfig, tuple[str, ...]]:
    """Returns the shape, and the networks that the image side looked through.

    Raises:
        InputError: it is missing, of another version, or damaged.
    """
    text = archive.read(member(path, archive, DESCRIPTION, MAX_DESCRIPTION_BYTES))
    try:
        description: Any = json.loads(text)
        stated = (description["format"], description["version"])
        values = description["config"]
        vision = tuple(str(name) for name in description.get("vision", ()))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: expected format, version and config in {DESCRIPTION}, got otherwise; "
            "train the encoder again"
        ) from error
    if stated != (FORMAT, VERSION):
        raise InputError(
            f"{path}: expected format {FORMAT!r} version {VERSION}, got {stated[0]!r} version "
            f"{stated[1]!r}; load it with the release that wrote it"
        )
    try:
        return TextEncoderConfig.model_validate(values), vision
    except pydantic.ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InputError(
            f"{path}: expected a text encoder's configuration in {DESCRIPTION}, "
            f"got a wrong {place or 'one'}; train the encoder again"
        ) from error


def read_tokenizer(path: Path, archive: zipfile.ZipFile, config: TextEncoderConfig) -> Tokenizer:
    """Returns what turns sentences into codes.

    Raises:
        InputError: it is damaged, or a frozen network's is not installed.
    """
    if config.frozen:
        return WordPieceTokenizer(config.frozen, config.length)
    if config.tokenizer == "char":
        return CharTokenizer(config.length)
    vocabulary = member(path, archive, SENTENCEPIECE, MAX_SENTENCEPIECE_BYTES)
    try:
        return SentencePieceTokenizer(archive.read(vocabulary), config.length)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
