"""Precision, recall, density and coverage against their definitions, picture by picture."""

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import GROUPS, Estimate
from t2i.evaluation.metrics.manifold import manifold


def _radius(rows: np.ndarray, index: int, neighbours: int) -> float:
    others = np.delete(rows, index, axis=0)
    return float(np.sort(np.linalg.norm(others - rows[index], axis=1))[neighbours - 1])


def _by_definition(generated: np.ndarray, reference: np.ndarray) -> list[float]:
    small = [_radius(reference, i, 3) for i in range(len(reference))]
    large = [_radius(reference, i, 5) for i in range(len(reference))]
    own = [_radius(generated, j, 3) for j in range(len(generated))]
    distance = np.linalg.norm(reference[:, None] - generated, axis=2)
    return [
        float(np.mean([(distance[:, j] <= small).any() for j in range(len(generated))])),
        float(np.mean([(distance[i] <= own).any() for i in range(len(reference))])),
        float(np.sum(distance <= np.array(large)[:, None]) / (5 * len(generated))),
        float(np.mean([distance[i].min() <= large[i] for i in range(len(reference))])),
    ]


def _found(generated: np.ndarray, reference: np.ndarray) -> list[Estimate]:
    found = manifold(generated, reference)
    return [found.precision, found.recall, found.density, found.coverage]


def test_they_are_their_definitions_and_their_jackknives() -> None:
    random = np.random.default_rng(0)
    reference = random.normal(size=(83, 3))
    generated = random.normal(0.8, 0.6, (67, 3))
    found = _found(generated, reference)
    expected = _by_definition(generated, reference)
    assert [each.value for each in found] == pytest.approx(expected)
    assert all(0.02 < value < 0.98 for value in (expected[0], expected[1], expected[3]))
    group = np.arange(67) % GROUPS
    left = np.array([_by_definition(generated[group != each], reference) for each in range(GROUPS)])
    reach = 2.262157 * np.sqrt(0.9 * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    highest = np.minimum(reach, np.array([1, 1, np.inf, 1]) - expected)
    assert [each.high - each.value for each in found] == pytest.approx(highest, rel=1e-5)


def test_more_rows_than_are_taken_at_a_time() -> None:
    random = np.random.default_rng(1)
    reference, generated = random.normal(size=(1205, 2)), random.normal(1.0, 1.0, (1011, 2))
    expected = _by_definition(generated, reference)
    assert [each.value for each in _found(generated, reference)] == pytest.approx(expected)


def test_one_picture_painted_always_is_precise_and_recalls_nothing() -> None:
    reference = np.random.default_rng(2).normal(size=(50, 4))
    collapsed = np.tile(reference[7], (40, 1))
    precision, recall, density, coverage = (each.value for each in _found(collapsed, reference))
    assert precision == 1.0
    assert recall == pytest.approx(1 / 50)  # the very picture that is painted
    assert coverage < 0.3
    assert np.isfinite(density)


def test_constant_pictures_on_both_sides_cover_each_other() -> None:
    constant = np.full((30, 4), 3.3)
    values = [each.value for each in _found(constant, constant.copy())]
    assert values == pytest.approx([1.0, 1.0, 6.0, 1.0])  # 30 balls where 5 are expected


def test_too_few_and_nan() -> None:
    rows = np.random.default_rng(3).normal(size=(30, 4))
    with pytest.raises(InputError) as error:
        manifold(rows, rows[:5])
    assert str(error.value) == (
        "precision, recall, density, coverage: expected at least 6 reference pictures "
        "(5 neighbours), got 5; choose a larger --split"
    )
    rows[3, 3] = np.nan
    with pytest.raises(InputError, match="got nan or infinity for generated picture 3"):
        manifold(rows, rows)
