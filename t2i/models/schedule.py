"""The learning rate of each step."""

from typing import Any

import keras
import tensorflow as tf

from t2i.config.run import OptimizerConfig

Tensor = Any


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of a step: constant, halved in steps, or falling in a line at the end."""

    def __init__(
        self, config: OptimizerConfig, steps_per_epoch: int, steps: int, ratio: float = 1.0
    ) -> None:
        self._config = config
        self._rate = ratio * config.learning_rate
        self._every = config.decay_epochs * steps_per_epoch
        self._steps = steps

    def __call__(self, step: Tensor) -> Tensor:
        """Returns the learning rate, float32 scalar."""
        config = self._config
        step = tf.cast(step, tf.float32)
        share = tf.constant(1.0)
        if config.decay == "step":
            share = config.decay_factor ** tf.floor(step / self._every)
        elif config.decay == "linear":
            share = tf.clip_by_value(
                (self._steps - step) / (config.decay_share * self._steps), 0.0, 1.0
            )
        return self._rate * share
