"""Damaged Torch files, of every kind of value and of a network."""

from pathlib import Path

import numpy as np
import reed_encoders
from hypothesis import given
from mutations import assert_holds, mutated
from torch7_writer import Dict, Instance, Tensor, written

from prep.encoder.released.network import read_torch_encoder
from prep.formats.torch7 import Table, load

_CIRCLE = Dict()
_CIRCLE.fields |= {"self": _CIRCLE, _CIRCLE: 1.0}
_STORAGE = np.arange(24.0)
_VALUES = {
    "plain": [None, True, 2.5, "a bird"],
    "circle": _CIRCLE,
    "views": [Tensor(_STORAGE, (4, 6), (6, 1)), Tensor(_STORAGE, (3, 2), (1, 4), 5)],
    "words": np.arange(300, dtype=np.uint8).reshape(3, 100),
    "net": Instance("nn.Linear", {"weight": np.ones((2, 3), np.float32), "bias": np.ones(2)}),
}
SAMPLES = [written(_VALUES), written(_VALUES, long_size=4), written(_VALUES, version=False)]


def _encoder() -> bytes:
    weights = reed_encoders.Weights(size=600)
    net = reed_encoders.encoder(weights, [(2, 3, 4, 4), (2, 1, 0, 0)], "gru", 2, 2)
    return reed_encoders.encoder_bytes({"protos": {"enc_doc": net}}, weights)


ENCODERS = [_encoder()]


def read(path: Path) -> None:
    """Reads a file, and the numbers of every tensor in it."""
    waiting, seen = [load(path)], set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, np.ndarray):
            value.astype(float)
        elif isinstance(value, Table) and value not in seen:
            seen.add(value)
            waiting += [*value.fields, *value.fields.values()]


def read_encoder(path: Path) -> None:
    read_torch_encoder(path)


@given(content=mutated(SAMPLES))
def test_damaged_torch_files_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".t7")


@given(content=mutated(ENCODERS))
def test_damaged_encoders_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read_encoder", content, ".t7")
