"""Mismatched texts that would be the right one word for word are never drawn."""

import numpy as np
import tensorflow as tf
from draw_samples import HOW

from t2i.pairs.reading import Pairs
from t2i.training.batches.draw import choose
from t2i.training.batches.table import Table, table

# Three labels of twelve classes: a third of what other classes say is right.
_LABELS = np.array(["red", "Green ", "blue"])
_CLASS_ID = np.random.default_rng(0).permutation(np.repeat(np.arange(12), 3)).astype(np.int32)


def _pairs(labels: np.ndarray, each: int = 2) -> Pairs:
    count = len(_CLASS_ID)
    captions = [labels[c % len(labels)] for c in _CLASS_ID for _ in range(each)]
    return Pairs(
        np.zeros((count, 8, 8, 3), np.uint8),
        captions,
        np.zeros((count * each, 1), np.float32),
        np.arange(count + 1) * each,
        _CLASS_ID,
        [str(number) for number in range(count)],
    )


def _mismatched(arrays: Table, steps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    tensors = Table(*map(tf.constant, arrays))
    function = tf.function(lambda rows, step: choose(tensors, rows, step, HOW).mismatched)
    random = np.random.default_rng(1)
    drawn = []
    for step in range(steps):
        rows = random.integers(0, len(_CLASS_ID), HOW.batch_size).astype(np.int32)
        drawn.append((rows, function(tf.constant(rows), tf.constant(step)).numpy()))
    return drawn


def test_no_mismatched_text_is_right_and_no_other_draw_is_another() -> None:
    pairs = _pairs(_LABELS)
    said, arrays = np.array(pairs.caption), table(pairs)
    as_drawn = arrays._replace(text=arrays.text[:0], replaceable=arrays.replaceable[:0])
    replaced, reached = 0, set()
    for (rows, found), (_, before) in zip(
        _mismatched(arrays, 40), _mismatched(as_drawn, 40), strict=True
    ):
        own = said[pairs.caption_offset[rows]][:, None]
        assert (said[found] != own).all()
        assert (_CLASS_ID[found // 2] != _CLASS_ID[rows][:, None]).all()
        right = said[before] == own
        np.testing.assert_array_equal(found[~right], before[~right])
        replaced += int(right.sum())
        reached.update(found[right].tolist())
    # 3 of 11 other classes have the label, of 40 x 8 x 4 draws.
    assert 0.2 < replaced / (40 * 8 * 4) < 0.35
    assert len(reached) > 40


def test_where_nothing_else_is_said_the_draws_stay() -> None:
    arrays = table(_pairs(np.array(["a bird"])))
    assert not arrays.replaceable.any()
    as_drawn = arrays._replace(text=arrays.text[:0], replaceable=arrays.replaceable[:0])
    for (_, found), (_, before) in zip(
        _mismatched(arrays, 5), _mismatched(as_drawn, 5), strict=True
    ):
        np.testing.assert_array_equal(found, before)


def test_texts_that_differ_need_no_look() -> None:
    arrays = table(_pairs(np.arange(12).astype(str)))
    assert arrays.text.shape == (0,)
