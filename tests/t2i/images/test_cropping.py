"""Windows against numpy's slices."""

import numpy as np
import pytest

from t2i.images.cropping import crop


@pytest.mark.parametrize("channels", [1, 3])
def test_windows_are_slices_mirrored_where_asked(channels: int) -> None:
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (4, 9, 9, channels)).astype(np.uint8)
    rows = np.array([3, 0, 3, 2], np.int32)
    corner = np.array([[0, 0], [3, 1], [2, 3], [1, 2]], np.int32)
    flip = np.array([False, True, True, False])
    windows = crop(image, rows, corner, flip, 6).numpy()
    assert windows.dtype == np.uint8
    assert windows.shape == (4, 6, 6, channels)
    for window, row, (top, left), mirrored in zip(windows, rows, corner, flip, strict=True):
        expected = image[row, top : top + 6, left : left + 6]
        np.testing.assert_array_equal(window, expected[:, ::-1] if mirrored else expected)


def test_one_corner_serves_all() -> None:
    image = np.arange(2 * 5 * 5 * 3).reshape(2, 5, 5, 3)
    windows = crop(image, np.array([1, 0]), np.array([[2, 1]]), np.array([False, False]), 3)
    np.testing.assert_array_equal(windows, image[::-1, 2:5, 1:4])
