"""D without normalisation, and the penalty on its gradient."""

from typing import Any

import numpy as np
import pydantic
import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16

from t2i.compute.kernels.choice import STOCK
from t2i.models.contract import Batch, Facts
from t2i.models.dcgan.config import Config, LossesConfig, NetworksConfig
from t2i.models.dcgan.discriminator import build_discriminator
from t2i.models.dcgan.model import TextToImageGAN

WEIGHT, EVERY = 3.0, 2
NARROW = NetworksConfig(
    generator_width=4,
    discriminator_width=4,
    latent_size=5,
    text_size=3,
    discriminator_norm="none",
)


def _gan(weight: float = WEIGHT, precision: str = "float32") -> TextToImageGAN:
    losses = LossesConfig(
        objective="hinge", gradient_penalty=weight, gradient_penalty_every=EVERY, interpolated=0
    )
    config = Config(image_size=16, networks=NARROW, losses=losses)
    return TextToImageGAN(config, Facts(6, 3, steps_per_epoch=10, precision=precision))


def _batch() -> Batch:
    random = np.random.default_rng(0)

    def normal(*shape: int) -> tf.Tensor:
        return tf.constant(random.standard_normal(shape).astype(np.float32))

    chances = tf.zeros((8, 7))
    image, latent = tf.tanh(normal(8, 16, 16, 3)), normal(8, 5)
    embedding = normal(8, 6)
    return Batch(
        image, embedding, normal(8, 6), normal(4, 6), latent, chances, chances,
        embeddings=embedding, own=tf.range(8), same=tf.eye(8, dtype=tf.bool),
    )  # fmt: skip


def _terms(gan: TextToImageGAN, batch: Batch) -> Any:
    fakes = gan.generator({"embedding": batch.embedding, "latent": batch.latent})
    return gan.discriminator_terms(batch, fakes, batch.embedding)[0]


def test_it_is_of_each_pictures_own_gradient() -> None:
    """Differences of the logit of one picture at a time, in place of a tape over the batch."""
    gan, batch = _gan(), _batch()
    squares = []
    for image, embedding in zip(batch.image, batch.embedding, strict=True):
        moved = tf.eye(16 * 16 * 3) * 1e-2
        moved = tf.reshape(moved, (-1, 16, 16, 3))
        texts = tf.repeat(embedding[None], len(moved), axis=0)
        up, down = (
            gan.discriminator({"image": image + sign * moved, "embedding": texts})["logit"]
            for sign in (1, -1)
        )
        squares.append(float(tf.reduce_sum(tf.square((up - down) / 2e-2))))
    expected = EVERY * WEIGHT * 0.5 * np.mean(squares)
    # D is piecewise linear but for the LeakyReLUs that a step of 0.01 passes.
    assert float(_terms(gan, batch)["d/gradient_penalty"]) == pytest.approx(expected, rel=0.05)


def test_its_gradient_reaches_the_weights() -> None:
    gan, batch = _gan(), _batch()
    variables = [variable.value for variable in gan.discriminator.trainable_variables]
    with tf.GradientTape() as tape:
        before = _terms(gan, batch)["d/gradient_penalty"]
    # The last bias is a constant of the logit.
    slope = tape.gradient(before, variables, None, tf.UnconnectedGradients.ZERO)
    square = sum(float(tf.reduce_sum(tf.square(part))) for part in slope)
    step = 1e-3 * float(before) / square
    for variable, part in zip(variables, slope, strict=True):
        variable.assign_sub(step * part)
    fall = float(before) - float(_terms(gan, batch)["d/gradient_penalty"])
    assert fall == pytest.approx(1e-3 * float(before), rel=0.1)


def test_it_comes_every_few_steps() -> None:
    gan, batch = _gan(), _batch()
    step = tf.function(gan.step)
    penalties = [float(step(batch)["d/gradient_penalty"]) for _ in range(4)]
    assert [penalty > 0 for penalty in penalties] == [True, False, True, False]


def test_a_weight_of_zero_switches_it_off() -> None:
    assert set(_terms(_gan(), _batch())) - set(_terms(_gan(0.0), _batch())) == {
        "d/gradient_penalty"
    }


@needs_bfloat16
def test_mixed_precision_trains() -> None:
    watched = _gan(precision="mixed_bfloat16").step(_batch())
    assert all(np.isfinite(float(value)) for value in watched.values())


def test_nothing_is_normalised() -> None:
    """What D says of a picture does not hang on what else is in the batch."""
    model = build_discriminator(NARROW, 16, 6, STOCK)
    assert not model.non_trainable_weights
    batch = _batch()
    whole = model({"image": batch.image, "embedding": batch.embedding}, training=True)["logit"]
    first = model({"image": batch.image[:1], "embedding": batch.embedding[:1]}, training=True)
    np.testing.assert_allclose(first["logit"], whole[:1], rtol=1e-4, atol=1e-6)
    biases = [weight for weight in model.trainable_weights if weight.name == "bias"]
    assert len(biases) == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"losses": LossesConfig(gradient_penalty=1.0)},
            "losses.gradient_penalty: expected 0 where networks.discriminator_norm is batch",
        ),
        (
            {"losses": LossesConfig(objective="hinge", real_label=0.9)},
            "losses.real_label: expected 1 where losses.objective is hinge, got 0.9",
        ),
    ],
)
def test_what_does_not_go_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        Config(**changes)
