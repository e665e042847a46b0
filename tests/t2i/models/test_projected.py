"""The projected GAN: its networks, and what it says of itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from projected_samples import NETWORKS, tiny_config

from t2i.config import file as configfile
from t2i.errors import InputError
from t2i.models.catalogue import load_config
from t2i.models.projected import model as projected
from t2i.models.projected.config import GeometryConfig, NetworksConfig
from t2i.models.projected.discriminator import build_heads
from t2i.models.projected.generator import GEOMETRY, STOCK, build_generator, faster
from t2i.models.projected.view import CHANCES


def _inputs(count: int = 4, seed: int = 0) -> dict[str, tf.Tensor]:
    random = np.random.default_rng(seed)
    return {
        "embedding": tf.constant(random.standard_normal((count, 6)).astype(np.float32)),
        "latent": tf.constant(random.standard_normal((count, 8)).astype(np.float32)),
    }


@pytest.fixture(scope="module")
def generator() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_generator(NETWORKS, 6)


def test_it_paints_at_the_size_of_its_widths(generator: keras.Model) -> None:
    image = generator(_inputs(), training=False)
    assert image.shape == (4, 16, 16, 3)
    assert np.abs(image).max() <= 1.0


def test_it_is_of_stock_layers_and_loads_with_no_custom_object(
    generator: keras.Model, tmp_path: object
) -> None:
    path = f"{tmp_path}/generator.keras"
    generator.save(path)
    loaded = keras.models.load_model(path, safe_mode=True)
    np.testing.assert_array_equal(
        loaded(_inputs(), training=False), generator(_inputs(), training=False)
    )


def test_faster_kernels_paint_and_learn_alike() -> None:
    results = []
    for kernels in (STOCK, faster(projected.FusedBatchNormalization)):
        keras.utils.set_random_seed(0)
        network = build_generator(NETWORKS, 6, kernels)
        with tf.GradientTape() as tape:
            image = network(_inputs(), training=True)
            total = tf.reduce_sum(image * tf.cos(image))
        gradients = tape.gradient(total, network.trainable_variables)
        results.append([image, *gradients, *network.non_trainable_weights])
    for expected, got in zip(*results, strict=True):
        scale = max(1.0, float(tf.reduce_max(tf.abs(expected))))
        np.testing.assert_allclose(got, expected, atol=2e-4 * scale)


def test_means_of_captions_paint_as_captions_of_their_direction(generator: keras.Model) -> None:
    inputs = _inputs()
    shorter = inputs | {"embedding": 0.3 * inputs["embedding"]}
    np.testing.assert_allclose(
        generator(shorter, training=False), generator(inputs, training=False), atol=1e-5
    )


def test_a_smoothed_picture_holds_no_weave_of_two_pixels() -> None:
    network = build_generator(NETWORKS.model_copy(update={"smoothed": True}), 6)
    smoothing = keras.Model(network.get_layer("image").output, network.layers[-1].input)
    weave = np.fromfunction(lambda y, x: (-1.0) ** (y + x), (16, 16)).astype(np.float32)
    stripes = np.fromfunction(lambda _, x: (-1.0) ** x, (16, 16)).astype(np.float32)
    for pattern in (weave, stripes):
        picture = np.stack([pattern] * 3, axis=2)[None] + 0.5
        smoothed = np.asarray(smoothing(picture))
        # At the far edges there is one pixel to take the mean of.
        np.testing.assert_allclose(smoothed[:, :-2, :-2], 0.5, atol=1e-6)


def _plane(generator: keras.Model, **geometry: float) -> np.ndarray:
    """Returns where the points of the plane lie, [8, 8, 2], for geometry latents."""
    latent = np.zeros((1, 8), np.float32)
    latent[0, GEOMETRY.index("mirror")] = 1.0
    for name, value in geometry.items():
        latent[0, GEOMETRY.index(name)] = value
    places = keras.Model(generator.input, generator.get_layer("frequency").input)
    found = places({"embedding": np.ones((1, 6), np.float32), "latent": latent})
    return np.asarray(found).reshape(8, 8, 2)


def test_the_first_latents_turn_stretch_move_and_mirror_the_plane(generator: keras.Model) -> None:
    plain = _plane(generator)
    axis = np.linspace(-1, 1, 8)
    np.testing.assert_allclose(plain, np.stack(np.meshgrid(axis, axis), axis=2), atol=1e-6)
    turned = _plane(generator, turn=2.0)
    angle = np.array([[np.cos(0.6), np.sin(0.6)], [-np.sin(0.6), np.cos(0.6)]])
    np.testing.assert_allclose(turned, plain @ angle, atol=1e-5)
    np.testing.assert_allclose(_plane(generator, size=1.0), plain * np.exp(0.2), atol=1e-5)
    squeezed = plain * np.exp([0.1, -0.1])
    np.testing.assert_allclose(_plane(generator, squeeze=1.0), squeezed, atol=1e-5)
    np.testing.assert_allclose(
        _plane(generator, right=2.0), plain + np.array([0.5, 0.0]), atol=1e-5
    )
    np.testing.assert_allclose(_plane(generator, down=1.0), plain + np.array([0.0, 0.2]), atol=1e-5)
    np.testing.assert_allclose(_plane(generator, mirror=-0.1), plain * [-1, 1], atol=1e-5)


def test_geometry_is_as_strong_as_it_is_told() -> None:
    told = NETWORKS.model_copy(update={"geometry": GeometryConfig(turn=0.1, size=0, right=0.5)})
    network = build_generator(told, 6)
    plain = _plane(network)
    np.testing.assert_allclose(_plane(network, size=3.0), plain, atol=1e-6)
    np.testing.assert_allclose(_plane(network, right=1.0), plain + np.array([0.5, 0.0]), atol=1e-6)
    angle = np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])
    np.testing.assert_allclose(_plane(network, turn=2.0), plain @ angle, atol=1e-5)


def test_a_fixed_mixture_is_the_same_for_every_seed_and_not_trained() -> None:
    maps = {"4": (16, 16, 5), "8": (8, 8, 7)}
    mixtures = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        heads = build_heads(NETWORKS, maps)
        mixtures.append(
            [heads.get_layer(name).get_weights()[0] for name in ("mix4", "mix8", "add4")]
        )
    for first, second in zip(*mixtures, strict=True):
        np.testing.assert_array_equal(first, second)
    trained = {weight.path for weight in heads.trainable_weights}
    assert not any("mix" in path or "add" in path for path in trained)


def test_deeper_maps_are_mixed_into_finer_ones_alone() -> None:
    heads = build_heads(NETWORKS, {"4": (16, 16, 5), "8": (8, 8, 7)})
    random = np.random.default_rng(0)
    maps = {
        "4": random.standard_normal((1, 16, 16, 5)).astype(np.float32),
        "8": random.standard_normal((1, 8, 8, 7)).astype(np.float32),
    }
    fine, deep = heads(maps)["mixed"]
    other_fine, same_deep = heads(maps | {"4": 0 * maps["4"]})["mixed"]
    np.testing.assert_array_equal(deep, same_deep)
    added = heads.get_layer("add4").get_weights()[0][0, 0]
    expected = tf.image.resize(tf.constant(np.asarray(deep) @ added), (16, 16))
    np.testing.assert_allclose(other_fine, expected, atol=1e-5)
    assert np.abs(fine - other_fine).max() > 0.1


def test_it_says_what_it_needs() -> None:
    needs = projected.needs(tiny_config())
    assert (needs.latent_size, needs.group, needs.chances) == (8, 2, CHANCES)
    assert needs.vision == ("efficientnet-lite0",)


def test_widths_that_end_at_another_size_are_refused() -> None:
    text = "model: projected\nimage_size: 64\nnetworks: {generator_widths: [8, 8]}\n"
    with pytest.raises(InputError) as error:
        configfile.parse(text, lambda _: type(tiny_config()), "a.yaml")
    assert str(error.value) == (
        "a.yaml: networks.generator_widths: expected a width for each of 8, 16, ... 64 pixels, "
        "got 2, which end at 16"
    )


def test_windows_larger_than_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match=r"networks\.companion_size: expected at most image_size"):
        tiny_config(networks=NETWORKS.model_copy(update={"companion_size": 64}))


def test_an_unknown_model_is_answered_with_those_there_are(tmp_path: object) -> None:
    path = configfile.Path(f"{tmp_path}/a.yaml")
    path.write_text("model: diffusion\n")
    with pytest.raises(InputError) as error:
        load_config(path)
    assert str(error.value) == f"{path}: model: expected one of dcgan, projected, got 'diffusion'"


def test_the_default_sizes_are_those_of_64_pixels() -> None:
    network = build_generator(NetworksConfig(), 128)
    assert network.output_shape == (None, 64, 64, 3)
    assert 900_000 < network.count_params() < 1_200_000
