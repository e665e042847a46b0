"""What both networks are built of: convolutions with what stands behind them, the residual."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

from t2i.compute.kernels.choice import Kernels, LayerClass
from t2i.models.dcgan.config import NetworksConfig

# Widest layers stay at this multiple of the width, whatever the size of the pictures.
_WIDEST = 8
# Torch's defaults, which the recipe was tuned with.
_EPSILON, _MOMENTUM = 1e-5, 0.9


@dataclass(frozen=True)
class Style:
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


def style_of(config: NetworksConfig, kernels: Kernels, norm: str = "batch") -> Style:
    """Returns how the convolutions of a network are made; `norm` is `batch` or `none`."""
    if norm == "none":
        return Style(lambda x: x, _he, True)
    return Style(lambda x: _norm(kernels, config.synchronized_batch_norm)(x), normal_init, False)


def residual(x: Any, narrow: int, activation: str, style: Style, name: str) -> Any:
    """Adds a bottleneck, 1x1 and two 3x3 convolutions, to x [b, h, w, c]; no activation after."""

    def act(y: Any) -> Any:
        return layers.ReLU()(y) if activation == "relu" else layers.LeakyReLU(0.2)(y)

    y, narrow = x, max(1, narrow)
    for index, (filters, size) in enumerate(((narrow, 1), (narrow, 3), (x.shape[-1], 3)), start=1):
        y = act(y) if index > 1 else y
        y = style.norm(style.conv(filters, size, f"{name}_residual{index}", padding="same")(y))
    return layers.Add()([x, y])


def channels_at(width: int, image_size: int, side: int) -> int:
    """Returns the channels of a layer whose maps have this side, in pictures of `image_size`."""
    return width * min(_WIDEST, image_size // (2 * side))


def _norm(kernels: Kernels, synchronized: bool) -> keras.layers.Layer:
    return kernels.normalization(
        momentum=_MOMENTUM,
        epsilon=_EPSILON,
        gamma_initializer=keras.initializers.RandomNormal(1.0, 0.02),
        **({"synchronized": True} if synchronized else {}),
    )


def normal_init() -> keras.initializers.Initializer:
    """Returns N(0, 0.02), anew: an initialiser that is shared repeats its draws."""
    return keras.initializers.RandomNormal(0.0, 0.02)


def _he() -> keras.initializers.Initializer:
    # Where nothing else sets the scale of the activations: He et al. 2015, for a slope of 0.2.
    return keras.initializers.VarianceScaling(2.0 / 1.04, "fan_in", "untruncated_normal")
