"""A picture to the latent that paints it again: told by the encoder, then refined."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from t2i.errors import InputError
from t2i.images.decoding import RawImage
from t2i.images.pixels import Pixels, to_float
from t2i.images.squares import square_of
from t2i.models.contract import Floats, Tensor
from t2i.painting.inversion.places import load_inverting
from t2i.painting.inversion.training import switched, targets
from t2i.painting.painter import Painter
from t2i.progress import Progress, silent

STEPS = 60
# Of Adam, which the rate of the steps falls to nothing from.
_RATE, _BETA_1, _BETA_2, _EPSILON = 0.03, 0.9, 0.99, 1e-8
# Of the latents' squared length beside the pixels': without it they go where G was never trained.
_PENALTY = 2e-4
# Pictures are compared at their own side, at half of it, and so on down to this.
_SMALLEST = 4
_TOGETHER = 16


class Found(NamedTuple):
    """What paints n pictures again.

    Attributes:
        latent: float32 [n, z].
        embedding: float32 [n, d], of the caption, or as the encoder tells it.
        pictures: uint8 [n, s, s, C], painted from these.
        error: float32 [n], root of the mean squared difference from the picture, of 255.
    """

    latent: Floats
    embedding: Floats
    pictures: Pixels
    error: Floats


class Inverter:
    """Finds latents of pictures.

    Attributes:
        painter: whose they are.
        identity: of its weights when this was loaded; it finds nobody else's latents.
    """

    def __init__(self, painter: Painter, path: Path) -> None:
        """Loads the encoder.

        Args:
            painter: whose latents are found.
            path: of the encoder, see `places.inversion_of`.

        Raises:
            InputError: it is damaged, or another generator's.
        """
        self.painter, self.identity = painter, painter.identity
        self._network = load_inverting(path, painter)
        self._gradient = tf.function(self._gradient_of_loss, reduce_retracing=True)

    def square(self, picture: RawImage) -> Pixels:
        """Returns the middle square of a picture that may come from anybody, uint8 [s, s, C].

        Raises:
            InputError: see `images.squares.square_of`.
        """
        painting = self.painter.network.output.shape
        try:
            return square_of(picture, None, painting[1], painting[3]).pixels
        except InputError as error:
            place = str(picture) if isinstance(picture, Path) else "picture"
            raise InputError(f"{place}: {error}; choose another") from error

    def find(
        self,
        pictures: Pixels,
        embedding: Floats | None = None,
        steps: int = STEPS,
        progress: Progress = silent,
    ) -> Found:
        """Returns what paints pictures again, as near as it gets.

        The encoder's latents are moved by Adam towards the picture's pixels. Switches stay as it
        tells them, as a number that crosses 0 by small steps is no search. The embedding stays,
        too: what the sentence says is not to end up in the latent.

        Args:
            pictures: uint8 [n, s, s, C], of the painter's size and channels.
            embedding: float32 [n, d], of what they show; None where nobody says.
            steps: of the refinement; 0 takes the encoder's word.
            progress: of the steps, for each sixteen pictures.
        """
        parts = []
        for start in range(0, len(pictures), _TOGETHER):
            rows = slice(start, start + _TOGETHER)
            said = None if embedding is None else embedding[rows]
            image = to_float(pictures[rows].astype(np.float32))
            parts.append(self._found(image, said, steps, progress))
        latent, words = (np.concatenate(part) for part in zip(*parts, strict=True))
        painted = self.painter.paint_rows(words, latent)
        apart = np.square(painted.astype(np.float32) - pictures).mean(axis=(1, 2, 3))
        return Found(latent, words, painted, np.sqrt(apart))

    def _found(
        self, image: Floats, embedding: Floats | None, steps: int, progress: Progress
    ) -> tuple[Floats, Floats]:
        told = self._network(image, training=False)
        words = told["embedding"].numpy() if embedding is None else embedding
        latent = targets(told["latent"], self.painter.prior).numpy()
        return self._refined(latent, words, image, steps, progress), words

    def _refined(
        self, latent: Floats, embedding: Floats, image: Floats, steps: int, progress: Progress
    ) -> Floats:
        """Returns latents [n, z] moved by Adam."""
        given = tf.constant(embedding), tf.constant(image)
        mean, square = np.zeros_like(latent), np.zeros_like(latent)
        moved = np.float32(~switched(self.painter.prior))
        for step in range(1, steps + 1):
            gradient = moved * self._gradient(tf.constant(latent), *given).numpy()
            mean = _BETA_1 * mean + (1 - _BETA_1) * gradient
            square = _BETA_2 * square + (1 - _BETA_2) * gradient**2
            rate = _RATE * (1 - (step - 1) / steps) / (1 - _BETA_1**step)
            latent = latent - rate * mean / (np.sqrt(square / (1 - _BETA_2**step)) + _EPSILON)
            progress("refining", step, steps)
        return latent

    def _gradient_of_loss(self, latent: Tensor, embedding: Tensor, image: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            tape.watch(latent)
            inputs = {"embedding": embedding, "latent": latent}
            apart = self.painter.network(inputs, training=False) - image
            loss = _PENALTY * tf.reduce_sum(tf.square(latent), axis=1)
            while apart.shape[1] >= _SMALLEST:
                loss += tf.reduce_mean(tf.square(apart), axis=(1, 2, 3))
                apart = tf.nn.avg_pool2d(apart, 2, 2, "SAME")
        return tape.gradient(loss, latent)
