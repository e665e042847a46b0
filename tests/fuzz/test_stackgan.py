"""StackGAN layouts with one of their pickles damaged."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from mutations import assert_holds, mutated
from stackgan_samples import write_layout

from prep.sources.stackgan.source import StackGan

_FILES = (
    "train/filenames.pickle",
    "train/class_info.pickle",
    "train/char-CNN-RNN-embeddings.pickle",
    "train/9images.pickle",
    "captions.pickle",
)


def _samples(file: str) -> list[bytes]:
    samples = []
    for protocol in (0, 2, 5):
        with tempfile.TemporaryDirectory() as folder:
            samples.append((write_layout(Path(folder), protocol) / file).read_bytes())
    return samples


SAMPLES = {file: _samples(file) for file in _FILES}


def read(path: Path) -> None:
    """Reads every picture of a layout that has this as one of its pickles, told by the suffix."""
    layout = write_layout(path.parent / "layout")
    file = path.name.removeprefix("mutated.").replace("+", "/")
    (layout / file).write_bytes(path.read_bytes())
    list(StackGan(layout, Path("9images.pickle"), layout / "captions.pickle", use_box=True))


@pytest.mark.parametrize("file", _FILES)
def test_damaged_layouts_are_read_or_refused(file: str) -> None:
    @given(content=mutated(SAMPLES[file]))
    def holds(content: bytes) -> None:
        assert_holds(__file__, "read", content, "." + file.replace("/", "+"))

    holds()
