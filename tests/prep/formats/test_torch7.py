import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch7_writer import Dict, Instance, Tensor, Writer, save, written

from prep.formats.torch7 import Table, load


def read(folder: Path, content: bytes) -> Any:
    path = folder / "value.t7"
    path.write_bytes(content)
    return load(path)


def test_the_bytes_are_those_of_the_published_format(tmp_path):
    """A table with a 2 x 2 float tensor, spelled out by hand and not by the tests' writer."""
    content = struct.pack("<iii", 3, 1, 1)
    content += struct.pack("<ii1s", 2, 1, b"x")
    content += struct.pack("<iii3si17s", 4, 2, 3, b"V 1", 17, b"torch.FloatTensor")
    content += struct.pack("<iqqqqq", 2, 2, 2, 2, 1, 1)
    content += struct.pack("<iii3si18s", 4, 3, 3, b"V 1", 18, b"torch.FloatStorage")
    content += struct.pack("<qffff", 4, 1.0, 2.0, 3.0, 4.0)
    table = read(tmp_path, content)
    assert table.fields["x"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert table.fields["x"].dtype == np.float32
    assert written({"x": np.array([[1, 2], [3, 4]], np.float32)}) == content


@pytest.mark.parametrize("value", [None, True, False, 0.5, -3.0, "", "a bird", "rød"])
def test_plain_values(tmp_path, value):
    got = read(tmp_path, written(value))
    assert (got, type(got)) == (value, type(value))


def test_a_string_that_is_no_text_loses_nothing(tmp_path):
    assert read(tmp_path, written(b"\xff\x00")).encode("utf-8", "surrogateescape") == b"\xff\x00"


def test_a_table_is_found_by_whole_numbers_and_names(tmp_path):
    table = read(tmp_path, written({1: "a", 2: {"deep": [True]}, 4: "gap", "n": 1.5}))
    assert table.fields[1] == "a"
    assert table.fields[2].fields["deep"].sequence() == [True]
    assert table.fields["n"] == 1.5
    assert len(table.sequence()) == 2
    assert table.class_name == ""


def test_an_object_is_its_class_and_its_fields(tmp_path):
    module = read(tmp_path, written(Instance("nn.Threshold", {"threshold": 1e-6, "val": 0})))
    assert module.class_name == "nn.Threshold"
    assert module.fields == {"threshold": 1e-6, "val": 0.0}


def test_what_stands_twice_is_one_thing(tmp_path):
    shared = Dict({"x": 1})
    numbers = np.arange(3.0)
    table = read(tmp_path, written([shared, shared, numbers, numbers]))
    one, other, first, second = table.sequence()
    assert one is other
    assert first is second


def test_tables_and_objects_may_hold_themselves_and_be_keys(tmp_path):
    circle = Dict()
    circle.fields["self"] = circle
    circle.fields[circle] = 7
    own = Instance("nngraph.Node")
    own.fields["children"] = [own, circle]
    node = read(tmp_path, written(own))
    itself, found = node.fields["children"].sequence()
    assert itself is node
    assert found.fields["self"] is found
    assert found.fields[found] == 7


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "i8", "f4", "f8"])
def test_tensors_of_every_kind(tmp_path, dtype):
    values = np.arange(-3, 9).astype(dtype).reshape(2, 3, 2)
    got = read(tmp_path, written(values))
    assert got.dtype == values.dtype
    np.testing.assert_array_equal(got, values)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [("Cuda", "f4"), ("CudaDouble", "f8"), ("CudaHalf", "f2"), ("Half", "f2"), ("CudaInt", "i4")],
)
def test_tensors_of_a_gpu_are_arrays_too(tmp_path, kind, dtype):
    storage = np.arange(4).astype(dtype)
    got = read(tmp_path, written(Tensor(storage, (2, 2), (2, 1), kind=kind)))
    assert got.dtype == storage.dtype
    assert got.tolist() == [[0, 1], [2, 3]]


def test_strides_and_offsets_are_of_numbers_in_the_storage(tmp_path):
    storage = np.arange(12.0)
    views = [
        Tensor(storage, (3, 2), (4, 2), 1),
        Tensor(storage, (2, 3), (1, 4), 2),
        Tensor(storage, (3, 3), (0, 1), 0),
        Tensor(storage, (1,), (1 << 60,), 11),
    ]
    strided, transposed, expanded, single = read(tmp_path, written(views)).sequence()
    assert strided.tolist() == [[1, 3], [5, 7], [9, 11]]
    assert transposed.tolist() == [[2, 6, 10], [3, 7, 11]]
    assert expanded.tolist() == [[0, 1, 2]] * 3
    assert single.tolist() == [11]
    assert np.shares_memory(strided, expanded)
    with pytest.raises(ValueError, match="read-only"):
        strided[0, 0] = 1.0


@pytest.mark.parametrize(
    "empty", [Tensor(None, (), (), kind="Float"), Tensor(np.zeros(0), (0, 5), (5, 1))]
)
def test_a_tensor_without_numbers_is_empty(tmp_path, empty):
    assert read(tmp_path, written(empty)).shape == (0,)


@pytest.mark.parametrize("long_size", [4, 8])
def test_longs_may_have_four_bytes(tmp_path, long_size):
    words = {"blue": np.array([7, -1]), "red": np.ones((2, 3), np.float32)}
    path = save(tmp_path / "value.t7", words, long_size)
    table = load(path)
    assert table.fields["blue"].tolist() == [7, -1]
    assert table.fields["red"].shape == (2, 3)


def test_files_from_before_versions(tmp_path):
    assert read(tmp_path, written(np.arange(3.0), version=False)).tolist() == [0, 1, 2]


def test_any_depth(tmp_path):
    content = b"".join(struct.pack("<iiiid", 3, i + 1, 1, 1, 1.0) for i in range(20_000))
    value = read(tmp_path, content + struct.pack("<i", 0))
    for _ in range(20_000):
        value = value.fields[1]
    assert value is None


def test_two_objects_may_share_their_fields(tmp_path):
    writer = Writer()
    writer.ints(3, 50, 2, 5, 1)
    writer.value({"x": 1.5})
    own = writer.content[24:28]
    writer.ints(5, 0, 4, 99)
    writer.class_name("nn.Linear")
    writer.content += b"\x03\0\0\0" + own
    fields, module = read(tmp_path, bytes(writer.content)).fields.values()
    assert module.class_name == "nn.Linear"
    assert module.fields is fields.fields


def test_a_table_equals_itself_alone():
    assert Table() != Table()
