"""Latents as NumPy draws them, inside a graph: a seed means the same picture as anywhere.

`latents(seed, size)` is `default_rng(seed).standard_normal(size, float32)` of each seed, in
operations on whole arrays: the state after any number of steps is a sum of two products, and where
each number of the ziggurat begins is found by jumping twice as far each time.

Source: O'Neill 2014, "PCG", XSL-RR 128/64; Marsaglia and Tsang 2000, "The ziggurat method";
NumPy's SeedSequence, pcg64.h and distributions.c.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Tensor = Any
# 128 bits as their high and low 64.
Wide = tuple[Tensor, Tensor]

_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_HALF, _WHOLE = (1 << 32) - 1, (1 << 64) - 1
# Where the last of 256 strips of equal area begins, and that area.
_TAIL, _AREA = 3.6541528853610088, 0.004928673233974658
# Words beyond one a number: each is refused in 1.5 of a hundred cases, for one or two words more.
_MORE = 64
# Refusals in a row, as a power of two, that are followed; each has a chance below a half.
_JUMPS = 7


# What is Python's here is worked out as the graph is made.
@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
def latents(seed: Tensor, size: int) -> Tensor:
    """Returns float32 [n, size] of seeds int64 [n], from 0 to 2^31 - 1."""
    words = _words(_seeded(seed), size + size // 4 + _MORE)
    value, following, first = _attempts(words)
    places = first[:, None]
    while places.shape[1] < size:
        # `following` leads as many numbers on as there are places.
        places = tf.concat([places, _at(following, places)], axis=1)
        following = _at(following, following)
    return _at(value, places[:, :size])


def _at(values: Tensor, places: Tensor) -> Tensor:
    """Returns values [n, w] at places [n, k] of their own row; behind the end, the last."""
    last = tf.shape(values)[1] - 1
    return tf.gather(values, tf.minimum(places, last), batch_dims=1)


def _number(value: int) -> Tensor:
    return tf.constant(value, tf.uint64)


def _shifted(value: Tensor, by: int) -> Tensor:
    return tf.bitwise.right_shift(value, _number(by))


def _halves(value: Tensor) -> tuple[Tensor, Tensor]:
    return _shifted(value, 32), tf.bitwise.bitwise_and(value, _number(_HALF))


def _product(first: Wide, second: Wide) -> Wide:
    """Returns the product, of which 128 bits are left."""
    (a, b), (c, d) = _halves(first[1]), _halves(second[1])
    middle = a * d + _shifted(b * d, 32)
    carried, other = _halves(middle)
    high = a * c + carried + _shifted(other + b * c, 32)
    high += first[0] * second[1] + first[1] * second[0]
    return high, first[1] * second[1]


def _sum(first: Wide, second: Wide) -> Wide:
    low = first[1] + second[1]
    return first[0] + second[0] + tf.cast(low < first[1], tf.uint64), low


def _wide(numbers: list[int]) -> Wide:
    # Of a list, a graph's constant would go through 53 bits.
    high = np.array([n >> 64 & _WHOLE for n in numbers], np.uint64)
    low = np.array([n & _WHOLE for n in numbers], np.uint64)
    return tf.constant(high), tf.constant(low)


def _hashed(constant: int, multiplier: int) -> Callable[[Tensor], Tensor]:
    """Returns SeedSequence's hash of 32 bits, another one at each call."""

    def hashed(value: Tensor) -> Tensor:
        nonlocal constant
        value = tf.bitwise.bitwise_xor(value, _number(constant))
        constant = constant * multiplier & _HALF
        return _folded(value * _number(constant))

    return hashed


def _folded(value: Tensor) -> Tensor:
    value = tf.bitwise.bitwise_and(value, _number(_HALF))
    return tf.bitwise.bitwise_xor(value, _shifted(value, 16))


def _seeded(seed: Tensor) -> tuple[Wide, Wide]:
    """Returns the generator's state before its first two steps, and its increment, each [n, 1]."""
    seed = tf.cast(seed, tf.uint64)[:, None]
    hashed = _hashed(0x43B0D7E5, 0x931E8875)
    pool = [hashed(value) for value in (seed, *[tf.zeros_like(seed)] * 3)]
    for start in range(4):
        for end in range(4):
            if start != end:
                other = _number(0x4973F715) * hashed(pool[start])
                pool[end] = _folded(_number(0xCA01F9DD) * pool[end] - other)
    hashed = _hashed(0x8B51F9DD, 0x58F38DED)
    halves = [hashed(pool[i % 4]) for i in range(8)]
    a, b, c, d = (
        low + high * _number(1 << 32) for low, high in zip(halves[::2], halves[1::2], strict=True)
    )
    one = (tf.zeros_like(c), tf.ones_like(c))
    increment = _sum(_product((c, d), (one[0], 2 * one[1])), one)
    return _sum((a, b), increment), increment


def _words(seeded: tuple[Wide, Wide], count: int) -> Tensor:
    """Returns int64 [n, count] words of 32 bits, the low half of each 64 first."""
    powers, sums = [_MULTIPLIER], [1]
    for _ in range(1 + count // 2):
        sums.append(sums[-1] + powers[-1])
        powers.append(powers[-1] * _MULTIPLIER % (1 << 128))
    state, increment = seeded
    high, low = _sum(_product(state, _wide(powers[1:])), _product(increment, _wide(sums[1:])))
    turn, mixed = _shifted(high, 58), tf.bitwise.bitwise_xor(high, low)
    back = tf.bitwise.bitwise_and(_number(64) - turn, _number(63))
    turned = tf.bitwise.bitwise_or(
        tf.bitwise.right_shift(mixed, turn), tf.bitwise.left_shift(mixed, back)
    )
    words = tf.stack(_halves(turned)[::-1], axis=2)
    return tf.cast(tf.reshape(words, [tf.shape(words)[0], -1]), tf.int64)[:, :count]


def _ziggurat() -> tuple[Any, Any, Any]:
    """Returns, of each strip, the sizes taken at once, its width for a size of 1, its height."""
    density = np.exp(-0.5 * _TAIL**2)
    base, steps = _AREA / density, float(1 << 23)
    edge, width, height = np.zeros(256), np.zeros(256), np.zeros(256)
    edge[0], width[0], height[0] = _TAIL / base * steps, base / steps, 1.0
    width[255], height[255] = _TAIL / steps, density
    x = _TAIL
    for strip in range(254, 0, -1):
        before = x
        x = np.sqrt(-2 * np.log(_AREA / x + np.exp(-0.5 * x * x)))
        edge[strip + 1] = x / before * steps
        height[strip], width[strip] = np.exp(-0.5 * x * x), x / steps
    return edge.astype(np.int64), width.astype(np.float32), height.astype(np.float32)


def _attempts(words: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Returns what each word begins, as if a number began there.

    The number [n, w]; the word that the one behind it begins with, int32 [n, w]; and the word that
    the first begins with, int32 [n].
    """
    edge, width, height = (tf.constant(table) for table in _ziggurat())
    place = tf.zeros_like(words, tf.int32) + tf.range(tf.shape(words)[1])
    chance = tf.cast(words // 256, tf.float32) * (1.0 / (1 << 24))
    strip, size = tf.bitwise.bitwise_and(words, 255), words // 512
    drawn = tf.cast(size, tf.float32) * tf.gather(width, strip)
    x = tf.where(tf.bitwise.bitwise_and(words, 256) > 0, -drawn, drawn)
    quick = size < tf.gather(edge, strip)
    above, below = tf.gather(height, tf.maximum(strip - 1, 0)), tf.gather(height, strip)
    wedge = (above - below) * _at(chance, place + 1) + below < tf.exp(-0.5 * x * x)
    # Beyond the last strip two more words make a number, or the next two.
    far = -tf.math.log1p(-chance) / _TAIL
    near = -2.0 * tf.math.log1p(-_at(chance, place + 1)) > far * far
    ending = _at(_settled(near, place), place + 1)
    beyond = _TAIL + _at(far, ending)
    in_tail = (strip == 0) & ~quick
    value = tf.where(in_tail, tf.where(tf.bitwise.bitwise_and(size, 256) > 0, -beyond, beyond), x)
    behind = tf.where(quick, place + 1, tf.where(in_tail, ending + 2, place + 2))
    taken = _settled(quick | in_tail | wedge, place)
    return value, _at(taken, behind), taken[:, 0]


def _settled(good: Tensor, place: Tensor) -> Tensor:
    """Returns for each word the first that is good, two by two from there on."""
    leads = tf.where(good, place, place + 2)
    for _ in range(_JUMPS):
        leads = _at(leads, leads)
    return leads
