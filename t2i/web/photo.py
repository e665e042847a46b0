"""One's own picture on the page: its latent found, and painted for other sentences."""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from t2i.config.section import Section
from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.models.contract import Floats
from t2i.painting.inversion.inverter import Inverter
from t2i.painting.painter import Painter
from t2i.web.asked import TOGETHER, Sentence

# Bytes of an uploaded file, files that may be read at a time, and pictures that may wait: each
# takes seconds.
MOST_PHOTO_BYTES, MOST_READ, MOST_PHOTOS = 16 << 20, 4, 8
# Fewer than on the command line: others wait meanwhile.
_STEPS = 40
_MOST_LATENTS = 4096
_FARTHEST = 20.0


class Shown(Section):
    """What is said of an uploaded picture.

    Attributes:
        run: that looks for its latent, by the name that the server gave it.
        caption: what the picture shows; None where nobody says.
    """

    run: str
    caption: Sentence | None = None


@dataclass(eq=False)
class Photo:
    """An uploaded picture, to be painted again.

    Attributes:
        run: by the name that the server gave it.
        caption: what it shows, or None.
        square: uint8 [s, s, C].
        inverter: of the run.
        latent: of it, [z] when it is found.
    """

    run: str
    caption: str | None
    square: Pixels
    inverter: Inverter
    latent: list[float] = field(default_factory=list)

    @property
    def pictures(self) -> int:
        """As much work as all that is painted at a time: nobody else waits for it in a batch."""
        return TOGETHER

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [] if self.caption is None else [self.caption]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns what paints it again, [1, d] and [1, z]; embedding is [0, d] or [1, d].

        Raises:
            InputError: the run's weights are others by now.
        """
        if painter.identity != self.inverter.identity:
            raise InputError(
                f"run: expected the weights whose latents are found, got newer ones of {self.run}; "
                "repeat t2i train-inversion, and start the page again"
            )
        said = embedding if len(embedding) else None
        found = self.inverter.find(self.square[None], said, _STEPS)
        self.latent = [round(float(number), 4) for number in found.latent[0]]
        return found.embedding, found.latent


class Restyle(Section):
    """A picture whose latent was found, for another sentence.

    Attributes:
        run: by the name that the server gave it.
        sentence: what to paint.
        latent: as it was found.
    """

    run: str
    sentence: Sentence
    latent: Annotated[
        list[Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST, allow_inf_nan=False)]],
        Field(min_length=1, max_length=_MOST_LATENTS),
    ]

    @property
    def pictures(self) -> int:
        """How many are painted."""
        return 1

    @property
    def sentences(self) -> list[str]:
        """What is to be embedded."""
        return [self.sentence]

    def rows(self, painter: Painter, embedding: Floats) -> tuple[Floats, Floats]:
        """Returns embedding and latent of the picture, [1, d] and [1, z].

        Raises:
            InputError: the latent is another run's.
        """
        if len(self.latent) != painter.prior.size:
            raise InputError(
                f"latent: expected {painter.prior.size} numbers, got {len(self.latent)}; "
                "look at the picture again"
            )
        return embedding, np.array([self.latent], np.float32)
