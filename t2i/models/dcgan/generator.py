"""The two networks, as functional Keras models of stock layers.

Source: Reed et al., ICML 2016, section 4.1 and their release; sizes are numbers, so that any
power of two from 8 pixels up has its pair of networks. Deviations: LeakyReLU behind every batch
normalisation of D's trunk but the one added to the residual (the release leaves out another);
no bias in convolutions (the release zeroes them at every step).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from t2i.config.run import NetworksConfig
from t2i.models.conditions import Whitening, whitened

LayerClass = Callable[..., keras.layers.Layer]

# Widest layers stay at this multiple of the width, whatever the size of the pictures.
_WIDEST = 8
# Torch's defaults, which the recipe was tuned with.
_EPSILON, _MOMENTUM = 1e-5, 0.9


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


@dataclass(frozen=True)
class _Style:
    """How the convolutions of a network are made.

    Attributes:
        norm: what stands behind them.
        init: makes their initialiser, anew for each: one that is shared repeats its draws.
        use_bias: where no norm adds one.
    """

    norm: Callable[[Any], Any]
    init: Callable[[], keras.initializers.Initializer]
    use_bias: bool

    def conv(
        self,
        filters: int,
        kernel_size: int,
        name: str,
        layer: LayerClass = layers.Conv2D,
        **how: Any,
    ) -> keras.layers.Layer:
        """Returns the layer."""
        fixed = {"use_bias": self.use_bias, "kernel_initializer": self.init(), "name": name}
        return layer(filters, kernel_size, **(fixed | how))


def _style(config: NetworksConfig, kernels: Kernels, norm: str = "batch") -> _Style:
    if norm == "none":
        return _Style(lambda x: x, _he, True)
    return _Style(lambda x: _norm(kernels, config.synchronized_batch_norm)(x), _init, False)


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
    width, style = config.generator_width, _style(config, kernels)
    with policy(dtype):
        embedding = keras.Input((embedding_size,), name="embedding")
        latent = keras.Input((config.latent_size,), name="latent")
        text = layers.Dense(config.text_size, kernel_initializer=_init(), name="text")(
            whitened(embedding, whitening)
        )
        x = layers.Concatenate()([latent, layers.LeakyReLU(0.2)(text)])
        hidden = _channels(width, image_size, 4)
        # A transposed 4x4 convolution of one pixel is a dense layer.
        x = layers.Dense(16 * hidden, use_bias=False, kernel_initializer=_init(), name="project")(x)
        x = style.norm(layers.Reshape((4, 4, hidden))(x))
        side = 4
        while True:
            if side <= 8:
                x = _residual(x, hidden // 4, "relu", style, f"g{side}")
            x = layers.ReLU()(x)
            layer = kernels.from_4x4 if side == 4 else layers.Conv2DTranspose
            side *= 2
            if side == image_size:
                break
            hidden = _channels(width, image_size, side)
            x = style.norm(_up(layer, hidden, f"up{side}")(x))
            if config.text_modulation:
                x = _modulated(x, text, f"modulation{side}")
        x = _up(kernels.to_image, channels, "image")(x)
        image = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model({"embedding": embedding, "latent": latent}, image, name="generator")


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

    Args: as `build_generator`.
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
    style = _style(config, kernels, config.discriminator_norm)
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
        channels_out = _channels(width, image_size, side)
        x = style.conv(channels_out, 4, f"down{side}", layer, strides=2, padding="same")(x)
        if side != image_size // 2:
            x = style.norm(x)
        if side == 4:
            x = _residual(x, x.shape[-1] // 4, "leaky_relu", style, "d4")
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
    style = _style(config, kernels, config.discriminator_norm)
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


def _residual(x: Any, narrow: int, activation: str, style: _Style, name: str) -> Any:
    """Adds a bottleneck, 1x1 and two 3x3 convolutions, to x [b, h, w, c]; no activation after."""

    def act(y: Any) -> Any:
        return layers.ReLU()(y) if activation == "relu" else layers.LeakyReLU(0.2)(y)

    y, narrow = x, max(1, narrow)
    for index, (filters, size) in enumerate(((narrow, 1), (narrow, 3), (x.shape[-1], 3)), start=1):
        y = act(y) if index > 1 else y
        y = style.norm(style.conv(filters, size, f"{name}_residual{index}", padding="same")(y))
    return layers.Add()([x, y])


def _modulated(x: Any, text: Any, name: str) -> Any:
    """Returns x [b, h, w, c], each channel scaled and shifted by linear maps of the text."""

    def map_of(kind: str, bias: str) -> Any:
        dense = layers.Dense(
            x.shape[-1], kernel_initializer=_init(), bias_initializer=bias, name=f"{name}_{kind}"
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
        kernel_initializer=_init(),
        name=name,
    )


def _channels(width: int, image_size: int, side: int) -> int:
    return width * min(_WIDEST, image_size // (2 * side))


def _norm(kernels: Kernels, synchronized: bool) -> keras.layers.Layer:
    return kernels.normalization(
        momentum=_MOMENTUM,
        epsilon=_EPSILON,
        gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
        **({"synchronized": True} if synchronized else {}),
    )


def _init() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(0.0, 0.02)


def _he() -> keras.initializers.Initializer:
    # Where nothing else sets the scale of the activations: He et al. 2015, for a slope of 0.2.
    return keras.initializers.VarianceScaling(2.0 / 1.04, "fan_in", "untruncated_normal")


@contextmanager
def policy(dtype: str) -> Iterator[None]:
    """Makes the layers built in the block compute in `dtype`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
