"""What paints: a generator, and the moving average of its weights where there is one."""

from typing import Any

import keras
import tensorflow as tf

from t2i.models.contract import Floats, Tensor


class Averaged:
    """A generator and its moving average.

    Attributes:
        live: the generator that is trained.
        average: of the same layers, its weights averaged over steps; None where none is kept.
    """

    def __init__(self, live: keras.Model, average: keras.Model | None, decay: float) -> None:
        """Begins the average where the generator is.

        Args:
            live: see above.
            average: see above.
            decay: of the average a step.
        """
        self.live, self.average, self._decay = live, average, decay
        self.fill(live.get_weights())

    @property
    def kept(self) -> dict[str, keras.Model]:
        """What checkpoints keep beside the generator, by name."""
        return {} if self.average is None else {"average": self.average}

    def fill(self, weights: list[Floats]) -> None:
        """Makes both start from weights."""
        for network in (self.live, *self.kept.values()):
            network.set_weights(weights)

    def weights(self) -> list[Floats]:
        """Returns the weights that paint best: the average's where there is one."""
        weights: list[Floats] = (self.average or self.live).get_weights()
        return weights

    def move(self, strategy: Any, steps: Tensor) -> None:
        """Moves the average a step towards the generator; between replicas' steps.

        Young averages follow faster, so that the first weights, which are noise, are soon
        forgotten: min(decay, (1 + n) / (10 + n)), as in tf.train.ExponentialMovingAverage.

        Args:
            strategy: whose variables they are.
            steps: n, updates made.
        """
        if self.average is None:
            return
        done = tf.cast(steps, tf.float32)
        part = 1.0 - tf.minimum(self._decay, (1.0 + done) / (10.0 + done))

        def move(mean: Tensor, weight: Tensor) -> None:
            mean.assign_add(part * (weight - mean))

        for mean, weight in zip(self.average.weights, self.live.weights, strict=True):
            strategy.extended.update(mean.value, move, args=(weight.value,))
