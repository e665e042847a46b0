"""Log-likelihood of real pictures under a Gaussian Parzen window of the generated ones.

Source: Goodfellow et al. 2014, arXiv 1406.2661, section 5, after Breuleux et al. 2011. Their
caveat stands: the variance is high, and it does not perform well in high dimensions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from t2i.evaluation.metrics.estimate import (
    Estimate,
    Rows,
    chunks,
    of_mean,
    require,
    squared_distances,
)

Array = npt.NDArray[np.float64]

# Windows tried, in units of a pixel's range of 1. Source: the protocol of Goodfellow et al.
SIGMAS = np.logspace(-1, 0, 10)
HELD_OUT = 1000
SAMPLES = 10_000


@dataclass(frozen=True)
class Parzen:
    """What came of it.

    Attributes:
        log_likelihood: nats a picture.
        sigma: the window, chosen on held-out pictures.
    """

    log_likelihood: Estimate
    sigma: float


def log_sums(images: Rows, samples: Rows) -> Array:
    """Returns log sum over samples of exp(-|x - s|^2 / 2 sigma^2), [n, windows].

    Sums of disjoint samples join by `numpy.logaddexp`.

    Args:
        images: pixels in [0, 1], [n, d].
        samples: pixels in [0, 1], [m, d].
    """
    total = np.full((len(images), len(SIGMAS)), -np.inf)
    for at, rows in chunks(images):
        here = total[at : at + len(rows)]
        for _, columns in chunks(samples):
            distance = squared_distances(rows, columns)
            for index, sigma in enumerate(SIGMAS):
                exponent = distance / (-2.0 * sigma**2)
                most = exponent.max(axis=1)
                own = most + np.log(np.exp(exponent - most[:, None]).sum(axis=1))
                here[:, index] = np.logaddexp(here[:, index], own)
    return total


def parzen(held_out: Rows, test: Rows, samples: int, size: int) -> Parzen:
    """Returns the mean log-likelihood of test pictures, the window chosen on held-out ones.

    Args:
        held_out: `log_sums` of the held-out pictures.
        test: `log_sums` of the test pictures.
        samples: how many there were.
        size: numbers in a picture.

    Raises:
        InputError: there are too few pictures for a mean, or one is not finite.
    """
    require("parzen", "held-out", held_out, 1, "cross-validation")
    require("parzen", "reference", test, 2, "a mean")
    constant = np.log(samples) + 0.5 * size * np.log(2 * np.pi * SIGMAS**2)
    best = int((held_out - constant).mean(axis=0).argmax())
    return Parzen(of_mean(test[:, best] - constant[best]), float(SIGMAS[best]))
