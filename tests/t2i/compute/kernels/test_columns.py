"""The convolutions next to 4x4 places, as matrix products, against the stock ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from bfloat16 import DTYPES
from stock_layers import require_equal

from t2i.compute.kernels.columns import ColumnConv2D, ColumnConv2DTranspose, columns, spread


@pytest.mark.parametrize(
    ("stock", "fast", "use_bias"),
    [
        (keras.layers.Conv2D, ColumnConv2D, False),
        (keras.layers.Conv2D, ColumnConv2D, True),
        (keras.layers.Conv2DTranspose, ColumnConv2DTranspose, False),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_and_gradients_equal_the_stock_layers(
    stock: type, fast: type, use_bias: bool, dtype: str
) -> None:
    # Small, so that bfloat16's rounding of their sums is small too.
    x = 0.25 * tf.random.stateless_normal((2, 8, 8, 5), [1, 2])
    require_equal(stock, fast, x, 3, dtype, use_bias)


def test_windows_and_their_spreading_are_adjoint() -> None:
    image = tf.random.stateless_normal((2, 6, 6, 3), [1, 2], dtype=tf.float64)
    windows = tf.random.stateless_normal((2, 3, 3, 48), [3, 4], dtype=tf.float64)
    seen = tf.reduce_sum(columns(image) * windows)
    np.testing.assert_allclose(seen, tf.reduce_sum(image * spread(windows)), rtol=1e-12)
    assert abs(float(seen)) > 1
