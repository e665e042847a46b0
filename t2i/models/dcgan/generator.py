"""The generator, as a functional Keras model of stock layers.

Source: Reed et al., ICML 2016, section 4.1 and their release; sizes are numbers, so that any
power of two from 8 pixels up has its pair of networks. Deviation: no bias in convolutions (the
release zeroes them at every step).
"""

from typing import Any

import keras
from keras import layers

from t2i.compute.kernels.choice import STOCK, Kernels, LayerClass
from t2i.compute.precision import policy
from t2i.models.dcgan.blocks import channels_at, normal_init, residual, style_of
from t2i.models.dcgan.config import NetworksConfig
from t2i.models.whitening import Whitening, whitened


def build_generator(
    config: NetworksConfig,
    image_size: int,
    embedding_size: int,
    kernels: Kernels = STOCK,
    dtype: str = "float32",
    whitening: Whitening | None = None,
    channels: int = 3,
) -> keras.Model:
    """Returns G: {embedding [b, embedding_size], latent [b, z]} -> image [b, s, s, C], tanh.

    Args:
        config: widths.
        image_size: s; a power of two from 8.
        embedding_size: numbers in an embedding.
        kernels: by which layer classes it computes.
        dtype: Keras policy of the arithmetic; weights and the picture are float32.
        whitening: applied to the embeddings first.
        channels: C, 3 for colours and 1 for greys.
    """
    width, style = config.generator_width, style_of(config, kernels)
    with policy(dtype):
        embedding = keras.Input((embedding_size,), name="embedding")
        latent = keras.Input((config.latent_size,), name="latent")
        text = layers.Dense(config.text_size, kernel_initializer=normal_init(), name="text")(
            whitened(embedding, whitening)
        )
        x = layers.Concatenate()([latent, layers.LeakyReLU(0.2)(text)])
        hidden = channels_at(width, image_size, 4)
        # A transposed 4x4 convolution of one pixel is a dense layer.
        x = layers.Dense(
            16 * hidden, use_bias=False, kernel_initializer=normal_init(), name="project"
        )(x)
        x = style.norm(layers.Reshape((4, 4, hidden))(x))
        side = 4
        while True:
            if side <= 8:
                x = residual(x, hidden // 4, "relu", style, f"g{side}")
            x = layers.ReLU()(x)
            layer = kernels.from_4x4 if side == 4 else layers.Conv2DTranspose
            side *= 2
            if side == image_size:
                break
            hidden = channels_at(width, image_size, side)
            x = style.norm(_up(layer, hidden, f"up{side}")(x))
            if config.text_modulation:
                x = _modulated(x, text, f"modulation{side}")
        x = _up(kernels.to_image, channels, "image")(x)
        image = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model({"embedding": embedding, "latent": latent}, image, name="generator")


def _modulated(x: Any, text: Any, name: str) -> Any:
    """Returns x [b, h, w, c], each channel scaled and shifted by linear maps of the text."""

    def map_of(kind: str, bias: str) -> Any:
        dense = layers.Dense(
            x.shape[-1],
            kernel_initializer=normal_init(),
            bias_initializer=bias,
            name=f"{name}_{kind}",
        )
        return layers.Reshape((1, 1, x.shape[-1]))(dense(text))

    scaled = layers.Multiply()([x, map_of("scale", "ones")])
    return layers.Add()([scaled, map_of("shift", "zeros")])


def _up(layer: LayerClass, channels: int, name: str) -> keras.layers.Layer:
    return layer(
        channels,
        4,
        strides=2,
        padding="same",
        use_bias=False,
        kernel_initializer=normal_init(),
        name=name,
    )
