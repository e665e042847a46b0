"""Which arithmetic is the faster one here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from t2i.compute.backend import bfloat16_limit
from t2i.config.run import Precision
from t2i.errors import InputError

# A layer from the middle of D at the recipe's size: its mixture of work is the step's.
_BATCH, _SIDE, _CHANNELS = 32, 16, 128
_REPEATS = 7


def resolve_precision(wanted: Precision) -> tuple[str, str]:
    """Returns `float32` or `mixed_bfloat16`, and the reason in words.

    `auto` times a convolution with batch normalisation, forward and backward, in both on the
    first device, and takes bfloat16 when it is at least a tenth faster.
    """
    if wanted != "auto":
        return wanted, "as configured"
    if limit := bfloat16_limit():
        return "float32", f"no bfloat16 with {limit}"
    try:
        full, half = _seconds()
    except tf.errors.OpError as error:
        return "float32", f"a layer fails in bfloat16: {error.message.splitlines()[0]}"
    name = "mixed_bfloat16" if full > 1.1 * half else "float32"
    return name, f"a layer takes {full * 1e3:.1f} ms in float32, {half * 1e3:.1f} ms in bfloat16"


def _seconds() -> tuple[float, float]:
    """Returns the least time of several runs in float32 and in bfloat16; noise only adds.

    They take turns, so that what else the machine does slows both.
    """
    layers = [_layer(tf.float32), _layer(tf.bfloat16)]
    times: list[list[float]] = [[], []]
    for _ in range(_REPEATS + 1):
        for layer, taken in zip(layers, times, strict=True):
            start = time.perf_counter()
            layer()
            taken.append(time.perf_counter() - start)
    # The first runs are traced.
    full, half = (min(taken[1:]) for taken in times)
    return full, half


def _layer(dtype: Any) -> Callable[[], None]:
    """Returns what runs the layer forward and backward, and waits for it."""
    images = tf.cast(tf.random.stateless_normal([_BATCH, _SIDE, _SIDE, _CHANNELS], [0, 0]), dtype)
    kernel = tf.random.stateless_normal([4, 4, _CHANNELS, 2 * _CHANNELS], [0, 1])
    ones = tf.ones([2 * _CHANNELS])

    @tf.function  # type: ignore[untyped-decorator]
    def layer() -> Any:
        with tf.GradientTape() as tape:
            tape.watch([images, kernel])
            outputs = tf.nn.conv2d(images, tf.cast(kernel, dtype), 2, "SAME")
            outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(outputs, ones, 0.0 * ones)
            total = tf.reduce_sum(tf.nn.leaky_relu(outputs))
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(total, [images, kernel])]

    def run() -> None:
        for value in layer():
            value.numpy()

    return run


@contextmanager
def policy(dtype: str) -> Iterator[None]:
    """Makes the layers built in the block compute in `dtype`.

    Raises:
        InputError: they would end the process in bfloat16.
    """
    limit = bfloat16_limit()
    if limit and dtype == "mixed_bfloat16":
        raise InputError(
            f"training.precision: expected float32 with {limit}, where products of bfloat16 end "
            "the process, got mixed_bfloat16; unset that, or set TF_ENABLE_ONEDNN_OPTS=0"
        )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
