"""The discriminator, as a functional Keras model of stock layers.

Source: Reed et al., ICML 2016, section 4.1 and their release. Deviations: LeakyReLU behind every
batch normalisation of the trunk but the one added to the residual (the release leaves out
another); no bias in convolutions (the release zeroes them at every step).
"""

from typing import Any

import keras
from keras import layers

from t2i.compute.kernels.choice import STOCK, Kernels
from t2i.compute.precision import policy
from t2i.models.dcgan.blocks import channels_at, residual, style_of
from t2i.models.dcgan.config import NetworksConfig
from t2i.models.whitening import Whitening, whitened


def build_discriminator(
    config: NetworksConfig,
    image_size: int,
    embedding_size: int,
    kernels: Kernels = STOCK,
    dtype: str = "float32",
    whitening: Whitening | None = None,
    channels: int = 3,
) -> keras.Model:
    """Returns D: {image [b, s, s, C], embedding [b, e]} -> {"logit" [b, 1], "features"}.

    It is made of two models, its layers `trunk` and `head`: the trunk looks at the picture
    alone, so that one look serves the right text and the mismatched one. `features` maps each
    side of the trunk's activations, "4" for the last, to [b, side, side, channels]; the trunk
    adds `seen` [b, 4, 4, channels], what the head looks at.

    Args: as `generator.build_generator`.
    """
    with policy(dtype):
        trunk = _trunk(config, image_size, kernels, channels)
        seen = trunk.output["seen"]
        head = _head(config, seen.shape[-1], embedding_size, kernels, whitening)
        image = keras.Input((image_size, image_size, channels), name="image")
        embedding = keras.Input((embedding_size,), name="embedding")
        features = trunk(image)
        logit = head({"seen": features.pop("seen"), "embedding": embedding})
    return keras.Model(
        {"image": image, "embedding": embedding},
        {"logit": logit, "features": features},
        name="discriminator",
    )


def _trunk(config: NetworksConfig, image_size: int, kernels: Kernels, channels: int) -> keras.Model:
    width = config.discriminator_width
    style = style_of(config, kernels, config.discriminator_norm)
    image = keras.Input((image_size, image_size, channels), name="image")
    x: Any = image
    features = {}
    side = image_size
    while side > 4:
        side //= 2
        if x is image:
            layer = kernels.from_image
        elif side == 4:
            layer = kernels.to_4x4
        else:
            layer = layers.Conv2D
        channels_out = channels_at(width, image_size, side)
        x = style.conv(channels_out, 4, f"down{side}", layer, strides=2, padding="same")(x)
        if side != image_size // 2:
            x = style.norm(x)
        if side == 4:
            x = residual(x, x.shape[-1] // 4, "leaky_relu", style, "d4")
        x = layers.LeakyReLU(0.2)(x)
        features[str(side)] = x
    # The picture's share of the 1x1 convolution over picture and text.
    features["seen"] = style.conv(x.shape[-1], 1, "joint")(x)
    return keras.Model(image, features, name="trunk")


def _head(
    config: NetworksConfig,
    channels: int,
    embedding_size: int,
    kernels: Kernels,
    whitening: Whitening | None,
) -> keras.Model:
    style = style_of(config, kernels, config.discriminator_norm)
    seen = keras.Input((4, 4, channels), name="seen")
    embedding = keras.Input((embedding_size,), name="embedding")
    text = whitened(embedding, whitening)
    text = layers.Dense(config.text_size, kernel_initializer=style.init(), name="text")(text)
    text = layers.Reshape((1, 1, config.text_size))(text)
    text = layers.LeakyReLU(0.2)(style.norm(text))
    # A 1x1 convolution over the picture's channels and the text, the same everywhere, is a sum
    # of two: the picture's share serves many texts, the text's is computed for one pixel.
    text = style.conv(channels, 1, "joint_text", use_bias=False)(text)
    x = layers.Add()([seen, text])
    x = layers.LeakyReLU(0.2)(style.norm(x))
    x = style.conv(1, 4, "judge")(x)
    logit = layers.Reshape((1,), dtype="float32")(x)
    return keras.Model({"seen": seen, "embedding": embedding}, logit, name="head")
