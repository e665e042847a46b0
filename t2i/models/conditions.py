"""The fixed map from embeddings to what the networks are conditioned on."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from keras import layers

Floats = npt.NDArray[np.float32]


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
