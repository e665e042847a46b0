"""What pictures are measured by: the features of a network, which is named in every output."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import Model, layers, ops

from t2i.compute.replicas import OnReplicas
from t2i.encoders.config import ImageEncoderConfig
from t2i.encoders.image import build_image_encoder, resized
from t2i.encoders.pair import image_side, load_image_side
from t2i.encoders.text import TextEncoder, load_encoder
from t2i.errors import InputError
from t2i.files.weights import weights_sha256
from t2i.images.pixels import Pixels
from t2i.vision.inception import is_inception, load_inception
from t2i.vision.lite import build_lite
from t2i.vision.networks import LITE_NETWORKS, LiteNetwork, is_network, require_features

Floats = npt.NDArray[np.float32]

FID_INCEPTION = "fid-inception"
KERAS_INCEPTION = "keras-inception-v3"
OWN = "own-encoder"
VISION = "vision"
# Pictures that a vision network measures are brought to this side, pixels: small ones are no worse
# told apart than at the 224 and more that it was trained on, for a third of the time.
_VISION_SIDE = 128
# The map that is looked at for where things are, and what it is brought down to.
_LAYOUT_STRIDE, _LAYOUT_SIDE = 16, 4


@dataclass(frozen=True)
class Stamp:
    """Who measures. Numbers of two stamps are never compared.

    Attributes:
        kind: one of the constants above, `judge`, or `pixels`.
        name: in words.
        sha256: of the weights.
        resize: how pictures are brought to the size that it reads.
    """

    kind: str
    name: str
    sha256: str
    resize: str


@dataclass(frozen=True, eq=False)
class Measurer:
    """A network that measures pictures.

    Attributes:
        stamp: its name.
        network: pictures 0..255 [n, side, side, 3] -> rows by name.
        side: pixels that it reads; 0 where it resizes by itself.
        widths: numbers in a row of each of its outputs; "features" is one of them.
    """

    stamp: Stamp
    network: OnReplicas
    side: int
    widths: dict[str, int]

    def __call__(self, images: Pixels) -> dict[str, Floats]:
        """Returns rows by name, float32 [n, width], of uint8 [n, s, s, C]."""
        brought = resized(images, self.side or images.shape[1])
        rows: dict[str, Floats] = self.network(brought.astype(np.float32))
        return rows


@dataclass(frozen=True, eq=False)
class Judge:
    """An encoder pair that took no part in training the GAN.

    Attributes:
        text: captions -> embeddings.
        measurer: pictures -> "features" and "embedding".
        trained_on: digest of the pairs that it was trained on.
        vision: networks that others trained and that it looks through, by name.
    """

    text: TextEncoder
    measurer: Measurer
    trained_on: str
    vision: frozenset[str] = frozenset()


def load_judge(path: Path, strategy: tf.distribute.Strategy) -> Judge:
    """Returns the pair NAME.keras and NAME.image.keras of `t2i-prep train-encoder`.

    Raises:
        InputError: one of them is missing, damaged, or not the other's partner.
    """
    text = load_encoder(path)
    with strategy.scope():
        images, trained_on = load_image_side(image_side(path), text)
        network = images.measuring
    side = images.model.input_shape[1]
    sha256 = weights_sha256(text.model, images.model)
    stamp = Stamp(OWN, f"own image encoder {path.name}", sha256, f"area or bilinear to {side}")
    widths = {name: output.shape[1] for name, output in network.output.items()}
    measurer = Measurer(stamp, OnReplicas(network, strategy), side, widths)
    return Judge(text, measurer, trained_on, frozenset(images.vision))


def load_features(path: Path, strategy: tf.distribute.Strategy) -> Measurer:
    """Returns what measures: a vision network by its name, or the Inception in a file.

    Args:
        path: a name of `LITE_NETWORKS`; or a file of `t2i import-inception`, or of
            keras.applications.
        strategy: whose replicas measure.

    Raises:
        InputError: it is none of them.
    """
    if is_network(path):
        return _vision(LITE_NETWORKS[str(path)], strategy)
    require_features(path)
    return _published(path, strategy) if is_inception(path) else _of_keras(path, strategy)


def _published(path: Path, strategy: tf.distribute.Strategy) -> Measurer:
    """Returns the FID Inception in a file of `t2i import-inception`."""
    with strategy.scope():
        inception = load_inception(path)
        model = inception.model
        features, logits = model.output["features"], model.output["logits"]
        network = Model(model.input, {"features": features, "probabilities": ops.softmax(logits)})
    stamp = Stamp(
        FID_INCEPTION,
        "FID Inception 2015-12-05" + ("" if inception.published else ", UNPUBLISHED weights"),
        weights_sha256(model),
        "bilinear to 299, half-pixel centres, no antialiasing",
    )
    widths = {"features": features.shape[1], "probabilities": logits.shape[1]}
    return Measurer(stamp, OnReplicas(network, strategy), 0, widths)


def _of_keras(path: Path, strategy: tf.distribute.Strategy) -> Measurer:
    """Returns the Inception in a weights file of keras.applications."""
    side = 299
    config = ImageEncoderConfig(network="InceptionV3", weights=str(path), image_size=side)
    try:
        if path.suffix != ".h5":
            raise InputError(path.suffix)
        with strategy.scope():
            frozen = build_image_encoder(config, 1).frozen
    except InputError as error:
        raise InputError(
            f"{path}: expected a file of `t2i import-inception`, or InceptionV3 weights of "
            "keras.applications (.h5, without top), got another; see `t2i evaluate --help`"
        ) from error
    if frozen is None:
        raise RuntimeError("InceptionV3 is no network of ours")
    with strategy.scope():
        network = Model(frozen.input, {"features": frozen.output})
    stamp = Stamp(
        KERAS_INCEPTION,
        "keras.applications InceptionV3",
        weights_sha256(frozen),
        f"bilinear to {side} by Pillow",
    )
    return Measurer(
        stamp, OnReplicas(network, strategy), side, {"features": frozen.output_shape[1]}
    )


def _vision(known: LiteNetwork, strategy: tf.distribute.Strategy) -> Measurer:
    with strategy.scope():
        lite = build_lite(known, _VISION_SIDE)
        seen = lite.output[str(_LAYOUT_STRIDE)]
        layout = layers.AveragePooling2D(seen.shape[1] // _LAYOUT_SIDE)(seen)
        outputs = {
            "features": lite.output["features"],
            "probabilities": layers.Softmax()(lite.output["logits"]),
            "layout": layers.Flatten()(layout),
        }
        network = Model(lite.input, outputs)
    stamp = Stamp(
        VISION,
        known.name,
        weights_sha256(lite),
        f"area or bilinear to {_VISION_SIDE}",
    )
    widths = {name: output.shape[1] for name, output in outputs.items()}
    return Measurer(stamp, OnReplicas(network, strategy), _VISION_SIDE, widths)
