from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from t2i.encoders.config import ImageEncoderConfig
from t2i.encoders.image import build_image_encoder, least_bytes, resized
from t2i.errors import InputError
from t2i.vision.lite import build_lite
from t2i.vision.networks import LITE_NETWORKS


def pictures(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3)).astype(np.uint8)


def test_pictures_shrink_by_area_and_grow_smoothly():
    images = pictures(2, 8)
    blocks = images.reshape(2, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    assert np.abs(resized(images, 4) - blocks).max() <= 1.0
    assert resized(images, 16).shape == (2, 16, 16, 3)
    assert resized(images, 8) is images


def test_greys_are_seen_as_colours():
    greys = pictures(2, 8)[..., :1]
    for side in (4, 8):
        np.testing.assert_array_equal(resized(greys, side), resized(greys.repeat(3, axis=3), side))


def test_the_convolutional_encoder_learns_as_a_whole():
    images = build_image_encoder(ImageEncoderConfig(image_size=16, width=4), 6)
    assert images.frozen is None
    assert images.model is images.trained
    assert images.inputs(pictures(3, 24), crop=4).shape == (3, 20, 20, 3)
    embeddings = images.embed(pictures(3, 24))
    assert embeddings.shape == (3, 6)
    assert embeddings.dtype == np.float32


def test_more_pictures_than_a_batch_are_embedded_each_by_itself():
    images = build_image_encoder(ImageEncoderConfig(image_size=16, width=4), 6)
    many = pictures(70, 16)
    embeddings = images.embed(many)
    expected = images.model(many, training=False).numpy()
    np.testing.assert_allclose(embeddings, expected, atol=1e-5)


def test_black_and_white_are_minus_1_and_1():
    images = build_image_encoder(ImageEncoderConfig(image_size=16, width=4), 6)
    scaled = keras.Model(images.model.input, images.model.layers[1].output)
    ends = np.stack([np.zeros((16, 16, 3)), np.full((16, 16, 3), 255)]).astype(np.uint8)
    assert np.unique(scaled.predict_on_batch(ends)).tolist() == [-1.0, 1.0]


def test_frozen_features_of_a_network_on_disk(tmp_path: Path):
    keras.utils.set_random_seed(0)
    network = keras.applications.VGG16(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3)
    )
    weights = tmp_path / "vgg16.weights.h5"
    network.save_weights(weights)
    config = ImageEncoderConfig(network="VGG16", weights=str(weights), image_size=32)
    images = build_image_encoder(config, 6)
    given = pictures(3, 24)
    features = images.inputs(given)
    prepared = keras.applications.vgg16.preprocess_input(resized(given, 32).astype(np.float32))
    expected = network(prepared, training=False).numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
    assert len(images.trained.trainable_variables) == 2
    embeddings = images.embed(given)
    np.testing.assert_allclose(embeddings, images.trained(features).numpy(), atol=1e-4)

    whole = tmp_path / "image.keras"
    images.model.save(whole)
    loaded = keras.saving.load_model(whole)
    found = loaded.predict_on_batch(resized(given, 32))
    np.testing.assert_allclose(found, embeddings, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_features_are_those_of_a_picture_or_the_mean_of_its_and_its_mirror_images(flip):
    config = ImageEncoderConfig(network="efficientnet-lite0", image_size=32, flip=flip)
    network = build_lite(LITE_NETWORKS["efficientnet-lite0"], 32)
    given = pictures(3, 24)
    images = build_image_encoder(config, 6)
    found = images.inputs(given)
    ways = [resized(given, 32), resized(given, 32)[:, :, ::-1]] if flip else [resized(given, 32)]
    expected = np.mean([network.predict_on_batch(way)["features"] for way in ways], axis=0)
    assert found.shape == (3, 1280)
    # float32, summed in another order.
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    mirrored = images.inputs(given[:, :, ::-1].copy())
    assert np.allclose(mirrored, found, rtol=1e-4, atol=1e-4) == flip


def test_a_frozen_network_sees_the_middle():
    whole = ImageEncoderConfig(network="efficientnet-lite0", image_size=32)
    cut = build_image_encoder(whole.model_copy(update={"crop": 5}), 6)
    given = pictures(3, 37)
    assert cut.model.input_shape == (None, 37, 37, 3)
    expected = build_image_encoder(whole, 6).inputs(given[:, 2:34, 2:34])
    np.testing.assert_allclose(cut.inputs(given), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", ["convolutional", "efficientnet-lite0"])
def test_normalized_embeddings_have_length_1(network):
    config = ImageEncoderConfig(network=network, image_size=16, width=4, normalized=True)
    lengths = np.linalg.norm(build_image_encoder(config, 6).embed(pictures(3, 16)), axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-6)


def test_installed_weights_have_no_path():
    config = ImageEncoderConfig(network="efficientnet-lite1", weights="lite1.pth")
    with pytest.raises(InputError) as caught:
        build_image_encoder(config, 6)
    assert str(caught.value) == (
        "image.weights: expected none for efficientnet-lite1, whose weights are installed, "
        "got 'lite1.pth'; leave it out"
    )


@pytest.mark.parametrize("network", ["efficientnet-lite0", "efficientnet-lite2"])
def test_the_bytes_of_a_published_network_are_known_before_it_is_built(network):
    config = ImageEncoderConfig(network=network, image_size=32)
    images = build_image_encoder(config, 6, pretrained=False)
    assert least_bytes(config, 6) == 4 * images.model.count_params()


def test_an_unknown_network_is_refused():
    with pytest.raises(InputError) as caught:
        build_image_encoder(ImageEncoderConfig(network="Inception3"), 6)
    message = str(caught.value)
    assert message.startswith(
        "image.network: expected convolutional or one of efficientnet-lite0, efficientnet-lite1, "
        "efficientnet-lite2, ConvNeXtBase, "
    )
    assert ", InceptionV3, " in message
    assert message.endswith(", got 'Inception3'; choose one")


@pytest.mark.parametrize("weights", [None, "/nowhere/inception.h5"])
def test_missing_weights_are_refused(weights):
    with pytest.raises(InputError) as caught:
        build_image_encoder(ImageEncoderConfig(network="MobileNetV2", weights=weights), 6)
    assert str(caught.value) == (
        "image.weights: expected the weights of MobileNetV2 (without top) on disk, "
        f"got {weights!r}; download them first"
    )


def _assert_refused_as_others(weights):
    config = ImageEncoderConfig(network="MobileNetV2", weights=str(weights), image_size=32)
    with pytest.raises(InputError) as caught:
        build_image_encoder(config, 6)
    assert str(caught.value) == (
        "image.weights: expected the weights of MobileNetV2 (without top) "
        f"in {str(weights)!r}, got others; download them again"
    )


def test_weights_that_are_none_are_refused(tmp_path):
    weights = tmp_path / "junk.h5"
    weights.write_bytes(b"junk")
    _assert_refused_as_others(weights)


def test_weights_of_fewer_layers_are_refused(tmp_path):
    # Keras itself would warn, and leave the missing layers random.
    weights = tmp_path / "part.weights.h5"
    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3)
    )
    network.save_weights(weights)
    with h5py.File(weights, "r+") as file:
        del file["layers/conv2d"]
    _assert_refused_as_others(weights)
