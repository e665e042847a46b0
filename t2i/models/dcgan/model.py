"""TextToImageGAN: both networks, their optimizers, and one step of training.

Source: Reed et al., ICML 2016, Algorithm 1, with GAN-CLS, GAN-INT and, from Salimans et al.
2016, feature matching and one-sided label smoothing. Deviations: right and mismatched texts
share one look of D at the picture (their gradients are the same); D's update and G's share one
pass of G, and so its latents; the feature-matching target is taken before D's update.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from t2i.compute.kernels.batch_norm import FusedBatchNormalization
from t2i.compute.kernels.choice import STOCK, Kernels
from t2i.compute.kernels.columns import ColumnConv2D, ColumnConv2DTranspose
from t2i.compute.kernels.pictures import ImageConv2D, ImageConv2DTranspose
from t2i.compute.strategy import on_gpu
from t2i.images.augmentation import CHANCES, augment
from t2i.models import losses
from t2i.models.average import Averaged
from t2i.models.contract import Batch, Facts, Floats, Needs, Painting, Prior, Tensor, Terms
from t2i.models.dcgan.config import Config
from t2i.models.dcgan.discriminator import build_discriminator
from t2i.models.dcgan.generator import build_generator
from t2i.models.optimizers import optimizers
from t2i.models.update import mean_over_replicas, norm, objective, share
from t2i.models.whitening import whitening_of

CURVES = ("d/accuracy_real", "d/accuracy_mismatched", "d/accuracy_fake", "g/adversarial")


class TextToImageGAN:
    """A text-conditional GAN; a `Model` of the contract.

    Attributes:
        generator: G, {embedding, latent} -> image.
        discriminator: D, {image, embedding} -> {logit, features}.
        average: G with the exponential moving average of its weights, or None.
        generator_optimizer: Adam.
        discriminator_optimizer: Adam.
    """

    def __init__(self, config: Config, facts: Facts) -> None:
        """Builds everything, the optimizers' state too, from the seed of the config."""
        self.config = config
        whitening = whitening_of(config.text, facts)
        keras.utils.set_random_seed(config.seed)
        # The fused kernel can't synchronise replicas.
        synchronized = config.networks.synchronized_batch_norm
        norm = keras.layers.BatchNormalization if synchronized else FusedBatchNormalization
        # cuDNN has kernels of its own for every convolution.
        faster = (ImageConv2D, ImageConv2DTranspose, ColumnConv2D, ColumnConv2DTranspose)
        kernels = Kernels(norm) if on_gpu() else Kernels(norm, *faster)
        sizes = (config.networks, config.image_size, facts.embedding_size)
        rest = (facts.precision, whitening, facts.channels)
        self.generator = build_generator(*sizes, kernels, *rest)
        self.discriminator = build_discriminator(*sizes, kernels, *rest)
        self.average = build_generator(*sizes, STOCK, *rest) if config.training.ema else None
        self._averaged = Averaged(self.generator, self.average, config.training.ema)
        self.generator_optimizer, self.discriminator_optimizer = optimizers(
            config,
            facts.steps_per_epoch,
            self.generator.trainable_variables,
            self.discriminator.trainable_variables,
        )
        self._trunk = self.discriminator.get_layer("trunk")
        self._head = self.discriminator.get_layer("head")
        self._uses_interpolated = bool(
            config.losses.interpolated or config.losses.interpolated_fake
        )
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.kept = {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            **self._averaged.kept,
        }

    def step(self, batch: Batch) -> Terms:
        """Updates D, then G, by one batch; returns the loss terms and what else is watched.

        A pure function of the weights and the batch. Inside a replica, the objective is
        divided by their number: the optimizers add the gradients up.
        """
        embedding = batch.embedding
        if self._uses_interpolated:
            embedding = tf.concat([embedding, batch.interpolated_embedding], axis=0)
        latent = batch.latent[: tf.shape(embedding)[0]]
        with tf.GradientTape() as tape:
            fakes = self.generator({"embedding": embedding, "latent": latent}, training=True)
        watched, target = self.update_discriminator(batch, fakes, embedding)
        with tf.GradientTape(watch_accessed_variables=False) as to_fakes:
            to_fakes.watch(fakes)
            terms = self.generator_terms(batch, fakes, embedding, target)
            loss = objective(terms)
        variables = self.generator.trainable_variables
        gradients = tape.gradient(fakes, variables, output_gradients=to_fakes.gradient(loss, fakes))
        self.generator_optimizer.apply(gradients, variables)
        return {
            **watched,
            **terms,
            "g/gradient_norm": norm(gradients),
        }

    def update_discriminator(
        self, batch: Batch, fakes: Tensor, embedding: Tensor
    ) -> tuple[Terms, Tensor]:
        """Updates D; returns what is watched, and the batch mean of its features of real images.

        Args:
            batch: the real images and their texts.
            fakes: float32 [b or b + b / 2, s, s, 3], taken as constants.
            embedding: of the fakes; the interpolated ones last.
        """
        with tf.GradientTape() as tape:
            terms, watched, target = self.discriminator_terms(
                batch, tf.stop_gradient(fakes), embedding
            )
            loss = objective(terms)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.discriminator_optimizer.apply(gradients, variables)
        return {**terms, **watched, "d/gradient_norm": norm(gradients)}, tf.stop_gradient(target)

    def discriminator_terms(
        self, batch: Batch, fakes: Tensor, embedding: Tensor
    ) -> tuple[Terms, Terms, Tensor]:
        """Returns D's weighted loss terms, its accuracies, and its mean features of real images."""
        weights = self.config.losses
        terms, watched = {}, {}
        # Each kind of pair goes through on its own: batch statistics are not mixed.
        real = augment(batch.image, batch.real_chance, self.config.augmentation)
        features = self._trunk(real, training=True)
        seen = features["seen"]
        if weights.real:
            logit = self._head({"seen": seen, "embedding": batch.embedding}, training=True)
            terms["d/real"] = weights.real * losses.discriminator(
                logit, True, weights.objective, weights.real_label
            )
            watched["d/accuracy_real"] = share(logit > 0)
        if weights.gradient_penalty:
            due = self.discriminator_optimizer.iterations % weights.gradient_penalty_every == 0
            terms["d/gradient_penalty"] = tf.cond(
                due, lambda: self._gradient_penalty(real, batch.embedding), lambda: 0.0
            )
        if weights.mismatched:
            logit = self._head(
                {"seen": seen, "embedding": batch.mismatched_embedding}, training=True
            )
            terms["d/mismatched"] = weights.mismatched * losses.discriminator(
                logit, False, weights.objective
            )
            watched["d/accuracy_mismatched"] = share(logit < 0)
        count = tf.shape(batch.image)[0]
        if weights.fake or weights.interpolated_fake:
            if not weights.interpolated_fake:
                fakes, embedding = fakes[:count], embedding[:count]
            logit = self._judge(fakes, embedding, batch)["logit"]
            if weights.fake:
                terms["d/fake"] = weights.fake * losses.discriminator(
                    logit[:count], False, weights.objective
                )
                watched["d/accuracy_fake"] = share(logit[:count] < 0)
            if weights.interpolated_fake:
                terms["d/interpolated_fake"] = weights.interpolated_fake * losses.discriminator(
                    logit[count:], False, weights.objective
                )
        return terms, watched, self._mean_features(features)

    def generator_terms(
        self, batch: Batch, fakes: Tensor, embedding: Tensor, target: Tensor
    ) -> Terms:
        """Returns G's weighted loss terms.

        Args:
            batch: the real images.
            fakes: float32 [b or b + b / 2, s, s, 3].
            embedding: of the fakes; the interpolated ones last.
            target: the batch mean of D's features of real images.
        """
        weights = self.config.losses
        terms = {}
        count = tf.shape(batch.image)[0]
        verdict = self._judge(fakes, embedding, batch)
        logit = verdict["logit"]
        if weights.adversarial:
            terms["g/adversarial"] = weights.adversarial * losses.generator(
                logit[:count], weights.objective
            )
        if weights.interpolated:
            terms["g/interpolated"] = weights.interpolated * losses.generator(
                logit[count:], weights.objective
            )
        if weights.feature_matching:
            own = {side: value[:count] for side, value in verdict["features"].items()}
            terms["g/feature_matching"] = weights.feature_matching * losses.feature_matching(
                target, self._mean_features(own)
            )
        if weights.l1:
            terms["g/l1"] = weights.l1 * losses.l1(batch.image, fakes[:count])
        return terms

    def _gradient_penalty(self, image: Tensor, embedding: Tensor) -> Tensor:
        weights = self.config.losses
        with tf.GradientTape(watch_accessed_variables=False) as to_image:
            to_image.watch(image)
            seen = self._trunk(image, training=True)["seen"]
            logit = self._head({"seen": seen, "embedding": embedding}, training=True)
        penalty = losses.gradient_penalty(to_image.gradient(logit, image))
        return weights.gradient_penalty_every * weights.gradient_penalty * penalty

    def _judge(self, fakes: Tensor, embedding: Tensor, batch: Batch) -> Any:
        chance = batch.fake_chance[: tf.shape(fakes)[0]]
        shown = augment(fakes, chance, self.config.augmentation)
        return self.discriminator({"image": shown, "embedding": embedding}, training=True)

    def _mean_features(self, features: Any) -> Tensor:
        layer = features[str(self.config.losses.feature_matching_layer)]
        return mean_over_replicas(ops.mean(ops.cast(layer, "float32"), axis=0))

    def after_step(self, strategy: Any) -> None:
        """Moves the averaged generator a step towards the live one; between replicas' steps."""
        self._averaged.move(strategy, self.generator_optimizer.iterations.value)

    def start_from(self, weights: list[Floats]) -> None:
        """Makes G, and its average, start from weights that another run painted with."""
        self._averaged.fill(weights)

    def weights(self) -> list[Floats]:
        """Returns the weights that paint best: the average's where there is one."""
        return self._averaged.weights()


def needs(config: Config) -> Needs:
    """Returns what the model of a configuration asks of its batches."""
    return Needs(
        latent_size=config.networks.latent_size,
        captions=config.text.captions_per_embedding,
        interpolation_beta=config.losses.interpolation_beta,
        chances=CHANCES,
    )


def build(config: Config, facts: Facts) -> TextToImageGAN:
    """Returns the model of a configuration, in the scope of the strategy."""
    return TextToImageGAN(config, facts)


def build_painting(config: Config, facts: Facts) -> Painting:
    """Returns what paints: G of stock layers, its weights to be filled in."""
    network = build_generator(
        config.networks,
        config.image_size,
        facts.embedding_size,
        whitening=whitening_of(config.text, facts),
        channels=facts.channels,
    )
    return Painting(network, Prior(config.networks.latent_size))
