"""The faster convolutions next to the pictures against the stock ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from t2i.image_convolutions import ImageConv2D, ImageConv2DTranspose

HOW = {"kernel_size": 4, "strides": 2, "padding": "same"}


@pytest.mark.parametrize(
    ("stock", "fast", "filters", "channels", "use_bias"),
    [
        (keras.layers.Conv2D, ImageConv2D, 5, 3, False),
        (keras.layers.Conv2D, ImageConv2D, 5, 3, True),
        (keras.layers.Conv2DTranspose, ImageConv2DTranspose, 3, 5, False),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_outputs_and_gradients_equal_the_stock_layers(
    stock: type, fast: type, filters: int, channels: int, use_bias: bool, dtype: str
) -> None:
    x = tf.random.stateless_normal((2, 8, 8, channels), [1, 2])
    results: list[list[np.ndarray]] = []
    kernel: list[np.ndarray] = []
    for kind in (stock, fast):
        layer = kind(filters, dtype=dtype, use_bias=use_bias, bias_initializer="normal", **HOW)
        layer.build(x.shape)
        kernel = kernel or layer.get_weights()
        layer.set_weights(kernel)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cast(layer(x), tf.float32)
            total = tf.reduce_sum(y * tf.cos(y))
        results.append([y, *tape.gradient(total, [x, layer.kernel.value])])
    # The same products summed in another order; bfloat16 keeps 8 bits.
    tolerance = 1e-5 if dtype == "float32" else 0.05
    for expected, got in zip(*results, strict=True):
        assert expected.shape == got.shape
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
