"""What every test shares: quiet, single-threaded TensorFlow, and a miniature pairs file."""

import os

# Before TensorFlow is imported: several test processes share the cores.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from pathlib import Path
from types import SimpleNamespace

import pytest
from miniature import write_pairs

from t2i.files import hdf5


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    """A pairs file of 24 training pictures of 10 pixels in 4 classes, embedded."""
    return write_pairs(tmp_path / "birds.h5")


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch) -> str:
    """Leaves room for the beginning of an HDF5 file alone; returns what is then said."""
    room = SimpleNamespace(free=hdf5._SPARE_BYTES)
    monkeypatch.setattr(hdf5.shutil, "disk_usage", lambda _: room)
    return "expected room for the file, got No space left on device; free some or choose another"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Starts with the longest files, so that no worker is left alone with one at the end."""
    longest = (
        "test_end_to_end",
        "test_replicas",
        "test_training",
        "test_projected_runs",
        "test_trainer",
        "test_folders",
    )

    def rank(item: pytest.Item) -> int:
        names = [i for i, name in enumerate(longest) if name == item.path.stem]
        return names[0] if names else len(longest)

    items.sort(key=rank)
