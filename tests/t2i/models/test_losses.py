"""Formulas against values computed by hand."""

import math

import numpy as np
import pytest

from t2i.models import losses


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


@pytest.mark.parametrize(
    ("real", "objective", "label", "expected"),
    [
        # max(0, 1 - 0.5), max(0, 1 - 3), max(0, 1 + 2)
        (True, "hinge", 1.0, (0.5 + 0.0 + 3.0) / 3),
        (False, "hinge", 1.0, (1.5 + 4.0 + 0.0) / 3),
        (True, "cross_entropy", 0.9, None),
        (False, "cross_entropy", 0.9, None),
    ],
)
def test_the_discriminators_loss(real: bool, objective, label: float, expected) -> None:
    logit = np.asarray([[0.5], [3.0], [-2.0]], np.float32)
    if expected is None:
        # Smoothing is one-sided: what is not real keeps 0.
        expected = float(losses.cross_entropy(logit, label if real else 0.0))
    assert float(losses.discriminator(logit, real, objective, label)) == pytest.approx(expected)


@pytest.mark.parametrize(("objective", "expected"), [("hinge", -0.5), ("cross_entropy", None)])
def test_the_generators_loss(objective, expected) -> None:
    logit = np.asarray([[0.5], [3.0], [-2.0]], np.float32)
    if expected is None:
        expected = float(losses.cross_entropy(logit, 1.0))
    assert float(losses.generator(logit, objective)) == pytest.approx(expected)


def test_the_gradient_penalty_is_half_the_mean_squared_norm() -> None:
    gradient = np.zeros((2, 2, 2, 1), np.float32)
    gradient[0, 0, 0, 0], gradient[0, 1, 1, 0], gradient[1, 0, 1, 0] = 3.0, 4.0, 1.0
    assert float(losses.gradient_penalty(gradient)) == pytest.approx(0.5 * (25 + 1) / 2)
