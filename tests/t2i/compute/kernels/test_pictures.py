"""The faster convolutions next to the pictures against the stock ones."""

import keras
import pytest
import tensorflow as tf
from bfloat16 import DTYPES
from stock_layers import require_equal

from t2i.compute.kernels.pictures import ImageConv2D, ImageConv2DTranspose


@pytest.mark.parametrize(
    ("stock", "fast", "filters", "channels", "use_bias"),
    [
        (keras.layers.Conv2D, ImageConv2D, 5, 3, False),
        (keras.layers.Conv2D, ImageConv2D, 5, 3, True),
        (keras.layers.Conv2DTranspose, ImageConv2DTranspose, 3, 5, False),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_and_gradients_equal_the_stock_layers(
    stock: type, fast: type, filters: int, channels: int, use_bias: bool, dtype: str
) -> None:
    x = tf.random.stateless_normal((2, 8, 8, channels), [1, 2])
    require_equal(stock, fast, x, filters, dtype, use_bias)
