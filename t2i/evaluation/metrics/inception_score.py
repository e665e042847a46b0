"""Inception Score."""

import numpy as np

from t2i.evaluation.metrics.estimate import GROUPS, Estimate, Rows, chunks, of_parts, require


def inception_score(probabilities: Rows) -> Estimate:
    """Returns exp(mean KL(p(y|x) || p(y))), the mean over 10 splits of the pictures.

    Args:
        probabilities: [n, classes], rows of sum 1.

    Raises:
        InputError: a split has fewer pictures than there are classes, which bounds the score
            from above; or a probability is not finite.

    Source: Salimans et al. 2016, arXiv 1606.03498, section 4, and its code. There a split is
        a stretch of the pictures, here every tenth: pictures in the order of their classes
        would score low.
    """
    classes = probabilities.shape[1]
    why = f"10 splits, {classes} classes"
    require("is", "generated", probabilities, GROUPS * max(classes, 2), why)
    return of_parts([_score(probabilities[part::GROUPS]) for part in range(GROUPS)])


def _score(probabilities: Rows) -> float:
    total = np.zeros(probabilities.shape[1])
    negative_entropy = 0.0
    for _, chunk in chunks(probabilities):
        total += chunk.sum(axis=0)
        negative_entropy += float((chunk * _log(chunk)).sum())
    mean = total / len(probabilities)
    return float(np.exp(negative_entropy / len(probabilities) - (mean * _log(mean)).sum()))


def _log(probabilities: Rows) -> Rows:
    # 0 log 0 is 0.
    return np.log(np.where(probabilities > 0, probabilities, 1.0))
