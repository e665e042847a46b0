"""The fused layer against the stock one."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16

from t2i.compute.kernels.batch_norm import FusedBatchNormalization


def _pair() -> tuple[keras.layers.Layer, keras.layers.Layer]:
    layers = (
        keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
        FusedBatchNormalization(momentum=0.9, epsilon=1e-5),
    )
    for layer in layers:
        layer.build((None, 4, 4, 3))
        layer.set_weights(
            [np.asarray(v, np.float32) for v in ([1, 2, 3], [0, 1, -1], [0] * 3, [1] * 3)]
        )
    return layers


def test_outputs_statistics_and_gradients_equal_the_stock_layer() -> None:
    stock, fused = _pair()
    x = tf.random.stateless_normal((5, 4, 4, 3), [1, 2]) * 3 + 1
    results = []
    for layer in (stock, fused):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            total = tf.reduce_sum(y * tf.cos(x))
        gradients = tape.gradient(total, [x, *(w.value for w in layer.trainable_weights)])
        results.append([y, *gradients, *layer.get_weights()])
    for expected, got in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5)


def test_inference_uses_the_moving_statistics() -> None:
    stock, fused = _pair()
    x = tf.random.stateless_normal((5, 4, 4, 3), [1, 2])
    for layer in (stock, fused):
        layer(x, training=True)
    before = fused.get_weights()
    np.testing.assert_allclose(fused(x, training=False), stock(x, training=False), atol=1e-5)
    for old, new in zip(before, fused.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@needs_bfloat16
def test_bfloat16_goes_in_and_out() -> None:
    layer = FusedBatchNormalization(dtype="mixed_bfloat16")
    x = tf.cast(tf.random.stateless_normal((64, 2, 2, 3), [3, 4]), tf.bfloat16)
    y = layer(x, training=True)
    assert y.dtype == tf.bfloat16
    assert float(tf.math.reduce_std(tf.cast(y, tf.float32))) == pytest.approx(1.0, abs=0.02)
