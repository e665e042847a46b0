"""How fast each source becomes a pairs file, beside the bare decode, and in how much memory.

    python benchmarks/import_sources.py CUB_DIR [--captions DIR] [--pictures N ...] [--workers N]

CUB's pictures, over again as often as it takes, are first written in every layout. `bare` reads,
decodes, crops and resizes them in one process and keeps nothing: no import by one worker can be
faster. Every figure comes from a process of its own; give `--pictures 1000 10000` to see whether
memory grows. The last line is JSON.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from import_layouts import HAS_TFDS, SIZE, write_layouts
from machine import child_peaks, describe, peak_mb

from prep.building.build import build_pairs
from prep.building.examples import Source
from prep.building.splits import official_split
from prep.sources.aelnouby import Aelnouby
from prep.sources.cub import Cub, picture_files
from prep.sources.flowers import Flowers, class_split
from prep.sources.folder import Folder
from prep.sources.mnist import Mnist
from prep.sources.reed.cvpr import ReedCvpr
from prep.sources.reed.icml import ReedIcml
from prep.sources.stackgan.source import StackGan
from prep.sources.tfds.copies import PreparedCopy
from prep.sources.tfds.source import Tfds
from t2i.images.squares import square_of

_SAMPLE_EVERY = 200


def main() -> None:
    """Prints the machine, a table, and the table again as a line of JSON."""
    arguments = _arguments()
    if arguments.once:
        print(json.dumps(_measured(arguments.cub, arguments.once, arguments.workers)))
        return
    print(describe())
    print(f"{'source':<16} {'pictures':>8} {'a second':>9} {'a CPU second':>13} {'peak MB':>8}")
    rows = []
    for count in arguments.pictures:
        with tempfile.TemporaryDirectory() as name:
            write_layouts(Path(name), arguments.cub, arguments.captions or arguments.cub, count)
            for kind in ("bare", *_SOURCES):
                command = [sys.executable, __file__, name, "--once", kind]
                command += ["--workers", str(arguments.workers)]
                said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                rate, cpu_rate, peak = json.loads(said.stdout)
                print(f"{kind:<16} {count:>8,} {rate:>9,.0f} {cpu_rate:>13,.0f} {peak:>8,.0f}")
                rows.append(
                    {
                        "source": kind,
                        "pictures": count,
                        "pictures_per_second": rate,
                        "pictures_per_cpu_second": cpu_rate,
                        "peak_mb": peak,
                    }
                )
    print(json.dumps({"workers": arguments.workers, "rows": rows}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cub", type=Path, help="CUB_200_2011, or the folder that holds it")
    parser.add_argument("--captions", type=Path, help="folder of the captions [CUB]")
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--once", help=argparse.SUPPRESS)
    return parser.parse_args()


# From the folder of the layouts to a source; the stamp of the embeddings it brings is its own.
_SOURCES: dict[str, Callable[[Path], Source]] = {
    "cub": lambda at: Cub(at, at / "stackgan", use_box=True, split_of=official_split()),
    "folder": lambda at: Folder(at / "own"),
    "flowers": lambda at: Flowers(at / "flowers", split_of=class_split()),
    "mnist": lambda at: Mnist(at / "mnist"),
    "stackgan": lambda at: _stackgan(at, at),
    "stackgan pickle": lambda at: _stackgan(at, Path(f"{SIZE}images.pickle")),
    "aelnouby": lambda at: Aelnouby(at / "birds.hdf5"),
    "reed-icml": lambda at: ReedIcml(at / "cub_icml", at, use_box=True),
    "reed-cvpr": lambda at: ReedCvpr(at / "cvpr2016_cub", at, use_box=True),
}
if HAS_TFDS:
    _SOURCES["tfds"] = lambda at: Tfds(
        PreparedCopy(at, "birds"), at / "stackgan", True, official_split()
    )


def _stackgan(folder: Path, images: Path) -> Source:
    return StackGan(folder / "stackgan", images, folder / "stackgan", use_box=True)


def _measured(folder: Path, kind: str, workers: int) -> tuple[float, float, float]:
    """Returns pictures a second, pictures a second of the processors, and the peak memory in MB."""
    peaks: dict[str, float] = {}
    done = 0

    def progress(_: str, so_far: int, __: int | None = None) -> None:
        nonlocal done
        done = so_far
        if done % _SAMPLE_EVERY == 0:
            peaks.update(child_peaks())

    began = time.perf_counter()
    if kind == "bare":
        for path, box in picture_files(folder, use_box=True).values():
            square_of(path, box, SIZE, 3)
            progress("reading", done + 1)
    else:
        source = _SOURCES[kind](folder)
        channels = 1 if kind == "mnist" else 3
        build_pairs(
            source,
            folder / "out.h5",
            SIZE,
            "benchmark",
            workers,
            progress=progress,
            channels=channels,
            encoder=getattr(source, "encoder", None),
        )
    seconds = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(usage.ru_utime + usage.ru_stime for usage in used)
    return done / seconds, done / cpu_seconds, peak_mb("self") + sum(peaks.values())


if __name__ == "__main__":
    main()
