"""How a training step's time and memory grow: with pictures, their size, the batch, replicas.

    python benchmarks/train_growth.py [--plot growth.png]

Each point runs in a process of its own, on random pictures held in memory, with narrow networks
(ngf = ndf = 16). Where one thing grows the others stay at 10,000 pictures (1,000 for the larger
sizes), 32 pixels, batch 64 and one replica. Replicas are logical CPUs that share the cores. The
plot wants matplotlib.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from plotting import Curve, draw

WIDTH, STEPS, REPEATS = 16, 3, 9
NAMES = {
    "images": "pictures held",
    "size": "side, pixels",
    "batch": "batch",
    "replicas": "replicas",
}


class Point(NamedTuple):
    """What is measured.

    Attributes:
        images: pictures in the table.
        size: of the generated pictures, pixels.
        batch: pictures a step.
        replicas: logical CPUs.
    """

    images: int = 10_000
    size: int = 32
    batch: int = 64
    replicas: int = 1


SERIES = {
    "images": [Point(images=count) for count in (1_000, 10_000, 100_000)],
    "size": [Point(images=1_000, size=size) for size in (16, 32, 64, 128, 256)],
    "batch": [Point(batch=batch) for batch in (16, 64, 256, 512)],
    "replicas": [Point(replicas=replicas) for replicas in (1, 2)],
}


def main() -> None:
    """Prints a table and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path, help="PNG to write")
    parser.add_argument("--one", type=int, nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_measure(Point(*arguments.one))))
        return
    measured = {point: _in_a_process(point) for points in SERIES.values() for point in points}
    for axis, points in SERIES.items():
        for point in points:
            figures = measured[point]
            print(
                f"{axis:>8} {getattr(point, axis):>7,}: {figures['step_ms']:8.1f} ms a step, "
                f"{figures['ms_per_image']:6.2f} ms an image, {figures['peak_memory_mb']:6.0f} MB"
            )
    from machine import describe

    print(describe())
    if arguments.plot:
        draw(arguments.plot, list(_curves(measured)))
    rows = [point._asdict() | figures for point, figures in measured.items()]
    print(json.dumps({"ngf": WIDTH, "ndf": WIDTH, "points": rows}))


def _in_a_process(point: Point) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", *map(str, point)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    print(f"  {point}", file=sys.stderr, flush=True)
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def _measure(point: Point) -> dict[str, float]:
    import tensorflow as tf
    from bare_step import BareStep, recipe

    from t2i.config.run import TrainingConfig

    if point.replicas > 1:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * point.replicas
        )
    config = recipe(point.size, WIDTH, WIDTH, TrainingConfig(batch_size=point.batch))
    seconds = BareStep(config, "float32", point.images).median_seconds(STEPS, REPEATS)
    return {
        "step_ms": seconds * 1e3,
        "ms_per_image": seconds * 1e3 / point.batch,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def _curves(measured: dict[Point, dict[str, float]]) -> Iterator[Curve]:
    for axis, points in SERIES.items():
        own = [measured[point] for point in points]
        yield Curve(
            "train",
            NAMES[axis],
            [getattr(point, axis) for point in points],
            [figures["ms_per_image"] for figures in own],
            [figures["peak_memory_mb"] for figures in own],
        )


if __name__ == "__main__":
    main()
