"""Batches drawn on the device; every random draw of a step is here, and `order` permutes.

What a batch looks up, pictures and embeddings, is a choice of rows: of the whole table where the
device holds it, or of a block that brings the rows of some steps, in their order.

A batch is a pure function of (seed, step): it is drawn for all replicas together and each takes
its rows, so that a run resumes exactly and does not depend on the number of replicas.
"""

from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

import tensorflow as tf

from t2i.images.cropping import crop
from t2i.images.pixels import to_float
from t2i.models.contract import Batch, Needs, Tensor
from t2i.training.batches.table import Table


class Choice(NamedTuple):
    """Rows of a table that the batch of a step looks up.

    Attributes:
        image: int32 [b].
        caption: int32 [b, captions], of the images themselves.
        mismatched: int32 [b, captions], of images of other classes; none is the image's own
            word for word.
    """

    image: Tensor
    caption: Tensor
    mismatched: Tensor


@dataclass(frozen=True)
class Draw:
    """How batches are drawn.

    Attributes:
        seed: of the run.
        batch_size: rows over all replicas.
        image_size: s, pixels; a random crop of the stored pictures.
        flip: mirror half of the images.
        needs: of the model.
    """

    seed: int
    batch_size: int
    image_size: int
    flip: bool
    needs: Needs


def choose(table: Table, rows: Tensor, step: Tensor, how: Draw) -> Choice:
    """Returns what the batch of a step looks up; the pictures and embeddings are not read.

    Args:
        table: the pairs.
        rows: int32 [batch_size], the images of the whole batch.
        step: int32 scalar.
        how: sizes and the seed.
    """
    seeds = _seeds(step, how)
    other = _other_class(table, rows, seeds[3], seeds[4])
    mismatched = _captions(table, other, seeds[5], how.needs.captions)
    return Choice(
        image=rows,
        caption=_captions(table, rows, seeds[2], how.needs.captions),
        mismatched=_none_right(table, rows, mismatched) if table.text.shape[0] else mismatched,
    )


def place(index: Tensor, how: Draw) -> Choice:
    """Returns where a block holds what its step number `index` looks up: in order."""
    images, captions = how.batch_size, how.batch_size * how.needs.captions
    own = tf.reshape(tf.range(captions), [images, how.needs.captions])
    return Choice(
        image=index * images + tf.range(images),
        caption=2 * index * captions + own,
        mismatched=(2 * index + 1) * captions + own,
    )


def draw(
    table: Table, choice: Choice, step: Tensor, how: Draw, replica: Tensor = 0, replicas: int = 1
) -> Batch:
    """Returns one replica's rows of the batch of a step.

    Args:
        table: the pairs, or a block of them.
        choice: its rows that the whole batch looks up.
        step: int32 scalar.
        how: sizes and the seed.
        replica: number of this replica, from 0.
        replicas: how many there are; they divide `batch_size / 2`.
    """
    whole, half = how.batch_size, how.batch_size // 2
    seeds = _seeds(step, how)
    margin = table.image.shape[1] - how.image_size
    corner = tf.random.stateless_uniform([whole, 2], seeds[0], 0, margin + 1, dtype=tf.int32)
    flip = tf.random.stateless_uniform([whole], seeds[1]) < (0.5 if how.flip else 0.0)
    latent = tf.random.stateless_normal([whole + half, how.needs.latent_size], seeds[6])
    real_chance = tf.random.stateless_uniform([whole, how.needs.chances], seeds[7])
    fake_chance = tf.random.stateless_uniform([whole + half, how.needs.chances], seeds[8])

    def local(values: Tensor, count: int = whole, start: int = 0) -> Tensor:
        share = count // replicas
        return values[start + replica * share : start + (replica + 1) * share]

    embedding = _mean_embedding(table, local(choice.caption))
    first = _mean_embedding(table, local(choice.caption, half))
    second = _mean_embedding(table, local(choice.caption, half, half))
    beta = how.needs.interpolation_beta
    class_index = tf.gather(table.class_index, choice.image)
    window = crop(table.image, local(choice.image), local(corner), local(flip), how.image_size)
    return Batch(
        image=to_float(tf.cast(window, tf.float32)),
        embedding=embedding,
        mismatched_embedding=_mean_embedding(table, local(choice.mismatched)),
        interpolated_embedding=beta * first + (1.0 - beta) * second,
        latent=tf.concat([local(latent), local(latent, half, whole)], axis=0),
        real_chance=local(real_chance),
        fake_chance=tf.concat([local(fake_chance), local(fake_chance, half, whole)], axis=0),
        embeddings=_mean_embedding(table, choice.caption),
        own=local(tf.range(whole)),
        same=local(class_index)[:, None] == class_index[None],
    )


def _seeds(step: Tensor, how: Draw) -> list[Tensor]:
    """Returns the nine seeds of a step; each draw has its own."""
    seeds = tf.random.split(tf.stack([how.seed, tf.cast(step, tf.int32)]), num=9)
    return list(tf.unstack(seeds, num=9))


def _captions(table: Table, rows: Tensor, seed: Tensor, count: int) -> Tensor:
    """Returns captions of the images, drawn with replacement, int32 [rows, count]."""
    start = tf.gather(table.caption_offset, rows)
    owned = tf.gather(table.caption_offset, rows + 1) - start
    chance = tf.random.stateless_uniform([rows.shape[0], count], seed)
    return start[:, None] + _floor(chance, owned[:, None])


def _other_class(table: Table, rows: Tensor, class_seed: Tensor, image_seed: Tensor) -> Tensor:
    """Returns an image of another class for each row: first a class, uniformly, then an image.

    Source: the sampling of the release of Reed et al., ICML 2016.
    """
    classes = table.class_offset.shape[0] - 1
    own = tf.gather(table.class_index, rows)
    ahead = tf.random.stateless_uniform(own.shape, class_seed, 1, classes, dtype=tf.int32)
    other = (own + ahead) % classes
    start = tf.gather(table.class_offset, other)
    count = tf.gather(table.class_offset, other + 1) - start
    chance = tf.random.stateless_uniform(own.shape, image_seed)
    return tf.gather(table.by_class, start + _floor(chance, count))


def _none_right(table: Table, rows: Tensor, captions: Tensor) -> Tensor:
    """Returns the captions, those that are a picture's own word for word replaced by others.

    What replaces one is the next of another class that says something else, in an order that
    goes through all captions in steps of the golden section: far from the one before each time.

    Args:
        table: the pairs.
        rows: int32 [b], the pictures.
        captions: int32 [b, k], of other classes.
    """
    most = table.text.shape[0]
    stride = next(step for step in range(round(0.618 * most), most + 1) if gcd(step, most) == 1)
    start = tf.gather(table.caption_offset, rows)
    owned = tf.gather(table.caption_offset, rows + 1) - start
    # As many places as the most captions of a picture here; the last one fills them.
    places = tf.minimum(tf.range(tf.reduce_max(owned))[None], owned[:, None] - 1)
    own_texts = tf.gather(table.text, start[:, None] + places)
    own_class = tf.gather(table.class_index, rows)

    def wrong(captions: Tensor) -> Tensor:
        """Tells whether captions [b, k] say what none of the picture's own does."""
        same = tf.gather(table.text, captions)[:, :, None] == own_texts[:, None]
        owner = tf.searchsorted(table.caption_offset, tf.reshape(captions, [-1]), side="right") - 1
        other = (
            tf.reshape(tf.gather(table.class_index, owner), captions.shape) != own_class[:, None]
        )
        return other & ~tf.reduce_any(same, axis=2)

    fixed = ~tf.gather(table.replaceable, rows)[:, None]

    def step(captions: Tensor, settled: Tensor) -> tuple[Tensor, Tensor]:
        captions = tf.where(settled, captions, (captions + stride) % most)
        return captions, settled | wrong(captions)

    captions, _ = tf.while_loop(
        lambda _, settled: ~tf.reduce_all(settled), step, [captions, fixed | wrong(captions)]
    )
    return captions


def _floor(chance: Tensor, count: Tensor) -> Tensor:
    """Returns whole numbers below `count`, for chances in [0, 1)."""
    whole = tf.cast(chance * tf.cast(count, tf.float32), tf.int32)
    return tf.minimum(whole, count - 1)


def _mean_embedding(table: Table, captions: Tensor) -> Tensor:
    return tf.reduce_mean(tf.gather(table.embedding, captions), axis=1)
