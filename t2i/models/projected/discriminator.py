"""D: small heads on the maps of a frozen network, mixed at random once and for all."""

from typing import Any

import keras
from keras import layers

from t2i.compute.precision import policy
from t2i.models.projected.config import NetworksConfig
from t2i.models.projected.generator import standardised
from t2i.models.whitening import Whitening, whitened

_MIXING_SEED = 7
# Heads halve a map until it is no larger than this.
_SMALLEST_SIDE = 4
# Of a window, by the companion.
_HALVINGS = 3


def build_heads(
    config: NetworksConfig, maps: dict[str, tuple[int, int, int]], dtype: str = "float32"
) -> keras.Model:
    """Returns D's part that looks: maps by stride -> its verdicts.

    {"4": [b, h, w, c], ...} -> {"logit": [b, n], whether the picture is real, at every place that
    every head ends with; "key": [b, taps, k], what is compared with the sentence's; "mixed": [the
    maps mixed, the finest first]}.

    Each map's channels are mixed by a fixed random 1x1 convolution, and from the deepest upwards
    each is added, mixed and enlarged, to the next: a head sees what deeper ones see, and none can
    single out a channel that G cannot yet reach.

    Args:
        config: widths.
        maps: shape of each map, by stride, the finest first.
        dtype: Keras policy of the arithmetic; verdicts are float32.

    Source: Sauer et al. 2021, Projected GAN (2111.01007), section 3.2. Deviations: heads of
    stride-2 convolutions without normalisation, a tenth of theirs; the sentence's inner product
    as in Miyato & Koyama 2018 (1802.05637), beside an unconditional logit.
    """
    with policy(dtype):
        inputs = {tap: keras.Input(shape, name=tap) for tap, shape in maps.items()}
        mixed = _mixed(inputs, config.head_width)
        logits, keys = [], []
        for tap, x in mixed.items():
            logit, key = _head(x, config, f"head{tap}")
            logits.append(logit)
            keys.append(key)
        outputs = {
            "logit": layers.Concatenate(dtype="float32", name="logit")(logits),
            "key": layers.Concatenate(axis=1, dtype="float32", name="key")(keys),
            "mixed": list(mixed.values()),
        }
    return keras.Model(inputs, outputs, name="heads")


def build_reader(
    config: NetworksConfig,
    embedding_size: int,
    taps: int,
    dtype: str = "float32",
    whitening: Whitening | None = None,
) -> keras.Model:
    """Returns D's part that reads: embedding [b, d] -> what each head's key is compared with.

    [b, taps, k]; a picture fits a sentence by the inner product of the two.
    """
    with policy(dtype):
        embedding = keras.Input((embedding_size,), name="embedding")
        said = standardised(whitened(embedding, whitening))
        key = layers.Dense(taps * config.key_size, name="sentence")(said)
        key = layers.Reshape((taps, config.key_size), dtype="float32")(key)
    return keras.Model(embedding, key, name="reader")


def build_companion(config: NetworksConfig, channels: int, dtype: str = "float32") -> keras.Model:
    """Returns D's companion: windows [b, s, s, c] in [-1, 1] -> its verdicts, by name.

    {"pixels": logits [b, (s / 8)^2]}, each of a neighbourhood of some forty pixels: texture, not
    objects; and, where it reads, {"key": [b, 1, k]}, which a sentence's is compared with.

    Source: the patch discriminator of Isola et al. 2017 (1611.07004), section 3.2.2. Deviations:
    no normalisation, a quarter of its widths.
    """
    with policy(dtype):
        x = windows = keras.Input((config.companion_size, config.companion_size, channels))
        for index in range(_HALVINGS):
            width = config.companion_width << index
            x = layers.Conv2D(width, 4, 2, padding="same", name=f"down{index}")(x)
            x = _leaky(x)
        logit = layers.Flatten(dtype="float32")(
            layers.Conv2D(1, 3, padding="same", name="logit")(x)
        )
        outputs = {"pixels": logit}
        if config.companion_reads:
            # Of all places by themselves: a wing's colour is not a head's.
            key = layers.Dense(config.key_size, name="key")(layers.Flatten()(x))
            outputs["key"] = layers.Reshape((1, config.key_size), dtype="float32")(key)
    return keras.Model(windows, outputs, name="companion")


def _mixed(maps: dict[str, Any], width: int) -> dict[str, Any]:
    mixed: dict[str, Any] = {}
    deeper = None
    for index, (tap, x) in enumerate(reversed(maps.items())):
        y = _random(x, width, 2 * index, f"mix{tap}")
        if deeper is not None:
            y = layers.Add()([y, _enlarged(_random(deeper, width, 2 * index + 1, f"add{tap}"), y)])
        mixed[tap] = deeper = y
    return dict(reversed(mixed.items()))


def _random(x: Any, width: int, index: int, name: str) -> Any:
    """Returns x, its channels mixed by a 1x1 convolution drawn once and never trained."""
    drawn = keras.initializers.RandomNormal(0.0, x.shape[-1] ** -0.5, _MIXING_SEED + index)
    return layers.Conv2D(
        width, 1, use_bias=False, trainable=False, kernel_initializer=drawn, name=name
    )(x)


def _enlarged(x: Any, like: Any) -> Any:
    factor = like.shape[1] // x.shape[1]
    return layers.UpSampling2D(factor, interpolation="bilinear")(x)


def _head(x: Any, config: NetworksConfig, name: str) -> tuple[Any, Any]:
    """Returns the logits of a map's places, [b, n], and its key for the sentence, [b, 1, k]."""

    index = 0
    while x.shape[1] > _SMALLEST_SIDE:
        down = layers.Conv2D(config.head_width, 4, 2, padding="same", name=f"{name}_down{index}")
        x, index = _leaky(down(x)), index + 1
    x = _leaky(layers.Conv2D(config.key_size, 3, padding="same", name=f"{name}_seen")(x))
    logit = layers.Flatten()(layers.Conv2D(1, 1, name=f"{name}_logit")(x))
    key = _leaky(layers.Conv2D(config.key_size, 1, name=f"{name}_places")(x))
    key = layers.Dense(config.key_size, name=f"{name}_key")(layers.GlobalAveragePooling2D()(key))
    return logit, layers.Reshape((1, config.key_size))(key)


def _leaky(x: Any) -> Any:
    """Returns LeakyReLU(0.2) of x.

    In two operations: the one is fused by TensorFlow with the convolution before it where the
    gradient still wants what lies between; the whole step then goes unoptimized, with an error
    on standard error.
    """
    return layers.Maximum()([x, layers.Rescaling(0.2)(x)])
