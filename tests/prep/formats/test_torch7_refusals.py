"""Torch files that are none, damaged or hostile."""

import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch7_writer import Instance, Tensor, Writer, save, written

from prep.formats import torch7
from prep.formats.torch7 import load
from t2i.errors import InputError

AGAIN = "fetch the file again, or save it again in Torch"


def read(folder: Path, content: bytes) -> Any:
    path = folder / "value.t7"
    path.write_bytes(content)
    return load(path)


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content)
    said = str(caught.value)
    assert said.startswith(f"{folder}/value.t7: expected ")
    assert said.endswith(f"; {AGAIN}")
    return said.removeprefix(f"{folder}/value.t7: ").removesuffix(f"; {AGAIN}")


def tensor(**changes: Any) -> bytes:
    values = {"storage": np.arange(6.0), "shape": (2, 3), "strides": (3, 1), **changes}
    return written(Tensor(**values))


@pytest.mark.parametrize("cut", [1, 4, 11, 30, 60, 100, -1])
def test_a_file_cut_off_is_refused(tmp_path, cut):
    content = written({"x": np.arange(6.0), "y": "text"})
    with pytest.raises(InputError, match=r"expected .* before byte"):
        read(tmp_path, content[:cut])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected 4 bytes before byte 0, got the end after 0"),
        (written(1.0) + b"\0", "expected the end before byte 12, got 1 more bytes"),
        (struct.pack("<i", 9), "expected a value of Torch before byte 4, got kind 9"),
        (b"4\n1\n3\nV 1\n", "expected Torch's binary format before byte 4, got perhaps its ASCII"),
        (struct.pack("<ii", 8, 1), "expected data only before byte 4, got a function"),
        (struct.pack("<ii", 6, 1), "expected data only before byte 4, got a function"),
        (
            struct.pack("<iii", 3, 1, 1 << 30),
            "expected as many entries as the file has room for before byte 12, got 1073741824",
        ),
        (
            struct.pack("<ii", 2, -1),
            "expected as many characters as the file has room for before byte 8, got -1",
        ),
        (written({None: 1}), "expected a key before byte 16, got NoneType"),
        (written({np.nan: 1}), "expected a key before byte 24, got nan"),
        (
            written(Instance("torch.Generator")),
            "expected tables, tensors and neural networks before byte 34, got torch.Generator",
        ),
        (
            written(Instance("os.execute('x')")),
            "expected the name of a class before byte 34, got \"os.execute('x')\"",
        ),
    ],
)
def test_what_is_no_torch_file_is_refused(tmp_path, content, said):
    assert refusal(tmp_path, content).startswith(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"offset": 1},
        {"offset": -1},
        {"strides": (4, 1)},
        {"strides": (-3, 1)},
        {"shape": (-2, -3)},
        {"shape": (1 << 40, 1 << 40), "strides": (0, 0)},
        {"shape": (3, 3), "strides": (1, 1)},
        {"shape": (1 << 62, 3), "strides": (1 << 62, 1)},
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path, changes):
    said = refusal(tmp_path, tensor(**changes))
    assert said.startswith("expected a tensor inside its storage of 6 before byte ")


def test_a_tensor_of_many_dimensions_is_refused(tmp_path):
    content = tensor(shape=(1,) * 9, strides=(1,) * 9)
    assert refusal(tmp_path, content) == "expected at most 8 dimensions before byte 41, got 9"


def nested(first: str, kind: int, index: int) -> bytes:
    """A tensor whose storage is `kind`, `index` and whatever would follow."""
    writer = Writer()
    writer.ints(4, 1)
    writer.class_name(first)
    writer.ints(1)
    writer.longs(2, 1, 1)
    writer.ints(kind, index)
    return bytes(writer.content)


def test_a_tensor_is_not_its_own_storage(tmp_path):
    writer = Writer()
    writer.class_name("torch.FloatTensor")
    content = nested("torch.FloatTensor", 4, 1) + bytes(writer.content)
    assert refusal(tmp_path, content) == (
        "expected torch.FloatStorage before byte 100, got torch.FloatTensor"
    )


def test_an_object_in_the_place_of_a_storage_is_refused(tmp_path):
    writer = Writer()
    writer.ints(3, 7, 1, 5, 1)
    writer.content += nested("torch.FloatTensor", 4, 7)
    writer.class_name("torch.FloatStorage")
    writer.longs(0)
    said = refusal(tmp_path, bytes(writer.content))
    assert said == "expected torch.FloatStorage before byte 92, got something else"


def test_a_storage_of_another_kind_is_refused(tmp_path):
    storage = np.arange(4.0)
    content = written([Tensor(storage, (4,), (1,)), Tensor(storage, (4,), (1,), kind="Float")])
    assert "expected torch.FloatStorage before byte " in refusal(tmp_path, content)


def test_a_table_in_the_place_of_a_storage_is_refused(tmp_path):
    said = refusal(tmp_path, nested("torch.FloatTensor", 3, 2))
    assert said.startswith("expected torch.FloatStorage before byte ")


def test_too_many_values_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch7, "_MAX_VALUES", 8)
    assert read(tmp_path, written([1, 2, 3])).sequence() == [1, 2, 3]
    assert refusal(tmp_path, written([1, 2, 3, 4])).startswith("expected at most 8 values before")


def test_a_value_takes_no_more_memory_than_is_reckoned_with(tmp_path, monkeypatch):
    monkeypatch.setattr(torch7, "_MAX_VALUES", 10_000)
    path = tmp_path / "value.t7"
    tables = b"".join(struct.pack("<idiii", 1, i, 3, i + 2, 0) for i in range(6_000))
    path.write_bytes(struct.pack("<iii", 3, 1, 6_000) + tables)
    tracemalloc.start()
    with pytest.raises(InputError, match="expected at most 10000 values"):
        load(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000 * 400


def test_a_file_too_large_or_missing_is_named(tmp_path):
    path = save(tmp_path / "value.t7", "a bird")
    with pytest.raises(InputError) as caught:
        load(path, max_bytes=4)
    assert str(caught.value) == (
        f"{path}: expected at most 4 bytes, got {path.stat().st_size}; is it the right file?"
    )
    with pytest.raises(InputError) as caught:
        load(tmp_path / "none.t7")
    assert str(caught.value) == (
        f"{tmp_path}/none.t7: expected a Torch file, got no such file; check the path"
    )
