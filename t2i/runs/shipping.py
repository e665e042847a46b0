"""Generators that come with the package, by name."""

import json
import sys
import zipfile
from pathlib import Path

from t2i.files.disk import replacing
from t2i.files.weights import WEIGHTS
from t2i.runs.directory import Run

_FOLDER = Path(__file__).parent.parent / "shipped"


def shipped() -> list[str]:
    """Returns the names of the runs that come with the package."""
    return sorted(path.parent.name for path in _FOLDER.glob("*/config.yaml"))


def run_named(path: Path) -> Path:
    """Returns the run directory that a path, or the name of a shipped one, stands for.

    A folder of one's own comes first.
    """
    if not path.exists() and str(path) in shipped():
        return _FOLDER / path
    return path


def ship(run: Path, out: Path) -> None:
    """Writes what of a run is shipped: its configuration, record, encoder, and G at half the size.

    The record leaves out where the pairs lay, and on what machine. The encoder stays to the byte:
    by its hash are pairs files known that it embedded.

    Args:
        run: the run directory.
        out: the folder of a name in `t2i/shipped`; what else lies there stays.
    """
    own, shipped_as = Run(run), Run(out)
    out.mkdir(parents=True, exist_ok=True)
    for source, target in ((own.config, shipped_as.config), (own.encoder, shipped_as.encoder)):
        with replacing(target) as unfinished:
            unfinished.write_bytes(source.read_bytes())
    content = json.loads(own.record.read_text(encoding="utf-8"))
    content |= {"pairs": "", "machine": ""}
    with replacing(shipped_as.record) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    with replacing(shipped_as.generator) as unfinished:
        _halve(own.generator, unfinished)


def _halve(source: Path, target: Path) -> None:
    """Writes a `.keras` file whose kernels are of half precision; Keras reads them as float32."""
    # Names are looked up by commands that want to answer at once.
    from t2i.files.hdf5 import halved

    with zipfile.ZipFile(source) as file, zipfile.ZipFile(target, "w") as smaller:
        for info in file.infolist():
            content = file.read(info)
            smaller.writestr(info, halved(content) if info.filename == WEIGHTS else content)


if __name__ == "__main__":
    ship(*map(Path, sys.argv[1:]))
