"""Fréchet Inception distance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from t2i.evaluation.metrics.estimate import GROUPS, Estimate, Rows, chunks, jackknifed, require

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over rows [n, d], which add up over disjoint sets of rows.

    Attributes:
        count: n.
        total: sum of the rows, [d].
        outer: sum of their outer products, [d, d].
    """

    count: int
    total: Array
    outer: Array

    def less(self, part: "Moments") -> "Moments":
        """Returns the moments without those of some of the rows."""
        return Moments(self.count - part.count, self.total - part.total, self.outer - part.outer)

    @property
    def mean(self) -> Array:
        """[d]."""
        return self.total / self.count

    @property
    def covariance(self) -> Array:
        """[d, d], unbiased."""
        centred = self.outer - np.outer(self.total, self.mean)
        covariance: Array = centred / (self.count - 1)
        return covariance


def moments(features: Rows) -> list[Moments]:
    """Returns the moments of each group of the jackknife."""
    size = features.shape[1]
    counts = np.zeros(GROUPS, int)
    totals, outers = np.zeros((GROUPS, size)), np.zeros((GROUPS, size, size))
    for _, chunk in chunks(features):
        for group in range(GROUPS):
            own = chunk[group::GROUPS]
            counts[group] += len(own)
            totals[group] += own.sum(axis=0)
            outers[group] += own.T @ own
    return [Moments(int(n), t, o) for n, t, o in zip(counts, totals, outers, strict=True)]


def joined(parts: list[Moments]) -> Moments:
    """Returns the moments of all rows together."""
    return Moments(
        sum(part.count for part in parts),
        np.sum([part.total for part in parts], axis=0),
        np.sum([part.outer for part in parts], axis=0),
    )


def square_root(covariance: Array) -> Array:
    """Returns the symmetric root of a covariance."""
    variance, directions = np.linalg.eigh(covariance)
    root: Array = (directions * np.sqrt(np.maximum(variance, 0.0))) @ directions.T
    return root


def frechet_distance(first: Moments, second: Moments, root: Array | None = None) -> float:
    """Returns |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two normal distributions.

    The trace of the root is that of (R C1 R)^(1/2) with R the root of C2, which is symmetric:
    it needs no root of a matrix that rounding may have made complex.

    Args:
        first: of one set.
        second: of the other.
        root: R, when it is known.

    Source: Heusel et al. 2017, arXiv 1706.08500, equation 6.
    """
    ours, theirs = first.covariance, second.covariance
    root = square_root(theirs) if root is None else root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ ours @ root), 0.0)).sum()
    apart = ((first.mean - second.mean) ** 2).sum()
    return float(apart + np.trace(ours) + np.trace(theirs) - 2.0 * shared)


# Of the reference's directions in which `fid64` compares.
DIRECTIONS = 64


def principal(reference: Rows) -> Array:
    """Returns the directions in which the reference varies most, [d, 64 or fewer], unit length.

    `fid64` is the Fréchet distance in these alone. FID is in all directions of the features: a
    few thousand pictures leave most of the covariance of 1280 features, or 2048, to chance, and
    that chance is a large part of the distance, while 64 directions they tell well. What differs
    where real pictures hardly vary is not seen, and the number is no FID: compare it with its
    like alone.

    Args:
        reference: features [n, d].

    Raises:
        InputError: there are fewer than two pictures, or a feature is not finite.

    Source: of the distance, Heusel et al. 2017, arXiv 1706.08500; of what few pictures do to it,
        Chong & Forsyth 2020, arXiv 1911.07023. The directions are a deviation from both.
    """
    require("fid64", "reference", reference, 2, "directions")
    _, directions = np.linalg.eigh(joined(moments(reference)).covariance)
    axes: Array = directions[:, ::-1][:, : min(DIRECTIONS, len(reference) - 1)]
    return axes


def halves(reference: Rows, seed: int = 0) -> float:
    """Returns the distance of one random half of the reference from the other.

    What is the same in kind still differs by so much: the floor of what fewer pictures can tell.
    """
    order = np.random.default_rng(seed).permutation(len(reference))
    first, second = (joined(moments(reference[rows])) for rows in np.array_split(order, 2))
    return frechet_distance(first, second)


def fid(generated: Rows, reference: Rows, metric: str = "fid") -> Estimate:
    """Returns the Fréchet distance between features [n, d] and [m, d]; `metric` is its name.

    Raises:
        InputError: there are fewer pictures than d + 1, so that a covariance lacks rank, or a
            feature is not finite.
    """
    size = reference.shape[1]
    why = f"features of {size} numbers"
    require(metric, "generated", generated, max(size + 1, 2 * GROUPS), why)
    require(metric, "reference", reference, size + 1, why)
    target = joined(moments(reference))
    root = square_root(target.covariance)
    parts = moments(generated)
    whole = joined(parts)
    return jackknifed(
        frechet_distance(whole, target, root),
        [frechet_distance(whole.less(part), target, root) for part in parts],
    ).within(0, np.inf)
