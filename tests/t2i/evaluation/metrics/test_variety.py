"""Spread within a group, against every pair; and its ratio."""

import numpy as np
import pytest

from t2i.errors import InputError
from t2i.evaluation.metrics.variety import spread, variety

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.standard_normal((11, 5)).astype(np.float32)
GROUP = np.array([3, 1, 3, 1, 1, 7, 3, 1, 3, 3, 9])


def test_the_spread_is_the_mean_cosine_distance_of_all_pairs() -> None:
    centre = FEATURES.mean(axis=0)
    expected = []
    for group in (1, 3):
        own = FEATURES[group == GROUP].astype(np.float64) - centre
        distances = [
            1 - own[i] @ own[j] / np.linalg.norm(own[i]) / np.linalg.norm(own[j])
            for i in range(len(own))
            for j in range(i)
        ]
        expected.append(np.mean(distances))
    np.testing.assert_allclose(spread(FEATURES, GROUP, centre), expected, rtol=1e-6)


def test_one_picture_for_a_caption_has_no_variety_and_real_ones_have_1() -> None:
    real = RANDOM.standard_normal((60, 8))
    classes = np.arange(60) % 6
    same = np.repeat(RANDOM.standard_normal((6, 8)), 5, axis=0)
    collapsed = variety(same, np.arange(30) // 5, real, classes)
    assert collapsed.value == pytest.approx(0.0, abs=1e-9)
    own = variety(real, classes, real, classes)
    assert own.value == pytest.approx(1.0, rel=1e-9)
    assert own.low < 1 < own.high


def test_what_all_pictures_share_is_taken_off_a_layout() -> None:
    shared = np.full(8, 100.0)
    real = RANDOM.standard_normal((60, 8))
    classes = np.arange(60) % 6
    halved = real.copy()
    for group in range(6):
        rows = classes == group
        halved[rows] = halved[rows].mean(axis=0) + 0.5 * (halved[rows] - halved[rows].mean(axis=0))
    plain = variety(halved, classes, real, classes, centred=True).value
    moved = variety(halved + shared, classes, real + shared, classes, centred=True).value
    assert moved == pytest.approx(plain, rel=1e-6)
    assert plain < 0.9


def test_too_few_and_equal_real_pictures_are_answered() -> None:
    with pytest.raises(InputError) as error:
        spread(FEATURES[:3], np.array([0, 0, 1]))
    assert str(error.value) == (
        "variety: expected at least 2 captions with 2 pictures each, got 1; paint more of each"
    )
    equal = np.ones((4, 3))
    with pytest.raises(InputError) as error:
        variety(FEATURES[:4, :3], np.array([0, 0, 1, 1]), equal, np.array([0, 0, 1, 1]))
    assert str(error.value) == (
        "variety: expected real pictures of a class that differ, got the same ones; "
        "choose another --split"
    )
