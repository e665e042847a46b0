"""Enlargement and convolution in one, held to the stock pair."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16

from t2i.compute.kernels.doubling import DoublingConv2D


@pytest.mark.parametrize("side", [1, 2, 5, 8])
def test_it_is_the_stock_pair(side: int) -> None:
    x = tf.random.stateless_normal([2, side, side, 3], [0, side])
    stock = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.UpSampling2D(),
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False),
        ]
    )
    fast = DoublingConv2D(4, 3, padding="same", use_bias=False)
    fast.build(x.shape)
    fast.set_weights(stock.get_weights())
    results = []
    for layer, kernel in ((stock, stock.weights[0]), (fast, fast.kernel)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(y * tf.cos(y))
        results.append([y, *tape.gradient(total, [x, kernel.value])])
    for expected, got in zip(*results, strict=True):
        assert expected.shape == got.shape
        # The same products, the kernel's summed first.
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@needs_bfloat16
def test_it_computes_in_the_type_of_its_input() -> None:
    layer = DoublingConv2D(4, 3, padding="same", use_bias=False, dtype="mixed_bfloat16")
    y = layer(tf.ones([1, 4, 4, 3]))
    assert y.dtype == tf.bfloat16
    assert layer.compute_output_shape((None, 4, 4, 3)) == (None, 8, 8, 4)
