"""Intervals, and what is asked of samples."""

import numpy as np
import pytest
from scipy import stats

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import (
    GROUPS,
    Estimate,
    jackknifed,
    of_mean,
    of_parts,
    require,
    squared_distances,
)


def test_a_mean_has_the_interval_that_scipy_gives_it() -> None:
    samples = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = of_mean(samples)
    error = stats.sem(samples)
    assert (found.low, found.high) == pytest.approx(
        stats.norm.interval(0.95, samples.mean(), error), rel=1e-6
    )


def test_few_parts_have_the_interval_of_students_t() -> None:
    parts = np.random.default_rng(1).normal(size=GROUPS)
    found = of_parts(parts.tolist())
    expected = stats.t.interval(0.95, GROUPS - 1, parts.mean(), stats.sem(parts))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-6)


def test_the_jackknife_of_a_mean_is_the_interval_of_its_parts() -> None:
    parts = np.random.default_rng(2).normal(size=(GROUPS, 30))
    without = [float(np.delete(parts, group, axis=0).mean()) for group in range(GROUPS)]
    found = jackknifed(float(parts.mean()), without)
    expected = of_parts(parts.mean(axis=1).tolist())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "stands_out"),
    [
        (Estimate(5.0, 4.0, 6.0), Estimate(1.0, 0.0, 2.0), True),
        (Estimate(5.0, 4.0, 6.0), Estimate(3.7, 2.7, 4.7), False),
        (Estimate(1.0, 0.0, 2.0), Estimate(5.0, 4.0, 6.0), True),
    ],
)
def test_a_difference_adds_the_two_uncertainties(
    first: Estimate, second: Estimate, stands_out: bool
) -> None:
    difference = first.less(second)
    assert difference.value == pytest.approx(first.value - second.value)
    assert difference.high - difference.value == pytest.approx(np.sqrt(2))
    assert difference.stands_out == stands_out


def test_equal_rows_are_at_no_distance_and_others_at_theirs() -> None:
    rows = np.random.default_rng(3).normal(50.0, 1.0, (40, 300)).astype(np.float32)
    rows = np.asarray(rows, np.float64)
    found = squared_distances(rows, rows[::-1].copy())
    expected = ((rows[:, None] - rows[::-1]) ** 2).sum(axis=2)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    assert (found[expected == 0] == 0).all()


def test_too_few_rows_and_rows_of_nan_are_told() -> None:
    rows = np.zeros((5, 2))
    with pytest.raises(InputError) as error:
        require("fid", "generated", rows, 6, "features of 5 numbers")
    assert str(error.value) == (
        "fid: expected at least 6 generated pictures (features of 5 numbers), got 5; raise --count"
    )
    rows[3, 1] = np.nan
    with pytest.raises(InputError) as error:
        require("fid", "reference", rows, 5, "")
    assert str(error.value) == (
        "fid: expected finite numbers, got nan or infinity for reference picture 3; "
        "look at the run's losses"
    )
