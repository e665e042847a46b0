"""Faster layers held to the stock ones."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def require_equal(
    stock: Callable[..., keras.layers.Layer],
    fast: Callable[..., keras.layers.Layer],
    x: tf.Tensor,
    filters: int,
    dtype: str = "float32",
    use_bias: bool = False,
) -> None:
    """Compares 4x4 layers of stride 2: outputs, gradients, and the gradients of those."""
    results: list[list[np.ndarray]] = []
    kernel: list[np.ndarray] = []
    for kind in (stock, fast):
        layer = kind(
            filters,
            kernel_size=4,
            strides=2,
            padding="same",
            dtype=dtype,
            use_bias=use_bias,
            bias_initializer="normal",
        )
        layer.build(x.shape)
        kernel = kernel or layer.get_weights()
        layer.set_weights(kernel)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.cast(layer(x), tf.float32)
                total = tf.reduce_sum(y * tf.cos(y))
            first = inner.gradient(total, [x, layer.kernel.value])
            steepness = tf.reduce_sum(first[0] ** 2)
        second = outer.gradient(steepness, [x, layer.kernel.value])
        results.append([tensor.numpy() for tensor in (y, *first, *second)])
    # The same products summed in another order; bfloat16 keeps 8 bits.
    tolerance = 1e-5 if dtype == "float32" else 0.05
    for place, (expected, got) in enumerate(zip(*results, strict=True)):
        assert expected.shape == got.shape
        # The second gradients sum products of the first, and are as much larger.
        scale = np.abs(expected).max() if place >= 3 else 1.0
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=scale * tolerance)
