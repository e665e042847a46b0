"""How well a bag of words and of pairs of words names unseen classes, where an encoder is trained.

    python benchmarks/bag_of_words.py birds.h5 --config configs/encoder_cub.yaml [--words 3000]

The pictures, their features, the loss, the draws and the steps are those of the configuration; of
its text side only the length and the size of the embedding are. In its place stand the most
frequent words and pairs of neighbours of the training captions, each there or not, and two dense
layers: what a caption says, without its order. Prints one line; the encoder's own is that of
`t2i-prep train-encoder`.
"""

import argparse
import re
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops
from machine import describe

from prep.encoder.batches import read_training_pairs
from prep.encoder.joint_embedding import zero_shot_score
from prep.encoder.step import EncoderTraining, image_side_to_train
from t2i.config.file import load
from t2i.encoders.config import ConvolutionConfig, EncoderConfig, TextEncoderConfig
from t2i.encoders.text import TextEncoder
from t2i.pairs.reading import read

LENGTH = 96
WIDTH = 512


class Words:
    """Sentences -> which of the frequent words and pairs of words they hold."""

    kind = "words"

    def __init__(self, captions: Sequence[str], count: int) -> None:
        """Takes the `count` most frequent ones of the captions."""
        found = Counter(word for caption in captions for word in sorted(words(caption)))
        self._code = {word: code for code, (word, _) in enumerate(found.most_common(count), 1)}
        self.vocabulary_size = len(self._code) + 1

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Returns their numbers from 1, int32 [n, LENGTH], 0 where there are no more."""
        codes = np.zeros((len(texts), LENGTH), np.int32)
        for row, text in zip(codes, texts, strict=True):
            known = [self._code[word] for word in sorted(words(text)) if word in self._code]
            row[: len(known)] = known[:LENGTH]
        return codes


def words(caption: str) -> set[str]:
    """Returns the words of a caption, and the pairs of neighbours among them."""
    each = re.findall(r"[a-z]+", caption.lower())
    return set(each) | {" ".join(pair) for pair in pairwise(each)}


def build(size: int, vocabulary_size: int, normalized: bool) -> keras.Model:
    """Returns codes [n, LENGTH] -> embedding [n, size]."""
    codes = keras.Input((LENGTH,), dtype="int32")
    there = ops.cast(ops.not_equal(codes, 0), "float32")[..., None]
    rows = layers.Embedding(vocabulary_size, WIDTH)(codes) * there
    # Each word weighs the less the more there are.
    x = ops.sum(rows, axis=1) / ops.sqrt(ops.maximum(ops.sum(there, axis=1), 1.0))
    x = layers.Dropout(0.2)(layers.ReLU()(x))
    x = layers.Dense(size)(x)
    return keras.Model(codes, layers.UnitNormalization()(x) if normalized else x)


def main() -> None:
    """Trains the bag, and prints its zero-shot scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--words", type=int, default=3000)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    arguments = parser.parse_args()
    config = load(arguments.config, EncoderConfig, arguments.overrides)
    data, held_out = (
        read_training_pairs(arguments.pairs, config.splits),
        read(arguments.pairs, ["test"]),
    )
    keras.utils.set_random_seed(config.seed)
    own = Words(data.caption, arguments.words)
    # That there is dropout makes training call the network as it is.
    shape = TextEncoderConfig(
        length=LENGTH,
        convolutions=[ConvolutionConfig(filters=1)],
        dropout=0.2,
        embedding_size=config.text.embedding_size,
        normalized=config.text.normalized,
    )
    model = build(shape.embedding_size, own.vocabulary_size, shape.normalized)
    config = config.model_copy(update={"text": shape})
    images = image_side_to_train(config)
    training = EncoderTraining(config, data, TextEncoder(model, own, shape), images)
    began = time.process_time()
    for step in range(0, config.steps, 10):
        training.run(step, min(step + 10, config.steps))
    seconds = time.process_time() - began
    score = zero_shot_score(
        images.embed(held_out.image),
        held_out.class_id,
        model.predict(own.encode(held_out.caption), batch_size=1024, verbose=0),
        np.repeat(held_out.class_id, np.diff(held_out.caption_offset)),
    )
    print(describe())
    print(
        f"{own.vocabulary_size - 1} words and pairs, {config.steps} steps in {seconds:.0f} s of "
        f"processor time: zero-shot accuracy {score.accuracy:.1%} of {score.classes} classes, "
        f"AP@50 {score.average_precision_50:.1%}"
    )


if __name__ == "__main__":
    main()
