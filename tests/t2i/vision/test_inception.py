"""The FID Inception: its shape, its quirks, and its way out of a PyTorch file.

That its features are those of `pytorch-fid` is shown by `benchmarks/fid_parity.py`.
"""

from pathlib import Path

import keras
import numpy as np
import pytest
from torch_samples import write_zip

from t2i.errors import InputError
from t2i.vision import inception
from t2i.vision.inception import (
    build_inception,
    import_inception,
    is_inception,
    load_inception,
)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build_inception()


def _by_hand(image: np.ndarray, size: int) -> np.ndarray:
    """Bilinear between pixel centres, with no smoothing: a pixel at a time."""

    def place(index: int, side: int) -> tuple[int, int, float]:
        at = min(max((index + 0.5) * side / size - 0.5, 0.0), side - 1.0)
        low = int(at)
        return low, min(low + 1, side - 1), at - low

    out = np.empty((size, size, 3))
    for y in range(size):
        top, bottom, down = place(y, image.shape[0])
        for x in range(size):
            left, right, across = place(x, image.shape[1])
            above = image[top, left] * (1 - across) + image[top, right] * across
            below = image[bottom, left] * (1 - across) + image[bottom, right] * across
            out[y, x] = above * (1 - down) + below * down
    return out


def test_it_has_the_published_size(network: keras.Model) -> None:
    convolutions = [each for each in network.layers if isinstance(each, keras.layers.Conv2D)]
    assert len(convolutions) == 94
    # torchvision's 23,834,568 with 1,000 classes and their biases; here 1,008 without.
    trained = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert trained == 23_834_568 - 1000 * 2049 + 1008 * 2048
    assert network.output["features"].shape == (None, 2048)
    assert network.output["logits"].shape == (None, 1008)


@pytest.mark.parametrize("side", [5, 400])
def test_pictures_are_resized_between_centres_and_scaled(network: keras.Model, side: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.float32)
    scaled = keras.Model(network.input, network.layers[2].output)
    found = np.asarray(scaled(image[None]))[0]
    np.testing.assert_allclose(found, _by_hand(image, 299) / 127.5 - 1, atol=2e-4)


def test_averages_leave_padding_out() -> None:
    ones = np.ones((1, 5, 5, 2), np.float32)
    np.testing.assert_allclose(np.asarray(inception._average(ones)), 1.0)


def test_only_the_last_block_takes_the_largest(network: keras.Model) -> None:
    pools = [
        type(layer).__name__
        for layer in network.layers
        if "Pooling2D" in type(layer).__name__ and "Global" not in type(layer).__name__
    ]
    most, mean = "MaxPooling2D", "AveragePooling2D"
    assert pools == [most, most, *[mean] * 3, most, *[mean] * 4, most, mean, most]


def _small() -> keras.Model:
    """A stem, a block and the classes, each much narrower."""
    pictures = keras.Input((None, None, 3))
    x = inception._convolution(pictures, "Conv2d_1a_3x3", 4, 3, stride=2)
    x = inception._chain(x, "Mixed_6b", ("branch7x7_1", 5, 1), ("branch7x7_2", 6, (1, 7)))
    features = keras.layers.GlobalAveragePooling2D()(x)
    logits = keras.layers.Dense(7, use_bias=False, name="fc")(features)
    return keras.Model(pictures, {"features": features, "logits": logits}, name="inception")


def test_a_checkpoint_becomes_a_file_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "build_inception", _small)
    random = np.random.default_rng(1)
    shapes = {"Conv2d_1a_3x3": (4, 3, 3, 3), "Mixed_6b.branch7x7_1": (5, 4, 1, 1),
              "Mixed_6b.branch7x7_2": (6, 5, 1, 7)}  # fmt: skip
    tensors = {"fc.weight": random.random((7, 6), np.float32), "fc.bias": np.ones(7, np.float32)}
    for name, shape in shapes.items():
        tensors[f"{name}.conv.weight"] = random.random(shape, np.float32)
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{name}.bn.{part}"] = random.random(shape[0], np.float32)
    source, out = write_zip(tmp_path / "a.pth", tensors), tmp_path / "inception.keras"
    assert import_inception(source, out) is False  # other weights than the published
    assert is_inception(out)
    loaded = load_inception(out)
    assert not loaded.published

    def weights(name: str) -> list[np.ndarray]:
        return loaded.model.get_layer(name).get_weights()

    (kernel,) = weights("Mixed_6b.branch7x7_2.conv")
    assert kernel.shape == (1, 7, 5, 6)
    assert kernel[0, 4, 2, 3] == tensors["Mixed_6b.branch7x7_2.conv.weight"][3, 2, 0, 4]
    for part, found in zip(
        ("weight", "bias", "running_mean", "running_var"), weights("Conv2d_1a_3x3.bn"), strict=True
    ):
        np.testing.assert_array_equal(found, tensors[f"Conv2d_1a_3x3.bn.{part}"])
    np.testing.assert_array_equal(weights("fc")[0], tensors["fc.weight"].T)


def test_another_networks_checkpoint_is_refused(tmp_path: Path) -> None:
    source = write_zip(tmp_path / "a.pth", {"conv1.weight": np.zeros((3, 3), np.float32)})
    with pytest.raises(InputError) as error:
        import_inception(source, tmp_path / "out.keras")
    assert str(error.value) == (
        f"{source}: expected the FID Inception of pytorch-fid, with (3, 3, 3, 32) finite numbers "
        "in Conv2d_1a_3x3.conv.weight, got (0,); download it again"
    )
    assert not (tmp_path / "out.keras").exists()


def test_other_files_are_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    path.write_bytes(b"junk")
    assert not is_inception(path)
    with pytest.raises(InputError) as error:
        load_inception(path)
    assert str(error.value) == (
        f"{path}: expected a file of `t2i import-inception`, got another; make it again"
    )
