"""The step of the projected GAN: who is moved, by what, and what is reported."""

from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from bfloat16 import needs_bfloat16
from projected_samples import (
    ALL,
    NETWORKS,
    facts,
    random_batch,
    tiny_config,
    tiny_projected,
)

from t2i.models.projected import model as projected
from t2i.models.projected.model import ProjectedGAN

D_TERMS = {
    "d/real", "d/fake", "d/matched", "d/mismatched", "d/unmatched", "d/companion", "d/contrastive",
}  # fmt: skip
G_TERMS = {
    "g/adversarial", "g/matched", "g/companion", "g/contrastive", "g/energy",
    "g/feature_matching", "g/interpolated",
}  # fmt: skip


Networks = dict[str, list[np.ndarray]]


class Stepped(NamedTuple):
    """A GAN of every term, and what two steps made of it."""

    gan: ProjectedGAN
    weights: list[Networks]
    eyes: list[list[np.ndarray]]
    watched: list[dict[str, float]]


def _weights(gan: ProjectedGAN) -> Networks:
    return {name: network.get_weights() for name, network in gan.networks.items()}


def _stepped() -> Stepped:
    gan = tiny_projected()
    found = Stepped(gan, [_weights(gan)], [gan.eyes.get_weights()], [])
    for seed in range(2):
        watched = gan.step(random_batch(seed))
        found.watched.append({name: float(value) for name, value in watched.items()})
        found.weights.append(_weights(gan))
        found.eyes.append(gan.eyes.get_weights())
    return found


def _moved(**weights: float) -> Networks:
    """Returns the weights after a step whose terms weigh otherwise."""
    gan = tiny_projected(ALL.model_copy(update=weights))
    gan.step(random_batch())
    return _weights(gan)


@pytest.fixture(scope="module")
def stepped() -> Stepped:
    return _stepped()


def test_the_companion_moves_g_and_itself_and_no_other_part_of_d(stepped: Stepped) -> None:
    plain, without = stepped.weights[1], _moved(companion=0.0)
    for name in ("heads", "reader"):
        for first, second in zip(plain[name], without[name], strict=True):
            np.testing.assert_allclose(first, second, atol=1e-6)
    pairs = zip(plain["generator"], without["generator"], strict=True)
    assert any(np.abs(first - second).max() > 1e-5 for first, second in pairs)
    assert "companion" not in without


def test_a_companion_that_reads_is_one_more_that_a_sentence_is_compared_with() -> None:
    reading = NETWORKS.model_copy(update={"companion_reads": True})
    gan = projected.build(tiny_config(networks=reading), facts())
    assert gan.companion is not None
    assert gan.reader(np.ones((1, 6), np.float32)).shape == (1, 5, 3)
    # A picture and its mirror image are other pictures to it: what it sees has places.
    picture = random_batch().image[:1, :8, :8]
    keys = [np.asarray(gan.companion(x)["key"]) for x in (picture, picture[:, :, ::-1])]
    assert np.abs(keys[0] - keys[1]).max() > 1e-3
    before = gan.companion.get_layer("key").get_weights()[0]
    gan.step(random_batch())
    assert np.abs(gan.companion.get_layer("key").get_weights()[0] - before).max() > 1e-5


def test_a_companion_that_reads_wants_a_weight() -> None:
    reading = NETWORKS.model_copy(update={"companion_reads": True})
    with pytest.raises(ValueError, match=r"networks\.companion_reads: expected false where"):
        tiny_config(ALL.model_copy(update={"companion": 0.0}), networks=reading)


def test_one_step_reports_every_term_and_moves_what_is_trained(stepped: Stepped) -> None:
    before, after, watched = stepped.weights[0], stepped.weights[1], stepped.watched[0]
    assert set(watched) >= D_TERMS | G_TERMS | {"g/variety", "d/accuracy_real"}
    assert all(np.isfinite(value) for value in watched.values())
    for name, network in stepped.gan.networks.items():
        moved = [
            not np.array_equal(old, new) for old, new in zip(before[name], after[name], strict=True)
        ]
        trained = {id(weight) for weight in network.trainable_weights}
        statistics = [id(w) for w in network.weights if "moving" in w.path]
        for changed, weight in zip(moved, network.weights, strict=True):
            # Where no verdict is beyond its hinge, what real and fake ask of a bias cancels out.
            if weight.path != "logit/bias":
                assert changed == (id(weight) in trained or id(weight) in statistics), weight.path
    for old, new in zip(stepped.eyes[0], stepped.eyes[1], strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_step_is_a_pure_function_of_weights_and_batch(stepped: Stepped) -> None:
    again = _stepped()
    assert stepped.watched == again.watched
    for name, expected in stepped.weights[2].items():
        for first, second in zip(expected, again.weights[2][name], strict=True):
            np.testing.assert_array_equal(first, second)


def test_each_side_is_moved_by_its_own_terms_alone(stepped: Stepped) -> None:
    """D's update does not change with G's weights of terms, nor G's with D's."""
    plain, other_g, other_d = stepped.weights[1], _moved(energy=3.0), _moved(mismatched=2.0)
    for name in ("heads", "reader"):
        for first, second in zip(plain[name], other_g[name], strict=True):
            np.testing.assert_array_equal(first, second)
    for first, second in zip(plain["generator"], other_d["generator"], strict=True):
        np.testing.assert_array_equal(first, second)
    assert any(
        not np.array_equal(first, second)
        for first, second in zip(plain["generator"], other_g["generator"], strict=True)
    )


def test_the_average_paints_with_statistics_of_its_own() -> None:
    gan = tiny_projected(ema=0.9)
    for seed in range(3):
        gan.step(random_batch(seed))
        gan.after_step(tf.distribute.get_strategy())
    weights = gan.weights()
    painting = projected.build_painting(gan.config, facts()).network
    painting.set_weights(weights)
    assert gan.average is not None
    for weight, kept, mean in zip(
        painting.weights, weights, gan.average.get_weights(), strict=True
    ):
        # What is trained is the average itself; only running statistics are measured anew.
        assert np.array_equal(kept, mean) == ("moving" not in weight.path), weight.path
    inputs = gan._settle._inputs
    # On the very sentences they were measured on, training and painting normalise alike.
    np.testing.assert_allclose(
        painting(inputs, training=False), painting(inputs, training=True), atol=2e-3
    )
    np.testing.assert_array_equal(weights[0], gan.weights()[0])


@needs_bfloat16
def test_mixed_precision_trains() -> None:
    watched = tiny_projected(precision="mixed_bfloat16").step(random_batch())
    assert all(np.isfinite(float(value)) for value in watched.values())


def test_greys_are_looked_at_as_colours() -> None:
    gan = projected.build(tiny_config(), facts(channels=1))
    watched = gan.step(random_batch(channels=1))
    assert all(np.isfinite(float(value)) for value in watched.values())


def test_no_activation_invites_a_fusion_that_the_gradient_breaks() -> None:
    """TensorFlow's remapper fails on LeakyRelu behind a convolution with a bias, on stderr."""
    graph = tf.function(tiny_projected().step).get_concrete_function(random_batch()).graph
    leaky = [op for op in graph.get_operations() if op.type == "LeakyRelu"]
    assert leaky
    behind = [op.inputs[0].op for op in leaky if op.inputs[0].op.type == "BiasAdd"]
    assert not [bias.name for bias in behind if bias.inputs[0].op.type == "Conv2D"]
