"""FID against closed forms, scipy's matrix root, and a plain jackknife."""

import numpy as np
import pytest
from scipy import linalg

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import GROUPS
from t2i.evaluation.metrics.fid import fid, frechet_distance, joined, moments


def _features(seed: int, count: int, size: int = 6) -> np.ndarray:
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(count, size)) @ random.normal(size=(size, size))
    return (mixed + random.normal(size=size)).astype(np.float32)


def _by_scipy(first: np.ndarray, second: np.ndarray) -> float:
    c1, c2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = linalg.sqrtm(c1 @ c2).real
    apart = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum()
    return float(apart + np.trace(c1 + c2 - 2 * root))


# More rows than are taken into memory at a time, and no multiple of the groups.
@pytest.mark.parametrize("count", [57, 2345])
def test_it_is_the_distance_that_scipy_computes(count: int) -> None:
    generated = _features(0, count).astype(np.float64)
    reference = _features(1, 1100).astype(np.float64)
    assert fid(generated, reference).value == pytest.approx(
        _by_scipy(generated, reference), rel=1e-9
    )


def test_normal_distributions_of_known_moments() -> None:
    # Rows with exactly mean 0 and covariance 1: a whitened sample.
    rows = _features(2, 500).astype(np.float64)
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False))).T
    scale, shift = np.array([1, 2, 3, 4, 5, 6.0]), np.array([0, 1, 0, -1, 0, 2.0])
    # |shift|^2 + sum (s - 1)^2, for diagonal covariances.
    assert fid(rows * scale + shift, rows).value == pytest.approx(6.0 + 55.0)


def test_the_same_features_are_at_no_distance() -> None:
    rows = _features(3, 200)
    assert fid(rows, rows).value == pytest.approx(0.0, abs=1e-9)


def test_the_interval_is_that_of_leaving_groups_out() -> None:
    generated, reference = _features(4, 205), _features(5, 300)
    group = np.arange(205) % GROUPS
    left = [_by_scipy(generated[group != each], reference) for each in range(GROUPS)]
    reach = 2.262157 * np.sqrt(0.9 * np.sum((left - np.mean(left)) ** 2))
    found = fid(generated, reference)
    assert found.high - found.value == pytest.approx(reach, rel=1e-4)
    assert found.low == pytest.approx(max(0.0, found.value - reach), rel=1e-4)


def test_a_constant_picture_leaves_the_spread_of_the_reference() -> None:
    reference = _features(6, 300).astype(np.float64)
    constant = np.tile(reference.mean(axis=0), (40, 1))
    assert fid(constant, reference).value == pytest.approx(
        np.trace(np.cov(reference, rowvar=False))
    )


@pytest.mark.parametrize(
    ("generated", "reference", "message"),
    [
        (
            32,
            100,
            "fid: expected at least 33 generated pictures (features of 32 numbers), got 32; "
            "raise --count",
        ),
        (
            100,
            32,
            "fid: expected at least 33 reference pictures (features of 32 numbers), got 32; "
            "choose a larger --split",
        ),
    ],
)
def test_too_few_pictures_for_the_features(generated: int, reference: int, message: str) -> None:
    with pytest.raises(InputError) as error:
        fid(_features(7, generated, 32), _features(8, reference, 32))
    assert str(error.value) == message


def test_nan_is_told() -> None:
    rows = _features(9, 50)
    rows[7, 2] = np.nan
    with pytest.raises(InputError, match="got nan or infinity for generated picture 7"):
        fid(rows, _features(9, 50))


def test_moments_of_parts_add_up() -> None:
    rows = _features(10, 333).astype(np.float64)
    parts = moments(rows)
    whole = joined(parts)
    np.testing.assert_allclose(whole.covariance, np.cov(rows, rowvar=False), rtol=1e-10)
    rest = whole.less(parts[4])
    kept = rows[np.arange(333) % GROUPS != 4]
    np.testing.assert_allclose(rest.mean, kept.mean(axis=0))
    np.testing.assert_allclose(rest.covariance, np.cov(kept, rowvar=False), rtol=1e-10)
    assert frechet_distance(whole, whole) == pytest.approx(0.0, abs=1e-9)
