"""Batch normalisation in one fused kernel, for training."""

from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """The stock layer's four weights and results, by TensorFlow's fused kernel.

    Keras 3 composes the layer of a dozen operations and lifts bfloat16 to float32; the fused
    kernel reads and writes the activations once. For [batch, height, width, channels] only.
    It takes the statistics of its own replica; the stock layer can synchronise them.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Returns the normalised activations, in the type of `inputs`."""
        if not training or mask is not None:
            return super().call(inputs, training=training, mask=mask)
        channels = [inputs.shape[-1]]
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            tf.cast(self.gamma, tf.float32) if self.scale else tf.ones(channels),
            tf.cast(self.beta, tf.float32) if self.center else tf.zeros(channels),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel gives the variance of the population estimate; the stock layer keeps
        # the sample's.
        count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], tf.float32)
        variance *= (count - 1.0) / count
        self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1.0 - self.momentum))
        self.moving_variance.assign(
            self.moving_variance * self.momentum + variance * (1.0 - self.momentum)
        )
        return outputs
