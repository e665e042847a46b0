"""Pictures prepared in other processes: whose script is not run anew, and what one dies of."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from picture_samples import plain

from prep.building.build import build_pairs
from prep.building.pictures import Item
from t2i.errors import InputError

_SCRIPT = """\
from pathlib import Path
from prep.building.build import build_pairs
from prep.building.examples import Example
image = Path("picture.png")
items = [Example(f"a/{i}", image, ("words",), i, "train") for i in range(20)]
print(build_pairs(items, Path("made.h5"), 8, "a test", workers=2).images["train"])
"""


@pytest.mark.parametrize("place", ["script.py", "-"])
def test_a_script_without_a_main_guard_or_from_standard_input(tmp_path: Path, place: str) -> None:
    (example,) = plain(tmp_path, 1)
    example.image.rename(tmp_path / "picture.png")
    (tmp_path / "script.py").write_text(_SCRIPT)
    command = [sys.executable, place]
    made = subprocess.run(command, cwd=tmp_path, input=_SCRIPT, capture_output=True, text=True)
    assert (made.stdout, made.stderr) == ("20\n", "")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGKILL, "killed, perhaps for want of memory; try fewer --workers"),
        (signal.SIGTERM, "ended by SIGTERM; repeat the command"),
        (
            signal.SIGSEGV,
            "ended by SIGSEGV, at one of the pictures from Class/000 to Class/039; "
            "find it among them, and leave it out",
        ),
    ],
)
def test_each_death_of_a_worker_has_its_own_sentence(
    tmp_path: Path, number: int, told: str
) -> None:
    out = tmp_path / "birds.h5"

    def deadly() -> Iterator[Item]:
        pictures = plain(tmp_path, 48)
        yield from pictures[:24]
        while not multiprocessing.active_children():
            time.sleep(0.01)
        for child in multiprocessing.active_children():
            os.kill(child.pid, number)
        yield from pictures[24:]

    with pytest.raises(InputError) as raised:
        build_pairs(deadly(), out, 8, "a test", workers=2)
    assert str(raised.value) == f"workers: expected each to live to the end, got one {told}"
    assert not out.exists()


def test_workers_import_nothing_heavy() -> None:
    heavy = {"tensorflow", "keras", "click", "pydantic", "h5py"}
    script = f"import sys, prep.building.workers; print(sorted({heavy} & {{*sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("[]\n", "")
