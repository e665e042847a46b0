"""Text encoders of Reed et al. with random weights, as their Lua code builds and saves them."""

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

import nngraph
import numpy as np
from nngraph import call, g_module
from torch7_writer import Dict, Instance, Tensor, written

ALPHABET_SIZE = 70


class Weights:
    """Random weights on one flat storage, as training leaves them."""

    def __init__(self, size: int = 60_000) -> None:
        self.storage = np.random.default_rng(0).uniform(-0.6, 0.6, size).astype(np.float32)
        self._used = 0

    def take(self, *shape: int) -> np.ndarray:
        size = int(np.prod(shape))
        view = self.storage[self._used : self._used + size].reshape(shape)
        self._used += size
        return view

    def on_disk(self, view: np.ndarray) -> Tensor:
        offset = (view.ctypes.data - self.storage.ctypes.data) // 4
        strides = tuple(s // 4 for s in view.strides)
        return Tensor(self.storage, view.shape, strides, offset, "Cuda")


def module(name: str, **fields: Any) -> Instance:
    return Instance(f"nn.{name}", fields)


def linear(weights: Weights, inputs: int, outputs: int) -> Instance:
    own = {"weight": weights.take(outputs, inputs), "bias": weights.take(outputs)}
    return module("Linear", **own)


def _again(layer: Instance) -> Instance:
    """The same layer once more, in a Sequential, with shared weights, as the Lua code does."""
    return module("Sequential", modules=[Instance(layer.class_name, dict(layer.fields))])


def relu_rnn(weights: Weights, steps: int, units: int) -> Instance:
    inputs = [call(module("Identity")) for _ in range(steps)]
    i2h, h2h = (linear(weights, units, units) for _ in range(2))
    hidden = [call(module("ReLU", threshold=0, val=0), call(_again(i2h), inputs[0]))]
    total = hidden[0]
    for x in inputs[1:]:
        added = call(module("CAddTable"), call(_again(i2h), x), call(_again(h2h), hidden[-1]))
        hidden.append(call(module("ReLU", threshold=0, val=0), added))
        total = call(module("CAddTable"), total, hidden[-1])
    return g_module(inputs, call(module("MulConstant", constant_scalar=1 / steps), total))


def gru(weights: Weights, steps: int, units: int) -> Instance:
    inputs = [call(module("Identity")) for _ in range(steps)]
    i_update, i_reset, i2h = (linear(weights, units, units) for _ in range(3))
    h_update, h_reset, h2h = (linear(weights, units, units) for _ in range(3))

    def gate(i: Instance, x: Instance, h: Instance, state: Instance) -> Instance:
        both = call(_again(i), x), call(_again(h), state)
        return call(module("Sigmoid"), call(module("CAddTable"), *both))

    hidden = [call(module("Tanh"), call(_again(i2h), inputs[0]))]
    for x in inputs[1:]:
        update = gate(i_update, x, h_update, hidden[-1])
        reset = gate(i_reset, x, h_reset, hidden[-1])
        gated = call(module("CMulTable"), reset, hidden[-1])
        added = call(module("CAddTable"), call(_again(i2h), x), call(_again(h2h), gated))
        candidate = call(module("Tanh"), added)
        negative = call(module("MulConstant", constant_scalar=-1), update)
        kept = call(module("AddConstant", constant_scalar=1), negative)
        one = call(module("CMulTable"), update, candidate)
        other = call(module("CMulTable"), kept, hidden[-1])
        hidden.append(call(module("CAddTable"), one, other))
    total = hidden[0]
    for state in hidden[1:]:
        total = call(module("CAddTable"), total, state)
    return g_module(inputs, call(module("MulConstant", constant_scalar=1 / steps), total))


def encoder(
    weights: Weights,
    convolutions: Sequence[tuple[int, int, int, int]],
    recurrent: str,
    steps: int,
    embedding_size: int,
) -> Instance:
    """HybridCNN and HybridCNNLong.

    Args:
        weights: where to take them from.
        convolutions: (filters, width, pooled, pooled every) of each; pooled 0 is no pooling.
        recurrent: `relu` or `gru`.
        steps: of the recurrent part.
        embedding_size: numbers in an embedding.
    """
    channels = ALPHABET_SIZE
    parts = []
    for filters, width, pool, stride in convolutions:
        own = {"weight": weights.take(filters, channels * width), "bias": weights.take(filters)}
        frame = {"inputFrameSize": channels, "outputFrameSize": filters, "kW": width, "dW": 1}
        parts += [module("TemporalConvolution", **frame, **own)]
        parts += [module("Threshold", threshold=1e-6, val=0)]
        parts += [module("TemporalMaxPooling", kW=pool, dW=stride)] if pool else []
        channels = filters
    text = call(module("Identity"))
    frames = call(module("Sequential", modules=parts), text)
    rnn = {"relu": relu_rnn, "gru": gru}[recurrent](weights, steps, channels)
    state = call(rnn, call(module("SplitTable", dimension=2), frames))
    dropped = call(module("Dropout", p=0, v2=True), state)
    return g_module([text], call(linear(weights, channels, embedding_size), dropped))


def encoder_bytes(value: Any, weights: Weights) -> bytes:
    """Returns a Torch file of a value, every array in it a view of the one storage."""
    limit = sys.getrecursionlimit()
    # The tests' writer calls itself for each node that another holds.
    sys.setrecursionlimit(20_000)
    try:
        return written(_on_disk(value, weights, {}))
    finally:
        sys.setrecursionlimit(limit)


def _on_disk(thing: Any, weights: Weights, seen: dict[int, Any]) -> Any:
    if isinstance(thing, np.ndarray):
        return weights.on_disk(thing)
    if isinstance(thing, list):
        return [_on_disk(one, weights, seen) for one in thing]
    if isinstance(thing, dict):
        return {key: _on_disk(one, weights, seen) for key, one in thing.items()}
    if not isinstance(thing, Instance | Dict):
        return thing
    if id(thing) not in seen:
        copy = seen[id(thing)] = dataclasses.replace(thing, fields={})
        for key, value in thing.fields.items():
            copy.fields[_on_disk(key, weights, seen)] = _on_disk(value, weights, seen)
    return seen[id(thing)]


def embed(net: Instance, texts: Sequence[str], length: int, alphabet: str) -> np.ndarray:
    """Returns the embeddings, as the released demo computes them."""
    place = {character: index for index, character in enumerate(alphabet)}
    one_hot = np.zeros((len(texts), length, len(alphabet)))
    for row, text in zip(one_hot, texts, strict=True):
        for step, character in enumerate(text[:length]):
            if character in place:
                row[step, place[character]] = 1
    return nngraph.forward(net, one_hot)
