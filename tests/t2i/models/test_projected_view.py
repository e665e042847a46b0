"""What D is shown of a picture: windows, resampled or as they are."""

import numpy as np
import pytest
import tensorflow as tf

from t2i.models.projected.config import ViewConfig
from t2i.models.projected.view import CHANCES, close_up, view


def test_a_window_as_large_as_the_picture_is_a_bilinear_resize() -> None:
    image = tf.random.stateless_uniform([2, 16, 16, 3], [0, 0], -1, 1)
    still = ViewConfig(translation=0, zoom=0, cutout=0, colour=0)
    chance = tf.fill([2, CHANCES], 0.5)
    for size in (16, 32, 64):
        # At the edges the window's samples lie beyond the last pixels, where there is grey.
        inner = slice(size // 16, -(size // 16))
        resized = tf.image.resize(image, (size, size))
        shown = view(image, chance, still, size)
        np.testing.assert_allclose(shown[:, inner, inner], resized[:, inner, inner], atol=1e-5)
    np.testing.assert_allclose(view(image, chance, still, 16), image, atol=1e-5)


def test_the_window_moves_and_zooms_within_its_strengths() -> None:
    ramp = tf.broadcast_to(tf.linspace(-1.0, 1.0, 64)[None, None, :, None], [1, 64, 64, 3])
    config = ViewConfig(translation=0.1, zoom=0.125, cutout=0, colour=0)

    def middle_and_slope(shift: float, zoom: float) -> tuple[float, float]:
        chance = np.full((1, CHANCES), 0.5, np.float32)
        chance[0, 4], chance[0, 7] = shift, zoom
        row = np.asarray(view(ramp, tf.constant(chance), config, 32))[0, 16, :, 0]
        return float(row[15:17].mean()), float(row[20] - row[11])

    plain = middle_and_slope(0.5, 0.5)
    assert plain[0] == pytest.approx(0.0, abs=1e-5)
    # A ramp of 2 over the side: a tenth of it is 0.2 of the values, and 64 / 63 for the ends.
    assert middle_and_slope(1.0, 0.5)[0] == pytest.approx(0.2 * 64 / 63, abs=1e-4)
    assert middle_and_slope(0.0, 0.5)[0] == pytest.approx(-0.2 * 64 / 63, abs=1e-4)
    assert middle_and_slope(0.5, 1.0)[1] == pytest.approx(1.125 * plain[1], rel=1e-4)
    assert middle_and_slope(0.5, 0.0)[1] == pytest.approx(0.875 * plain[1], rel=1e-4)


def test_a_close_up_shows_pixels_as_they_are_wherever_chance_puts_it() -> None:
    image = tf.random.stateless_uniform([3, 16, 16, 3], [0, 0], -1, 1)
    chance = np.full((3, CHANCES), 0.5, np.float32)
    # Down and right: the first corner, the last one, and one between.
    chance[:, 3:5] = [[0.0, 0.0], [0.999, 0.999], [0.35, 0.6]]
    shown = close_up(image, tf.constant(chance), 8)
    # Nine corners a side: 0.35 * 9 and 0.6 * 9, rounded down.
    for index, (down, right) in enumerate([(0, 0), (8, 8), (3, 5)]):
        expected = image[index, down : down + 8, right : right + 8]
        np.testing.assert_allclose(shown[index], expected, atol=1e-6)
