"""Nearest enlargement and the 3x3 convolution behind it, as one transposed convolution."""

from typing import Any

import keras
import tensorflow as tf

Tensor = Any


class DoublingConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """UpSampling2D by 2 and the stock layer, 3x3 with padding `same` and no bias, in one.

    Each pixel that the enlargement repeats meets several taps of the kernel: their sums are the
    taps of a 4x4 transposed convolution of stride 2 over the small map, which takes 16 products
    for each of its pixels where the pair takes 36. As of the pair, no chequerboard comes of it.
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Returns [batch, 2 height, 2 width, filters]."""
        kernel = tf.cast(self.kernel, inputs.dtype)
        turned = tf.transpose(kernel[::-1, ::-1], [0, 1, 3, 2])
        taps = tf.add_n(
            [
                tf.pad(turned, [[above, 1 - above], [left, 1 - left], [0, 0], [0, 0]])
                for above in (0, 1)
                for left in (0, 1)
            ]
        )
        batch, height, width = tf.shape(inputs)[0], inputs.shape[1], inputs.shape[2]
        shape = [batch, 2 * height, 2 * width, self.filters]
        return tf.nn.conv2d_transpose(inputs, taps, shape, 2, "SAME")

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns the shape of `call`'s, for a model's."""
        batch, height, width, _ = input_shape
        return batch, 2 * height, 2 * width, self.filters
