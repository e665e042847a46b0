"""Whether the pictures of one sentence differ as much as real pictures of one class do."""

from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import Estimate, Rows, of_mean, require


def variety(
    generated: Rows,
    caption: npt.NDArray[np.integer[Any]],
    real: Rows,
    class_id: npt.NDArray[np.integer[Any]],
    centred: bool = False,
) -> Estimate:
    """Returns the spread of pictures of one caption over that of real pictures of one class.

    1 is as varied as real pictures are; 0 is one picture however often one asks. A class holds
    more than a caption says, so that 1 is not wanted to the last hundredth.

    Args:
        generated: features [n, d].
        caption: [n], of each.
        real: features [m, d].
        class_id: [m], of each.
        centred: take the real pictures' mean off first, where features are mostly what all
            pictures share, as a layout is.

    Raises:
        InputError: fewer than two captions, or classes, have two pictures, or a feature is not
            finite.
    """
    require("variety", "generated", generated, 4, "2 pictures of 2 captions")
    require("variety", "reference", real, 4, "2 pictures of 2 classes")
    centre = np.asarray(real, np.float64).mean(axis=0) if centred else 0.0
    of_real = spread(real, class_id, centre)
    if not of_real.mean() > 0:
        raise InputError(
            "variety: expected real pictures of a class that differ, got the same ones; "
            "choose another --split"
        )
    return of_mean(spread(generated, caption, centre)).scaled(1 / float(of_real.mean()))


def spread(
    features: Rows, group: npt.NDArray[np.integer[Any]], centre: Any = 0.0
) -> npt.NDArray[np.float64]:
    """Returns the mean cosine distance between two members, of each group that has two.

    Args:
        features: [n, d].
        group: [n].
        centre: [d], taken off first.

    Raises:
        InputError: fewer than two groups have two members.
    """
    order = np.argsort(group, kind="stable")
    _, starts = np.unique(group[order], return_index=True)
    members = [rows for rows in np.split(order, starts[1:]) if len(rows) > 1]
    if len(members) < 2:
        raise InputError(
            f"variety: expected at least 2 captions with 2 pictures each, got {len(members)}; "
            "paint more of each"
        )
    spreads = []
    for rows in members:
        own = np.asarray(features[np.sort(rows)], np.float64) - centre
        own /= np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-12)
        # The sum over all pairs is the square of the sum; those with themselves are 1 each.
        pairs = (own.sum(axis=0) ** 2).sum() - len(own)
        spreads.append(1.0 - pairs / (len(own) * (len(own) - 1)))
    return np.asarray(spreads)
