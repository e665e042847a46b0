"""Ways between two sentences and two latents."""

import numpy as np

from t2i.painting.between import between, between_latents


def test_between_two_embeddings_is_a_line() -> None:
    first, second = np.asarray([0.0, 4.0], np.float32), np.asarray([2.0, 0.0], np.float32)
    np.testing.assert_allclose(between(first, second, 3), [[0, 4], [1, 2], [2, 0]])


def test_between_two_latents_is_an_arc_of_equal_length() -> None:
    first, second = np.asarray([1.0, 0.0], np.float32), np.asarray([0.0, 1.0], np.float32)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        between_latents(first, second, 3), [[1, 0], [half, half], [0, 1]], atol=1e-6
    )
    np.testing.assert_allclose(between_latents(first, first, 2), [[1, 0], [1, 0]])
