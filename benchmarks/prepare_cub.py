"""How fast a CUB tree becomes a pairs file, and how much memory that takes.

    python benchmarks/prepare_cub.py CUB_DIR [--captions DIR] [--pictures N] [--workers N]
        [--repeats N]

A part of CUB is gone through over again until there are as many pictures as all of it has: with
fewer, the start of the workers weighs more than it does for who prepares CUB. Every repeat runs
in a process of its own, so that its peak memory is its own. On a busy machine the wall time
measures the neighbours; the processor time of parent and workers does not.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from itertools import chain, islice, repeat
from pathlib import Path

from machine import child_peaks, describe, peak_mb

from prep.building.build import build_pairs
from prep.building.splits import official_split, read_split
from prep.sources.cub import Cub

_SAMPLE_EVERY = 50


def main() -> None:
    """Prints the machine, each repeat, and the medians as one line of JSON."""
    arguments = _arguments()
    if arguments.once:
        print(json.dumps(_measure(arguments)))
        return
    print(describe())
    runs = []
    for number in range(1, arguments.repeats + 1):
        result = subprocess.run(
            [sys.executable, *sys.argv, "--once"], stdout=subprocess.PIPE, text=True, check=True
        )
        runs.append(json.loads(result.stdout))
        print(f"repeat {number}: {_words(runs[-1])}; load {os.getloadavg()[0]:.1f}")
    medians = {name: round(statistics.median(run[name] for run in runs), 2) for name in runs[0]}
    print(f"median: {_words(medians)}")
    print(json.dumps({"workers": arguments.workers, "image_size": arguments.image_size, **medians}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cub", type=Path, help="CUB_200_2011, or the folder that holds it")
    parser.add_argument("--captions", type=Path, help="folder of the captions [CUB]")
    parser.add_argument("--split", type=Path, help="folder of the class lists [the official ones]")
    parser.add_argument("--image-size", type=int, default=76)
    parser.add_argument("--pictures", type=int, default=11_788)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Returns the figures of one run."""
    lists = read_split(arguments.split) if arguments.split else official_split()
    source = Cub(arguments.cub, arguments.captions or arguments.cub, True, lists)
    examples = islice(chain.from_iterable(repeat(source)), arguments.pictures)
    peaks: dict[str, float] = {}
    done = 0

    def sample(_: str, so_far: int, __: int | None) -> None:
        nonlocal done
        done = so_far
        if done % _SAMPLE_EVERY == 0:
            peaks.update(child_peaks())

    before = _cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        summary = build_pairs(
            examples,
            Path(folder) / "birds.h5",
            arguments.image_size,
            "benchmark",
            arguments.workers,
            skip_bad=True,
            progress=sample,
        )
    parent, workers = (now - then for now, then in zip(_cpu_seconds(), before, strict=True))
    return {
        "pictures": done,
        "bad": summary.bad,
        "seconds": summary.seconds,
        "pictures_per_second": done / summary.seconds,
        "pictures_per_cpu_second": done / (parent + workers),
        "parent_cpu_seconds": parent,
        "workers_cpu_seconds": workers,
        "parent_peak_rss_mb": peak_mb("self"),
        "peak_rss_mb": peak_mb("self") + sum(peaks.values()),
    }


def _cpu_seconds() -> tuple[float, float]:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


def _words(run: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.1f}" for name, value in run.items())


if __name__ == "__main__":
    main()
