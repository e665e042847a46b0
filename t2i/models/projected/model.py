"""The projected GAN: three small networks, a frozen one, and one step of training.

D's update and G's are simultaneous: both take their gradients at the same weights, from one pass
of real pictures and one of generated ones through the frozen network.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2i.compute.kernels.adam import FusedAdam
from t2i.compute.kernels.batch_norm import FusedBatchNormalization
from t2i.models.contract import Batch, Facts, Floats, Needs, Painting, Prior, Tensor, Terms
from t2i.models.projected import terms
from t2i.models.projected.config import Config
from t2i.models.projected.discriminator import (
    build_companion,
    build_heads,
    build_reader,
)
from t2i.models.projected.generator import GEOMETRY, build_generator, faster
from t2i.models.projected.view import CHANCES, close_up, view
from t2i.models.schedule import Schedule
from t2i.models.update import mean_over_replicas, move_average, norm, objective, share
from t2i.models.whitening import whitening_of
from t2i.vision.lite import build_lite, maps_of
from t2i.vision.networks import LITE_NETWORKS, STRIDES

CURVES = ("d/accuracy_real", "d/accuracy_fake", "g/adversarial", "g/contrastive", "g/variety")
# Pictures whose batch statistics averaged weights paint with.
_SETTLING = 256


class ProjectedGAN:
    """A text-conditional GAN on frozen features; a `Model` of the contract.

    Attributes:
        generator: G, {embedding, latent} -> image.
        heads: D's part that looks at maps of the frozen network.
        reader: D's part that reads sentences.
        companion: D's part that looks at pixels, or None.
        eyes: the frozen network, pictures 0..255 -> maps.
        average: G with the exponential moving average of its weights, or None.
    """

    def __init__(self, config: Config, facts: Facts) -> None:
        """Builds everything, the optimizers' state too, from the seed of the config."""
        self.config = config
        keras.utils.set_random_seed(config.seed)
        nets, whitening = config.networks, whitening_of(config.text, facts)
        # The fused kernel can't synchronise replicas.
        synchronized = partial(keras.layers.BatchNormalization, synchronized=True)
        kernels = faster(synchronized if nets.synchronized_batch_norm else FusedBatchNormalization)
        made = partial(
            build_generator,
            nets,
            facts.embedding_size,
            whitening=whitening,
            channels=facts.channels,
        )
        self.generator = made(kernels=kernels, dtype=facts.precision)
        self.eyes = maps_of(build_lite(LITE_NETWORKS[nets.eyes], nets.eyes_size))
        maps = {
            str(stride): tuple(seen.shape[1:])
            for stride, seen in zip(STRIDES, self.eyes.outputs, strict=True)
        }
        self.heads = build_heads(nets, maps, facts.precision)
        self.reader = build_reader(
            nets,
            facts.embedding_size,
            len(STRIDES) + nets.companion_reads,
            facts.precision,
            whitening,
        )
        self.companion = None
        if config.losses.companion:
            self.companion = build_companion(nets, facts.channels, facts.precision)
        self.average = None
        if config.training.ema:
            self.average = made()
            self.average.set_weights(self.generator.get_weights())
        settling = partial(made, kernels=faster(FusedBatchNormalization), momentum=0.0)
        self._settle = Settling(settling, facts, Prior(nets.latent_size), config.seed)
        self.networks: Mapping[str, keras.Model] = {
            "generator": self.generator,
            "heads": self.heads,
            "reader": self.reader,
            **({} if self.companion is None else {"companion": self.companion}),
        }
        steps = config.training.epochs * facts.steps_per_epoch
        rates = (1.0, config.optimizer.discriminator_ratio)
        self._generator_optimizer, self._discriminator_optimizer = (
            FusedAdam(
                Schedule(config.optimizer, facts.steps_per_epoch, steps, rate),
                beta_1=config.optimizer.beta_1,
                beta_2=config.optimizer.beta_2,
                epsilon=config.optimizer.epsilon,
            )
            for rate in rates
        )
        self._generator_optimizer.build(self.generator.trainable_variables)
        self._discriminator_optimizer.build(self._judging)
        self.kept: Mapping[str, Any] = {
            "generator_optimizer": self._generator_optimizer,
            "discriminator_optimizer": self._discriminator_optimizer,
            **({} if self.average is None else {"average": self.average}),
        }

    @property
    def _judging(self) -> list[Any]:
        judges = [self.heads, self.reader, *([] if self.companion is None else [self.companion])]
        return [variable for judge in judges for variable in judge.trainable_variables]

    def step(self, batch: Batch) -> Terms:
        """Updates D and G at once by one batch; returns the loss terms and what else is watched.

        A pure function of the weights and the batch. Inside a replica, the objectives are
        divided by their number: the optimizers add the gradients up.
        """
        weights = self.config.losses
        embedding, count = terms.spread(batch.embedding), batch.image.shape[0]
        if weights.interpolated:
            embedding = tf.concat([embedding, batch.interpolated_embedding], axis=0)
        latent = batch.latent[: embedding.shape[0]]
        # Two pictures' sameness shows only where both are looked at alike.
        chance = terms.spread(batch.real_chance)
        chances = tf.concat([chance, batch.fake_chance[count:]], axis=0)[: embedding.shape[0]]
        maps = self._look(batch.image, chance)
        with tf.GradientTape(persistent=True) as tape:
            fakes = self.generator({"embedding": embedding, "latent": latent}, training=True)
            real = self._verdict(maps, batch.image, chance)
            fake = self._verdict(self._look(fakes, chances), fakes, chances)
            sentences = self._sentences(batch)
            judging = terms.discriminator_terms(weights, batch, real, fake, sentences)
            painting, watched = terms.generator_terms(
                weights, batch, real, fake, sentences, mean_over_replicas
            )
            losses = objective(judging), objective(painting)
        judged = self._update(tape, losses[0], self._judging, self._discriminator_optimizer)
        painted = self.generator.trainable_variables
        drawn = self._update(tape, losses[1], painted, self._generator_optimizer)
        return {
            **judging,
            **painting,
            **watched,
            "d/accuracy_real": share(real["logit"] > 0),
            "d/accuracy_fake": share(fake["logit"] < 0),
            "d/gradient_norm": judged,
            "g/gradient_norm": drawn,
        }

    def _look(self, images: Tensor, chance: Tensor) -> dict[str, Tensor]:
        """Returns the frozen network's maps of pictures in [-1, 1], by stride."""
        nets = self.config.networks
        shown = view(images, chance, self.config.augmentation, nets.eyes_size)
        if shown.shape[3] == 1:
            shown = tf.repeat(shown, 3, axis=3)
        maps = self.eyes(127.5 * (shown + 1.0), training=False)
        return {str(stride): seen for stride, seen in zip(STRIDES, maps, strict=True)}

    def _verdict(self, maps: dict[str, Tensor], images: Tensor, chance: Tensor) -> dict[str, Any]:
        """Returns what D's heads say of maps, and its companion, where there is one, of pictures.

        All of it float32, whatever they compute in.
        """
        said: dict[str, Any] = self.heads(maps)
        said["mixed"] = [tf.cast(mixed, tf.float32) for mixed in said["mixed"]]
        if self.companion is not None:
            windows = close_up(images, chance, self.config.networks.companion_size)
            seen = self.companion(windows)
            said["pixels"] = seen["pixels"]
            if "key" in seen:
                said["key"] = tf.concat([said["key"], seen["key"]], axis=1)
        return said

    def _sentences(self, batch: Batch) -> dict[str, Tensor]:
        """Returns what D reads of the sentences that the terms ask for, [.., taps, k] each."""
        weights = self.config.losses
        wanted = {
            "own": (weights.matched, batch.embedding),
            "painted": (weights.matched or weights.unmatched, terms.spread(batch.embedding)),
            "mismatched": (weights.mismatched, batch.mismatched_embedding),
            "interpolated": (weights.interpolated, batch.interpolated_embedding),
            "all": (weights.contrastive, batch.embeddings),
        }
        return {
            name: self.reader(embedding) for name, (weight, embedding) in wanted.items() if weight
        }

    @staticmethod
    def _update(tape: Any, loss: Tensor, variables: list[Any], optimizer: Any) -> Tensor:
        """Moves the variables down their gradient; returns its norm."""
        gradients = tape.gradient(loss, variables)
        optimizer.apply(gradients, variables)
        return norm(gradients)

    def after_step(self, strategy: Any) -> None:
        """Moves the averaged generator a step towards the live one; between replicas' steps."""
        if self.average is not None:
            done = self._generator_optimizer.iterations.value
            move_average(strategy, self.average, self.generator, self.config.training.ema, done)

    def start_from(self, weights: list[Floats]) -> None:
        """Makes G, and its average, start from weights that another run painted with."""
        self.generator.set_weights(weights)
        if self.average is not None:
            self.average.set_weights(weights)

    def weights(self) -> list[Floats]:
        """Returns the weights that paint best: averaged, with batch statistics of their own.

        The average of statistics is not what averaged weights bring forth.
        """
        if self.average is None:
            weights: list[Floats] = self.generator.get_weights()
            return weights
        return self._settle(self.average.get_weights())


class Settling:
    """Measures the batch statistics of weights that no batch has gone through."""

    def __init__(
        self, build: Callable[[], keras.Model], facts: Facts, prior: Prior, seed: int
    ) -> None:
        """Chooses the sentences and latents that they are measured on: always the same.

        Args:
            build: makes G with batch statistics that are those of the last batch alone.
            facts: with the embeddings of the sentences.
            prior: of the latents.
            seed: of the run.
        """
        rows = np.random.default_rng([seed, 2]).integers(len(facts.embedding), size=_SETTLING)
        self._inputs = {
            "embedding": facts.embedding[rows],
            "latent": prior.draw(_SETTLING, [seed, 3]),
        }
        self._build = build

    @cached_property
    def _network(self) -> keras.Model:
        # Of this process alone: outside the scope of the strategy.
        return self._build()

    def __call__(self, weights: list[Floats]) -> list[Floats]:
        """Returns the weights with statistics measured anew."""
        self._network.set_weights(weights)
        self._network(self._inputs, training=True)
        settled: list[Floats] = self._network.get_weights()
        return settled


def needs(config: Config) -> Needs:
    """Returns what the model of a configuration asks of its batches."""
    return Needs(
        latent_size=config.networks.latent_size,
        captions=config.text.captions_per_embedding,
        interpolation_beta=config.losses.interpolation_beta,
        chances=CHANCES,
        group=terms.GROUP,
        vision=(config.networks.eyes,),
    )


def build(config: Config, facts: Facts) -> ProjectedGAN:
    """Returns the model of a configuration, in the scope of the strategy."""
    return ProjectedGAN(config, facts)


def build_painting(config: Config, facts: Facts) -> Painting:
    """Returns what paints: G of stock layers, its weights to be filled in."""
    network = build_generator(
        config.networks,
        facts.embedding_size,
        whitening=whitening_of(config.text, facts),
        channels=facts.channels,
    )
    return Painting(network, Prior(config.networks.latent_size, GEOMETRY))
