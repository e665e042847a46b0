"""Every configuration that ships loads, and says in its header how it is used."""

from pathlib import Path
from typing import Any

import pytest

from t2i.config.file import dump, load, parse
from t2i.encoders.config import EncoderConfig
from t2i.models.catalogue import load_config
from t2i.models.dcgan.config import Config

CONFIGS = sorted((Path(__file__).parent.parent / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_it_loads_and_is_read_back_equal(path: Path) -> None:
    if path.name.startswith("encoder"):
        config: Any = load(path, EncoderConfig)
    else:
        config = load_config(path)
    assert parse(dump(config), type(config), "dumped") == config


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_its_header_gives_the_command(path: Path) -> None:
    header = [line for line in path.read_text().splitlines() if line.startswith("#")]
    command = "t2i-prep train-encoder" if path.name.startswith("encoder") else "t2i train"
    assert any(command in line and f"configs/{path.name}" in line for line in header)


def test_the_recipe_is_the_published_one() -> None:
    config = load(CONFIGS[0].parent / "cub64.yaml", Config)
    assert (config.image_size, config.training.batch_size, config.training.epochs) == (64, 64, 600)
    assert config.networks.generator_width == 128
    assert config.networks.discriminator_width == 64
    assert config.networks.latent_size == 100
    assert config.text.captions_per_embedding == 4
    assert (config.optimizer.beta_1, config.optimizer.epsilon) == (0.5, 1e-8)
    assert (config.optimizer.decay, config.optimizer.decay_epochs) == ("step", 100)
    assert (config.losses.mismatched, config.losses.fake, config.losses.real) == (0.5, 0.5, 1.0)
    assert (config.losses.interpolated, config.losses.interpolation_beta) == (1.0, 0.5)
    assert config.losses.interpolated_fake == 0.0
    assert config.training.splits == ["train", "val"]
