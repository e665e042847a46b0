"""A trained generator in a program or a notebook: what `t2i.load("birds")` returns."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np

from t2i.config.run import RunConfig
from t2i.errors import InputError
from t2i.images.decoding import RawImage
from t2i.images.pixels import Pixels, as_picture, save_gif, save_image
from t2i.images.sheets import grid
from t2i.models.contract import Floats
from t2i.painting.arithmetic import add_latents, add_sentences
from t2i.painting.between import between
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.inversion.places import inversion_of
from t2i.painting.painter import Painter
from t2i.painting.variety import VARIETY, require_variety

# Pixels that a picture on a sheet is enlarged to, by whole pixels.
_SHOWN = 128


@dataclass(frozen=True, eq=False)
class Pictures:
    """Painted pictures, which a notebook shows as one sheet.

    Attributes:
        pixels: uint8 [sentences, count, s, s, C].
        sentences: a row each.
    """

    pixels: Pixels
    sentences: tuple[str, ...]

    @property
    def sheet(self) -> Pixels:
        """All of them on white, uint8 [height, width, C], a sentence a row."""
        scale = max(1, _SHOWN // self.pixels.shape[2])
        return grid(self.pixels.repeat(scale, axis=2).repeat(scale, axis=3), padding=4)

    def save(self, path: str | Path) -> None:
        """Writes the sheet, in the format that the ending names; a .gif moves along each row."""
        if Path(path).suffix.lower() == ".gif":
            save_gif(Path(path), np.concatenate(self.pixels))
        else:
            save_image(Path(path), self.sheet)

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        as_picture(self.sheet).save(file, "PNG")
        return file.getvalue()


@dataclass(frozen=True, eq=False)
class Inverted:
    """A picture, and what paints it again.

    Attributes:
        latent: float32 [z].
        error: of the picture painted again: root of the mean squared difference, of 255.
        pictures: the picture as it was looked at, and painted again.
    """

    latent: Floats
    error: float
    pictures: Pictures

    def _repr_png_(self) -> bytes:
        return self.pictures._repr_png_()


class TextToImage:
    """A trained generator and its text encoder.

    Attributes:
        config: of the run.
        generator: {embedding [n, d], latent [n, z]} -> image [n, s, s, C] in [-1, 1]; a
            `keras.Model` of stock layers.
    """

    def __init__(self, painter: Painter, run: Path) -> None:
        self._painter, self._run = painter, run
        self.config: RunConfig = painter.config
        self.generator: keras.Model = painter.network

    def paint(
        self,
        sentences: str | Sequence[str],
        count: int = 5,
        seed: int = 0,
        variety: float = VARIETY,
        pose: str = "",
    ) -> Pictures:
        """Returns `count` pictures of each sentence, those that `t2i generate` paints.

        Args:
            sentences: one, or several.
            count: pictures of each; a column shares its latent.
            seed: of the latents, from 0.
            variety: the latents are multiplied by it; below 1, pictures of a sentence differ
                less, and fewer of them go wrong.
            pose: `turn=1,mirror=-1`, for example; see `t2i generate --pose`.

        Raises:
            InputError: a sentence has no words, or a number is out of its range.
        """
        texts = (sentences,) if isinstance(sentences, str) else tuple(sentences)
        if count < 1 or seed < 0:
            raise InputError(
                f"paint: expected count from 1 and seed from 0, got {count} and {seed}; "
                "choose others"
            )
        require_variety(variety)
        return Pictures(self._painter.paint(texts, count, seed, variety, pose), texts)

    def morph(self, first: str, second: str, steps: int = 9, seed: int = 0) -> Pictures:
        """Returns the way from one sentence to another as one row; `.save("way.gif")` moves.

        Raises:
            InputError: as `paint`.
        """
        if steps < 2 or seed < 0:
            raise InputError(
                f"morph: expected steps from 2 and seed from 0, got {steps} and {seed}; "
                "choose others"
            )
        ends = self.embed([first, second])
        latent = self._painter.latents(1, seed).repeat(steps, axis=0)
        painted = self._painter.paint_rows(between(ends[0], ends[1], steps), latent)
        return Pictures(painted[None], (f"{first} / {second}",))

    def arithmetic(
        self, terms: str, of: str | None = None, count: int = 5, seed: int = 0
    ) -> Pictures:
        """Returns the pictures of each term of a sum as a row, and those of the sum as the last.

        Args:
            terms: `a red bird - red + blue`, whose embeddings are added; with `of`, numbers of
                pictures from 1, `1,4,9 - 2,3,7 + 5,6,8`, the means of whose latents are added.
            of: the sentence of those pictures.
            count: pictures of each sentence; a column shares its latent.
            seed: of the latents.

        Raises:
            InputError: as `paint`, or there are less than two terms or more than six.
        """
        if count < 1 or seed < 0:
            raise InputError(
                f"arithmetic: expected count from 1 and seed from 0, got {count} and {seed}; "
                "choose others"
            )
        if of is None:
            return Pictures(*add_sentences(self._painter, terms, count, seed))
        return Pictures(*add_latents(self._painter, terms, of, seed))

    def invert(self, picture: str | RawImage, caption: str | None = None) -> Inverted:
        """Returns the latent of a picture: of its pose, its surroundings, all but the sentence.

        Args:
            picture: a file, the bytes of one, or uint8 [h, w, 3]; its middle square is taken.
            caption: what it shows, where that is known.

        Raises:
            InputError: it is no picture, or `t2i train-inversion` was not run yet.
        """
        square = self._inverter.square(Path(picture) if isinstance(picture, str) else picture)
        words = None if caption is None else self.embed(caption)
        found = self._inverter.find(square[None], words)
        both = Pictures(np.stack([square, found.pictures[0]])[None], (caption or "",))
        return Inverted(found.latent[0], float(found.error[0]), both)

    def restyle(
        self,
        picture: str | RawImage,
        sentences: str | Sequence[str],
        caption: str | None = None,
    ) -> Pictures:
        """Returns the picture, painted again, and painted for each sentence: a row each.

        Args:
            picture: see `invert`.
            sentences: one, or several.
            caption: see `invert`.

        Raises:
            InputError: as `invert`, or a sentence has no words.
        """
        texts = (sentences,) if isinstance(sentences, str) else tuple(sentences)
        embedding, found = self.embed(texts), self.invert(picture, caption)
        painted = self._painter.paint_rows(embedding, found.latent[None].repeat(len(texts), axis=0))
        before = found.pictures.pixels.repeat(len(texts), axis=0)
        return Pictures(np.concatenate([before, painted[:, None]], axis=1), texts)

    @cached_property
    def _inverter(self) -> Inverter:
        return Inverter(self._painter, inversion_of(self._run))

    def embed(self, sentences: str | Sequence[str]) -> Floats:
        """Returns the embeddings of sentences, float32 [n, d].

        Raises:
            InputError: a sentence has no words.
        """
        return self._painter.embed([sentences] if isinstance(sentences, str) else sentences)

    def latents(self, count: int, seed: int = 0) -> Floats:
        """Returns the latents of a seed's pictures, float32 [count, z]."""
        return self._painter.latents(count, seed)

    def __repr__(self) -> str:
        config: Any = self.config
        return f"<TextToImage {config.model}, {config.image_size} pixels>"
