"""How preparation and generation grow: time and peak memory against number, size and batch.

    python benchmarks/growth.py [--most 100000] [--stage prepare] [--plot growth.png]

Preparation: a tree of photograph-sized pictures in CUB's layout, 50 different ones, of which each
is listed many times. Generation: a G of ngf 48 with random weights. A row
is a process of its own, so that its peak memory is its own; on a busy machine the processor's
seconds tell more than the clock's. What grows faster than its work shows in the column of the
time a picture. The plot wants matplotlib. The last line is JSON.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from machine import describe, peak_mb
from PIL import Image
from plotting import Curve, draw

from prep.building.build import build_pairs
from prep.building.examples import Example

WIDTH, HEIGHT, DIFFERENT = 500, 375, 50
COUNTS = (1_000, 10_000, 100_000)
SIZES = (16, 32, 64, 128, 256)
BATCHES = (16, 64, 256, 512)
# What is held fixed while another number varies.
COUNT, SIZE, BATCH, PAINTED = 1_000, 64, 64, 512
NAMES = {"pictures": "pictures", "size_px": "side, pixels", "batch": "batch"}


def main() -> None:
    """Prints the table, draws the plot, and prints the table again as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=COUNTS[-1], help="pictures prepared at most")
    parser.add_argument("--stage", choices=("prepare", "generate"), help="this one alone")
    parser.add_argument("--plot", type=Path, help="picture to draw")
    parser.add_argument("--once", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        print(json.dumps(_measured(**arguments.once)))
        return
    print(describe())
    print(
        f"{'':10}{'pictures':>9}{'size':>6}{'batch':>7}{'s':>8}{'cpu s':>8}{'ms each':>9}{'MB':>7}"
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _draw(Path(folder))
        for row in _plan(arguments.most):
            if arguments.stage not in (None, row["stage"]):
                continue
            command = [sys.executable, __file__, "--once", json.dumps({**row, "folder": folder})]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            rows.append({**row, **json.loads(done.stdout.splitlines()[-1])})
            _say(rows[-1])
    if arguments.plot:
        draw(arguments.plot, list(_curves(rows)))
    print(json.dumps({"rows": rows}))


def _plan(most: int) -> list[dict[str, object]]:
    """Returns what is measured: one number varied at a time, the others fixed."""
    prepare = [(count, SIZE) for count in COUNTS if count <= most]
    prepare += [(COUNT, size) for size in SIZES if size != SIZE]
    paint = [(count, SIZE, BATCH) for count in (128, 512, 2048)]
    paint += [(PAINTED, size, BATCH) for size in SIZES if size != SIZE]
    paint += [(PAINTED, SIZE, batch) for batch in BATCHES if batch != BATCH]
    return [
        *({"stage": "prepare", "pictures": n, "size_px": s, "batch": 0} for n, s in prepare),
        *({"stage": "generate", "pictures": n, "size_px": s, "batch": b} for n, s, b in paint),
    ]


def _measured(stage: str, pictures: int, size_px: int, batch: int, folder: str) -> dict[str, float]:
    """Returns seconds, processor seconds and peak memory of one row."""
    if stage == "prepare":
        place = Path(folder)
        examples = _examples(place, pictures)
        began, used = time.perf_counter(), _cpu()
        build_pairs(examples, place / "birds.h5", size_px, "benchmark")
    else:
        paint = _painter(size_px, batch)
        paint(batch)
        began, used = time.perf_counter(), _cpu()
        paint(pictures)
    seconds = time.perf_counter() - began
    # Of the children only the largest is known; there are as many as cores.
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    children = child * len(os.sched_getaffinity(0)) if stage == "prepare" else 0
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(_cpu() - used, 2),
        "peak_mb": round(peak_mb("self") + children),
    }


def _cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_utime for kind in kinds)


def _examples(folder: Path, count: int) -> Iterator[Example]:
    """Yields the drawn pictures over and over, each time under another name."""
    for index in range(count):
        yield Example(
            name=f"Class/{index}",
            image=folder / f"{index % DIFFERENT}.jpg",
            captions=tuple(f"bird {index} is seen for the {view}th time" for view in range(10)),
            class_id=index % 100,
            split="train",
            box=(100.0, 60.0, 300.0, 250.0),
        )


def _draw(folder: Path) -> None:
    """Writes clouds whose detail falls with its size: JPEGs with as many bytes as photographs."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.fftfreq(WIDTH))
    frequency[0, 0] = 1.0
    for index in range(DIFFERENT):
        waves = np.fft.fft2(random.normal(size=(3, HEIGHT, WIDTH))) / frequency**1.3
        values = np.moveaxis(np.fft.ifft2(waves).real, 0, 2)
        pixels = np.uint8(np.clip(128 + 45 * values / values.std(), 0, 255))
        Image.fromarray(pixels).save(folder / f"{index}.jpg", quality=95)


def _painter(size: int, batch: int) -> Callable[[int], None]:
    """Returns a function that paints so many pictures, as `t2i generate` does."""
    from t2i.images.pixels import to_uint8
    from t2i.models.dcgan.config import NetworksConfig
    from t2i.models.dcgan.generator import build_generator

    generator = build_generator(NetworksConfig(generator_width=48), size, 1024)
    random = np.random.default_rng(0)

    def paint(pictures: int) -> None:
        for _ in range(0, pictures, batch):
            inputs = {
                "embedding": random.standard_normal((batch, 1024), np.float32),
                "latent": random.standard_normal((batch, 100), np.float32),
            }
            to_uint8(generator(inputs, training=False).numpy())

    return paint


def _say(row: dict[str, float]) -> None:
    each = 1e3 * row["seconds"] / row["pictures"]
    print(
        f"{row['stage']:10}{row['pictures']:9,}{row['size_px']:6}{row['batch'] or '':>7}"
        f"{row['seconds']:8.1f}{row['cpu_seconds']:8.1f}{each:9.2f}{row['peak_mb']:7,.0f}",
        flush=True,
    )


def _curves(rows: list[dict[str, float]]) -> Iterator[Curve]:
    """Yields a curve for each thing that varies, where more than one value was measured."""
    fixed = {
        "prepare": {"pictures": COUNT, "size_px": SIZE},
        "generate": {"pictures": PAINTED, "size_px": SIZE, "batch": BATCH},
    }
    for stage, usual in fixed.items():
        for varied in usual:
            others = {name: value for name, value in usual.items() if name != varied}
            own = [
                row
                for row in rows
                if row["stage"] == stage and all(row[name] == at for name, at in others.items())
            ]
            own.sort(key=lambda row: row[varied])
            if len(own) > 1:
                yield Curve(
                    stage,
                    NAMES[varied],
                    [row[varied] for row in own],
                    [1e3 * row["seconds"] / row["pictures"] for row in own],
                    [row["peak_mb"] for row in own],
                )


if __name__ == "__main__":
    main()
