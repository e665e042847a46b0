"""The text encoder: codes -> embeddings, as a network, as a file, and at work on sentences.

char-CNN-RNN of Reed et al., CVPR 2016 and ICML 2016, and its twin over word pieces; or a layer
above a frozen network that reads sentences.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.compute.backend import settle_keras
from t2i.encoders.config import TextEncoderConfig
from t2i.encoders.description import (
    DESCRIPTION,
    FORMAT,
    SENTENCEPIECE,
    VERSION,
    read_description,
    read_tokenizer,
)
from t2i.encoders.legibility import plain, require_legible_sentence
from t2i.encoders.phrases import encode, own_steps
from t2i.encoders.tokenizers import SentencePieceTokenizer, Tokenizer
from t2i.encoders.transformer import Transformer, build_transformer
from t2i.errors import InputError
from t2i.files.disk import AnyPath, replacing, require_at_most
from t2i.files.weights import WEIGHTS, load_weights, member, require_encoder

MAX_ENCODER_BYTES = 1 << 30


def build_text_encoder(config: TextEncoderConfig, vocabulary_size: int) -> keras.Model:
    """Returns the network: int32 codes [n, length] -> float32 embedding [n, embedding_size].

    A character is a one-hot row, padding and unknown ones an all-zero row; a word piece is a
    learned row. All layers are stock ones. Above a frozen network, what is trained alone:
    float32 features [n, f] -> embedding.

    Source: Reed et al., CVPR 2016 and ICML 2016; the recurrent bias of the released GRU adds
    to the input's, so one is kept.
    """
    settle_keras()
    if config.frozen:
        features = keras.Input((config.frozen.width * len(config.taps),), name="features")
        x = keras.layers.Dropout(config.dropout, name="dropout")(features)
        return keras.Model(features, _embedding(config, x), name="text_encoder")
    codes = keras.Input((config.length,), dtype="int32", name="codes")
    if config.tokenizer == "char":
        rows = keras.layers.Embedding(
            vocabulary_size, vocabulary_size - 1, trainable=False, name="one_hot"
        )
        x = rows(codes)
        rows.set_weights([np.eye(vocabulary_size, dtype=np.float32)[:, 1:]])
    else:
        x = keras.layers.Embedding(vocabulary_size, config.code_size, name="word_piece")(codes)
    for index, layer in enumerate(config.convolutions, start=1):
        x = keras.layers.Conv1D(
            layer.filters, layer.kernel_size, activation="relu", name=f"convolution_{index}"
        )(x)
        if config.batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9, name=f"batch_norm_{index}")(x)
        if layer.pool_size > 1:
            x = keras.layers.MaxPooling1D(
                layer.pool_size, layer.pool_stride, name=f"max_pool_{index}"
            )(x)
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"dropout_{index}")(x)
    mask = own_steps(config, codes) if config.mean_over == "caption" else None
    x = keras.layers.GlobalAveragePooling1D(name="mean_over_time")(_states(config, x), mask=mask)
    return keras.Model(codes, _embedding(config, x), name="text_encoder")


def _embedding(config: TextEncoderConfig, x: Any) -> Any:
    x = keras.layers.Dense(config.embedding_size, dtype="float32", name="embedding")(x)
    return keras.layers.UnitNormalization(name="unit_length")(x) if config.normalized else x


def _states(config: TextEncoderConfig, x: Any) -> Any:
    """Returns the recurrent layer's state after each step, or without one x, [n, steps, units]."""
    if config.recurrent == "none":
        return x
    units, name = config.recurrent_units, config.recurrent_layer
    if config.recurrent == "gru":
        recurrent = keras.layers.GRU(units, reset_after=False, return_sequences=True, name=name)
        activation = "tanh"
    else:
        recurrent = keras.layers.SimpleRNN(
            units, activation="relu", return_sequences=True, name=name
        )
        activation = "relu"
    if not config.separate_first_step:
        return recurrent(x)
    later = config.steps[-1] - 1
    first = keras.layers.Dense(units, activation, name="first_step")(
        keras.layers.Cropping1D((0, later))(x)
    )
    state = keras.layers.Reshape((units,))(first)
    states = recurrent(keras.layers.Cropping1D((1, 0))(x), initial_state=state)
    return keras.layers.Concatenate(axis=1, name="states")([first, states])


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A text encoder ready for sentences; an `Embedder`.

    Attributes:
        model: int32 codes [n, length] -> float32 embedding [n, d]; above a frozen network its
            features in the codes' place.
        tokenizer: sentences -> codes.
        config: the shape of `model`.
        vision: networks that others trained and that the image side beside it looked through, by
            name; none in older files.
        frozen: the network below `model`; None where all is trained.
    """

    model: keras.Model
    tokenizer: Tokenizer
    config: TextEncoderConfig
    vision: tuple[str, ...] = ()
    frozen: Transformer | None = None

    @property
    def networks(self) -> tuple[keras.Model, ...]:
        """What it computes with."""
        return (self.model,)

    @property
    def kind(self) -> str:
        """The encoder's name of its shape, `char-cnn-gru` for example, or of what is frozen."""
        if self.config.frozen:
            return self.config.frozen.name
        parts = (self.tokenizer.kind, "cnn", self.config.recurrent_layer)
        return "-".join(part for part in parts if part)

    @property
    def embedding_size(self) -> int:
        """Numbers in an embedding."""
        return self.config.embedding_size

    def inputs(self, texts: Sequence[str]) -> npt.NDArray[Any]:
        """Returns what `model` reads of texts: int32 codes [n, length], or features [n, f]."""
        codes = self.tokenizer.encode(texts)
        return self.frozen.features(codes) if self.frozen else codes

    def embed(self, texts: Sequence[str], batch_size: int = 1024) -> npt.NDArray[np.float32]:
        """Returns embeddings, float32 [n, d]; equal texts, and equal phrases, are encoded once.

        What stands beside a text changes its embedding by no more than rounding does.
        """
        # In order, neighbours begin alike: a batch has the fewer different phrases.
        distinct = sorted(set(texts))
        row_of = {text: row for row, text in enumerate(distinct)}
        # To trace a graph takes longer than a batch does.
        run = self._run if len(distinct) <= batch_size else self._traced
        embeddings = np.empty((len(distinct), self.embedding_size), np.float32)
        for start in range(0, len(distinct), batch_size):
            rows = slice(start, start + batch_size)
            embeddings[rows] = run(tf.constant(self.inputs(distinct[rows]))).numpy()
        return embeddings[[row_of[text] for text in texts]]

    def embed_typed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns embeddings of sentences to paint, float32 [n, d].

        Raises:
            InputError: one of them has no words, or too little of it is read.
        """
        sentences = [plain(sentence) for sentence in sentences]
        for sentence in sentences:
            require_legible_sentence(self.tokenizer, sentence)
        return self.embed(sentences)

    def _run(self, inputs: Any) -> Any:
        return self.model(inputs) if self.frozen else encode(self.model, self.config, inputs)

    @cached_property
    def _traced(self) -> Any:
        (inputs,) = self.model.inputs
        return tf.function(self._run, [tf.TensorSpec(inputs.shape, inputs.dtype)])


def save_encoder(path: AnyPath, encoder: TextEncoder) -> None:
    """Writes one `.keras` file, which stock Keras loads too, with the tokenizer inside.

    A frozen network and its word pieces are named, not held: they are 90 MB, the rest is less than
    one, and the file travels in every pairs file and run.
    """
    description = {
        "format": FORMAT,
        "version": VERSION,
        "kind": encoder.kind,
        "config": encoder.config.model_dump(),
        "vision": encoder.vision,
    }
    with replacing(Path(path)) as unfinished:
        encoder.model.save(unfinished)
        with zipfile.ZipFile(unfinished, "a") as archive:
            archive.writestr(DESCRIPTION, json.dumps(description, indent=1))
            if isinstance(encoder.tokenizer, SentencePieceTokenizer):
                archive.writestr(SENTENCEPIECE, encoder.tokenizer.model)


def load_encoder(path: AnyPath) -> TextEncoder:
    """Returns the text encoder in a file of `save_encoder`.

    The file may come from anybody: its network is built here from the checked configuration.

    Raises:
        InputError: the file is missing, is no encoder, is of another version, or is damaged.
    """
    path = Path(path)
    require_encoder(path)
    require_at_most(path, MAX_ENCODER_BYTES, "is it an encoder?")
    try:
        with zipfile.ZipFile(path) as archive:
            config, vision = read_description(path, archive)
            tokenizer = read_tokenizer(path, archive, config)
            weights = member(path, archive, WEIGHTS, MAX_ENCODER_BYTES)
            least = 4 * parameter_count(config, tokenizer.vocabulary_size)
            if weights.file_size < least:
                raise InputError(
                    f"{path}: expected at least {least} bytes of weights for its configuration, "
                    f"got {weights.file_size}; train the encoder again"
                )
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise InputError(
            f"{path}: expected an encoder's .keras file, got one that can't be unpacked; "
            "train the encoder again"
        ) from error
    model = build_text_encoder(config, tokenizer.vocabulary_size)
    load_weights(path, model)
    return TextEncoder(model, tokenizer, config, vision, frozen_network(config))


def frozen_network(config: TextEncoderConfig) -> Transformer | None:
    """Returns the network below what is trained; None where all is.

    Raises:
        InputError: it is not installed, or another.
    """
    return Transformer(build_transformer(config.frozen, config.taps)) if config.frozen else None


def parameter_count(config: TextEncoderConfig, vocabulary_size: int) -> int:
    """Returns how many numbers the encoder learns, known before it is built."""
    if config.frozen:
        return (config.frozen.width * len(config.taps) + 1) * config.embedding_size
    channels = vocabulary_size - 1 if config.tokenizer == "char" else config.code_size
    count = 0 if config.tokenizer == "char" else vocabulary_size * channels
    for layer in config.convolutions:
        count += (layer.kernel_size * channels + 1) * layer.filters
        count += 2 * layer.filters if config.batch_norm else 0
        channels = layer.filters
    if config.recurrent == "none":
        return count + (channels + 1) * config.embedding_size
    units = config.recurrent_units
    gates = 3 if config.recurrent == "gru" else 1
    count += gates * units * (channels + units + 1)
    count += units * (channels + 1) if config.separate_first_step else 0
    return count + (units + 1) * config.embedding_size
