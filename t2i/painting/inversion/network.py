"""The inverting encoder: a small network from pictures to what they were painted from."""

from typing import Any

import keras
from keras import layers

from t2i.models.contract import Painting

# Larger pictures are averaged down to this side first: pose and surroundings show at any.
_LOOKED_AT = 64
_WIDTH, _SMALLEST = 32, 4
# Running statistics follow within tens of steps: there are a thousand or so.
_MOMENTUM = 0.9
# Numbers behind the convolutions; and those of them that tell the sentence.
_SEEN, _SAID = 256, 64


def build_inverting(painting: Painting) -> keras.Model:
    """Returns image [b, s, s, C] in [-1, 1] -> {"latent": [b, z], "embedding": [b, d]}.

    Convolutions halve the picture down to 4 pixels or less; the places there are kept apart, as
    latents may say where something is.

    Args:
        painting: what paints such pictures; all sizes are its own.

    Source: Reed et al. 2016 (1605.05396), section 4.4: the style encoder S. Deviation: it tells
    the embedding too, so that a picture whose sentence nobody knows can be painted again.
    """
    network = painting.network
    side = network.output.shape[1]
    image = x = keras.Input(network.output.shape[1:], name="image")
    if side > _LOOKED_AT:
        x = layers.AveragePooling2D(side // _LOOKED_AT, padding="same")(x)
    width = _WIDTH
    while x.shape[1] > _SMALLEST:
        x = _halved(x, width, f"down{x.shape[1]}")
        width *= 2
    x = layers.Dense(_SEEN, name="seen")(layers.Flatten()(x))
    x = layers.LeakyReLU(0.2)(x)
    latent = layers.Dense(painting.prior.size, name="latent")(x)
    said = layers.Dense(_SAID, name="said")(x)
    embedding = layers.Dense(network.input["embedding"].shape[1], name="embedding")(said)
    return keras.Model(image, {"latent": latent, "embedding": embedding}, name="inversion")


def _halved(x: Any, width: int, name: str) -> Any:
    x = layers.Conv2D(width, 4, 2, padding="same", use_bias=False, name=name)(x)
    return layers.LeakyReLU(0.2)(
        layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm")(x)
    )
