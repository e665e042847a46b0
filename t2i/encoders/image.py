"""The image side of the joint embedding: uint8 pictures -> embeddings of the captions' size."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops
from PIL import Image

from t2i.compute.backend import settle_keras
from t2i.encoders.config import ImageEncoderConfig
from t2i.errors import InputError
from t2i.files.weights import fill
from t2i.vision.lite import FEATURES, build_lite, feature_parameters
from t2i.vision.networks import LITE_NETWORKS

_BATCH = 64
# The convolutions halve the picture until it is no larger than this.
_SMALLEST_SIDE = 4


@dataclass(frozen=True, eq=False)
class ImageEncoder:
    """The image side, whole and in parts.

    Attributes:
        model: pictures 0..255 [n, S, S, 3] -> float32 embedding [n, d].
        frozen: pictures -> features, the part that is not trained; None when all of it is.
        trained: the part that is: features, or pictures when `frozen` is None -> embedding.
        vision: networks that others trained and that it looks through, by name.
    """

    model: keras.Model
    frozen: keras.Model | None
    trained: keras.Model
    vision: tuple[str, ...] = ()

    @property
    def measuring(self) -> keras.Model:
        """Pictures 0..255 -> {"features": below the last layer, "embedding"}, both [n, ...]."""
        if self.frozen is None:
            features = self.model.get_layer("embedding").input
            pictures, embedding = self.model.input, self.model.output
        else:
            pictures, features = self.frozen.input, self.frozen.output
            embedding = self.trained(features)
        return keras.Model(pictures, {"features": features, "embedding": embedding})

    def inputs(self, images: npt.NDArray[np.uint8], crop: int = 0) -> npt.NDArray[Any]:
        """Returns what `trained` reads of pictures: themselves, resized, or their features.

        Args:
            images: uint8 [n, s, s, C].
            crop: pixels kept beyond the side of the network's input, for a window to move in.
        """
        size = self.model.input_shape[1]
        if self.frozen is None:
            return resized(images, size + crop)
        return _in_batches(self.frozen, images, size)

    def embed(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Returns embeddings, float32 [n, d], of pictures uint8 [n, s, s, C]."""
        return _in_batches(self.model, images, self.model.input_shape[1])


def build_image_encoder(
    config: ImageEncoderConfig,
    embedding_size: int,
    pretrained: bool = True,
    normalization: type[keras.layers.Layer] = keras.layers.BatchNormalization,
) -> ImageEncoder:
    """Returns the image side of the configuration.

    Args:
        config: its shape.
        embedding_size: numbers in an embedding.
        pretrained: load the weights of a frozen network; False where all weights are about to
            be replaced.
        normalization: the convolutions' batch normalisation: the stock layer, or one alike.

    Raises:
        InputError: there is no such network, or its weights can't be read.
    """
    settle_keras()
    learns = config.network == "convolutional"
    side = config.image_size if learns else config.image_size + config.crop
    pictures = keras.Input((side, side, 3), name="image")
    if learns:
        scaled = keras.layers.Rescaling(1 / 127.5, -1.0)(pictures)
        features = _convolutions(scaled, config.width, normalization)
        model = _projected(pictures, features, config, embedding_size)
        return ImageEncoder(model, None, model)
    frozen = _frozen_network(config, pictures, pretrained)
    features = keras.Input(frozen.output_shape[1:], name="features")
    trained = _projected(features, features, config, embedding_size)
    model = keras.Model(pictures, trained(frozen(pictures)), name="image_encoder")
    return ImageEncoder(model, frozen, trained, looks_through(config))


def looks_through(config: ImageEncoderConfig) -> tuple[str, ...]:
    """Returns the networks that others trained and that an image side looks through, by name.

    Those of `vision.networks` by theirs, those of keras.applications with that before it.
    """
    if config.network == "convolutional":
        return ()
    known = config.network in LITE_NETWORKS
    return (config.network if known else f"keras.applications {config.network}",)


def resized(images: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """Returns pictures in RGB, [n, size, size, 3]: area-averaged smaller, or bilinearly larger.

    Args:
        images: uint8 [n, s, s, 3], or [n, s, s, 1] for greys.
        size: pixels.
    """
    if images.shape[3] == 1:
        images = images.repeat(3, axis=3)
    if images.shape[1] == size:
        return images
    method = Image.Resampling.BOX if images.shape[1] > size else Image.Resampling.BILINEAR
    out = np.empty((len(images), size, size, 3), np.uint8)
    for row, image in enumerate(images):
        out[row] = np.asarray(Image.fromarray(image).resize((size, size), method))
    return out


def least_bytes(config: ImageEncoderConfig, embedding_size: int) -> int:
    """Returns the bytes of the weights that a file must hold, known before anything is built."""
    if config.network in LITE_NETWORKS:
        frozen = feature_parameters(LITE_NETWORKS[config.network])
        return 4 * (frozen + (FEATURES + 1) * embedding_size)
    if config.network != "convolutional":
        return 4 * embedding_size
    side, channels, filters, count = config.image_size, 3, config.width, 0
    while side > _SMALLEST_SIDE:
        count += 16 * channels * filters
        side, channels, filters = -(-side // 2), filters, 2 * filters
    return 4 * (count + channels * embedding_size)


def _convolutions(x: Any, width: int, normalization: type[keras.layers.Layer]) -> Any:
    """Returns features of pictures in [-1, 1]: stride-2 convolutions, then the mean over places."""
    channels = width
    while x.shape[1] > _SMALLEST_SIDE:
        x = keras.layers.Conv2D(channels, 4, 2, padding="same")(x)
        x = normalization(momentum=0.9)(x)
        x = keras.layers.ReLU()(x)
        channels *= 2
    return keras.layers.GlobalAveragePooling2D()(x)


def _projected(
    inputs: Any, features: Any, config: ImageEncoderConfig, embedding_size: int
) -> keras.Model:
    if config.dropout:
        features = keras.layers.Dropout(config.dropout)(features)
    embedding = keras.layers.Dense(embedding_size, dtype="float32", name="embedding")(features)
    if config.normalized:
        embedding = keras.layers.UnitNormalization(name="unit_length")(embedding)
    return keras.Model(inputs, embedding, name="image_encoder")


def _frozen_network(config: ImageEncoderConfig, pictures: Any, pretrained: bool) -> keras.Model:
    """Returns pictures 0..255 -> mean features of a network that others trained.

    They are those of its middle, or the mean of the middle's and its mirror image's. Deviation:
    Reed et al., CVPR 2016, section 5, read ten crops, the corners and the middle, each mirrored.
    """
    build = _lite_network if config.network in LITE_NETWORKS else _keras_network
    features_of = build(config, pretrained)
    before = config.crop // 2
    edge = (before, config.crop - before)
    middle = keras.layers.Cropping2D((edge, edge))(pictures) if config.crop else pictures
    features = features_of(middle)
    if config.flip:
        mirrored = features_of(ops.flip(middle, axis=2))
        features = keras.layers.Average()([features, mirrored])
    return keras.Model(pictures, features, name="frozen")


def _lite_network(config: ImageEncoderConfig, pretrained: bool) -> Callable[[Any], Any]:
    if config.weights:
        raise InputError(
            f"image.weights: expected none for {config.network}, whose weights are installed, "
            f"got {config.weights!r}; leave it out"
        )
    network = build_lite(LITE_NETWORKS[config.network], config.image_size, pretrained)
    features_of: Callable[[Any], Any] = keras.Model(
        network.input, network.output["features"], name=config.network
    )
    return features_of


def _keras_network(config: ImageEncoderConfig, pretrained: bool) -> Callable[[Any], Any]:
    known = {
        name: module
        for _, module in inspect.getmembers(keras.applications, inspect.ismodule)
        for name, member in inspect.getmembers(module, callable)
        if name[0].isupper() and hasattr(module, "preprocess_input")
    }
    if config.network not in known:
        raise InputError(
            "image.network: expected convolutional or one of "
            f"{', '.join([*LITE_NETWORKS, *sorted(known)])}, got {config.network!r}; choose one"
        )
    weights = Path(config.weights) if pretrained and config.weights else None
    if pretrained and not (weights and weights.is_file()):
        raise InputError(
            f"image.weights: expected the weights of {config.network} (without top) on disk, "
            f"got {config.weights!r}; download them first"
        )
    module = known[config.network]
    side = config.image_size
    network = getattr(module, config.network)(
        include_top=False, weights=None, pooling="avg", input_shape=(side, side, 3)
    )
    if weights:
        fill(
            weights,
            network,
            f"image.weights: expected the weights of {config.network} (without top) "
            f"in {config.weights!r}",
            "download them again",
        )

    def features_of(own: Any) -> Any:
        return network(module.preprocess_input(own), training=False)

    return features_of


def _in_batches(
    model: keras.Model, images: npt.NDArray[np.uint8], size: int
) -> npt.NDArray[np.float32]:
    """Returns the model's rows for all pictures, resized a batch at a time, in one shape."""
    rows = np.empty((len(images), model.output_shape[1]), np.float32)
    for start in range(0, len(images), _BATCH):
        own = resized(images[start : start + _BATCH], size)
        batch = np.zeros((_BATCH, size, size, 3), np.uint8)
        batch[: len(own)] = own
        rows[start : start + _BATCH] = model.predict_on_batch(batch)[: len(own)]
    return rows
