"""How much the pictures of one caption differ, and whether any is a copy."""

from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import (
    Estimate,
    Rows,
    chunks,
    of_mean,
    require,
    squared_distances,
)


def within_groups(features: Rows, group: npt.NDArray[np.integer[Any]]) -> Estimate:
    """Returns the mean pairwise distance of the pictures of a group, averaged over the groups.

    Args:
        features: [n, d].
        group: [n], the caption of each; a group of one picture is left out.

    Raises:
        InputError: fewer than two groups have two pictures, or a feature is not finite.
    """
    require("diversity", "generated", features, 4, "2 pictures of 2 captions")
    order = np.argsort(group, kind="stable")
    _, starts = np.unique(group[order], return_index=True)
    members = [rows for rows in np.split(order, starts[1:]) if len(rows) > 1]
    if len(members) < 2:
        raise InputError(
            "diversity: expected at least 2 captions with 2 pictures each, "
            f"got {len(members)}; paint more of each"
        )
    means = []
    for rows in members:
        own = np.asarray(features[np.sort(rows)], np.float64)
        distance = np.sqrt(squared_distances(own, own))
        means.append(distance.sum() / (len(own) * (len(own) - 1)))
    return of_mean(np.asarray(means))


def nearest(
    features: Rows, training: Rows
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Returns the row of the nearest training picture, [n], and the distance to it, [n].

    Args:
        features: [n, d].
        training: [m, d].

    Raises:
        InputError: a feature is not finite.
    """
    require("copying", "generated", features, 2, "a mean")
    require("copying", "training", training, 1, "neighbours")
    row = np.zeros(len(features), np.int64)
    least = np.full(len(features), np.inf)
    for at, own in chunks(features):
        here = slice(at, at + len(own))
        for beside, others in chunks(training):
            distance = squared_distances(own, others)
            found = distance.min(axis=1)
            closer = found < least[here]
            row[here] = np.where(closer, beside + distance.argmin(axis=1), row[here])
            least[here] = np.minimum(found, least[here])
    return row, np.sqrt(least)
