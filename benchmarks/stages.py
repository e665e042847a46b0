"""How long the demo will take on this machine, and how long each of its stages took.

    python benchmarks/stages.py estimate demo
    python benchmarks/stages.py training demo t2i train ...      # runs it, and keeps its seconds
    python benchmarks/stages.py took demo

The estimate measures the machine for a second, as it is, others' work included: how fast it draws
birds on one core, and how fast it multiplies matrices on all. A stage takes as many times as long
as on the machine that the costs below were measured on. In `FOLDER/seconds.txt` stands a line a
command that was run, interrupted ones too.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from prep.synthetic.birds import all_species, sample_bird
from prep.synthetic.drawing import draw

_MEASURED = 0.5
_SIDE = 768


class Stage(NamedTuple):
    """What a stage of the demo costs.

    Attributes:
        made: what stands in the folder when it is done.
        drawn: its seconds on one core, as a number of birds drawn in the same time.
        products: its arithmetic on all cores, as GFLOP of a matrix product in the same time.
    """

    made: str
    drawn: float
    products: float


# By their names in the Makefile, in their order; processor seconds of one core of an AMD EPYC with
# AVX2, which drew 1,320 birds a second and multiplied at 98 GFLOP/s. Where both cores work they are
# taken to do the work of 1.6.
STAGES = {
    "drawing": Stage("drawn/CUB_200_2011/images.txt", 24_000, 0),
    "preparing": Stage("pictures.h5", 8_000, 0),
    "encoder": Stage("encoder.keras", 8_000, 7_000),
    "embedding": Stage("birds.h5", 5_000, 600),
    "training": Stage("trained", 8_000, 70_000),
    "painting": Stage("birds.png", 10_000, 0),
}


def main() -> None:
    """Estimates, says what all took, or runs a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("estimate", "took", *STAGES))
    parser.add_argument("folder", type=Path, help="the demo's")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of a stage")
    arguments = parser.parse_args()
    record = arguments.folder / "seconds.txt"
    if arguments.what == "took":
        print(_took(record))
    elif arguments.what != "estimate":
        sys.exit(_run(arguments.what, arguments.command, record))
    elif left := [
        name for name, stage in STAGES.items() if not (arguments.folder / stage.made).exists()
    ]:
        print(_estimated(left))


def _estimated(left: list[str]) -> str:
    """Returns what is left of the demo, and how long that will take, measured for a second."""
    birds, products = _drawing_rate(), _product_rate()
    costs = {name: STAGES[name].drawn / birds + STAGES[name].products / products for name in left}
    stages = ", ".join(f"{name} {_said(seconds)}" for name, seconds in costs.items())
    return f"make demo will take about {_said(sum(costs.values()))} here: {stages}"


def _drawing_rate() -> float:
    """Returns birds drawn a second, on one core."""
    random, count, species = Random(0), 0, all_species()
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < _MEASURED:
        draw(sample_bird(species[count % len(species)], random), random)
        count += 1
    return count / spent


def _product_rate() -> float:
    """Returns GFLOP/s of a float32 matrix product, on all cores."""
    matrix = np.ones((_SIDE, _SIDE), np.float32)
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < _MEASURED:
        matrix @ matrix
        count += 1
    return 2e-9 * _SIDE**3 * count / spent


def _run(stage: str, command: list[str], record: Path) -> int:
    """Returns the exit code of a command, whose seconds are kept."""
    began = time.perf_counter()
    try:
        return subprocess.run(command, check=False).returncode
    finally:
        record.parent.mkdir(parents=True, exist_ok=True)
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{stage} {time.perf_counter() - began:.1f}\n")


def _took(record: Path) -> str:
    """Returns how long the demo took, a stage after the other."""
    seconds = dict.fromkeys(STAGES, 0.0)
    for line in record.read_text(encoding="utf-8").splitlines() if record.exists() else []:
        stage, _, value = line.partition(" ")
        seconds[stage] += float(value)
    stages = ", ".join(f"{name} {_said(value)}" for name, value in seconds.items() if value)
    return f"make demo took {_said(sum(seconds.values()))}: {stages}"


def _said(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    main()
