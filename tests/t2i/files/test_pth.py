"""PyTorch's files: both formats read, and nothing run, whatever a file says."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from torch_samples import plain, table, tensor, write_legacy, write_zip, write_zip_of

from t2i.errors import InputError
from t2i.files.pth import read_tensors

ARRAYS = {
    "a.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "a.bias": np.array([1.5, -2.0], np.float64),
    "a.count": np.array(7, np.int64),
}


def _refused(path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_tensors(path)
    assert str(error.value) == (
        f"{path}: expected tensors that PyTorch saved, got something else; download it again"
    )


@pytest.mark.parametrize("write", [write_zip, write_legacy])
def test_both_formats_are_read(write, tmp_path: Path) -> None:
    found = read_tensors(write(tmp_path / "a.pth", ARRAYS))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch ran'\ntR.",
        b'cbuiltins\neval\n(S\'open("ran", "w")\'\ntR.',
        b"ctorch._utils\n_rebuild_parameter\n)R.",
        b"\x80\x02]q\x00.",
        b"N.",
        b"",
        b"ccollections\nOrderedDict\n)R}(S'a'\nI1\nu0.",
    ],
)
def test_a_pickle_of_anything_else_runs_nothing(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _refused(write_zip_of(tmp_path / "a.pth", content, []))
    (tmp_path / "b.pth").write_bytes(content)
    _refused(tmp_path / "b.pth")
    assert not (tmp_path / "ran").exists()


def test_what_a_file_does_to_the_names_it_is_given_outlives_it_not(tmp_path: Path) -> None:
    # Sets an attribute of the class that stands for OrderedDict.
    spoil = b"\x80\x02ccollections\nOrderedDict\n(N}" + plain("__setstate__") + b"Nstb0"
    _refused(write_zip_of(tmp_path / "a.pth", spoil + b"N.", []))
    assert read_tensors(write_zip(tmp_path / "b.pth", ARRAYS)).keys() == ARRAYS.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (2, 3, 5)},
        {"shape": (10**9, 10**9), "stride": (10**9, 1)},
        {"shape": (-1, -24), "stride": (24, 1)},
        {"offset": 1},
        {"offset": -1},
        {"stride": (1, 2, 3)},
        {"count": 10**15},
        {"count": "x"},
        {"shape": "abc"},
    ],
)
def test_lies_about_a_tensor_are_told(changes: dict[str, object], tmp_path: Path) -> None:
    _refused(write_zip(tmp_path / "a.pth", {"a": ARRAYS["a.weight"]}, **changes))


def test_memory_claimed_is_not_taken(tmp_path: Path) -> None:
    # The memo of the unpickler in C would grow to 64 GiB at once.
    _refused(write_zip_of(tmp_path / "a.pth", b"\x80\x02Nr\xff\xff\xff\xff.", []))
    # A text of 2^62 bytes.
    claim = b"\x80\x04\x8d" + (1 << 62).to_bytes(8, "little")
    _refused(write_zip_of(tmp_path / "b.pth", claim, []))


def test_packed_and_cut_files_are_refused(tmp_path: Path) -> None:
    whole = write_legacy(tmp_path / "a.pth", ARRAYS).read_bytes()
    for length in (0, 20, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        _refused(tmp_path / "cut.pth")
    with zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", table({"a": tensor("0", np.zeros(9), False)}))
        archive.writestr("archive/data/0", bytes(1 << 20))
    _refused(tmp_path / "b.pth")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_tensors(tmp_path / "a.pth")
    assert str(error.value) == (
        f"{tmp_path / 'a.pth'}: expected a PyTorch checkpoint, got nothing there; download it"
    )
