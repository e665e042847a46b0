"""Numbers with a confidence interval, and what the metrics ask of their samples.

An interval is over the draw of the generated pictures; the reference set is taken as given.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError

# Rows of features, in memory or mapped from a file: float [n, d].
Rows = npt.NDArray[np.floating[Any]]

# Groups of the jackknife; row i is of group i % GROUPS, so neighbours fall into different ones.
GROUPS = 10
# Rows taken into memory at a time; a multiple of GROUPS.
CHUNK = 1000
# 97.5 % quantiles of the normal distribution, and of Student's t of GROUPS - 1 degrees.
_NORMAL = 1.959964
_STUDENT = 2.262157


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % confidence interval.

    Attributes:
        value: the number.
        low: lower end.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def less(self, other: "Estimate") -> "Estimate":
        """Returns this number less another one, the two taken as independent."""
        below = math.hypot(self.value - self.low, other.high - other.value)
        above = math.hypot(self.high - self.value, other.value - other.low)
        value = self.value - other.value
        return Estimate(value, value - below, value + above)

    def scaled(self, factor: float) -> "Estimate":
        """Returns the number times a positive factor known exactly."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)

    def within(self, low: float, high: float) -> "Estimate":
        """Returns the estimate with its interval cut to what the number can be."""
        return Estimate(self.value, max(self.low, low), min(self.high, high))

    @property
    def stands_out(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return self.low > 0 or self.high < 0


def of_mean(samples: npt.NDArray[Any], quantile: float = _NORMAL) -> Estimate:
    """Returns the mean of independent samples [n], n at least 2."""
    value = float(np.mean(samples))
    reach = quantile * float(np.std(samples, ddof=1)) / math.sqrt(len(samples))
    return Estimate(value, value - reach, value + reach)


def of_parts(values: Sequence[float]) -> Estimate:
    """Returns the mean of one number from each of GROUPS disjoint parts of the samples."""
    return of_mean(np.asarray(values), _STUDENT)


def jackknifed(value: float, without: Sequence[float]) -> Estimate:
    """Returns a number of all samples with an interval from leaving out each group.

    Args:
        value: of all samples.
        without: [GROUPS], of the samples less one group each.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 11.5, by groups.
    """
    scale = (len(without) - 1) / len(without)
    reach = _STUDENT * math.sqrt(scale * len(without) * float(np.var(without)))
    return Estimate(value, value - reach, value + reach)


def chunks(rows: Rows, size: int = CHUNK) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Yields (first row, rows as float64), `size` rows at a time."""
    for start in range(0, len(rows), size):
        yield start, np.asarray(rows[start : start + size], np.float64)


def require(metric: str, whose: str, rows: Rows, least: int, why: str) -> None:
    """Raises InputError when there are fewer rows than `least`, or one is not finite."""
    if len(rows) < least:
        more = "raise --count" if whose == "generated" else "choose a larger --split"
        raise InputError(
            f"{metric}: expected at least {least} {whose} pictures ({why}), got {len(rows)}; {more}"
        )
    for start, chunk in chunks(rows):
        wrong = np.flatnonzero(~np.isfinite(chunk).all(axis=1))
        if len(wrong):
            raise InputError(
                f"{metric}: expected finite numbers, got nan or infinity for {whose} picture "
                f"{start + wrong[0]}; look at the run's losses"
            )


def squared_distances(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns squared Euclidean distances [n, m]; exactly 0 between equal rows."""
    size = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    squared: npt.NDArray[np.float64] = size - 2.0 * (first @ second.T)
    # What rounding leaves between equal rows; so near, float32 can't tell others from equal.
    squared[squared < 1e-12 * size] = 0.0
    return squared
