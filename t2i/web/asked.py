"""What the page may ask for, bounded; and the rows of pictures that it then wants."""

import json
from typing import Annotated, Any, Protocol, TypeVar

import numpy as np
from pydantic import Field

from t2i.config.file import validated
from t2i.config.section import Section
from t2i.errors import InputError
from t2i.models.contract import Floats
from t2i.painting.between import between, between_latents
from t2i.painting.painter import Painter
from t2i.painting.variety import VARIETY

# A request's body: six sentences of 1,000 characters, each written as an escape, and numbers.
MOST_BYTES = 48 << 10
MOST_PICTURES = 16
# Painted at a time, of several requests.
TOGETHER = 64
MOST_STEPS = 33

Sentence = Annotated[str, Field(min_length=1, max_length=1000)]
Seed = Annotated[int, Field(ge=0, lt=1 << 31)]
Variety = Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)]


class Asked(Protocol):
    """What may be asked for."""

    @property
    def run(self) -> str:
        """That paints, by the name that the server gave it."""

    @property
    def pictures(self) -> int:
        """How many are painted."""

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embeddings [n, d] and latents [n, z] of the pictures; embedding is [k, d]."""


class Paint(Section):
    """Pictures of a sentence.

    Attributes:
        run: by the name that the server gave it.
        sentence: what to paint.
        count: pictures.
        seed: of their latents.
        variety: the latents are multiplied by it.
    """

    run: str
    sentence: Sentence
    count: Annotated[int, Field(ge=1, le=MOST_PICTURES)] = 4
    seed: Seed = 0
    variety: Variety = VARIETY

    @property
    def pictures(self) -> int:
        """How many are painted."""
        return self.count

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [self.sentence]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embeddings [n, d] and latents [n, z] of the pictures; embedding is [1, d]."""
        latent = painter.latents(self.count, self.seed, self.variety)
        return embedding.repeat(self.count, axis=0), latent


class Morph(Section):
    """The way from the first picture of one sentence and seed to that of another.

    Attributes:
        run: by the name that the server gave it.
        first: sentence at the start.
        second: sentence at the end; may be the same.
        seed: of the latent at the start.
        second_seed: of the latent at the end; may be the same.
        variety: the latents are multiplied by it.
        steps: pictures, ends included.
    """

    run: str
    first: Sentence
    second: Sentence
    seed: Seed = 0
    second_seed: Seed = 0
    variety: Variety = VARIETY
    steps: Annotated[int, Field(ge=2, le=MOST_STEPS)] = 17

    @property
    def pictures(self) -> int:
        """How many are painted."""
        return self.steps

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [self.first, self.second]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embeddings [n, d] and latents [n, z] of the pictures; embedding is [2, d]."""
        seeds = (self.seed, self.second_seed)
        ends = [painter.latents(1, seed, self.variety)[0] for seed in seeds]
        latent = between_latents(ends[0], ends[1], self.steps)
        return between(embedding[0], embedding[1], self.steps), latent.astype(np.float32)


_Kind = TypeVar("_Kind", bound=Section)


def read_asked(body: bytes, kind: type[_Kind]) -> _Kind:
    """Returns what a request's body asks for.

    Raises:
        InputError: it is no JSON, a key or value is not right, or a number is out of its range.
    """
    try:
        values: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("request: expected JSON, got something else; reload the page") from error
    return validated(values, kind)
