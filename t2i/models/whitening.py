"""Whitening of embeddings: the few directions in which captions differ, at equal strength.

It is the fixed map from embeddings to what the networks are conditioned on.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from keras import layers

from t2i.config.run import TextConfig
from t2i.errors import InputError
from t2i.models.contract import Facts, Floats
from t2i.pairs.stored import StoredRows

# Captions looked at together: the rest may stay in the file.
_BLOCK = 8192


class Whitening(NamedTuple):
    """An affine map of embeddings, and how far its components may go.

    Attributes:
        kernel: [d, k].
        bias: [k].
        bound: [k], the largest size of each component; None bounds none.
    """

    kernel: Floats
    bias: Floats
    bound: Floats | None = None


def fit_whitening(
    embedding: npt.NDArray[np.float32] | StoredRows,
    components: int,
    floor: float,
    bound: float = 0.0,
) -> Whitening:
    """Returns the map: whitened = embedding @ kernel + bias, [m, components], then bounded.

    Principal components of the embeddings, each divided by its standard deviation. The map is
    affine, so it commutes with the means and interpolations that training takes.

    Args:
        embedding: float32 [m, d], of the captions trained on, in memory or in the file.
        components: kept, from the one of largest variance.
        floor: smallest variance divided by, as a fraction of the first component's.
        bound: largest size of a component, in its standard deviations over the captions; 0 is
            none.

    Raises:
        InputError: there are fewer directions than components asked for.
    """
    size = min(embedding.shape[1], embedding.shape[0] - 1)
    if components > size:
        raise InputError(
            f"text.whitened_components: expected at most {size} (the embedding's size and the "
            f"captions allow no more), got {components}; ask for fewer"
        )
    blocks = range(0, len(embedding), _BLOCK)
    sums = [embedding[start : start + _BLOCK].sum(axis=0, dtype=np.float64) for start in blocks]
    mean = np.sum(sums, axis=0) / len(embedding)
    covariance = np.zeros((embedding.shape[1],) * 2)
    for start in blocks:
        centred = embedding[start : start + _BLOCK] - mean
        covariance += centred.T @ centred
    variance, directions = np.linalg.eigh(covariance / len(embedding))
    variance, directions = variance[::-1][:components], directions[:, ::-1][:, :components]
    divisor = np.sqrt(np.maximum(variance, floor * variance[0]))
    kernel = directions / divisor
    # Rounding leaves directions that hold nothing a variance below 0.
    spread = np.sqrt(np.maximum(variance, 0.0)) / divisor
    return Whitening(
        kernel.astype(np.float32),
        (-mean @ kernel).astype(np.float32),
        (bound * spread).astype(np.float32) if bound else None,
    )


def whitening_of(config: TextConfig, facts: Facts) -> Whitening | None:
    """Returns the map that a configuration asks for, fitted; None where it asks for none.

    Where there are no embeddings to fit it on, or it is that of another run, its numbers are to be
    loaded.

    Raises:
        InputError: there are fewer directions than components asked for.
    """
    if facts.embedding is None or not facts.fitted or not config.whitened_components:
        bounded = bool(config.whitened_bound)
        return placeholder(facts.embedding_size, config.whitened_components, bounded)
    return fit_whitening(
        facts.embedding, config.whitened_components, config.whitening_floor, config.whitened_bound
    )


def placeholder(embedding_size: int, components: int, bounded: bool) -> Whitening | None:
    """Returns a map whose numbers are to be loaded; None where no component is kept."""
    if not components:
        return None
    zeros = np.zeros((embedding_size, components), np.float32)
    return Whitening(zeros, zeros[0], zeros[0] if bounded else None)


def whitened(embedding: Any, whitening: Whitening | None) -> Any:
    """Returns embeddings [b, d] mapped to [b, k], by stock layers that are not trained."""
    if whitening is None:
        return embedding
    kernel, bias, bound = whitening
    if bound is None:
        return _fixed(embedding, kernel, bias, "whitening")
    # x between -bound and bound is relu(x + bound) - relu(x - bound) - bound.
    both = np.concatenate([kernel, kernel], axis=1)
    ramps = _fixed(embedding, both, np.concatenate([bias + bound, bias - bound]), "whitening")
    ramps = layers.ReLU(dtype="float32")(ramps)
    eye = np.eye(len(bound), dtype=np.float32)
    return _fixed(ramps, np.concatenate([eye, -eye]), -bound, "bounded")


def _fixed(x: Any, kernel: Floats, bias: Floats, name: str) -> Any:
    """Applies an affine map, in float32: it magnifies what bfloat16 would have rounded."""
    layer = layers.Dense(bias.size, trainable=False, dtype="float32", name=name)
    mapped = layer(x)
    layer.set_weights([kernel, bias])
    return mapped
