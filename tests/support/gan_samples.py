"""A GAN small enough for a test, and random batches for it."""

import numpy as np
import tensorflow as tf

from t2i.config.run import AugmentationConfig, TrainingConfig
from t2i.images.augmentation import CHANCES
from t2i.models.contract import Batch, Facts
from t2i.models.dcgan.config import Config, LossesConfig, NetworksConfig
from t2i.models.dcgan.model import TextToImageGAN

ALL = LossesConfig(
    interpolated_fake=0.3, feature_matching=2.0, l1=3.0, real_label=0.9, feature_matching_layer=4
)


def tiny_gan(
    losses: LossesConfig = ALL,
    ema: float = 0.5,
    precision: str = "float32",
    augmentation: AugmentationConfig | None = None,
) -> TextToImageGAN:
    config = Config(
        image_size=16,
        networks=NetworksConfig(
            generator_width=4, discriminator_width=4, latent_size=5, text_size=3
        ),
        losses=losses,
        augmentation=augmentation or AugmentationConfig(),
        training=TrainingConfig(ema=ema),
    )
    return TextToImageGAN(config, Facts(6, 3, steps_per_epoch=10, precision=precision))


def random_batch(seed: int = 0) -> Batch:
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> tf.Tensor:
        return tf.constant(random.standard_normal(shape).astype(np.float32))

    return Batch(
        image=tf.tanh(normal(8, 16, 16, 3)),
        embedding=normal(8, 6),
        mismatched_embedding=normal(8, 6),
        interpolated_embedding=normal(4, 6),
        latent=normal(12, 5),
        real_chance=tf.constant(random.random((8, CHANCES), np.float32)),
        fake_chance=tf.constant(random.random((12, CHANCES), np.float32)),
        embeddings=normal(8, 6),
        own=tf.range(8),
        same=tf.eye(8, dtype=tf.bool),
    )
