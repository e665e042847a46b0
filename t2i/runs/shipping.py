"""Generators that come with the package, by name."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "shipped"


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
