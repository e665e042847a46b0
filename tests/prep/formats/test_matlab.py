"""Lists of numbers in MATLAB files, whole and damaged."""

import struct
import zlib
from pathlib import Path

import pytest
from matlab_samples import BY_SCIPY, BY_SCIPY_PACKED, HEADER, element, variable, write_mat

from prep.formats.matlab import read_whole_numbers
from t2i.errors import InputError


def _refusal(path: Path, name: str = "labels") -> str:
    with pytest.raises(InputError) as raised:
        read_whole_numbers(path, name)
    return str(raised.value)


@pytest.mark.parametrize("content", [BY_SCIPY, BY_SCIPY_PACKED])
@pytest.mark.parametrize(
    ("name", "expected"), [("labels", [77, 77, 1, 300]), ("ids", [5, 7, 6, 8]), ("small", [3, 1])]
)
def test_what_scipy_writes(tmp_path: Path, content: bytes, name: str, expected: list[int]) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    assert read_whole_numbers(path, name).tolist() == expected


def test_the_samples_are_written_alike(tmp_path: Path) -> None:
    assert variable("labels", [77, 77, 1, 300], packed=False) in BY_SCIPY
    path = write_mat(tmp_path / "a.mat", {"labels": [77, 1]})
    assert read_whole_numbers(path, "labels").tolist() == [77, 1]


def test_big_endian_files(tmp_path: Path) -> None:
    parts = [
        struct.pack(">IIII", 6, 8, 6, 0),
        struct.pack(">IIii", 5, 8, 1, 2),
        struct.pack(">HH4s", 2, 1, b"id\0\0"),
        struct.pack(">IIhh4x", 3, 4, -2, 5),
    ]
    matrix = b"".join(parts)
    path = tmp_path / "a.mat"
    path.write_bytes(HEADER[:124] + b"\x01\x00MI" + struct.pack(">II", 14, len(matrix)) + matrix)
    assert read_whole_numbers(path, "id").tolist() == [-2, 5]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "another header"),
        (b"\x89HDF\r\n".ljust(200), "another header"),
        (HEADER + b"abc", "unpack_from requires a buffer of at least 8 bytes"),
        (HEADER + struct.pack("<II", 14, 1 << 30), "an element of 1073741824 bytes where there is"),
        (HEADER + struct.pack("<HHI", 5, 7, 0), "an element of 7 bytes where there is room for 4"),
        (HEADER + element(14, element(6, bytes(8))), "an array without its parts"),
        (HEADER + element(15, b"not packed"), "Error -3 while decompressing data"),
        (
            HEADER + element(15, zlib.compress(bytes(100))[:-3]),
            "packed data that are cut short, or more than 16777216 bytes",
        ),
        (
            HEADER + element(15, zlib.compress(bytes((1 << 24) + 1))),
            "packed data that are cut short, or more than 16777216 bytes",
        ),
        (HEADER + variable("labels", [1.5, 2.0]), "other numbers"),
        (HEADER + variable("labels", [float("nan")]), "other numbers"),
        (HEADER + variable("labels", [1e300]), "other numbers"),
        (
            HEADER + variable("labels", [1.0], packed=False).replace(b"\x09\0\0\0", b"\x63\0\0\0"),
            "numbers of type 99",
        ),
    ],
)
def test_a_damaged_file(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(content)
    said = _refusal(path)
    assert said.startswith(
        f"{path}: expected a MATLAB file of level 5 with whole numbers as 'labels', got: {reason}"
    )
    assert said.endswith("; download it again")


def test_packed_data_share_one_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(HEADER + 3 * element(15, zlib.compress(bytes(6_000_000))))
    assert "or more than 16777216 bytes" in _refusal(path)


def test_no_such_variable(tmp_path: Path) -> None:
    path = write_mat(tmp_path / "a.mat", {"labels": [1]})
    assert _refusal(path, "trnid") == (
        f"{path}: expected a variable 'trnid', got none; download it again"
    )
    # Text is passed over.
    path.write_bytes(BY_SCIPY)
    assert _refusal(path, "note") == (
        f"{path}: expected a variable 'note', got none; download it again"
    )


def test_no_file_and_a_large_one(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    assert _refusal(path) == f"{path}: expected a file, got none; download it again"
    with path.open("wb") as file:
        file.truncate((1 << 20) + 1)
    assert _refusal(path) == (
        f"{path}: expected at most 1048576 bytes, got 1048577; download it again"
    )
