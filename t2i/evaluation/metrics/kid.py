"""Kernel Inception distance."""

import numpy as np
import numpy.typing as npt

from t2i.evaluation.metrics.estimate import GROUPS, Estimate, Rows, chunks, jackknifed, require


def kid(generated: Rows, reference: Rows) -> Estimate:
    """Returns the unbiased squared maximum mean discrepancy of features [n, d] and [m, d].

    The kernel is (x y / d + 1)^3. All pairs are taken; the customary mean over random subsets
    has the same expectation and a larger spread.

    Raises:
        InputError: there are fewer than two pictures a group, or a feature is not finite.

    Source: Bińkowski et al. 2018, arXiv 1801.01401, section 3.
    """
    require("kid", "generated", generated, 2 * GROUPS, "2 a group of the jackknife")
    require("kid", "reference", reference, 2, "pairs")
    within = _sums(generated, generated, same=True)
    across = _sums(generated, reference).sum(axis=1)
    count = np.bincount(np.arange(len(generated)) % GROUPS, minlength=GROUPS)
    others = len(reference)
    constant = _sums(reference, reference, same=True).sum() / (others * (others - 1))

    def distance(kept: npt.NDArray[np.bool_]) -> float:
        n = int(count[kept].sum())
        own = within[np.ix_(kept, kept)].sum() / (n * (n - 1))
        return float(own + constant - 2.0 * across[kept].sum() / (n * others))

    each = np.arange(GROUPS)
    return jackknifed(distance(each >= 0), [distance(each != group) for group in range(GROUPS)])


def _sums(first: Rows, second: Rows, same: bool = False) -> npt.NDArray[np.float64]:
    """Returns the kernel summed over pairs by their groups, [GROUPS, GROUPS].

    Args:
        first: [n, d].
        second: [m, d].
        same: the two are one set, and a row is no pair with itself.
    """
    sums = np.zeros((GROUPS, GROUPS))
    for at, rows in chunks(first):
        for beside, columns in chunks(second):
            product = rows @ columns.T / rows.shape[1] + 1.0
            kernel = product * product * product
            if same and at == beside:
                np.fill_diagonal(kernel, 0.0)
            sums += _by_group(_by_group(kernel).T).T
    return sums


def _by_group(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns the sums of the rows of each group, [GROUPS, columns]."""
    return np.stack([rows[group::GROUPS].sum(axis=0) for group in range(GROUPS)])
