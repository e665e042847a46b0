"""The pairs as a table, laid out for drawing."""

from typing import NamedTuple

import numpy as np

from t2i.errors import InputError
from t2i.models.contract import Tensor
from t2i.pairs.reading import Pairs
from t2i.pairs.sentences import compare


class Table(NamedTuple):
    """Pairs as tensors.

    Attributes:
        image: uint8 [n, S, S, C].
        embedding: float32 [m, d].
        caption_offset: int32 [n + 1]; image i owns rows caption_offset[i]:caption_offset[i + 1].
        class_index: int32 [n], classes numbered from 0.
        by_class: int32 [n], the images ordered by class.
        class_offset: int32 [classes + 1], where each class starts in `by_class`.
        text: int32 [m], alike for captions that say the same; [0] where none of another class is
            ever a picture's own.
        replaceable: bool [n], whether another class has a text that a picture has not.
    """

    image: Tensor
    embedding: Tensor
    caption_offset: Tensor
    class_index: Tensor
    by_class: Tensor
    class_offset: Tensor
    text: Tensor
    replaceable: Tensor


def table(pairs: Pairs) -> Table:
    """Returns the pairs as numpy arrays laid out for drawing.

    Raises:
        InputError: there are no embeddings, or a single class.
    """
    if pairs.embedding is None:
        raise InputError(
            "pairs file: expected embedded captions, got none; run `t2i-prep embed` on it first"
        )
    classes, index = np.unique(pairs.class_id, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"pairs file: expected pictures of at least 2 classes, got {len(classes)}; "
            "mismatched texts are taken from another class"
        )
    counts = np.bincount(index)
    same = compare(pairs.caption, pairs.caption_offset, pairs.class_id)
    shared = same.chance > 0
    return Table(
        image=pairs.image,
        embedding=pairs.embedding,
        caption_offset=pairs.caption_offset.astype(np.int32),
        class_index=index.astype(np.int32),
        by_class=np.argsort(index, kind="stable").astype(np.int32),
        class_offset=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        text=same.number if shared else same.number[:0],
        replaceable=same.replaceable if shared else same.replaceable[:0],
    )
