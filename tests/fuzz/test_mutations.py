"""The process that readers meet damaged files in sees everything that may go wrong."""

import ctypes
import time
from pathlib import Path

import mutations
import pytest
from mutations import assert_holds

from t2i.errors import InputError


@pytest.fixture(autouse=True)
def kept_files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def obey(path: Path) -> None:
    """A reader that does what the file says."""
    match path.read_text():
        case "refuse":
            raise InputError("file: expected better, got this; try another")
        case "raise":
            raise ValueError("unforeseen")
        case "mumble":
            raise InputError("no")
        case "wait":
            time.sleep(60)
        case "fill":
            bytearray(600_000_000)
        case "crash":
            ctypes.string_at(0)


def spin(path: Path) -> None:
    """A reader that finds no end."""
    while path:
        pass


@pytest.mark.parametrize(
    ("order", "fault"),
    [
        ("raise", "ValueError: unforeseen"),
        ("mumble", "it refused without a reason: no"),
        ("wait", "it waited for more than 0.5 s"),
        ("fill", "MemoryError"),
        ("crash", "it died with exit code -11"),
    ],
)
def test_what_a_reader_must_not_do_fails(
    order: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if order == "wait":
        monkeypatch.setattr(mutations, "_PATIENCE", 0.5)
    with pytest.raises(AssertionError, match=fault):
        assert_holds(__file__, "obey", order.encode())
    monkeypatch.setattr(mutations, "_PATIENCE", 60)
    assert_holds(__file__, "obey", b"refuse")
    assert_holds(__file__, "obey", b"read")


def test_a_reader_that_takes_too_long_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "_SECONDS", 1)
    with pytest.raises(AssertionError, match="it took more than 1 s"):
        assert_holds(__file__, "spin", b"")
