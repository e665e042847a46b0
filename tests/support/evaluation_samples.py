"""A pairs file, a run and a judge, all tiny and untrained, to be measured."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from t2i.config.file import dump
from t2i.config.run import TrainingConfig
from t2i.encoders.config import ConvolutionConfig, ImageEncoderConfig, TextEncoderConfig
from t2i.encoders.image import build_image_encoder
from t2i.encoders.pair import image_side, save_image_side
from t2i.encoders.text import TextEncoder, build_text_encoder, save_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.models.dcgan.config import Config, NetworksConfig
from t2i.models.dcgan.generator import build_generator
from t2i.pairs.digests import digest
from t2i.pairs.reading import read
from t2i.pairs.writing import writing
from t2i.runs.record import Record

SIZE = 8
STORED = 10
CONFIG = Config(
    image_size=SIZE,
    networks=NetworksConfig(generator_width=4, latent_size=5, text_size=3),
    training=TrainingConfig(splits=["train"]),
)
TEXT = TextEncoderConfig(
    length=24, convolutions=[ConvolutionConfig(filters=4)], recurrent_units=4, embedding_size=6
)
IMAGE = ImageEncoderConfig(image_size=16, width=4)
_COLOURS = ("red", "green", "blue", "white", "black")


def write_data(path: Path, seed: int = 0, stored: int = STORED) -> Path:
    """Five classes of 16 pictures and 48 captions in test, two of 10 in train, one of 6 in val."""
    random = np.random.default_rng(seed)
    classes = [("test", i, 16) for i in range(5)] + [("train", 5 + i, 10) for i in range(2)]
    with writing(path, stored, "a test") as writer:
        for split, class_id, count in [*classes, ("val", 9, 6)]:
            for index in range(count):
                image = random.integers(0, 256, (stored, stored, 3)).astype(np.uint8)
                image[..., class_id % 3] = 25 * class_id
                colour = _COLOURS[class_id % 5]
                captions = [f"{colour} bird {index} & {c}" for c in range(3)]
                writer.add(split, image, captions, class_id, f"{class_id}/{index}")
    return path


def text_encoder(seed: int) -> TextEncoder:
    """An encoder of random weights."""
    keras.utils.set_random_seed(seed)
    tokenizer = CharTokenizer(TEXT.length)
    return TextEncoder(build_text_encoder(TEXT, tokenizer.vocabulary_size), tokenizer, TEXT)


def write_judge(
    path: Path,
    data: Path,
    seed: int = 1,
    splits: Sequence[str] = ("train",),
    image: ImageEncoderConfig = IMAGE,
) -> Path:
    """An encoder pair of random weights, said to be trained on splits of the data."""
    text = text_encoder(seed)
    save_encoder(path, text)
    images = build_image_encoder(image, TEXT.embedding_size)
    save_image_side(image_side(path), images, image, text, digest(read(data, splits)))
    return path


def write_run(path: Path, seed: int = 0, weight: float | None = None) -> Path:
    """A run of random weights; of one weight everywhere where `weight` says so."""
    path.mkdir()
    (path / "config.yaml").write_text(dump(CONFIG))
    save_encoder(path / "encoder.keras", text_encoder(0))
    keras.utils.set_random_seed(seed)
    generator = build_generator(CONFIG.networks, SIZE, TEXT.embedding_size)
    random = np.random.default_rng(seed)
    generator.set_weights(
        [
            np.full(own.shape, weight, np.float32)
            if weight is not None
            else random.uniform(0.5, 1.5, own.shape) * np.where(own < 0, -1, 1)
            for own in generator.get_weights()
        ]
    )
    generator.save(path / "generator.keras")
    record = Record(data="", precision="float32")
    (path / "record.json").write_text(record.model_dump_json())
    return path
