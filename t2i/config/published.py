"""The configurations that come with the package, by name."""

from pathlib import Path

# In a checkout a link to `configs/` at the top; in what is installed, the files themselves.
_FOLDER = Path(__file__).parent.parent / "configs"


def published() -> dict[str, str]:
    """Returns what each configuration is for, a sentence, by its name."""
    lines = {}
    for path in sorted(_FOLDER.glob("*.yaml")):
        text = path.read_text(encoding="utf-8").splitlines()
        # The header's first sentence; the command is further in.
        header = [line.removeprefix("# ") for line in text if line.startswith("# ")]
        end = next(i for i, line in enumerate(header) if line.endswith("."))
        lines[path.stem] = " ".join(header[: end + 1])
    return lines


def config_named(path: Path) -> Path:
    """Returns the file that a path, or the name of a published configuration, stands for.

    A file of one's own comes first.
    """
    ours = _FOLDER / f"{path.stem}.yaml"
    return ours if not path.exists() and path.name == str(path) and ours.is_file() else path
