"""Windows cut out of stored pictures, on the device."""

from typing import Any

import tensorflow as tf

Tensor = Any
# Stored pictures may be larger than what is painted, so that a window moves over them; of larger
# ones a window would show pieces. As published, 76 for 64.
LARGEST_STORED = 1.5


def crop(image: Tensor, rows: Tensor, corner: Tensor, flip: Tensor, size: int) -> Tensor:
    """Returns windows [b, size, size, C], in the type of `image`.

    Args:
        image: [n, s, s, C].
        rows: int [b], whose windows.
        corner: int [b, 2], row and column where they start; or [1, 2], the same for all.
        flip: bool [b], whether they are mirrored.
        size: side of the windows, pixels.
    """
    stored, channels = image.shape[2:]
    across = tf.range(size, dtype=tf.int64)
    corner = tf.cast(corner, tf.int64)
    lines = tf.cast(rows, tf.int64)[:, None] * stored + corner[:, :1] + across
    columns = corner[:, 1:] + tf.where(flip[:, None], size - 1 - across, across)
    # One gather of pixels: slices and selections go byte by byte.
    places = lines[:, :, None] * stored + columns[:, None, :]
    return tf.gather(tf.reshape(image, [-1, channels]), places)
