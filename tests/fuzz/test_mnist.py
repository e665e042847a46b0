"""Damaged IDX files among whole ones."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from idx_samples import idx, images, labels, write_idx
from mutations import assert_holds, mutated

from prep.sources.mnist import Mnist

_FILES = {
    "t10k-images-idx3-ubyte": idx(images("t10k")),
    "t10k-labels-idx1-ubyte": idx(labels("t10k")),
}
SAMPLES = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in _FILES.items()}
SAMPLES |= _FILES


def read(path: Path) -> None:
    """Reads all digits with this as one of the files, told by the suffix."""
    file = path.name.removeprefix("mutated.")
    folder = write_idx(path.parent / "mnist", zipped=path.suffix == ".gz")
    (folder / file).write_bytes(path.read_bytes())
    list(Mnist(folder))


@pytest.mark.parametrize("file", SAMPLES)
def test_damaged_digits_are_read_or_refused(file: str) -> None:
    @given(content=mutated([SAMPLES[file]]))
    def holds(content: bytes) -> None:
        assert_holds(__file__, "read", content, f".{file}")

    holds()
