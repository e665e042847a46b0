"""What D looks at: moved, covered and tinted, with gradients back to the picture."""

import numpy as np
import pytest
import tensorflow as tf

from t2i.config.run import AugmentationConfig
from t2i.images.augmentation import CHANCES, augment

CENTRE = 0.5


def _images(count: int = 1) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 8, 8, 3)).astype(np.float32)


def _chance(**drawn: float) -> np.ndarray:
    names = ("brightness", "saturation", "contrast", "down", "right", "row", "column")
    return np.asarray([[drawn.get(name, CENTRE) for name in names]], np.float32)


def test_nothing_is_done_where_nothing_is_asked() -> None:
    images = tf.constant(_images())
    assert augment(images, _chance(), AugmentationConfig()) is images


@pytest.mark.parametrize(("chance", "shift"), [(0.0, -2), (0.5, 0), (0.999, 2)])
def test_moves_by_whole_pixels_and_leaves_0_behind(chance: float, shift: int) -> None:
    images, config = _images(), AugmentationConfig(translation=0.25)
    moved = augment(images, _chance(down=chance), config).numpy()
    expected = np.zeros_like(images)
    for row in range(8):
        if 0 <= row + shift < 8:
            expected[:, row] = images[:, row + shift]
    np.testing.assert_array_equal(moved, expected)
    across = augment(images.transpose(0, 2, 1, 3), _chance(right=chance), config).numpy()
    np.testing.assert_array_equal(across, expected.transpose(0, 2, 1, 3))


@pytest.mark.parametrize(("chance", "rows"), [(0.0, [0, 1]), (0.5, [2, 3, 4, 5]), (0.999, [6, 7])])
def test_covers_a_square_that_may_reach_over_the_edge(chance: float, rows: list[int]) -> None:
    images = _images()
    covered = augment(images, _chance(row=chance), AugmentationConfig(cutout=0.5)).numpy()
    expected = images.copy()
    expected[:, rows, 2:6] = 0
    np.testing.assert_array_equal(covered, expected)


def test_tints_as_the_formulas_say() -> None:
    images, drawn = _images().astype(np.float64), (0.9, 0.8, 0.1)
    tinted = augment(
        images.astype(np.float32),
        _chance(brightness=drawn[0], saturation=drawn[1], contrast=drawn[2]),
        AugmentationConfig(colour=1.0),
    ).numpy()
    bright = images + (drawn[0] - 0.5)
    grey = bright.mean(axis=3, keepdims=True)
    saturated = (bright - grey) * (2 * drawn[1]) + grey
    mean = saturated.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(tinted, (saturated - mean) * (drawn[2] + 0.5) + mean, atol=1e-6)


def test_the_middle_of_the_draw_changes_no_tint() -> None:
    images = _images()
    tinted = augment(images, _chance(), AugmentationConfig(colour=0.7)).numpy()
    np.testing.assert_allclose(tinted, images, atol=1e-6)


def test_each_picture_has_its_own_draw() -> None:
    images = np.repeat(_images(), 6, axis=0)
    chance = np.random.default_rng(1).random((6, CHANCES), np.float32)
    config = AugmentationConfig(translation=0.25, cutout=0.5, colour=1.0)
    together = augment(images, chance, config).numpy()
    assert len({picture.tobytes() for picture in together}) == 6
    alone = [augment(images[i : i + 1], chance[i : i + 1], config).numpy()[0] for i in range(6)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_gradient_goes_back_to_the_pixels_that_are_seen() -> None:
    images = tf.constant(_images())
    with tf.GradientTape() as tape:
        tape.watch(images)
        config = AugmentationConfig(translation=0.25, cutout=0.5)
        shown = augment(images, _chance(down=0.0), config)
        total = tf.reduce_sum(shown)
    gradient = tape.gradient(total, images).numpy()
    seen = np.zeros((8, 8), np.float32)
    seen[:6] = 1
    seen[0:4, 2:6] = 0
    np.testing.assert_array_equal(gradient[0], np.repeat(seen[:, :, None], 3, axis=2))
