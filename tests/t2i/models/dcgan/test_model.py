"""One step of training: who is updated, by what, and what is reported."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16
from gan_samples import ALL, random_batch, tiny_gan

from t2i.config.run import AugmentationConfig, OptimizerConfig
from t2i.images.augmentation import augment
from t2i.models.contract import Batch, Facts, Terms
from t2i.models.dcgan.config import Config, LossesConfig
from t2i.models.dcgan.model import TextToImageGAN, build_painting


def _fakes(gan: TextToImageGAN, batch: Batch) -> tuple[Any, Any]:
    embedding = tf.concat([batch.embedding, batch.interpolated_embedding], axis=0)
    return gan.generator({"embedding": embedding, "latent": batch.latent}), embedding


def _same(before: list[np.ndarray], after: list[np.ndarray]) -> list[bool]:
    return [bool((a == b).all()) for a, b in zip(before, after, strict=True)]


def test_updating_the_discriminator_leaves_the_generator_bit_identical() -> None:
    gan, batch = tiny_gan(), random_batch()
    fakes, embedding = _fakes(gan, batch)
    g, d = gan.generator.get_weights(), gan.discriminator.get_weights()
    gan.update_discriminator(batch, fakes, embedding)
    assert all(_same(g, gan.generator.get_weights()))
    assert not any(_same(d, gan.discriminator.get_weights()))


def test_updating_the_generator_leaves_the_discriminators_trained_weights_bit_identical() -> None:
    gan, batch = tiny_gan(), random_batch()
    kept: list[list[np.ndarray]] = []

    def watch(batch: Batch, fakes: Any, embedding: Any) -> Any:
        result = TextToImageGAN.update_discriminator(gan, batch, fakes, embedding)
        kept.append([weight.numpy().copy() for weight in gan.discriminator.trainable_weights])
        return result

    gan.update_discriminator = watch  # type: ignore[method-assign]
    g = [weight.numpy().copy() for weight in gan.generator.trainable_weights]
    gan.step(batch)
    assert all(_same(kept[0], [w.numpy() for w in gan.discriminator.trainable_weights]))
    assert not any(_same(g, [w.numpy() for w in gan.generator.trainable_weights]))


@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_batch_norm_moves_in_training_and_not_in_painting(network: str) -> None:
    gan, batch = tiny_gan(), random_batch()
    weights = getattr(gan, network).non_trainable_weights
    before = [weight.numpy().copy() for weight in weights]
    gan.generator({"embedding": batch.embedding, "latent": batch.latent[:8]}, training=False)
    gan.discriminator({"image": batch.image, "embedding": batch.embedding}, training=False)
    assert all(_same(before, [weight.numpy() for weight in weights]))
    gan.step(batch)
    assert not any(_same(before, [weight.numpy() for weight in weights]))


def test_the_logged_terms_are_what_is_optimised() -> None:
    """The gradient of their sum, by a tape of our own, is the gradient that was applied."""
    gan, batch = tiny_gan(), random_batch()
    fakes, embedding = _fakes(gan, batch)
    with tf.GradientTape() as tape:
        terms, _, _ = gan.discriminator_terms(batch, fakes, embedding)
        objective = tf.add_n(list(terms.values()))
    variables = gan.discriminator.trainable_variables
    gradients = tape.gradient(objective, variables)
    applied: list[Any] = []
    gan.discriminator_optimizer.apply = lambda gradients, _: applied.extend(gradients)
    watched, _ = gan.update_discriminator(batch, fakes, embedding)
    for expected, got in zip(gradients, applied, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
    assert {"d/real", "d/mismatched", "d/fake", "d/interpolated_fake"} == set(terms)
    for name, value in terms.items():
        assert float(watched[name]) == pytest.approx(float(value), rel=1e-5)


def test_the_generators_gradient_is_the_one_through_both_networks() -> None:
    gan, batch = tiny_gan(), random_batch()
    embedding = tf.concat([batch.embedding, batch.interpolated_embedding], axis=0)
    target = tf.random.stateless_normal((4, 4, 8), [1, 1])
    gan.update_discriminator = lambda *_: ({}, target)  # type: ignore[method-assign]
    with tf.GradientTape() as tape:
        fakes = gan.generator({"embedding": embedding, "latent": batch.latent}, training=True)
        terms = gan.generator_terms(batch, fakes, embedding, target)
        objective = tf.add_n(list(terms.values()))
    expected = tape.gradient(objective, gan.generator.trainable_variables)
    applied: list[Any] = []
    gan.generator_optimizer.apply = lambda gradients, _: applied.extend(gradients)
    watched = gan.step(batch)
    assert {"g/adversarial", "g/interpolated", "g/feature_matching", "g/l1"} == set(terms)
    for name, value in terms.items():
        assert float(watched[name]) == pytest.approx(float(value), rel=1e-4)
    for own, got in zip(expected, applied, strict=True):
        np.testing.assert_allclose(got, own, rtol=2e-3, atol=1e-5)


@pytest.fixture(scope="module")
def every_term() -> Terms:
    """What a step reports where no weight is zero."""
    return tiny_gan().step(random_batch())


@pytest.mark.parametrize(
    ("weight", "term"),
    [
        ("real", "d/real"),
        ("mismatched", "d/mismatched"),
        ("fake", "d/fake"),
        ("interpolated_fake", "d/interpolated_fake"),
        ("interpolated", "g/interpolated"),
        ("adversarial", "g/adversarial"),
        ("feature_matching", "g/feature_matching"),
        ("l1", "g/l1"),
    ],
)
def test_a_weight_of_zero_switches_its_term_off(every_term: Terms, weight: str, term: str) -> None:
    off = tiny_gan(ALL.model_copy(update={weight: 0.0})).step(random_batch())
    assert term in every_term
    assert set(every_term) - set(off) - {"d/accuracy_" + weight} == {term}


def test_a_weight_scales_its_term(every_term: Terms) -> None:
    twice = tiny_gan(ALL.model_copy(update={"real": 2.0})).step(random_batch())
    assert float(twice["d/real"]) == pytest.approx(2 * float(every_term["d/real"]), rel=1e-5)


def test_the_paper_does_not_show_interpolated_fakes_to_the_discriminator() -> None:
    gan, batch = tiny_gan(LossesConfig()), random_batch()
    fakes, embedding = _fakes(gan, batch)
    terms, _, _ = gan.discriminator_terms(batch, fakes, embedding)
    other = tf.concat([fakes[:8], tf.zeros_like(fakes[8:])], axis=0)
    without, _, _ = tiny_gan(LossesConfig()).discriminator_terms(batch, other, embedding)
    assert float(terms["d/fake"]) == float(without["d/fake"])


def test_the_shared_look_has_the_gradients_of_two_separate_ones() -> None:
    gan, batch = tiny_gan(LossesConfig(fake=0.0, interpolated=0.0)), random_batch()
    discriminator = gan.discriminator
    with tf.GradientTape() as shared:
        terms, _, _ = gan.discriminator_terms(batch, batch.image[:0], batch.embedding[:0])
        objective = tf.add_n(list(terms.values()))
    with tf.GradientTape() as separate:
        right = discriminator({"image": batch.image, "embedding": batch.embedding}, training=True)
        wrong = discriminator(
            {"image": batch.image, "embedding": batch.mismatched_embedding}, training=True
        )
        entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        plain = entropy(tf.ones((8, 1)), right["logit"]) + 0.5 * entropy(
            tf.zeros((8, 1)), wrong["logit"]
        )
    variables = discriminator.trainable_variables
    assert float(objective) == pytest.approx(float(plain), rel=1e-5)
    for one, two in zip(
        shared.gradient(objective, variables), separate.gradient(plain, variables), strict=True
    ):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=2e-6)


def test_the_discriminator_sees_only_augmented_pictures() -> None:
    """Terms with augmentation on are those of pictures augmented beforehand, real and fake."""
    how = AugmentationConfig(translation=0.25, cutout=0.5, colour=1.0)
    plain, augmenting, batch = tiny_gan(), tiny_gan(augmentation=how), random_batch()
    fakes, embedding = _fakes(plain, batch)
    beforehand = batch._replace(image=augment(batch.image, batch.real_chance, how))
    shown = augment(fakes, batch.fake_chance, how)
    d_terms, _, target = augmenting.discriminator_terms(batch, fakes, embedding)
    d_expected, _, _ = plain.discriminator_terms(beforehand, shown, embedding)
    g_terms = augmenting.generator_terms(batch, fakes, embedding, target)
    g_expected = plain.generator_terms(beforehand, shown, embedding, target)
    # L1 compares the pictures themselves.
    g_expected["g/l1"] = plain.generator_terms(batch, fakes, embedding, target)["g/l1"]
    for terms, expected in ((d_terms, d_expected), (g_terms, g_expected)):
        assert terms.keys() == expected.keys()
        for name, value in terms.items():
            assert float(value) == pytest.approx(float(expected[name]), rel=1e-5)
    unseen, _, _ = plain.discriminator_terms(batch, fakes, embedding)
    assert float(unseen["d/real"]) != pytest.approx(float(d_terms["d/real"]), rel=1e-3)


def test_the_discriminator_has_a_learning_rate_of_its_own() -> None:
    config = Config(optimizer=OptimizerConfig(discriminator_ratio=0.25, decay="none"))
    config = config.model_copy(update={"image_size": 16, "networks": tiny_gan().config.networks})
    gan = TextToImageGAN(config, Facts(6, 3, steps_per_epoch=10))
    assert float(gan.generator_optimizer.learning_rate) == pytest.approx(2e-4)
    assert float(gan.discriminator_optimizer.learning_rate) == pytest.approx(0.5e-4)


def test_accuracies_are_shares_of_right_verdicts() -> None:
    gan, batch = tiny_gan(), random_batch()
    fakes, embedding = _fakes(gan, batch)
    _, watched, _ = gan.discriminator_terms(batch, fakes, embedding)
    logit = gan.discriminator({"image": batch.image, "embedding": batch.embedding}, training=True)
    assert float(watched["d/accuracy_real"]) == float(np.mean(logit["logit"] > 0))
    assert set(watched) == {"d/accuracy_real", "d/accuracy_mismatched", "d/accuracy_fake"}


def test_the_average_follows_the_weights() -> None:
    gan, batch = tiny_gan(ema=0.9), random_batch()
    before = [weight.copy() for weight in gan.generator.get_weights()]
    gan.step(batch)
    gan.after_step(tf.distribute.get_strategy())
    # After the first step the decay is (1 + 1) / (10 + 1).
    assert gan.average is not None
    for old, new, mean in zip(
        before, gan.generator.get_weights(), gan.average.get_weights(), strict=True
    ):
        np.testing.assert_allclose(mean, old + (1 - 2 / 11) * (new - old), rtol=1e-5, atol=1e-6)
    assert _same(gan.weights(), gan.average.get_weights()) == [True] * len(before)


def test_the_exported_generator_paints_the_same() -> None:
    gan, batch = tiny_gan(ema=0.0), random_batch()
    gan.step(batch)
    inputs = {"embedding": batch.embedding, "latent": batch.latent[:8]}
    exported = build_painting(gan.config, Facts(6, 3)).network
    exported.set_weights(gan.weights())
    np.testing.assert_allclose(
        exported(inputs, training=False), gan.generator(inputs, training=False), atol=1e-5
    )
    assert all(type(layer).__module__.startswith("keras.") for layer in exported.layers)


@needs_bfloat16
def test_mixed_precision_trains() -> None:
    watched = tiny_gan(precision="mixed_bfloat16").step(random_batch())
    assert all(np.isfinite(float(value)) for value in watched.values())
