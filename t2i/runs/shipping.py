"""Generators that come with the package, by name."""

import json
import sys
from pathlib import Path

from t2i.files.disk import replacing

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


def without_paths(record: Path, out: Path) -> None:
    """Writes a run's record as it is shipped: without where its pairs lay, and on what machine."""
    content = json.loads(record.read_text(encoding="utf-8"))
    content |= {"pairs": "", "machine": ""}
    with replacing(out) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    without_paths(*map(Path, sys.argv[1:]))
