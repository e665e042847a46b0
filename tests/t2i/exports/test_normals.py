"""A seed means NumPy's numbers inside a graph too."""

import numpy as np
import pytest
import tensorflow as tf

from t2i.exports.normals import latents


@pytest.mark.parametrize("size", [1, 5, 64])
def test_seeds_draw_what_numpy_draws(size: int) -> None:
    seeds = np.array([*range(2000), 123_456_789, 2**31 - 1])
    graph = tf.function(
        lambda seed: latents(seed, size), input_signature=[tf.TensorSpec((None,), tf.int64)]
    )
    expected = [np.random.default_rng(seed).standard_normal(size, np.float32) for seed in seeds]
    np.testing.assert_allclose(graph(tf.constant(seeds)).numpy(), expected, atol=2e-6)


def test_the_far_tail_and_every_strip_are_numpys() -> None:
    found = latents(tf.constant([5], tf.int64), 50_001).numpy()[0]
    expected = np.random.default_rng(5).standard_normal(50_001, np.float32)
    assert np.abs(expected).max() > 3.66
    np.testing.assert_allclose(found, expected, atol=2e-6)
