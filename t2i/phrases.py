"""The text encoder at work on many captions: what recurs in them is computed once.

What a convolution and its pooling give at a place depends on the few codes in its window, and
captions repeat themselves: in their padding most of all, and in their words. So the layers run
over the different windows, not over the captions; the first finds the words of one-hot
characters, and all that comes of them, by look-up.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from t2i.encoder_config import TextEncoderConfig


def encode(model: keras.Model, config: TextEncoderConfig, codes: Any) -> Any:
    """Returns what `model(codes)` does, float32 [n, d], to rounding.

    Batch normalisation and dropout are as in inference; without them, training may use it too.

    Args:
        model: of `build_text_encoder`.
        config: its shape.
        codes: int32 [n, length].
    """
    first = "one_hot" if config.tokenizer == "char" else "word_piece"
    rows, places = model.get_layer(first).embeddings, codes
    for index, layer in enumerate(config.convolutions, start=1):
        width = layer.kernel_size + layer.pool_size - 1
        windows, places = _distinct(_windows(places, width, layer.pool_stride))
        x = _convolved(model.get_layer(f"convolution_{index}"), rows, windows)
        if config.batch_norm:
            x = model.get_layer(f"batch_norm_{index}")(x, training=False)
        rows = tf.reduce_max(x, axis=1)
    if config.recurrent == "none":
        states = tf.gather(rows, places)
    else:
        states = tf.stack(_states(model, config, rows, tf.unstack(places, axis=1)), axis=1)
    if config.mean_over == "length":
        mean = tf.reduce_mean(states, axis=1)
    else:
        own = tf.cast(own_steps(config, codes), states.dtype)[:, :, None]
        mean = tf.reduce_sum(own * states, axis=1) / tf.reduce_sum(own, axis=1)
    embedding = model.get_layer("embedding")(mean)
    return model.get_layer("unit_length")(embedding) if config.normalized else embedding


def own_steps(config: TextEncoderConfig, codes: Any) -> Any:
    """Returns which of the last steps are a caption's own, and not padding's: bool [n, steps].

    They are those whose windows begin in it, and the first one always. What is not known at a
    caption's end counts as padding: it has the same code.

    Args:
        config: the encoder's shape.
        codes: int32 [n, length], of Keras too.
    """
    place = ops.arange(config.length)
    last = ops.max(ops.where(ops.not_equal(codes, 0), place, 0), axis=1, keepdims=True)
    return ops.less_equal(ops.arange(config.steps[-1]) * config.stride, last)


def _states(
    model: keras.Model, config: TextEncoderConfig, rows: Any, steps: list[Any]
) -> list[Any]:
    """Returns the recurrent layer's states, [n, units] a step, as `_gru` does."""
    recurrent = _gru if config.recurrent == "gru" else _simple_rnn
    cell = model.get_layer(config.recurrent_layer).cell
    if not config.separate_first_step:
        return recurrent(cell, rows, steps)
    first = model.get_layer("first_step")(tf.gather(rows, steps[0]))
    return [first, *recurrent(cell, rows, steps[1:], first)]


def _convolved(layer: keras.layers.Conv1D, rows: Any, windows: Any) -> Any:
    """Returns what the layer makes of windows [d, width] of rows [r, c]: [d, places, filters].

    Each row is multiplied once with what the kernel has for it at each of its places, whatever
    the number of windows that it stands in.
    """
    products = tf.unstack(tf.matmul(rows[None], layer.kernel))
    places = windows.shape[1] - len(products) + 1
    parts = [tf.gather(own, windows[:, i : i + places]) for i, own in enumerate(products)]
    return layer.activation(tf.add_n(parts) + layer.bias)


def _gru(cell: keras.layers.GRUCell, rows: Any, steps: list[Any], state: Any = 0.0) -> list[Any]:
    """Returns the states, [n, units] a step, of steps [n] that number rows [r, c].

    A row is multiplied with the input's weights once; Keras' own layer does so at every step.

    Args:
        state: before the first step, [n, units], or zero.
    """
    update, reset, candidate = tf.split(tf.matmul(rows, cell.kernel) + cell.bias, 3, axis=1)
    kernels = tf.split(tf.convert_to_tensor(cell.recurrent_kernel), 3, axis=1)
    states = [tf.zeros((tf.size(steps[0]), cell.units)) + state]
    for step in steps:
        state = states[-1]
        z = tf.sigmoid(tf.gather(update, step) + tf.matmul(state, kernels[0]))
        r = tf.sigmoid(tf.gather(reset, step) + tf.matmul(state, kernels[1]))
        new = tf.tanh(tf.gather(candidate, step) + tf.matmul(r * state, kernels[2]))
        states.append(new + z * (state - new))
    return states[1:]


def _simple_rnn(
    cell: keras.layers.SimpleRNNCell, rows: Any, steps: list[Any], state: Any = 0.0
) -> list[Any]:
    """Returns the states, as `_gru`."""
    inputs = tf.matmul(rows, cell.kernel) + cell.bias
    states = [tf.zeros((tf.size(steps[0]), cell.units)) + state]
    for step in steps:
        recurred = tf.matmul(states[-1], cell.recurrent_kernel)
        states.append(tf.nn.relu(tf.gather(inputs, step) + recurred))
    return states[1:]


def _windows(places: Any, width: int, stride: int) -> Any:
    """Returns integers [n, windows, width] of integers [n, places]."""
    starts = np.arange(0, places.shape[1] - width + 1, stride)
    return tf.gather(places, starts[:, None] + np.arange(width), axis=1)


def _distinct(windows: Any) -> tuple[Any, Any]:
    """Returns the different windows, [d, width], and for each of [n, windows] which it is."""
    flat = tf.reshape(tf.cast(windows, tf.int64), [-1, windows.shape[2]])
    bound = tf.reduce_max(flat) + 1
    found = tf.unique(flat[:, 0])
    for column in range(1, windows.shape[2]):
        # Both factors are below 2^31: numbers of windows, or codes.
        found = tf.unique(tf.cast(found.idx, tf.int64) * bound + flat[:, column])
    rows = tf.range(tf.shape(flat)[0])
    one_of_each = tf.math.unsorted_segment_min(rows, found.idx, tf.size(found.y))
    return tf.gather(flat, one_of_each), tf.reshape(found.idx, tf.shape(windows)[:2])
