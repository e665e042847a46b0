"""The distance in the reference's first directions."""

import numpy as np
import pytest

from t2i.evaluation.metrics.fid import (
    DIRECTIONS,
    fid,
    frechet_distance,
    halves,
    joined,
    moments,
    principal,
)

RANDOM = np.random.default_rng(0)
REAL = RANDOM.standard_normal((400, 80)) * np.linspace(3, 0.1, 80)


def test_directions_are_those_of_the_largest_variance() -> None:
    axes = principal(REAL)
    assert axes.shape == (80, DIRECTIONS)
    centred = REAL - REAL.mean(axis=0)
    expected = np.linalg.svd(centred, full_matrices=False)[2][:DIRECTIONS].T
    np.testing.assert_allclose(np.abs((axes * expected).sum(axis=0)), 1.0, atol=1e-6)


def test_what_differs_elsewhere_is_not_seen_and_what_differs_there_is() -> None:
    axes = principal(REAL)
    last = np.linalg.svd(REAL - REAL.mean(axis=0))[2][-1]
    unseen = REAL + 5 * last
    assert fid(unseen @ axes, REAL @ axes, "fid64").value == pytest.approx(0, abs=1e-6)
    seen = REAL + 5 * axes[:, 0]
    assert fid(seen @ axes, REAL @ axes, "fid64").value == pytest.approx(25, rel=1e-6)


def test_the_floor_is_the_distance_of_two_halves() -> None:
    order = np.random.default_rng(0).permutation(len(REAL))
    first, second = (joined(moments(REAL[rows])) for rows in np.array_split(order, 2))
    assert halves(REAL) == pytest.approx(frechet_distance(first, second))
    assert 0 < halves(REAL) < REAL.var(axis=0).sum() / 2
