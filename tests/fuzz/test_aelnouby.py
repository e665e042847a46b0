"""Damaged HDF5 files of aelnouby's layout."""

import tempfile
from pathlib import Path

from aelnouby_samples import write_file
from hypothesis import given
from mutations import assert_holds, mutated

from prep.sources.aelnouby import Aelnouby


def _sample(libver: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_file(Path(folder) / "birds.hdf5", libver=libver).read_bytes()


def read(path: Path) -> None:
    """Reads every picture."""
    source = Aelnouby(path)
    _ = source.encoder
    list(source)


@given(content=mutated([_sample("earliest"), _sample("latest")]))
def test_damaged_files_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "read", content, ".hdf5")
