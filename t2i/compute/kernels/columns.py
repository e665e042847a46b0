"""The two convolutions next to 4x4 places, where many channels meet at few: as matrix products.

There the usual kernels, which first put the many weights in an order of their own, reach little
more than half the speed of a matrix product. Here windows are laid out as rows (im2col), and one
product does the rest, with the weights as they are.
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

Tensor = Any

# Of the kernel along each axis.
_TAPS = 4


class ColumnConv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """The stock layer, 4x4 of stride 2 with padding `same`, as a matrix product."""

    def call(self, inputs: Tensor) -> Tensor:
        """Returns [batch, side / 2, side / 2, filters]."""
        kernel = tf.cast(self.kernel, inputs.dtype)
        rows = tf.reshape(columns(inputs), [-1, _TAPS**2 * kernel.shape[2]])
        outputs = tf.matmul(rows, tf.reshape(kernel, [-1, self.filters]))
        if self.use_bias:
            outputs += tf.cast(self.bias, inputs.dtype)
        side = inputs.shape[1] // 2
        return tf.reshape(outputs, [-1, side, side, self.filters])


class ColumnConv2DTranspose(keras.layers.Conv2DTranspose):  # type: ignore[misc]
    """The stock layer, 4x4 of stride 2 with padding `same`, no bias, as a matrix product."""

    def call(self, inputs: Tensor) -> Tensor:
        """Returns [batch, 2 side, 2 side, filters]."""
        side, channels = inputs.shape[2:]
        kernel = tf.reshape(tf.cast(self.kernel, inputs.dtype), [-1, channels])
        rows = tf.matmul(tf.reshape(inputs, [-1, channels]), kernel, transpose_b=True)
        return spread(tf.reshape(rows, [-1, side, side, _TAPS**2 * self.filters]))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def columns(image: Tensor) -> Any:
    """Returns what each 4x4 window of stride 2 sees, zeros outside: [b, s / 2, s / 2, 16 C].

    Its gradient is `spread`, and the other way round.

    Args:
        image: [b, s, s, C].
    """
    side, channels = image.shape[2:]
    padded = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]])
    pixels = tf.reshape(padded, [-1, (side + 2) ** 2, channels])
    seen = tf.gather(pixels, _seen(side), axis=1)
    return tf.reshape(seen, [-1, side // 2, side // 2, _TAPS**2 * channels]), spread


@tf.custom_gradient  # type: ignore[untyped-decorator]
def spread(windows: Tensor) -> Any:
    """Returns the sum of windows laid over each other where `columns` finds them: [b, s, s, C].

    Args:
        windows: [b, s / 2, s / 2, 16 C].
    """
    side, channels = 2 * windows.shape[1], windows.shape[3] // _TAPS**2
    parts = tf.reshape(windows, [-1, 4 * side**2, channels])
    # A last one of zeros, for windows that would stand outside.
    parts = tf.pad(parts, [[0, 0], [0, 1], [0, 0]])
    image = tf.add_n([tf.gather(parts, where, axis=1) for where in _seen_by(side)])
    return tf.reshape(image, [-1, side, side, channels]), columns


def _seen(side: int) -> npt.NDArray[np.int32]:
    """Returns for each part of each window the padded pixel it sees, [4 side^2]."""
    axis = 2 * np.arange(side // 2)[:, None] + np.arange(_TAPS)
    pixels = axis[:, None, :, None] * (side + 2) + axis[None, :, None, :]
    return pixels.reshape(-1).astype(np.int32)


def _seen_by(side: int) -> npt.NDArray[np.int32]:
    """Returns for each pixel the four parts of windows that see it, [4, side^2].

    Where fewer do, the others are 4 side^2, one beyond the last.
    """
    seen = _seen(side)
    inner = np.arange(1, side + 1)
    pixels = (inner[:, None] * (side + 2) + inner).reshape(-1)
    parts = np.full((4, side**2), len(seen), np.int32)
    for column, pixel in enumerate(pixels):
        (by,) = np.nonzero(seen == pixel)
        parts[: len(by), column] = by
    return parts
