"""The smallest model that the contract allows: a linear generator, drawn towards real pictures."""

from typing import Any, Literal

import keras
import tensorflow as tf

from t2i.config.run import OptimizerConfig, TextConfig, TrainingConfig
from t2i.config.section import Section
from t2i.models.contract import Batch, Facts, Floats, Needs, Painting, Prior, Terms

CURVES = ("g/squared",)
_LATENT = 3


class Config(Section):
    """A run of `model: linear`."""

    seed: int = 0
    model: Literal["linear"]
    image_size: int = 8
    text: TextConfig = TextConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()


class Linear:
    """Pictures that are linear in embedding and latent."""

    def __init__(self, config: Config, facts: Facts) -> None:
        keras.utils.set_random_seed(config.seed)
        self.network = build_painting(config, facts).network
        self.networks = {"generator": self.network}
        self._optimizer = keras.optimizers.Adam(config.optimizer.learning_rate)
        self._optimizer.build(self.network.trainable_variables)
        self.kept = {"optimizer": self._optimizer}

    def step(self, batch: Batch) -> Terms:
        with tf.GradientTape() as tape:
            latent = batch.latent[: batch.image.shape[0]]
            painted = self.network({"embedding": batch.embedding, "latent": latent})
            squared = tf.reduce_mean((painted - batch.image) ** 2)
        gradients = tape.gradient(squared, self.network.trainable_variables)
        self._optimizer.apply(gradients, self.network.trainable_variables)
        return {"g/squared": squared}

    def after_step(self, strategy: Any) -> None:
        pass

    def weights(self) -> list[Floats]:
        return self.network.get_weights()

    def start_from(self, weights: list[Floats]) -> None:
        self.network.set_weights(weights)


def needs(config: Config) -> Needs:
    return Needs(
        latent_size=_LATENT,
        captions=config.text.captions_per_embedding,
        interpolation_beta=0.5,
        chances=1,
        group=1,
        vision=(),
    )


def build(config: Config, facts: Facts) -> Linear:
    return Linear(config, facts)


def build_painting(config: Config, facts: Facts) -> Painting:
    size = config.image_size
    embedding = keras.Input((facts.embedding_size,), name="embedding")
    latent = keras.Input((_LATENT,), name="latent")
    x = keras.layers.Concatenate()([embedding, latent])
    x = keras.layers.Dense(size * size * facts.channels)(x)
    image = keras.layers.Activation("tanh")(keras.layers.Reshape((size, size, facts.channels))(x))
    return Painting(keras.Model({"embedding": embedding, "latent": latent}, image), Prior(_LATENT))
