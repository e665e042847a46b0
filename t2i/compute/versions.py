"""What computes: versions of the libraries, and the commit of this code."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import t2i


def versions() -> dict[str, str]:
    """Returns what computed the numbers."""
    names = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pillow")
    found = {"t2i": t2i.__version__, "python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Returns the commit of this code, `-dirty` behind it when files differ; or `unknown`."""
    here = Path(t2i.__file__).parent
    try:
        # A package installed into another project is no part of that project's history.
        for arguments in (
            ("ls-files", "--error-unmatch", "__init__.py"),
            ("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"),
        ):
            result = subprocess.run(
                ["git", "-C", str(here), *arguments],
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.strip()
