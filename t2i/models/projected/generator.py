"""G: a plane that latents turn and move, drawn upon by sentence and latent at every size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from t2i.compute.kernels.choice import LayerClass
from t2i.compute.kernels.doubling import DoublingConv2D
from t2i.compute.precision import policy
from t2i.models.projected.config import GeometryConfig, NetworksConfig
from t2i.models.whitening import Whitening, whitened

# The first latents are geometry.
GEOMETRY = (*GeometryConfig.model_fields, "mirror")
# Of those, the ones of which the sign alone counts.
SWITCHES = ("mirror",)
_START = 8
_WAVES = 64
# Of the random frequencies, in radians across half of the plane.
_FREQUENCY = 2.5
_FREQUENCY_SEED = 5
_EPSILON, _MOMENTUM = 1e-4, 0.8


def _doubled(filters: int, name: str) -> Callable[[Any], Any]:
    return lambda x: _conv(filters, name)(layers.UpSampling2D()(x))


@dataclass(frozen=True)
class Kernels:
    """By which layers G computes: the stock ones, or faster ones alike.

    Attributes:
        normalization: behind every convolution.
        doubled: (filters, name) -> what enlarges a map to twice its sides, and convolves it.
    """

    normalization: LayerClass = layers.BatchNormalization
    doubled: Callable[[int, str], Callable[[Any], Any]] = _doubled


STOCK = Kernels()


def faster(normalization: LayerClass) -> Kernels:
    """Returns kernels whose enlargement and convolution are one."""
    return Kernels(normalization, lambda filters, name: _conv(filters, name, DoublingConv2D))


def build_generator(
    config: NetworksConfig,
    embedding_size: int,
    kernels: Kernels = STOCK,
    dtype: str = "float32",
    whitening: Whitening | None = None,
    channels: int = 3,
    momentum: float = _MOMENTUM,
) -> keras.Model:
    """Returns G: {embedding [b, embedding_size], latent [b, z]} -> image [b, s, s, C], tanh.

    Waves over an 8x8 plane, which six latents turn, stretch, squeeze, move and mirror, and whose
    strengths are the others': whatever is learnt at one place is learnt at every place, size and
    tilt, facing both ways, so that pictures of a sentence differ by construction. From there
    every layer is a convolution whose normalised channels sentence and latent scale and shift.

    Args:
        config: widths, one for each size from 8 pixels up; each doubles the one before.
        embedding_size: numbers in an embedding.
        kernels: by which layer classes it computes.
        dtype: Keras policy of the arithmetic; weights and the picture are float32.
        whitening: applied to the embeddings first.
        channels: C, 3 for colours and 1 for greys.
        momentum: of the running batch statistics; 0 keeps those of the last batch alone.

    Source: random Fourier features of the plane, Tancik et al. 2020 (2006.10739), and their
    transformation as in Karras et al. 2021 (StyleGAN3, 2106.12423), section 3.2, there learned
    and here given; modulation by [text, latent] at every layer as in Tao et al. 2022 (DF-GAN).
    """
    widths = config.generator_widths
    with policy(dtype):
        embedding = keras.Input((embedding_size,), name="embedding")
        latent = keras.Input((config.latent_size,), name="latent")
        style = _style(whitened(embedding, whitening), latent, config.style_size)

        def drawn(x: Any, name: str) -> Any:
            norm = kernels.normalization(
                center=False, scale=False, momentum=momentum, epsilon=_EPSILON, name=f"{name}_norm"
            )
            return layers.LeakyReLU(0.2)(_modulated(norm(x), style, name))

        x = drawn(_conv(widths[0], "waves")(_plane(latent, config.geometry)), "waves")
        side = _START
        for width in widths[1:]:
            x = drawn(_conv(x.shape[-1], f"same{side}")(x), f"same{side}")
            side *= 2
            x = drawn(kernels.doubled(width, f"up{side}")(x), f"up{side}")
        image = _image(x, channels, config.smoothed)
    return keras.Model({"embedding": embedding, "latent": latent}, image, name="generator")


def _style(text: Any, latent: Any, size: int) -> Any:
    """Returns what modulates every layer, [b, size], of text [b, k] and latent [b, z]."""
    style = layers.Dense(size, name="style")(layers.Concatenate()([standardised(text), latent]))
    return layers.LeakyReLU(0.2)(style)


def _image(x: Any, channels: int, smoothed: bool) -> Any:
    """Returns [b, s, s, channels], tanh, of the last map."""
    x = layers.Conv2D(channels, 3, padding="same", name="image")(x)
    if smoothed:
        # Two means of neighbours weigh 1, 2, 1; at the edge, of the pixels that there are.
        for _ in range(2):
            x = layers.AveragePooling2D(2, 1, padding="same")(x)
    return layers.Activation("tanh", dtype="float32")(x)


def standardised(text: Any) -> Any:
    """Returns [b, k] brought to length sqrt(k): means of captions are as long as captions are."""
    return layers.Rescaling(text.shape[-1] ** 0.5)(layers.UnitNormalization()(text))


def _plane(latent: Any, geometry: GeometryConfig) -> Any:
    """Returns waves [b, 8, 8, 2 * 64] over a plane that the first latents [b, z] transform."""
    turn, size, squeeze, right, down, mirror = (
        latent[:, index : index + 1] for index in range(len(GEOMETRY))
    )
    axis = np.linspace(-1.0, 1.0, _START, dtype=np.float32)
    x, y = (places.reshape(-1) for places in np.meshgrid(axis, axis))
    cosine, sine = ops.cos(geometry.turn * turn), ops.sin(geometry.turn * turn)
    wide = ops.exp(geometry.size * size + geometry.squeeze * squeeze)
    high = ops.exp(geometry.size * size - geometry.squeeze * squeeze)
    side = ops.sign(mirror)
    across = layers.Concatenate()([side * cosine * wide, sine * wide, right])
    along = layers.Concatenate()([side * sine * high, cosine * high, down])
    shifted = (np.stack([x, -y, 0 * x + geometry.right]), np.stack([x, y, 0 * x + geometry.down]))
    places = layers.Concatenate()(
        [
            layers.Reshape((-1, 1))(_fixed(across, shifted[0], "across")),
            layers.Reshape((-1, 1))(_fixed(along, shifted[1], "along")),
        ]
    )
    frequency = np.random.default_rng(_FREQUENCY_SEED).normal(size=(2, _WAVES)) * _FREQUENCY
    phase = _fixed(places, frequency, "frequency")
    waves = layers.Concatenate()([ops.sin(phase), ops.cos(phase)])
    strength = layers.Dense(2 * _WAVES, bias_initializer="ones", name="strength")(
        latent[:, len(GEOMETRY) :]
    )
    waves = layers.Multiply()([waves, layers.Reshape((1, 2 * _WAVES))(strength)])
    return layers.Reshape((_START, _START, 2 * _WAVES))(waves)


def _fixed(x: Any, kernel: Any, name: str) -> Any:
    """Applies a linear map that is not trained, in float32: phases are sensitive to rounding."""
    layer = layers.Dense(
        kernel.shape[1], use_bias=False, trainable=False, dtype="float32", name=name
    )
    mapped = layer(x)
    layer.set_weights([kernel.astype(np.float32)])
    return mapped


def _modulated(x: Any, style: Any, name: str) -> Any:
    """Returns x [b, h, w, c], its channels scaled and shifted by maps of the style [b, k]."""

    def map_of(kind: str, bias: str) -> Any:
        # A tenth of the usual variance: else some sentences begin black, and others white.
        small = keras.initializers.VarianceScaling(0.1, "fan_avg")
        dense = layers.Dense(
            x.shape[-1], kernel_initializer=small, bias_initializer=bias, name=f"{name}_{kind}"
        )
        return layers.Reshape((1, 1, x.shape[-1]))(dense(style))

    return layers.Add()([layers.Multiply()([x, map_of("scale", "ones")]), map_of("shift", "zeros")])


def _conv(filters: int, name: str, layer: LayerClass = layers.Conv2D) -> keras.layers.Layer:
    return layer(
        filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )
