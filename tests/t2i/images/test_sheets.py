"""Sheets of pictures."""

import numpy as np

from t2i.images.sheets import captioned_grid, grid


def test_grid_places_every_picture() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1, 1, 1).repeat(3, axis=4)
    sheet = grid(pixels, padding=1)
    assert sheet.shape == (5, 7, 3)
    np.testing.assert_array_equal(sheet[1::2, 1::2, 0], [[0, 1, 2], [3, 4, 5]])
    assert (sheet[::2] == 255).all()


def test_captioned_grid_has_text_to_the_left_and_pictures_to_the_right() -> None:
    pixels = np.full((2, 3, 32, 32, 3), 7, np.uint8)
    sheet = captioned_grid(pixels, ["a red bird", "a very long sentence " * 30], scale=2)
    assert sheet.shape == (2 * 68 + 4, 260 + 3 * 68 + 4, 3)
    assert (sheet[:72, :260] < 128).any()
    assert (sheet[:, 264:328] == 7).any()
    assert (sheet[:, :250] != 7).any()
