"""What is drawn: order, mismatches, captions, latents, crops; and that replicas share a batch."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from draw_samples import HOW

from t2i.errors import InputError
from t2i.images.augmentation import CHANCES
from t2i.images.pixels import to_float
from t2i.models.contract import Batch, Needs
from t2i.pairs.reading import Pairs
from t2i.training.batches.draw import Draw, choose, draw
from t2i.training.batches.order import Order
from t2i.training.batches.table import Table, table


def _pairs(counts: tuple[int, ...] = (7, 5, 9, 3), size: int = 10) -> Pairs:
    """Every picture has its own number in channel 0, every caption in its embedding."""
    class_id = np.repeat(np.arange(len(counts)) * 10 + 4, counts).astype(np.int32)
    class_id = np.random.default_rng(0).permutation(class_id)
    captions = np.random.default_rng(1).integers(1, 5, len(class_id))
    offset = np.concatenate([[0], np.cumsum(captions)])
    image = np.zeros((len(class_id), size, size, 3), np.uint8)
    image[..., 0] = np.arange(len(class_id))[:, None, None]
    image[..., 1] = np.arange(size)[:, None]
    image[..., 2] = np.arange(size)
    owner = np.repeat(np.arange(len(class_id)), captions)
    embedding = np.stack([owner, np.arange(len(owner))], axis=1).astype(np.float32)
    names = [str(index) for index in range(len(class_id))]
    return Pairs(image, ["a bird"] * len(owner), embedding, offset, class_id, names)


PAIRS = _pairs()
TABLE = Table(*map(tf.constant, table(PAIRS)))
ORDER = Order(table(PAIRS).class_index, HOW.batch_size, HOW.seed)


def _draw(
    tensors: Table, rows: Any, step: Any, how: Draw, replica: int = 0, replicas: int = 1
) -> Batch:
    return draw(tensors, choose(tensors, rows, step, how), step, how, replica, replicas)


def _batches(steps: int) -> list[tuple[np.ndarray, Batch]]:
    function = tf.function(lambda rows, step: _draw(TABLE, rows, step, HOW))
    rows = ORDER.rows(0, steps)
    return [
        (
            rows[step],
            Batch(*(v.numpy() for v in function(tf.constant(rows[step]), tf.constant(step)))),
        )
        for step in range(steps)
    ]


def test_every_epoch_shows_every_picture_once_in_another_order() -> None:
    order = Order(np.zeros(24, np.int32), 8, seed=1)
    assert order.steps_per_epoch == 3
    epochs = order.rows(0, 9).reshape(3, 24)
    for epoch in epochs:
        assert sorted(epoch) == list(range(24))
    assert not (epochs[0] == epochs[1]).all()
    assert not (epochs[1] == epochs[2]).all()


def test_the_order_is_a_function_of_seed_and_step() -> None:
    whole = Order(np.zeros(20, np.int32), 8, seed=1).rows(0, 7)
    np.testing.assert_array_equal(Order(np.zeros(20, np.int32), 8, seed=1).rows(3, 4), whole[3:])
    assert (Order(np.zeros(20, np.int32), 8, seed=2).rows(0, 7) != whole).any()


def test_the_mismatched_text_is_never_of_the_same_class_over_three_epochs() -> None:
    reached = set()
    for rows, batch in _batches(3 * ORDER.steps_per_epoch):
        # The mean of captions of one picture has that picture's number in front.
        other = batch[2][:, 0].astype(int)
        np.testing.assert_array_equal(batch[2][:, 0], other)
        assert (PAIRS.class_id[other] != PAIRS.class_id[rows]).all()
        reached.update(PAIRS.class_id[other].tolist())
    assert reached == set(PAIRS.class_id.tolist())


def test_other_classes_are_drawn_evenly_whatever_their_size() -> None:
    pairs = _pairs((2, 40, 2))
    tensors = Table(*map(tf.constant, table(pairs)))
    how = Draw(0, 4, 8, True, Needs(5, 1, 0.5, CHANCES))
    first = int(np.flatnonzero(pairs.class_id == pairs.class_id.min())[0])
    rows = tf.fill([4], first)
    function = tf.function(lambda step: _draw(tensors, rows, step, how).mismatched_embedding)
    drawn = np.concatenate([function(tf.constant(step)) for step in range(150)])[:, 0].astype(int)
    share = np.mean(pairs.class_id[drawn] == 24)
    assert 0.42 < share < 0.58  # 600 fair draws; 4 standard deviations are 0.08


def test_the_embedding_is_of_the_picture_and_its_captions_vary() -> None:
    means = {}
    for rows, batch in _batches(12):
        np.testing.assert_array_equal(batch[1][:, 0], rows)
        low, high = PAIRS.caption_offset[rows], PAIRS.caption_offset[rows + 1] - 1
        assert (batch[1][:, 1] >= low).all()
        assert (batch[1][:, 1] <= high).all()
        for row, mean in zip(rows, batch[1][:, 1], strict=True):
            if PAIRS.caption_offset[row + 1] - PAIRS.caption_offset[row] > 1:
                means.setdefault(row, set()).add(float(mean))
    assert max(len(seen) for seen in means.values()) > 1


def test_interpolated_texts_lie_between_the_two_halves() -> None:
    for _, batch in _batches(3):
        expected = 0.25 * batch[1][:4] + 0.75 * batch[1][4:]
        np.testing.assert_allclose(batch[3], expected, rtol=1e-6)


def test_every_row_and_step_has_its_own_latent() -> None:
    latents = np.concatenate([batch[4] for _, batch in _batches(4)])
    assert latents.shape == (4 * 12, 5)
    assert len(np.unique(latents, axis=0)) == len(latents)
    assert abs(latents.mean()) < 0.3
    assert 0.8 < latents.std() < 1.2


def test_every_look_of_the_discriminator_has_its_own_chances() -> None:
    chances = np.concatenate(
        [[*batch.real_chance, *batch.fake_chance] for _, batch in _batches(20)]
    )
    assert chances.shape == (20 * (8 + 12), CHANCES)
    assert len(np.unique(chances, axis=0)) == len(chances)
    assert chances.min() >= 0
    assert chances.max() < 1
    np.testing.assert_allclose(chances.mean(axis=0), 0.5, atol=0.06)  # 4 standard deviations


def test_crops_cover_every_corner_and_mirror_half() -> None:
    corners, flips = set(), []
    for rows, batch in _batches(40):
        image = np.rint((batch[0] + 1) * 127.5).astype(int)
        for row, crop in zip(rows, image, strict=True):
            assert (crop[..., 0] == row).all()
            flipped = crop[0, 0, 2] > crop[0, 1, 2]
            flips.append(flipped)
            left = crop[0, ::-1, 2] if flipped else crop[0, :, 2]
            np.testing.assert_array_equal(left, np.arange(left[0], left[0] + 8))
            np.testing.assert_array_equal(
                crop[:, 0, 1], np.arange(crop[0, 0, 1], crop[0, 0, 1] + 8)
            )
            corners.add((int(crop[0, 0, 1]), int(left[0])))
    assert corners == {(y, x) for y in range(3) for x in range(3)}
    assert 0.38 < np.mean(flips) < 0.62  # 320 fair coins; 4 standard deviations are 0.11


def test_nothing_is_mirrored_where_captions_tell_left_from_right() -> None:
    rows = tf.constant(ORDER.rows(0, 1)[0])
    how = dataclasses.replace(HOW, flip=False)
    for step in range(5):
        across = np.diff(_draw(TABLE, rows, step, how).image[:, 0, :2, 2], axis=1)
        assert (across > 0).all()


def test_the_pixel_range_is_the_one_of_images() -> None:
    rows, batch = _batches(1)[0]
    np.testing.assert_allclose(batch[0][:, 0, 0, 0], to_float(rows.astype(np.float32)), atol=1e-6)


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_share_one_batch_out(replicas: int) -> None:
    rows = tf.constant(ORDER.rows(0, 1)[0])
    whole = _draw(TABLE, rows, 5, HOW)
    shares = [_draw(TABLE, rows, 5, HOW, replica, replicas) for replica in range(replicas)]
    evenly = ("image", "embedding", "mismatched_embedding", "interpolated_embedding", "real_chance")
    for name in evenly:
        joined = np.concatenate([getattr(share, name) for share in shares])
        np.testing.assert_allclose(joined, getattr(whole, name), rtol=1e-6)
    own = 8 // replicas
    for name in ("latent", "fake_chance"):
        values = [getattr(share, name) for share in shares]
        joined = np.concatenate([value[:own] for value in values] + [v[own:] for v in values])
        np.testing.assert_array_equal(joined, getattr(whole, name))


def test_a_single_class_has_no_mismatch() -> None:
    with pytest.raises(InputError) as error:
        table(_pairs((4,)))
    assert str(error.value) == (
        "pairs file: expected pictures of at least 2 classes, got 1; "
        "mismatched texts are taken from another class"
    )


def test_pictures_of_a_group_are_of_one_class_and_each_comes_once_an_epoch() -> None:
    class_index = np.array([0] * 5 + [1] * 4 + [2] * 1 + [3] * 6, np.int32)
    order = Order(class_index, 4, seed=3, group=2)
    # Two, two, none and three pairs: 14 pictures, three full batches.
    assert order.steps_per_epoch == 3
    epochs = [order.rows(3 * epoch, 3).reshape(-1, 2) for epoch in range(30)]
    for groups in epochs:
        np.testing.assert_array_equal(class_index[groups[:, 0]], class_index[groups[:, 1]])
        assert len(np.unique(groups)) == groups.size
    # What is left over of a class, and of a batch, comes in another epoch; a class of one never.
    assert set(np.concatenate(epochs).ravel().tolist()) == set(range(16)) - {9}
    assert any(not np.array_equal(epochs[0], other) for other in epochs[1:])
    np.testing.assert_array_equal(
        Order(class_index, 4, seed=3, group=2).rows(4, 1), order.rows(4, 1)
    )


def test_a_batch_says_which_texts_are_of_a_pictures_class() -> None:
    for rows, batch in _batches(3):
        classes = PAIRS.class_id[rows]
        np.testing.assert_array_equal(batch.same, classes[:, None] == classes[None])
        np.testing.assert_array_equal(batch.own, np.arange(len(rows)))
        np.testing.assert_array_equal(batch.embeddings, batch.embedding)
