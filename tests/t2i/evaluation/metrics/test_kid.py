"""KID against the sum over pairs written out."""

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import GROUPS
from t2i.evaluation.metrics.kid import kid


def _by_pairs(x: np.ndarray, y: np.ndarray) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    xx = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)


def _features(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1.0, (count, 5))


def test_it_is_the_sum_over_pairs_and_its_jackknife() -> None:
    x, y = _features(0, 43), _features(1, 31, 0.5)
    found = kid(x, y)
    assert found.value == pytest.approx(_by_pairs(x, y), rel=1e-10)
    group = np.arange(43) % GROUPS
    left = np.array([_by_pairs(x[group != each], y) for each in range(GROUPS)])
    reach = 2.262157 * np.sqrt(0.9 * ((left - left.mean()) ** 2).sum())
    assert found.high - found.value == pytest.approx(reach, rel=1e-6)


def test_more_rows_than_are_taken_at_a_time() -> None:
    x, y = _features(2, 1213), _features(3, 1007, 0.2)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / 5 + 1) ** 3

    n, m = len(x), len(y)
    xx = (kernel(x, x).sum() - np.trace(kernel(x, x))) / (n * (n - 1))
    yy = (kernel(y, y).sum() - np.trace(kernel(y, y))) / (m * (m - 1))
    assert kid(x, y).value == pytest.approx(xx + yy - 2 * kernel(x, y).mean(), rel=1e-9)


def test_it_is_unbiased_where_nothing_differs() -> None:
    found = [kid(_features(10 + i, 40), _features(50 + i, 40)) for i in range(30)]
    values = np.array([each.value for each in found])
    assert abs(values.mean()) < 3 * values.std(ddof=1) / np.sqrt(30)
    assert (values < 0).any()


def test_constant_pictures_are_as_far_as_their_kernels() -> None:
    x, y = np.ones((20, 4)), np.zeros((20, 4))
    # 2^3 between the ones, 1 between the noughts and across.
    found = kid(x, y)
    assert (found.value, found.low, found.high) == pytest.approx((7.0, 7.0, 7.0))


def test_too_few_and_nan() -> None:
    with pytest.raises(InputError) as error:
        kid(_features(0, 19), _features(1, 30))
    assert str(error.value) == (
        "kid: expected at least 20 generated pictures (2 a group of the jackknife), got 19; "
        "raise --count"
    )
    spoiled = _features(0, 30)
    spoiled[29, 4] = np.inf
    with pytest.raises(InputError, match="got nan or infinity for reference picture 29"):
        kid(_features(1, 30), spoiled)
