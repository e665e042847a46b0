"""Sizes, ranges and the published numbers of parameters."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from bfloat16 import needs_bfloat16

from t2i.models.dcgan.config import NetworksConfig
from t2i.models.dcgan.discriminator import build_discriminator
from t2i.models.dcgan.generator import build_generator
from t2i.models.whitening import Whitening, whitened

TINY = NetworksConfig(generator_width=4, discriminator_width=4, latent_size=5, text_size=3)


def _trained(model: Any) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def test_parameters_of_the_published_recipe() -> None:
    recipe = NetworksConfig(generator_width=128, discriminator_width=64)
    generator = build_generator(recipe, 64, 1024)
    discriminator = build_discriminator(recipe, 64, 1024)
    assert _trained(generator) == 18_905_472  # published: 18.9 M
    assert _trained(discriminator) == 4_030_080  # published: 4.03 M


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128, 256])
def test_every_size_has_its_pair_of_networks(size: int) -> None:
    generator = build_generator(TINY, size, 6)
    discriminator = build_discriminator(TINY, size, 6)
    embedding = np.ones((2, 6), np.float32)
    image = np.asarray(generator({"embedding": embedding, "latent": np.ones((2, 5), np.float32)}))
    verdict = discriminator({"image": image, "embedding": embedding})
    assert image.shape == (2, size, size, 3)
    assert float(np.abs(image).max()) <= 1.0
    assert verdict["logit"].shape == (2, 1)
    sides = [1 << power for power in range(2, size.bit_length() - 1)]
    assert sorted(map(int, verdict["features"])) == sides
    for side in sides:
        assert verdict["features"][str(side)].shape[1:3] == (side, side)


def test_pictures_in_greys_have_one_channel() -> None:
    generator = build_generator(TINY, 16, 6, channels=1)
    discriminator = build_discriminator(TINY, 16, 6, channels=1)
    assert generator.output.shape == (None, 16, 16, 1)
    assert discriminator.input["image"].shape == (None, 16, 16, 1)


def test_the_text_scales_and_shifts_channels() -> None:
    generator = build_generator(TINY.model_copy(update={"text_modulation": True}), 32, 6)
    inputs = {"embedding": np.ones((1, 6), np.float32), "latent": np.ones((1, 5), np.float32)}
    maps = [layer for layer in generator.layers if layer.name.startswith("modulation")]
    assert {layer.name for layer in maps} == {
        f"modulation{side}_{kind}" for side in (8, 16) for kind in ("scale", "shift")
    }
    before = np.asarray(generator(inputs))
    text = np.asarray(generator.get_layer("text")(inputs["embedding"]))
    scale, shift = (generator.get_layer(f"modulation16_{kind}") for kind in ("scale", "shift"))
    kernel = np.random.default_rng(0).normal(0, 50, scale.kernel.shape).astype(np.float32)
    # Channels times 0, by a map that says so of this text alone, plus 1.
    scale.set_weights([kernel, -(text @ kernel)[0]])
    shift.set_weights([np.zeros_like(kernel), np.ones(4)])
    inside = np.asarray(generator.get_layer("image")(np.ones((1, 16, 16, 4), np.float32)))
    np.testing.assert_allclose(generator(inputs), np.tanh(inside), atol=1e-5)
    assert np.abs(before - np.tanh(inside)).max() > 1e-4
    other = np.asarray(generator({**inputs, "embedding": -inputs["embedding"]}))
    assert np.abs(other - np.tanh(inside)).max() > 1e-4


def test_the_discriminator_hears_the_text() -> None:
    discriminator = build_discriminator(TINY, 16, 6)
    image = np.zeros((1, 16, 16, 3), np.float32)
    first, second = (
        np.asarray(discriminator({"image": image, "embedding": embedding})["logit"])
        for embedding in (np.zeros((1, 6), np.float32), np.ones((1, 6), np.float32))
    )
    assert np.abs(first - second).max() > 1e-7


def test_the_picture_depends_on_text_and_latent() -> None:
    generator = build_generator(TINY, 16, 6)
    zeros, ones = np.zeros((1, 6), np.float32), np.ones((1, 6), np.float32)
    latent = np.ones((1, 5), np.float32)
    first = np.asarray(generator({"embedding": zeros, "latent": latent}))
    assert np.abs(first - generator({"embedding": ones, "latent": latent})).max() > 1e-6
    assert np.abs(first - generator({"embedding": zeros, "latent": -latent})).max() > 1e-6


def test_whitening_is_applied_and_not_trained() -> None:
    kernel = np.arange(12, dtype=np.float32).reshape(6, 2)
    bias = np.asarray([1.0, -1.0], np.float32)
    generator = build_generator(TINY, 8, 6, whitening=Whitening(kernel, bias))
    layer = generator.get_layer("whitening")
    np.testing.assert_array_equal(layer(np.eye(6, dtype=np.float32)), kernel + bias)
    assert not layer.trainable_weights


def test_whitened_components_are_bounded() -> None:
    embedding = keras.Input((3,))
    kernel = np.eye(3, dtype=np.float32)[:, :2]
    bias, bound = np.asarray([1, 0], np.float32), np.asarray([2, 0.5], np.float32)
    model = keras.Model(embedding, whitened(embedding, Whitening(kernel, bias, bound)))
    rows = np.asarray([[-9, -9, 0], [0.5, 0.25, 7], [-3, -0.5, 7], [9, 9, 7]], np.float32)
    expected = np.clip(rows @ kernel + bias, -bound, bound)
    np.testing.assert_allclose(model(rows), expected, atol=1e-6)
    assert expected.tolist() == [[-2, -0.5], [1.5, 0.25], [-2, -0.5], [2, 0.5]]
    assert not model.trainable_weights


def test_weights_start_as_published() -> None:
    generator = build_generator(NetworksConfig(generator_width=32), 32, 64)
    kernels = np.concatenate(
        [w.numpy().ravel() for w in generator.trainable_weights if w.name == "kernel"]
    )
    gammas = np.concatenate(
        [w.numpy().ravel() for w in generator.trainable_weights if w.name == "gamma"]
    )
    assert kernels.mean() == pytest.approx(0.0, abs=1e-3)
    assert kernels.std() == pytest.approx(0.02, rel=0.02)
    assert gammas.mean() == pytest.approx(1.0, abs=0.01)
    assert gammas.std() == pytest.approx(0.02, rel=0.2)


def test_stock_layers_only_so_that_stock_keras_loads_them(tmp_path: Path) -> None:
    generator = build_generator(TINY, 8, 6)
    inputs = {"embedding": np.ones((1, 6), np.float32), "latent": np.ones((1, 5), np.float32)}
    generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(inputs), generator(inputs))


@needs_bfloat16
def test_the_policy_of_the_caller_is_left_alone() -> None:
    before = keras.config.dtype_policy().name
    generator = build_generator(TINY, 8, 6, dtype="mixed_bfloat16")
    assert keras.config.dtype_policy().name == before
    assert generator.get_layer("image").compute_dtype == "bfloat16"
    assert generator.output.dtype == "float32"
    assert all(weight.dtype == "float32" for weight in generator.weights)


def test_picture_and_text_meet_in_one_convolution() -> None:
    """The sum of the two 1x1 convolutions is the one over their channels side by side."""
    discriminator = build_discriminator(TINY, 16, 6)
    trunk, head = discriminator.get_layer("trunk"), discriminator.get_layer("head")
    side_by_side = np.concatenate(
        [trunk.get_layer("joint").get_weights()[0], head.get_layer("joint_text").get_weights()[0]],
        axis=2,
    )
    random = np.random.default_rng(0)
    image = random.standard_normal((2, 16, 16, 3)).astype(np.float32)
    features = trunk(image)
    text = random.standard_normal((2, 1, 1, 3)).astype(np.float32)
    both = np.concatenate([features["4"], np.broadcast_to(text, (2, 4, 4, 3))], axis=3)
    summed = features["seen"] + head.get_layer("joint_text")(text)
    np.testing.assert_allclose(summed, both @ side_by_side[0, 0], atol=1e-6)
