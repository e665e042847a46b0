"""Sums that the page may ask for, bounded: of sentences, and of pictures' latents."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from t2i.config.section import Section
from t2i.models.contract import Floats
from t2i.painting.arithmetic import (
    MOST_IN_A_MEAN,
    MOST_PICTURES,
    MOST_TERMS,
    of_latents,
    of_sentences,
)
from t2i.painting.painter import Painter
from t2i.painting.variety import VARIETY
from t2i.web.asked import Seed, Sentence, Variety

# Of each term.
_MOST_COUNT = 8

Sign = Literal[1, -1]
Number = Annotated[int, Field(ge=1, le=MOST_PICTURES)]


class Term(Section):
    """A sentence that is added or taken away.

    Attributes:
        sign: 1 or -1.
        sentence: what it says.
    """

    sign: Sign
    sentence: Sentence


class Add(Section):
    """A sum of sentences: pictures of each, and those of the sum of their embeddings.

    Attributes:
        run: by the name that the server gave it.
        terms: in the order of their pictures.
        count: pictures of each.
        seed: of their latents.
        variety: the latents are multiplied by it.
    """

    run: str
    terms: Annotated[list[Term], Field(min_length=2, max_length=MOST_TERMS)]
    count: Annotated[int, Field(ge=1, le=_MOST_COUNT)] = 4
    seed: Seed = 0
    variety: Variety = VARIETY

    @property
    def pictures(self) -> int:
        """How many are painted."""
        return self.count * (len(self.terms) + 1)

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [term.sentence for term in self.terms]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embeddings [n, d] and latents [n, z] of the pictures; embedding is [terms, d]."""
        latent = painter.latents(self.count, self.seed, self.variety)
        return of_sentences([term.sign for term in self.terms], embedding, latent)


class NumberedTerm(Section):
    """Pictures, the mean of whose latents is added or taken away.

    Attributes:
        sign: 1 or -1.
        numbers: which of the seed's pictures, from 1.
    """

    sign: Sign
    numbers: Annotated[list[Number], Field(min_length=1, max_length=MOST_IN_A_MEAN)]


class AddLatents(Section):
    """A sum of latents: pictures of each term's, and of their mean; that of the sum is the last.

    Attributes:
        run: by the name that the server gave it.
        sentence: of all pictures.
        terms: in the order of their pictures.
        seed: of their latents.
        variety: the latents are multiplied by it.
    """

    run: str
    sentence: Sentence
    terms: Annotated[list[NumberedTerm], Field(min_length=2, max_length=MOST_TERMS)]
    seed: Seed = 0
    variety: Variety = VARIETY

    @property
    def pictures(self) -> int:
        """How many are painted."""
        return sum(len(term.numbers) + 1 for term in self.terms) + 1

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [self.sentence]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embeddings [n, d] and latents [n, z] of the pictures; embedding is [1, d]."""
        most = max(max(term.numbers) for term in self.terms)
        latent = painter.latents(most, self.seed, self.variety)
        own = [latent[np.array(term.numbers) - 1] for term in self.terms]
        latents = of_latents([term.sign for term in self.terms], own)
        return embedding.repeat(len(latents), axis=0), latents
