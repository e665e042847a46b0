"""What a picture was painted from, kept in its own PNG file, so that it can be painted again."""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from t2i.errors import InputError
from t2i.files.disk import replacing, require_at_most
from t2i.images.pixels import Pixels, as_picture, marked
from t2i.painting.variety import MOST_VARIETY

# Chunk names; a viewer shows the first as what the picture is.
_SENTENCE, _RUN, _SEED = "Description", "t2i:run", "t2i:seed"
_INDEX, _VARIETY, _POSE = "t2i:index", "t2i:variety", "t2i:pose"
MOST_CHARACTERS = 10_000
_MOST_COUNT = 100_000
_MOST_BYTES = 64 << 20
_MOST_CHUNK = 1 << 16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Recipe:
    """What decides a picture, beside the weights.

    Attributes:
        sentence: that it was painted for.
        seed: of its latents.
        index: which of the pictures of that seed, from 0.
        variety: the latent was multiplied by it; 1 is as in training.
        run: `Painter.identity` of what painted it.
        pose: see `poses.posed`; empty sets none.
    """

    sentence: str
    seed: int
    index: int
    variety: float
    run: str
    pose: str = ""


def inscribed_png(pixels: Pixels, recipe: Recipe | None) -> bytes:
    """Returns uint8 [h, w, C] as a PNG file with the recipe in text chunks, before the pixels."""
    said = marked()
    if recipe is not None:
        said.add_itxt(_SENTENCE, recipe.sentence.encode("utf-8", "replace").decode())
        for name, value in (
            (_SEED, recipe.seed),
            (_INDEX, recipe.index),
            (_VARIETY, recipe.variety),
            (_RUN, recipe.run),
            (_POSE, recipe.pose),
        ):
            said.add_itxt(name, str(value))
    file = io.BytesIO()
    as_picture(pixels).save(file, "PNG", pnginfo=said)
    return file.getvalue()


def save_inscribed(path: Path, pixels: Pixels, recipe: Recipe) -> None:
    """Writes what `inscribed_png` returns."""
    with replacing(path) as unfinished:
        unfinished.write_bytes(inscribed_png(pixels, recipe))


def read_recipe(path: Path) -> Recipe:
    """Returns the recipe in a PNG file, which may come from anybody.

    Raises:
        InputError: it can't be read, is no PNG file, or holds no recipe.
    """
    try:
        require_at_most(path, _MOST_BYTES, "is it one of our pictures?")
        texts = _texts(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path}: expected a picture, got {error.strerror}; name a PNG file"
        ) from error
    except ValueError as error:
        raise InputError(
            f"{path}: expected a whole PNG file, got another or a damaged one; "
            "name a picture that was painted here"
        ) from error
    try:
        return _checked(texts)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path}: expected a picture that says what it was painted from, got one that does "
            "not; name one that `t2i generate` or the page wrote, unchanged"
        ) from error


def _checked(texts: dict[str, str]) -> Recipe:
    """Returns the recipe that texts tell; raises KeyError or ValueError where they tell none."""
    recipe = Recipe(
        sentence=texts[_SENTENCE],
        seed=int(texts[_SEED]),
        index=int(texts[_INDEX]),
        variety=float(texts[_VARIETY]),
        run=texts[_RUN],
        pose=texts.get(_POSE, ""),
    )
    if not (
        0 < len(recipe.sentence) <= MOST_CHARACTERS
        and 0 <= recipe.seed < 1 << 31
        and 0 <= recipe.index < _MOST_COUNT
        and 0 <= recipe.variety <= MOST_VARIETY
    ):
        raise ValueError
    return recipe


def _texts(content: bytes) -> dict[str, str]:
    """Returns the international text chunks before the pixels; no pixel is looked at.

    Raises:
        ValueError: it is no PNG file, or a damaged one.
    """
    if not content.startswith(_SIGNATURE):
        raise ValueError
    found: dict[str, str] = {}
    place = len(_SIGNATURE)
    while place + 12 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        data = content[place + 8 : place + 8 + size]
        if kind == b"IDAT":
            return found
        end = place + 12 + size
        if end > len(content) or content[end - 4 : end] != struct.pack(
            ">I", zlib.crc32(kind + data)
        ):
            raise ValueError
        if kind == b"iTXt" and size <= _MOST_CHUNK:
            keyword, _, rest = data.partition(b"\0")
            # Ours are never compressed: two flags of 0, and two empty names of a language.
            if rest.startswith(b"\0\0\0\0"):
                found[keyword.decode("latin-1")] = rest[4:].decode("utf-8")
        place = end
    raise ValueError
