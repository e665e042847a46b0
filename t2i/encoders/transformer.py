"""A frozen network that reads sentences, as stock Keras layers: word pieces -> features."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import layers, ops

from t2i.compute.backend import settle_keras
from t2i.encoders.sentence_networks import EXTRA, SentenceNetwork, published
from t2i.errors import InputError

_EPSILON = 1e-12

# More at a time are not faster on a processor.
_BATCH = 64

Tensors = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Transformer:
    """A frozen network at work.

    Attributes:
        model: of `build_transformer`.
    """

    model: keras.Model

    def features(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Returns float32 [n, f] of codes [n, length].

        Sentences that are alike in length are computed together, and their padding is not.
        """
        counts = np.count_nonzero(codes, axis=1)
        order = np.argsort(counts, kind="stable")
        # To trace a graph takes longer than a few batches do.
        run = self.model if len(codes) <= _BATCH else self._traced
        features = np.empty((len(codes), self.model.output_shape[1]), np.float32)
        for start in range(0, len(codes), _BATCH):
            rows = order[start : start + _BATCH]
            features[rows] = run(tf.constant(codes[rows, : counts[rows[-1]]])).numpy()
        return features

    @cached_property
    def _traced(self) -> Any:
        return tf.function(self.model, [tf.TensorSpec((None, None), tf.int32)])


def build_transformer(network: SentenceNetwork, taps: Sequence[int]) -> keras.Model:
    """Returns the network with its published weights, none of them trained.

    Codes of word pieces, int32 [n, any length], 0 is padding -> features [n, width x taps]: the
    mean over a sentence's pieces of what stands behind each of those layers.

    Args:
        network: which.
        taps: numbers of layers; 0 is the word pieces themselves, with their places.

    Raises:
        InputError: the weights are not installed, or are not those published.
    """
    settle_keras()
    model = _architecture(network, taps)
    tensors = published_tensors(network)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights(tensors, layer))
    return model


def _architecture(network: SentenceNetwork, taps: Sequence[int]) -> keras.Model:
    codes = keras.Input((None,), dtype="int32", name="codes")
    there = ops.not_equal(codes, 0)
    place = ops.cumsum(ops.ones_like(codes), axis=1) - 1
    pieces = layers.Embedding(network.vocabulary_size, network.width, name="pieces")(codes)
    places = layers.Embedding(network.positions, network.width, name="places")(place)
    x = _normalized(layers.Add()([pieces, places]), "embeddings.LayerNorm")
    states = [x]
    for index in range(max(taps)):
        x = _layer(x, there, network, f"encoder.layer.{index}")
        states.append(x)
    means = [layers.GlobalAveragePooling1D()(states[tap], mask=there) for tap in taps]
    features = layers.Concatenate()(means) if len(means) > 1 else means[0]
    model = keras.Model(codes, features, name=network.name)
    model.trainable = False
    return model


def _layer(x: Any, there: Any, network: SentenceNetwork, name: str) -> Any:
    """Returns what attention, and two dense layers behind it, make of x, [n, pieces, width]."""
    attention = layers.MultiHeadAttention(
        network.heads, network.width // network.heads, name=f"{name}.attention"
    )
    seen = attention(x, x, attention_mask=there[:, None, :])
    x = _normalized(layers.Add()([x, seen]), f"{name}.attention.output.LayerNorm")
    # By the error function, as published, not by its approximation.
    inner = layers.Dense(network.inner, "gelu", name=f"{name}.intermediate.dense")(x)
    outer = layers.Dense(network.width, name=f"{name}.output.dense")(inner)
    return _normalized(layers.Add()([x, outer]), f"{name}.output.LayerNorm")


def _normalized(x: Any, name: str) -> Any:
    return layers.LayerNormalization(epsilon=_EPSILON, name=name)(x)


def published_tensors(network: SentenceNetwork) -> Tensors:
    """Returns the tensors of the published file, by their names.

    Raises:
        InputError: the file is not installed, or is another; or what reads it is not installed.
    """
    try:
        from safetensors.numpy import load
    except ImportError as error:
        raise InputError(
            f"{network.name}: expected the library safetensors, got none; run {EXTRA}"
        ) from error
    tensors: Tensors = load(published(network, network.weights, network.weights_sha256))
    return tensors


def _weights(tensors: Tensors, layer: keras.Layer) -> list[npt.NDArray[np.float32]]:
    """Returns a layer's weights in the order and layout of Keras."""
    if layer.name == "pieces":
        return [tensors["embeddings.word_embeddings.weight"]]
    if layer.name == "places":
        # A sentence alone is of the first type: what that adds, it adds at every place.
        types = tensors["embeddings.token_type_embeddings.weight"]
        return [tensors["embeddings.position_embeddings.weight"] + types[0]]
    if isinstance(layer, layers.LayerNormalization):
        return [tensors[f"{layer.name}.weight"], tensors[f"{layer.name}.bias"]]
    names = [layer.name]
    if isinstance(layer, layers.MultiHeadAttention):
        parts = ("self.query", "self.key", "self.value", "output.dense")
        names = [f"{layer.name}.{part}" for part in parts]
    found = [part for name in names for part in _dense(tensors, name)]
    # Heads have an axis of their own in Keras.
    return [own.reshape(weight.shape) for own, weight in zip(found, layer.weights, strict=True)]


def _dense(tensors: Tensors, name: str) -> list[npt.NDArray[np.float32]]:
    # [out, in] there.
    return [tensors[f"{name}.weight"].T, tensors[f"{name}.bias"]]
