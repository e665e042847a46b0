"""Whitened embeddings have unit variance in every kept direction."""

import numpy as np
import pytest

from t2i.config.run import TextConfig
from t2i.errors import InputError
from t2i.models.whitening import fit_whitening


def _embeddings() -> np.ndarray:
    random = np.random.default_rng(0)
    mixed = (
        random.standard_normal((500, 3)) @ random.standard_normal((3, 8)) * [1, 2, 3, 1, 1, 1, 1, 1]
    )
    return (mixed + 5).astype(np.float32)


def test_kept_directions_have_zero_mean_unit_variance_and_no_correlation() -> None:
    embedding = _embeddings()
    kernel, bias, bound = fit_whitening(embedding, 3, 1e-6)
    assert bound is None
    whitened = embedding @ kernel + bias
    np.testing.assert_allclose(whitened.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(whitened.T, bias=True), np.eye(3), atol=2e-3)


def test_weak_directions_are_not_blown_up() -> None:
    embedding = _embeddings()
    kernel, bias, bound = fit_whitening(embedding, 8, 0.02, 1.5)
    whitened = embedding @ kernel + bias
    # Only three directions hold anything; the floor keeps the others near nothing.
    assert whitened[:, 3:].std() < 1e-2
    np.testing.assert_allclose(whitened[:, 0].std(), 1.0, rtol=1e-3)
    np.testing.assert_allclose(bound, 1.5 * whitened.std(axis=0), rtol=1e-3, atol=2e-3)


def test_too_many_components() -> None:
    with pytest.raises(InputError) as error:
        fit_whitening(_embeddings(), 9, 0.02)
    assert str(error.value) == (
        "text.whitened_components: expected at most 8 (the embedding's size and the captions "
        "allow no more), got 9; ask for fewer"
    )


def test_a_bound_without_components_is_refused() -> None:
    message = "whitened_bound: expected 0 where whitened_components is 0, got 1.3; keep some"
    with pytest.raises(ValueError, match=message):
        TextConfig(whitened_bound=1.3)
