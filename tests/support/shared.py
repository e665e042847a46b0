"""What several test files need and one worker makes."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None], own: Path
) -> Path:
    """Returns `own`, a copy of the folder that `make` filled, once for all workers of the session.

    A copy, as tests write into it. `make` is given an empty folder, the same in every worker.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, whole = root / name, root / f"{name}.whole"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    shutil.copytree(folder, own)
    return own
