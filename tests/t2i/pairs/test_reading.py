"""Pairs files that are refused."""

import errno
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from pairs_samples import SIZE, faults, image, message, replace

from t2i.errors import InputError
from t2i.pairs.checking import check
from t2i.pairs.reading import read, read_header
from t2i.pairs.writing import writing


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    assert message(lambda: read_header(path)) == (
        f"{path}: expected a pairs file, got nothing there; see `t2i-prep --help`"
    )


@pytest.mark.parametrize("keep", [0, 100, 0.5, -1])
def test_a_truncated_file(embedded: Path, keep: float) -> None:
    whole = embedded.read_bytes()
    length = int(keep * len(whole)) if isinstance(keep, float) else keep
    embedded.write_bytes(whole[:length])
    assert message(lambda: read_header(embedded)) == (
        f"{embedded}: expected a pairs file, got one that HDF5 can't open; prepare it again"
    )


@pytest.mark.parametrize("found", [None, "birds", np.array([1, 2])])
def test_another_format(embedded: Path, found: Any) -> None:
    with h5py.File(embedded, "a") as file:
        del file.attrs["format"]
        if found is not None:
            file.attrs["format"] = found
    assert message(lambda: read_header(embedded)) == (
        f"{embedded}: expected format 't2i-pairs', got {found!r}; make one with `t2i-prep`"
    )


@pytest.mark.parametrize("version", [2, 0, "one", 1.5, np.array([1, 1])])
def test_another_version(embedded: Path, version: Any) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs["version"] = version
    assert message(lambda: read_header(embedded)) == (
        f"{embedded}: expected version 1, got {version}; "
        "prepare it again with this release, or read it with the one that wrote it"
    )


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("image_size", 0, "image_size: expected 1 to 1024, got np.int64(0)"),
        ("image_size", 1025, "image_size: expected 1 to 1024, got np.int64(1025)"),
        ("image_size", "4", "image_size: expected 1 to 1024, got '4'"),
        ("image_size", [4, 4], "image_size: expected 1 to 1024, got array([4, 4])"),
        ("source", 3, "source: expected text, got np.int64(3)"),
        ("created_with", [1, 2], "created_with: expected text, got array([1, 2])"),
        ("split_by", "name", "split_by: expected class or picture, got 'name'"),
        ("split_by", [1, 2], "split_by: expected class or picture, got array([1, 2])"),
    ],
)
def test_a_wrong_attribute(embedded: Path, name: str, value: Any, fault: str) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs[name] = value
    assert faults(embedded) == f"attribute {fault}"


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "[]",
        '{"sha256": "0", "kind": "k"}',
        '{"sha256": "0", "kind": "k", "embedding_size": "many"}',
        '{"sha256": "0", "kind": "k", "embedding_size": Infinity}',
        "[" * 20_000,
    ],
)
def test_a_malformed_encoder_stamp(embedded: Path, stamp: str) -> None:
    with h5py.File(embedded, "a") as file:
        file.attrs["encoder"] = stamp
    assert message(lambda: read_header(embedded)) == (
        f"{embedded}: expected the encoder's hash, kind and size in attribute 'encoder', "
        f"got {stamp!r}; run `t2i-prep embed` again"
    )


# Misshaped data.


@pytest.mark.parametrize(
    ("name", "dataset", "fault"),
    [
        (
            "image",
            {"data": np.zeros((3, 4, 4, 3), np.float32)},
            "expected 4-d uint8, got 4-d float32",
        ),
        ("image", {"data": np.zeros((3, 48), np.uint8)}, "expected 4-d uint8, got 2-d uint8"),
        (
            "image",
            {"data": np.zeros((3, 5, 4, 3), np.uint8)},
            "expected pictures [4, 4, 3], got (3, 5, 4, 3)",
        ),
        ("caption", {"data": np.array([b"a"] * 6)}, "expected 1-d text, got 1-d |S1"),
        (
            "caption",
            {"shape": 6, "dtype": h5py.vlen_dtype(np.uint8)},
            "expected 1-d text, got 1-d object",
        ),
        ("caption_offset", {"data": np.zeros(4, ">i8")}, "expected 1-d int64, got 1-d >i8"),
        ("caption_offset", {"data": np.zeros(3, np.int64)}, "expected 4 rows, got 3"),
        ("class_id", {"data": np.zeros(3, np.int64)}, "expected 1-d int32, got 1-d int64"),
        ("class_id", {"data": np.zeros(2, np.int32)}, "expected 3 rows, got 2"),
        ("name", {"data": [b"a"], "dtype": h5py.string_dtype()}, "expected 3 rows, got 1"),
        ("embedding", {"data": np.zeros((6, 3))}, "expected 2-d float32, got 2-d float64"),
        ("embedding", {"data": np.zeros((5, 3), np.float32)}, "expected (6, 3), got (5, 3)"),
        ("embedding", {"data": np.zeros((6, 4), np.float32)}, "expected (6, 3), got (6, 4)"),
        ("name", {}, "expected a data set, got nothing"),
        # A claim of 44 TB in a small file.
        (
            "image",
            {"shape": (1 << 40, 4, 4, 3), "dtype": np.uint8, "chunks": (8, 4, 4, 3)},
            "expected 52776558133248 bytes, got 0 stored",
        ),
        (
            "embedding",
            {"shape": (1 << 40, 3), "dtype": np.float32},
            "expected 13194139533312 bytes, got 0 stored",
        ),
        (
            "image",
            {"data": np.zeros((3000, 4, 4, 3), np.uint8), "compression": "gzip"},
            "expected 144000 bytes, got {stored} stored",
        ),
    ],
)
def test_a_misshaped_data_set(
    embedded: Path, name: str, dataset: dict[str, Any], fault: str
) -> None:
    replace(embedded, f"train/{name}", **dataset)
    with h5py.File(embedded) as file:
        stored = file[f"train/{name}"].id.get_storage_size() if dataset else 0
    assert faults(embedded) == f"/train/{name}: {fault.format(stored=stored)}"


def test_every_fault_is_named(embedded: Path) -> None:
    replace(embedded, "train/name")
    replace(embedded, "test/class_id", data=np.zeros(1))
    assert faults(embedded) == (
        "/train/name: expected a data set, got nothing; "
        "/test/class_id: expected 1-d int32, got 1-d float64"
    )


def test_a_missing_encoder(embedded: Path) -> None:
    replace(embedded, "encoder")
    assert faults(embedded) == "/encoder: expected a data set, got nothing"


@pytest.mark.parametrize(
    ("split", "channels", "expected"), [("train", 2, 3), ("train", 4, 3), ("val", 1, 3)]
)
def test_pictures_of_other_channels(
    embedded: Path, split: str, channels: int, expected: int
) -> None:
    replace(embedded, f"{split}/image", data=np.zeros((3, 4, 4, channels), np.uint8))
    first = faults(embedded).split("; ")[0]
    assert first == (
        f"/{split}/image: expected pictures [4, 4, {expected}], got (3, 4, 4, {channels})"
    )


def test_a_missing_split(embedded: Path) -> None:
    replace(embedded, "val")
    assert faults(embedded) == "/val: expected a group, got none"


def test_a_split_that_is_no_group(embedded: Path) -> None:
    replace(embedded, "val", data=1)
    assert faults(embedded) == "/val: expected a group, got none"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A file that the pairs file must not lead to."""
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.zeros((3, SIZE, SIZE, 3), np.uint8)
    return path


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "secret"), h5py.SoftLink("/val")])
@pytest.mark.parametrize("name", ["train", "train/image"])
def test_a_link(embedded: Path, other: Path, link: Any, name: str) -> None:
    with h5py.File(embedded, "a") as file:
        del file[name]
        file[name] = link
    expected = "a group, got none" if name == "train" else "a data set, got a link"
    assert faults(embedded) == f"/{name}: expected {expected}"


def test_a_virtual_data_set(embedded: Path, other: Path) -> None:
    layout = h5py.VirtualLayout((3, SIZE, SIZE, 3), np.uint8)
    layout[:] = h5py.VirtualSource(other, "secret", (3, SIZE, SIZE, 3))
    with h5py.File(embedded, "a") as file:
        del file["train/image"]
        file.create_virtual_dataset("train/image", layout)
    assert faults(embedded) == "/train/image: expected a data set of this file, got something else"


def test_external_storage(embedded: Path, other: Path) -> None:
    replace(
        embedded,
        "train/image",
        shape=(3, SIZE, SIZE, 3),
        dtype=np.uint8,
        external=[(str(other), 0, h5py.h5f.UNLIMITED)],
    )
    assert faults(embedded) == "/train/image: expected a data set of this file, got something else"


def test_no_pictures_in_a_split(tmp_path: Path) -> None:
    path = tmp_path / "birds.h5"
    with writing(path, SIZE, "a test") as writer:
        writer.add("train", image(0), ["a"], 1, "bird")
    assert message(lambda: read(path, ["val", "test"])) == (
        f"{path}: expected pictures in val + test, got none; "
        "prepare the file with a split that fills it"
    )


@pytest.mark.parametrize("offset", [[1, 2, 5, 6], [0, 2, 5, 7], [0, 5, 2, 6], [0, 2, 2, 6]])
def test_offsets_that_lead_astray_are_not_read(embedded: Path, offset: Sequence[int]) -> None:
    replace(embedded, "train/caption_offset", data=np.array(offset, np.int64))
    assert message(lambda: read(embedded, ["train"])) == (
        f"{embedded}: /train/caption_offset: expected to rise from 0 to 6, got otherwise; "
        f"see `t2i-prep check {embedded}`"
    )


def test_text_that_is_no_utf8_is_read_as_far_as_it_goes(embedded: Path) -> None:
    for name in ("val/caption", "val/name"):
        replace(embedded, name, data=[b"caf\xe9"], dtype=h5py.string_dtype())
    val = read(embedded, ["val"])
    assert val.caption == val.name == ["caf\N{REPLACEMENT CHARACTER}"]
    assert check(embedded)[1] == []


@pytest.mark.parametrize(
    ("code", "said", "message"),
    [
        (errno.EAGAIN, "unable to lock file", "expected a file that nobody writes, got one that"),
        (errno.ENOLCK, "unable to lock file", "expected a file system that can lock files, got"),
        (errno.EACCES, "Permission denied", "expected a file that may be read, got one that may"),
        (None, "truncated file", "expected a pairs file, got one that HDF5 can't open; prepare it"),
    ],
)
def test_each_cause_of_a_file_that_is_not_opened_has_its_sentence(
    bare: Path, monkeypatch: pytest.MonkeyPatch, code: int | None, said: str, message: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, said) if code else OSError(said)

    monkeypatch.setattr("t2i.pairs.reading.h5py.File", fail)
    with pytest.raises(InputError) as error:
        read_header(bare)
    assert str(error.value).startswith(f"{bare}: {message}")


def test_a_file_that_another_program_writes_is_waited_for(bare: Path) -> None:
    script = f"import h5py, sys; f = h5py.File({str(bare)!r}, 'r+'); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(InputError) as error:
            read_header(bare)
        writer.communicate(b"\n")
    assert str(error.value) == (
        f"{bare}: expected a file that nobody writes, got one that another program has open; "
        "wait for it"
    )
    assert read_header(bare)
