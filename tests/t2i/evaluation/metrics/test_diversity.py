"""Distances within captions and to the training pictures, against scipy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from t2i.errors import InputError
from t2i.evaluation.metrics.diversity import nearest, within_groups


def test_it_is_the_mean_of_scipys_pairwise_distances() -> None:
    random = np.random.default_rng(0)
    features, group = random.normal(size=(60, 5)), np.resize(np.arange(13), 60)
    group[0] = 99  # alone
    means = [pdist(features[group == each]).mean() for each in range(13)]
    found = within_groups(features, group)
    assert found.value == pytest.approx(np.mean(means))
    assert found.high - found.value == pytest.approx(1.959964 * np.std(means, ddof=1) / 13**0.5)


def test_a_collapsed_generator_has_none() -> None:
    captions = np.repeat(np.arange(8), 5)
    features = np.random.default_rng(1).normal(7.0, 1.0, (8, 40))[captions]
    assert within_groups(features, captions).value == 0.0


def test_the_nearest_training_picture_is_scipys() -> None:
    random = np.random.default_rng(2)
    features, training = random.normal(size=(1031, 4)), random.normal(size=(2203, 4))
    features[17] = training[2111]
    row, distance = nearest(features, training)
    expected = cdist(features, training)
    np.testing.assert_array_equal(row, expected.argmin(axis=1))
    np.testing.assert_allclose(distance, expected.min(axis=1), rtol=1e-6, atol=1e-9)
    assert (row[17], distance[17]) == (2111, 0.0)


def test_too_few_and_nan() -> None:
    rows = np.random.default_rng(3).normal(size=(6, 4))
    with pytest.raises(InputError) as error:
        within_groups(rows, np.array([0, 0, 1, 2, 3, 4]))
    assert str(error.value) == (
        "diversity: expected at least 2 captions with 2 pictures each, got 1; paint more of each"
    )
    rows[4, 0] = np.nan
    with pytest.raises(InputError, match="got nan or infinity for training picture 4"):
        nearest(rows[:3], rows)
