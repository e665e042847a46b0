"""What is left when preparing is ended: nobody at work, and nothing that stays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from picture_samples import noise
from PIL import Image

from t2i.files.disk import replacing


def _children(parent: int) -> set[int]:
    """Returns the living processes below one, but for the helpers that multiprocessing starts."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, above = stat.read_text().rpartition(")")[2].split()[:2]
            line = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(above) == parent and state != "Z" and b"spawn_main" in line:
            found.add(int(stat.parent.name))
    return found


def _until(what, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some minutes of work: one large picture under many names."""
    folder = tmp_path / "mine"
    folder.mkdir()
    Image.fromarray(noise(2000, 2000)).save(folder / "0.png", compress_level=1)
    for number in range(2000):
        if number:
            os.link(folder / "0.png", folder / f"{number}.png")
        (folder / f"{number}.txt").write_text("words")
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent_and_leftovers_go(folder: Path, number: int) -> None:
    out = folder.parent / "mine.h5"
    command = [sys.executable, "-m", "prep", "import", "folder", str(folder), "--no-classes"]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--workers", "2"], stderr=subprocess.PIPE
    )
    workers: set[int] = set()

    def working() -> bool:
        workers.update(_children(process.pid))
        return len(workers) == 2 and bool(list(out.parent.glob(".mine.h5.*")))

    _until(working)
    process.send_signal(number)
    code = process.wait(60)
    process.stderr.close()
    _until(lambda: not any(map(_lives, workers)), 30)
    left = list(out.parent.glob(".mine.h5.*"))
    if number == signal.SIGTERM:
        assert (code, left) == (143, [])
    else:
        assert code == -number
        assert len(left) == 1
        with replacing(out) as unfinished:
            assert [path.name for path in out.parent.glob(".mine.h5.*")] == [unfinished.parent.name]
            unfinished.write_bytes(b"whole")
    assert not list(out.parent.glob(".mine.h5.*"))
