"""The Parzen window against scipy's normal densities, summed one by one."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from t2i.errors import InputError
from t2i.evaluation.metrics.parzen import SIGMAS, log_sums, parzen


def _by_scipy(image: np.ndarray, samples: np.ndarray, sigma: float) -> float:
    densities = [stats.norm.logpdf(image, sample, sigma).sum() for sample in samples]
    return float(logsumexp(densities) - np.log(len(samples)))


def test_it_is_the_mean_of_scipys_densities() -> None:
    random = np.random.default_rng(0)
    samples = random.random((30, 7))
    held_out, test = random.random((11, 7)), random.random((13, 7))
    found = parzen(log_sums(held_out, samples), log_sums(test, samples), 30, 7)
    by_window = [np.mean([_by_scipy(x, samples, sigma) for x in held_out]) for sigma in SIGMAS]
    assert found.sigma == SIGMAS[int(np.argmax(by_window))]
    assert 0.1 < found.sigma < 1.0
    expected = np.array([_by_scipy(x, samples, found.sigma) for x in test])
    assert found.log_likelihood.value == pytest.approx(expected.mean(), rel=1e-12)
    reach = found.log_likelihood.high - found.log_likelihood.value
    assert reach == pytest.approx(1.959964 * stats.sem(expected), rel=1e-6)


def test_the_windows_are_those_of_the_protocol() -> None:
    np.testing.assert_allclose(SIGMAS, 10 ** np.linspace(-1, 0, 10))


@pytest.mark.parametrize(("count", "sampled"), [(1003, 9), (7, 2017)])
def test_more_rows_than_are_taken_at_a_time_and_parts_that_join(count: int, sampled: int) -> None:
    random = np.random.default_rng(1)
    images, samples = random.random((count, 5)), random.random((sampled, 5))
    expected = logsumexp(
        ((images[:, None] - samples) ** 2).sum(axis=2)[..., None] / (-2 * SIGMAS**2), axis=1
    )
    np.testing.assert_allclose(log_sums(images, samples), expected, rtol=1e-9)
    parts = np.logaddexp(log_sums(images, samples[:4]), log_sums(images, samples[4:]))
    np.testing.assert_allclose(parts, expected, rtol=1e-9)


def test_a_large_picture_far_from_every_sample_stays_finite() -> None:
    far = log_sums(np.ones((2, 12288)), np.zeros((3, 12288)))
    np.testing.assert_allclose(far[0], np.log(3) - 12288 / (2 * SIGMAS**2))


def test_too_few_and_nan() -> None:
    with pytest.raises(InputError) as error:
        parzen(np.zeros((2, 10)), np.zeros((1, 10)), 5, 3)
    assert str(error.value) == (
        "parzen: expected at least 2 reference pictures (a mean), got 1; choose a larger --split"
    )
    with pytest.raises(InputError, match="got nan or infinity for reference picture 0"):
        parzen(np.zeros((2, 10)), np.full((2, 10), np.nan), 5, 3)
