"""Precision and recall, density and coverage: which pictures lie where the others lie."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from t2i.evaluation.metrics.estimate import (
    CHUNK,
    GROUPS,
    Estimate,
    Rows,
    chunks,
    jackknifed,
    require,
    squared_distances,
)

Array = npt.NDArray[np.float64]

# Neighbours that make a ball. Source: 3 in Kynkäänniemi et al. 2019, 5 in Naeem et al. 2020.
PRECISION_NEIGHBOURS = 3
DENSITY_NEIGHBOURS = 5


@dataclass(frozen=True)
class Manifold:
    """How two sets of pictures cover each other.

    Attributes:
        precision: share of the generated inside a ball around a reference picture.
        recall: share of the reference inside a ball around a generated picture.
        density: reference balls that a generated picture lies in, over those expected.
        coverage: share of the reference with a generated picture in its ball.
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def manifold(generated: Rows, reference: Rows) -> Manifold:
    """Returns the four, balls reaching to the k-th nearest picture of the same set.

    Args:
        generated: features [n, d].
        reference: features [m, d].

    Raises:
        InputError: there are too few pictures for their neighbours, or a feature is not finite.

    Source: Kynkäänniemi et al. 2019, arXiv 1904.06991 (precision, recall, k = 3); Naeem et al.
        2020, arXiv 2002.09797 (density, coverage, k = 5).
    """
    why = f"{DENSITY_NEIGHBOURS} neighbours"
    require("precision, recall, density, coverage", "generated", generated, 2 * GROUPS, why)
    require(
        "precision, recall, density, coverage", "reference", reference, DENSITY_NEIGHBOURS + 1, why
    )
    near = nearest_by_group(reference, DENSITY_NEIGHBOURS).reshape(len(reference), -1)
    near.sort(axis=1)
    small, large = near[:, PRECISION_NEIGHBOURS - 1], near[:, DENSITY_NEIGHBOURS - 1]
    radii = _radii(nearest_by_group(generated, PRECISION_NEIGHBOURS))
    inside = np.zeros(len(generated), bool)
    balls = np.zeros(len(generated))
    recalled = np.zeros((len(reference), GROUPS + 1), bool)
    closest = np.full((len(reference), GROUPS), np.inf)
    for at, rows in chunks(reference):
        here = slice(at, at + len(rows))
        for beside, columns in chunks(generated):
            there = slice(beside, beside + len(columns))
            distance = squared_distances(rows, columns)
            inside[there] |= (distance <= small[here, None]).any(axis=0)
            balls[there] += (distance <= large[here, None]).sum(axis=0)
            for left_out in range(GROUPS + 1):
                recalled[here, left_out] |= (distance <= radii[there, left_out]).any(axis=1)
            for group in range(min(GROUPS, len(columns))):
                found = distance[:, group::GROUPS].min(axis=1)
                closest[here, group] = np.minimum(closest[here, group], found)
    each = np.arange(GROUPS)
    covered = [
        float((closest[:, kept].min(axis=1) <= large).mean())
        for kept in (each >= 0, *(each != group for group in each))
    ]
    recalls = recalled.mean(axis=0)
    return Manifold(
        precision=_of_groups(inside.astype(float)).within(0, 1),
        recall=jackknifed(float(recalls[GROUPS]), recalls[:GROUPS].tolist()).within(0, 1),
        density=_of_groups(balls / DENSITY_NEIGHBOURS).within(0, np.inf),
        coverage=jackknifed(covered[0], covered[1:]).within(0, 1),
    )


def nearest_by_group(rows: Rows, neighbours: int) -> Array:
    """Returns, for each row, squared distances to its nearest others in each group.

    Returns:
        [n, GROUPS, neighbours], from the least; infinity where a group has no more rows.
    """
    nearest = np.full((len(rows), GROUPS, neighbours), np.inf)
    for at, own in chunks(rows):
        found = nearest[at : at + len(own)]
        for beside, others in chunks(rows):
            distance = np.full((len(own), CHUNK), np.inf)
            distance[:, : len(others)] = squared_distances(own, others)
            if at == beside:
                np.fill_diagonal(distance, np.inf)
            grouped = distance.reshape(len(own), CHUNK // GROUPS, GROUPS).transpose(0, 2, 1)
            both = np.concatenate([found, grouped], axis=2)
            found[:] = np.partition(both, range(neighbours), axis=2)[:, :, :neighbours]
    return nearest


def _radii(nearest: Array) -> Array:
    """Returns squared radii [n, GROUPS + 1]: without each group, and, last, of all rows.

    A row has no ball, a radius below 0, where its own group is left out.
    """
    count, _, neighbours = nearest.shape
    radii = np.empty((count, GROUPS + 1))
    for left_out in range(GROUPS + 1):
        kept = nearest[:, np.arange(GROUPS) != left_out].reshape(count, -1)
        radii[:, left_out] = np.partition(kept, neighbours - 1, axis=1)[:, neighbours - 1]
    radii[np.arange(count), np.arange(count) % GROUPS] = -1.0
    return radii


def _of_groups(samples: Array) -> Estimate:
    group = np.arange(len(samples)) % GROUPS
    return jackknifed(
        float(samples.mean()), [float(samples[group != left].mean()) for left in range(GROUPS)]
    )
