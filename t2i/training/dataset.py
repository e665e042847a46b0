"""`t2i.dataset(data)`: a pairs file as batches of `tf.data`, for training of one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.pairs.reading import read


def dataset(
    data: str | Path, splits: Sequence[str] = ("train",), batch_size: int = 32, seed: int = 0
) -> Any:
    """Returns one epoch of pictures as a `tf.data.Dataset`; each time another order and captions.

    Elements are {image uint8 [b, S, S, C], caption string [b], embedding float32 [b, d]}, each
    picture with one of its captions, drawn at random; without embedding where there is none yet.

    Args:
        data: pairs file.
        splits: of train, val and test.
        batch_size: b; the last batch may be smaller.
        seed: of order and captions.

    Raises:
        InputError: the file can't be read, or the splits hold no picture.
    """
    if batch_size < 1:
        raise InputError(f"dataset: expected batch_size from 1, got {batch_size}; choose another")
    require_tensorflow()
    import tensorflow as tf

    pairs = read(Path(data), splits)
    first, behind = pairs.caption_offset[:-1], pairs.caption_offset[1:]
    image, caption = tf.constant(pairs.image), tf.constant(pairs.caption)
    embedding = None if pairs.embedding is None else tf.constant(pairs.embedding)

    def element(index: Any, chances: Any) -> dict[str, Any]:
        share = tf.random.stateless_uniform([], chances, dtype=tf.float64)
        span = tf.cast(tf.gather(behind - first, index), tf.float64)
        row = tf.gather(first, index) + tf.cast(share * span, tf.int64)
        found = {"image": tf.gather(image, index), "caption": tf.gather(caption, row)}
        return found if embedding is None else found | {"embedding": tf.gather(embedding, row)}

    count = len(pairs.name)
    chances = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).batch(2)
    order = tf.data.Dataset.range(count).shuffle(count, seed, reshuffle_each_iteration=True)
    return tf.data.Dataset.zip(order, chances).map(element).batch(batch_size)
