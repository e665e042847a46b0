"""A projected GAN small enough for a test, and random batches for it."""

import numpy as np
import tensorflow as tf

from t2i.config.run import TrainingConfig
from t2i.models.contract import Batch, Facts
from t2i.models.projected.config import Config, LossesConfig, NetworksConfig
from t2i.models.projected.model import ProjectedGAN, build
from t2i.models.projected.view import CHANCES

ALL = LossesConfig(
    matched=0.7,
    mismatched=0.3,
    unmatched=0.4,
    companion=0.5,
    feature_matching=2.0,
    interpolated=0.6,
)
NETWORKS = NetworksConfig(
    generator_widths=[6, 4],
    latent_size=8,
    style_size=5,
    eyes_size=64,
    head_width=4,
    key_size=3,
    companion_width=2,
    companion_size=8,
)


def tiny_config(
    losses: LossesConfig = ALL, ema: float = 0.5, networks: NetworksConfig = NETWORKS
) -> Config:
    return Config(
        model="projected",
        image_size=16,
        networks=networks,
        losses=losses,
        training=TrainingConfig(ema=ema, epochs=10),
    )


def facts(precision: str = "float32", channels: int = 3) -> Facts:
    embedding = np.random.default_rng(5).standard_normal((20, 6)).astype(np.float32)
    return Facts(6, channels, embedding, steps_per_epoch=10, precision=precision)


def tiny_projected(
    losses: LossesConfig = ALL, ema: float = 0.5, precision: str = "float32"
) -> ProjectedGAN:
    return build(tiny_config(losses, ema), facts(precision))


def random_batch(seed: int = 0, channels: int = 3) -> Batch:
    """Eight pictures of four classes, two of a class side by side; the last two classes are one."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> tf.Tensor:
        return tf.constant(random.standard_normal(shape).astype(np.float32))

    classes = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    embeddings = normal(8, 6)
    return Batch(
        image=tf.tanh(normal(8, 16, 16, channels)),
        embedding=embeddings,
        mismatched_embedding=normal(8, 6),
        interpolated_embedding=normal(4, 6),
        latent=normal(12, 8),
        real_chance=tf.constant(random.random((8, CHANCES), np.float32)),
        fake_chance=tf.constant(random.random((12, CHANCES), np.float32)),
        embeddings=embeddings,
        own=tf.range(8),
        same=tf.constant(classes[:, None] == classes[None]),
    )
