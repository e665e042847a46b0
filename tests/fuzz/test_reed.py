"""Damaged files of Reed's two layouts: in each, one file of the tree."""

import shutil
import tempfile
from pathlib import Path

import h5py
import numpy as np
import reed_samples
from hypothesis import given
from mutations import assert_holds, mutated
from torch7_writer import written

from prep.sources.reed.cvpr import ReedCvpr
from prep.sources.reed.icml import ReedIcml

_NAME = reed_samples.NAMES[1]
_ICML = [written(reed_samples.icml_file(_NAME))]
_ROWS = [written(np.stack([reed_samples.codes(name) for name in reed_samples.NAMES[:2]]))]
_LISTS = [b"001.Ani.t7\n002.Jay.t7\n003.Owl.t7\n", b"001.Ani\n002.Jay\n003.Owl\n", b"1\n2\n"]


def _numbers() -> bytes:
    with h5py.File("numbers", "w", driver="core", backing_store=False) as file:
        for index, caption in enumerate(reed_samples.captions(_NAME), 1):
            file[f"txt{index}"] = np.array([float(ord(c)) for c in caption])
        file.flush()
        return file.id.get_file_image()


_NUMBERS = [_numbers()]


def _read(path: Path, kind: str, *places: str) -> None:
    """Reads a tree in which the file stands in those places."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        folder = tree / "captions"
        (reed_samples.icml if kind == "icml" else reed_samples.cvpr)(folder)
        reed_samples.cub(tree)
        if places[0].endswith((".h5", "001.Ani.t7")):
            (folder / f"text_c10/{_NAME}.txt").unlink()
        if places[0].endswith("001.Ani.t7"):
            (folder / f"text_c10/{_NAME}.h5").unlink()
        for place in places:
            shutil.copyfile(path, folder / place)
        for _ in (ReedIcml if kind == "icml" else ReedCvpr)(folder, tree, use_box=True):
            pass


def icml_file(path: Path) -> None:
    _read(path, "icml", f"{_NAME}.t7")


def icml_list(path: Path) -> None:
    for place in ("allclasses.txt", "trainclasses.txt", "trainvalids.txt"):
        _read(path, "icml", place)


def rows(path: Path) -> None:
    _read(path, "cvpr", "text_c10/001.Ani.t7")


def numbers(path: Path) -> None:
    _read(path, "cvpr", f"text_c10/{_NAME}.h5")


def manifest(path: Path) -> None:
    _read(path, "cvpr", "manifest.txt")


@given(content=mutated(_ICML))
def test_damaged_pictures_of_icml_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "icml_file", content)


@given(content=mutated(_LISTS))
def test_damaged_lists_of_icml_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "icml_list", content)


@given(content=mutated(_ROWS))
def test_damaged_rows_of_cvpr_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "rows", content)


@given(content=mutated(_NUMBERS))
def test_damaged_numbers_of_cvpr_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "numbers", content)


@given(content=mutated(_LISTS))
def test_damaged_manifests_of_cvpr_are_read_or_refused(content: bytes) -> None:
    assert_holds(__file__, "manifest", content)
