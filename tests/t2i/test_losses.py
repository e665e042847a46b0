"""Formulas against values computed by hand."""

import math

import numpy as np
import pytest

from t2i import losses


@pytest.mark.parametrize(
    ("logits", "label", "expected"),
    [
        ([0.0], 1.0, math.log(2)),
        ([0.0], 0.0, math.log(2)),
        # -log sigmoid(2) = log(1 + e^-2); -log(1 - sigmoid(2)) = log(1 + e^2)
        ([2.0], 1.0, 0.126928011),
        ([2.0], 0.0, 2.126928011),
        ([2.0, -1.0], 1.0, (0.126928011 + 1.313261688) / 2),
        # smoothed: 0.9 * 0.126928011 + 0.1 * 2.126928011
        ([2.0], 0.9, 0.326928011),
    ],
)
def test_cross_entropy(logits: list[float], label: float, expected: float) -> None:
    logit = np.asarray(logits, np.float32)[:, None]
    assert float(losses.cross_entropy(logit, label)) == pytest.approx(expected, rel=1e-6)


def test_cross_entropy_stays_finite_at_large_logits() -> None:
    logit = np.asarray([[500.0], [-500.0]], np.float32)
    assert float(losses.cross_entropy(logit, 1.0)) == pytest.approx(250.0)


def test_feature_matching_is_the_mean_squared_difference() -> None:
    real = np.asarray([[[1.0, 2.0]]], np.float32)
    generated = np.asarray([[[0.0, 5.0]]], np.float32)
    assert float(losses.feature_matching(real, generated)) == pytest.approx((1 + 9) / 2)


def test_l1_is_the_mean_absolute_difference() -> None:
    real = np.asarray([[[[1.0, -1.0, 0.0]]]], np.float32)
    generated = np.asarray([[[[0.5, 1.0, 0.0]]]], np.float32)
    assert float(losses.l1(real, generated)) == pytest.approx((0.5 + 2.0) / 3)
