"""Which layer classes compute the networks."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

LayerClass = Callable[..., keras.layers.Layer]


@dataclass(frozen=True)
class Kernels:
    """By which layer classes the networks compute: the stock ones, or faster ones alike.

    Attributes:
        normalization: the convolutions' batch normalisation.
        from_image: the convolution that looks at the picture.
        to_image: the transposed convolution that paints it.
        to_4x4: the convolution that ends at 4x4 places.
        from_4x4: the transposed convolution that begins there.
    """

    normalization: LayerClass = layers.BatchNormalization
    from_image: LayerClass = layers.Conv2D
    to_image: LayerClass = layers.Conv2DTranspose
    to_4x4: LayerClass = layers.Conv2D
    from_4x4: LayerClass = layers.Conv2DTranspose


STOCK = Kernels()
