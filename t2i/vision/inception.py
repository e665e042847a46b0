"""The Inception network that FID is measured with, as a Keras model of stock layers.

It is the graph of 2015-12-05 that TensorFlow shipped, which differs from all later Inception-v3:
1,008 classes, average pooling that leaves padding out, and max-pooling in the last block.
Source: Szegedy et al. 2015, arXiv 1512.00567; the PyTorch port of `pytorch-fid`, whose
checkpoint file `import_inception` reads and whose names the layers bear.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from t2i.compute.backend import settle_keras
from t2i.errors import InputError
from t2i.files.disk import replacing, sha256
from t2i.files.pth import read_tensors
from t2i.files.weights import holds, load_weights, member, require_output

FORMAT = "t2i-inception"
VERSION = 1
# The file that papers use is called pt_inception-2015-12-05-6726825d.pth after its hash.
PUBLISHED = "6726825d"
CLASSES = 1008
FEATURES = 2048

_SIDE = 299
_DESCRIPTION = "t2i/inception.json"
_MAX_BYTES = 1 << 28
# (name, channels, kernel); a kernel of one number is square.
_Convolution = tuple[str, int, int | tuple[int, int]]
_WIDE, _TALL = (1, 7), (7, 1)


@dataclass(frozen=True, eq=False)
class Inception:
    """The network with its weights.

    Attributes:
        model: pictures 0..255 [n, s, s, 3] -> {"features" [n, 2048], "logits" [n, 1008]}.
        published: whether the weights are those that papers use.
    """

    model: keras.Model
    published: bool


def build_inception() -> keras.Model:
    """Returns the network: pictures 0..255 [n, s, s, 3], resized inside -> features and logits.

    The resizing is bilinear between pixel centres, with no smoothing before it, as in
    `pytorch-fid`. The logits are without the bias, as in the code of Salimans et al. 2016.
    """
    settle_keras()
    pictures = keras.Input((None, None, 3), name="image")
    x = keras.layers.Resizing(_SIDE, _SIDE, interpolation="bilinear")(pictures)
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(x)
    x = _convolution(x, "Conv2d_1a_3x3", 32, 3, stride=2)
    x = _convolution(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = _convolution(x, "Conv2d_2b_3x3", 64, 3)
    x = keras.layers.MaxPooling2D(3, 2)(x)
    x = _convolution(x, "Conv2d_3b_1x1", 80, 1)
    x = _convolution(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = keras.layers.MaxPooling2D(3, 2)(x)
    for name, channels in (("5b", 32), ("5c", 64), ("5d", 64)):
        x = _block_35(x, f"Mixed_{name}", channels)
    x = _reduce_35(x, "Mixed_6a")
    for name, channels in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        x = _block_17(x, f"Mixed_{name}", channels)
    x = _reduce_17(x, "Mixed_7a")
    x = _block_8(x, "Mixed_7b", _average)
    x = _block_8(x, "Mixed_7c", keras.layers.MaxPooling2D(3, 1, padding="same"))
    features = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    logits = keras.layers.Dense(CLASSES, use_bias=False, name="fc")(features)
    return keras.Model(pictures, {"features": features, "logits": logits}, name="inception")


def import_inception(path: Path, out: Path) -> bool:
    """Writes the network with the weights of a PyTorch checkpoint; returns if they are published.

    Raises:
        InputError: the checkpoint can't be read, or is of another network.
    """
    require_output(out, _DESCRIPTION, "one of t2i import-inception")
    tensors = read_tensors(path)
    model = build_inception()
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights(path, layer, tensors))
    source = sha256(path)
    with replacing(out) as unfinished:
        model.save(unfinished)
        with zipfile.ZipFile(unfinished, "a") as archive:
            description = {"format": FORMAT, "version": VERSION, "source_sha256": source}
            archive.writestr(_DESCRIPTION, json.dumps(description))
    return source.startswith(PUBLISHED)


def is_inception(path: Path) -> bool:
    """Returns whether a file looks like one of `import_inception`."""
    return holds(path, _DESCRIPTION)


def load_inception(path: Path) -> Inception:
    """Returns the network in a file of `import_inception`, which may come from anybody.

    Raises:
        InputError: the file is no such network, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(member(path, archive, _DESCRIPTION, 1 << 16))
        description: Any = json.loads(text)
        stated = (description["format"], description["version"])
        source = str(description["source_sha256"])
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path}: expected a file of `t2i import-inception`, got another; make it again"
        ) from error
    if stated != (FORMAT, VERSION) or path.stat().st_size > _MAX_BYTES:
        raise InputError(
            f"{path}: expected {FORMAT} version {VERSION}, got {stated[0]!r} version "
            f"{stated[1]!r} of {path.stat().st_size} bytes; make it again"
        )
    model = build_inception()
    load_weights(path, model)
    return Inception(model, source.startswith(PUBLISHED))


def _weights(path: Path, layer: keras.Layer, tensors: dict[str, Any]) -> list[Any]:
    """Returns a layer's weights in the order and layout of Keras."""
    parts = ["weight"]
    if isinstance(layer, keras.layers.BatchNormalization):
        parts = ["weight", "bias", "running_mean", "running_var"]
    weights = []
    for part, weight in zip(parts, layer.weights, strict=True):
        name = f"{layer.name}.{part}"
        found = tensors.get(name, np.zeros(0))
        # [out, in, height, width] there, [height, width, in, out] here.
        found = found.transpose((2, 3, 1, 0)) if found.ndim == 4 else found.T
        if found.shape != tuple(weight.shape) or not np.isfinite(found).all():
            raise InputError(
                f"{path}: expected the FID Inception of pytorch-fid, with {tuple(weight.shape)} "
                f"finite numbers in {name}, got {found.shape}; download it again"
            )
        weights.append(found.astype(np.float32))
    return weights


def _average(x: Any) -> Any:
    # Of the pixels there are: TensorFlow counts no padding, PyTorch does unless told.
    return keras.layers.AveragePooling2D(3, 1, padding="same")(x)


def _convolution(
    x: Any,
    name: str,
    channels: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: str = "same",
) -> Any:
    x = keras.layers.Conv2D(
        channels,
        kernel,
        stride,
        padding="valid" if stride > 1 else padding,
        use_bias=False,
        name=f"{name}.conv",
    )(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}.bn")(x)
    return keras.layers.ReLU()(x)


def _chain(x: Any, block: str, *convolutions: _Convolution, stride: int = 1) -> Any:
    """Returns convolutions one behind the other, the last one with the stride."""
    for index, (name, channels, kernel) in enumerate(convolutions):
        last = index == len(convolutions) - 1
        x = _convolution(x, f"{block}.{name}", channels, kernel, stride if last else 1)
    return x


def _block_35(x: Any, name: str, pooled: int) -> Any:
    return keras.layers.Concatenate()(
        [
            _chain(x, name, ("branch1x1", 64, 1)),
            _chain(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
            _chain(
                x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
                ("branch3x3dbl_3", 96, 3),
            ),
            _chain(_average(x), name, ("branch_pool", pooled, 1)),
        ]
    )  # fmt: skip


def _reduce_35(x: Any, name: str) -> Any:
    return keras.layers.Concatenate()(
        [
            _chain(x, name, ("branch3x3", 384, 3), stride=2),
            _chain(
                x, name, ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3),
                ("branch3x3dbl_3", 96, 3), stride=2,
            ),
            keras.layers.MaxPooling2D(3, 2)(x),
        ]
    )  # fmt: skip


def _block_17(x: Any, name: str, inner: int) -> Any:
    return keras.layers.Concatenate()(
        [
            _chain(x, name, ("branch1x1", 192, 1)),
            _chain(
                x, name, ("branch7x7_1", inner, 1), ("branch7x7_2", inner, _WIDE),
                ("branch7x7_3", 192, _TALL),
            ),
            _chain(
                x, name, ("branch7x7dbl_1", inner, 1), ("branch7x7dbl_2", inner, _TALL),
                ("branch7x7dbl_3", inner, _WIDE), ("branch7x7dbl_4", inner, _TALL),
                ("branch7x7dbl_5", 192, _WIDE),
            ),
            _chain(_average(x), name, ("branch_pool", 192, 1)),
        ]
    )  # fmt: skip


def _reduce_17(x: Any, name: str) -> Any:
    return keras.layers.Concatenate()(
        [
            _chain(x, name, ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3), stride=2),
            _chain(
                x, name, ("branch7x7x3_1", 192, 1), ("branch7x7x3_2", 192, _WIDE),
                ("branch7x7x3_3", 192, _TALL), ("branch7x7x3_4", 192, 3), stride=2,
            ),
            keras.layers.MaxPooling2D(3, 2)(x),
        ]
    )  # fmt: skip


def _block_8(x: Any, name: str, pool: Any) -> Any:
    middle = _chain(x, name, ("branch3x3_1", 384, 1))
    double = _chain(x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3))
    return keras.layers.Concatenate()(
        [
            _chain(x, name, ("branch1x1", 320, 1)),
            _chain(middle, name, ("branch3x3_2a", 384, (1, 3))),
            _chain(middle, name, ("branch3x3_2b", 384, (3, 1))),
            _chain(double, name, ("branch3x3dbl_3a", 384, (1, 3))),
            _chain(double, name, ("branch3x3dbl_3b", 384, (3, 1))),
            _chain(pool(x), name, ("branch_pool", 192, 1)),
        ]
    )
