"""Inception Score against closed forms and scipy's entropies."""

import numpy as np
import pytest
from scipy import stats

from t2i.errors import InputError
from t2i.evaluation.metrics.inception_score import inception_score


def test_sure_and_even_predictions_score_the_number_of_classes() -> None:
    sure = np.eye(7)[np.arange(700) // 100]
    found = inception_score(sure)
    assert (found.value, found.low, found.high) == pytest.approx((7.0, 7.0, 7.0))


def test_constant_predictions_score_one() -> None:
    constant = np.tile(np.array([0.2, 0.5, 0.3, 0.0]), (40, 1))
    assert inception_score(constant).value == pytest.approx(1.0)


def test_it_is_the_mean_over_its_splits_of_scipys_divergences() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(5, 0.3), 1234).astype(np.float32)
    scores = []
    for part in range(10):
        own = probabilities[part::10].astype(np.float64)
        own /= own.sum(axis=1, keepdims=True)
        divergence = [stats.entropy(row, own.mean(axis=0)) for row in own]
        scores.append(np.exp(np.mean(divergence)))
    found = inception_score(probabilities)
    assert found.value == pytest.approx(np.mean(scores), rel=1e-5)
    expected = stats.t.interval(0.95, 9, np.mean(scores), stats.sem(scores))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-4)


def test_too_few_and_nan() -> None:
    with pytest.raises(InputError) as error:
        inception_score(np.full((79, 8), 1 / 8))
    assert str(error.value) == (
        "is: expected at least 80 generated pictures (10 splits, 8 classes), got 79; raise --count"
    )
    with pytest.raises(InputError, match="got nan or infinity for generated picture 0"):
        inception_score(np.full((80, 8), np.nan))
