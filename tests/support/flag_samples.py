"""Flags: pictures of one colour that their captions name, and an encoder that learns to name it."""

from pathlib import Path

import keras
import numpy as np
import pytest

from prep.encoder.training import train_encoder
from t2i.encoders.config import (
    ConvolutionConfig,
    EncoderConfig,
    ImageEncoderConfig,
    TextEncoderConfig,
)
from t2i.encoders.text import load_encoder
from t2i.pairs.writing import writing

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220)}
CONFIG = EncoderConfig(
    text=TextEncoderConfig(
        length=32,
        convolutions=[ConvolutionConfig(filters=16, pool_size=3, pool_stride=3)],
        batch_norm=True,
        dropout=0.1,
        recurrent_units=16,
        embedding_size=16,
    ),
    image=ImageEncoderConfig(image_size=16, width=8, crop=2, dropout=0.1),
    steps=24,
    classes_per_batch=8,
    images_per_class=2,
    excerpts=0.3,
    optimizer="adam",
    learning_rate=0.01,
    decay_factor=1.0,
    linear_decay_share=0.4,
    initial_range=0.0,
    checkpoint_every=12,
)


def write_flags(path: Path) -> Path:
    """Writes plain pictures; a class is a colour of one split, named in its captions."""
    rng = np.random.default_rng(0)
    splits = [("train", colour) for colour in COLOURS] + [("test", colour) for colour in COLOURS]
    with writing(path, 18, "a test") as writer:
        for class_id, (split, colour) in enumerate([*splits, ("val", "red")]):
            for index in range(8):
                image = rng.integers(-40, 40, (18, 18, 3)) + COLOURS[colour]
                captions = [f"a {colour} flag, number {index}", f"flag {index} is {colour}"]
                pixels = np.clip(image, 0, 255).astype(np.uint8)
                writer.add(split, pixels, captions, class_id, f"{class_id}/{index}")
    return path


class KilledError(Exception):
    """Stands for what ends a run from outside."""


def changed(**changes: object) -> EncoderConfig:
    return CONFIG.model_copy(update=changes)


def weights(out: Path) -> list[bytes]:
    image = keras.saving.load_model(out.with_name(f"{out.stem}.image.keras"))
    found = load_encoder(out).model.get_weights() + image.get_weights()
    # A dropout layer's counter is set anew in every step.
    return [weight.tobytes() for weight in found if weight.dtype == np.float32]


def interrupted(flags: Path, config: EncoderConfig, out: Path, at: int) -> None:
    def kill(_: str, step: int, __: int | None) -> None:
        if step == at:
            raise KilledError

    with pytest.raises(KilledError):
        train_encoder(flags, config, out, kill)
    assert not out.exists()
