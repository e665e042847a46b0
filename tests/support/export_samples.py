"""Runs of every shape that is exported, of random weights."""

from pathlib import Path

import keras
import numpy as np

from t2i.config.file import dump
from t2i.config.run import RunConfig, TextConfig
from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.text import TextEncoder, build_text_encoder, save_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.models.catalogue import offered
from t2i.models.contract import Facts
from t2i.models.dcgan.config import Config, NetworksConfig
from t2i.models.projected.config import Config as ProjectedConfig
from t2i.models.projected.config import NetworksConfig as ProjectedNetworks
from t2i.runs.record import Record

_POOLED = ConvolutionConfig(filters=9, kernel_size=3, pool_size=3, pool_stride=2)
_PROJECTED = ProjectedNetworks(
    generator_widths=[10, 7, 5], latent_size=9, style_size=6, smoothed=True
)
# Encoder, model and channels, by a name; widths that fill no panel of eight.
RUNS: dict[str, tuple[dict[str, object], RunConfig, int]] = {
    "dcgan": ({}, Config(image_size=16, networks=NetworksConfig(generator_width=3)), 3),
    "dcgan-modulated-greys": (
        {"recurrent": "relu", "mean_over": "caption", "separate_first_step": True},
        Config(
            image_size=32,
            networks=NetworksConfig(generator_width=5, text_size=5, text_modulation=True),
            text=TextConfig(whitened_components=3, whitened_bound=1.5),
        ),
        1,
    ),
    "projected": (
        {"recurrent": "none", "mean_over": "caption", "normalized": True, "batch_norm": True},
        ProjectedConfig(model="projected", image_size=32, networks=_PROJECTED),
        3,
    ),
    "projected-gated": (
        {"separate_first_step": True, "dropout": 0.1},
        ProjectedConfig(
            model="projected",
            image_size=8,
            networks=ProjectedNetworks(generator_widths=[11], latent_size=7, style_size=6),
            text=TextConfig(whitened_components=3),
        ),
        3,
    ),
}


def write_run(path: Path, name: str) -> Path:
    """Writes the run that is called so in `RUNS`."""
    shape, config, channels = RUNS[name]
    path.mkdir()
    text = TextEncoderConfig(
        length=40,
        convolutions=[_POOLED, ConvolutionConfig(filters=6)],
        recurrent_units=5,
        embedding_size=6,
        **shape,
    )
    tokenizer = CharTokenizer(text.length)
    encoder = build_text_encoder(text, tokenizer.vocabulary_size)
    painting = offered(config).build_painting(config, Facts(6, channels))
    randomize(encoder, keep="one_hot")
    # What is fixed stays, but the whitening, which is fitted.
    randomize(painting.network, keep="across along frequency bounded")
    save_encoder(path / "encoder.keras", TextEncoder(encoder, tokenizer, text))
    painting.network.save(path / "generator.keras")
    (path / "config.yaml").write_text(dump(config))
    record = Record(data="", precision="float32", channels=channels)
    (path / "record.json").write_text(record.model_dump_json())
    return path


def randomize(model: keras.Model, keep: str) -> None:
    random = np.random.default_rng(0)
    for weight in model.weights:
        if weight.path.split("/")[0] in keep.split():
            continue
        deviation = 1 / np.sqrt(max(1, np.prod(weight.shape[:-1])))
        value = deviation * random.standard_normal(weight.shape) + 0.1
        weight.assign(np.abs(value) + 0.3 if "variance" in weight.path else value)
