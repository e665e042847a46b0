"""What it costs to train on pairs that the device has no room for.

    python benchmarks/streaming.py birds.h5 [--config configs/cub64_small.yaml]
        [--set KEY=VALUE ...] [--epochs 4] [--repeats 3]

The same training, a process each, with the pairs held on the device, streamed from the host's
memory, and streamed from the file; in turns, so that the machine's moods meet all three. Peak
memory is the process's. On a CPU the device is the host: what is seen there is the cost of
choosing, gathering and handing over, not of the bus. The last line is JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from machine import describe

_PLACES = ("device", "host", "file")
# Steps of a launch, and between the points of the curves.
_EVERY = 10


def main() -> None:
    """Prints images a second and memory by where the pairs are held; last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="pairs file, embedded")
    parser.add_argument("--config", type=Path, default=Path("configs/cub64_small.yaml"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {place: [] for place in _PLACES}
    for _ in range(arguments.repeats):
        for place, runs in found.items():
            runs.append(_trained(arguments, place))
    print(describe())
    rates = {place: median(rate for rate, _ in runs) for place, runs in found.items()}
    memory = {place: median(peak for _, peak in runs) for place, runs in found.items()}
    print(f"{'pairs held':<12}{'images/s':>10}{'of device':>11}{'peak MB':>9}")
    for place in _PLACES:
        share = rates[place] / rates["device"]
        print(f"{place:<12}{rates[place]:>10.1f}{share:>11.3f}{memory[place]:>9,.0f}")
    print(json.dumps({"images_per_second": rates, "peak_memory_mb": memory}))


def _trained(arguments: argparse.Namespace, place: str) -> tuple[float, float]:
    """Returns images a second, and the peak memory in MB, of one training."""
    changes = [*arguments.changes, f"training.data={place}", "training.precision=float32"]
    changes += [f"training.steps_per_launch={_EVERY}", f"training.log_every={_EVERY}"]
    changes += [f"training.epochs={arguments.epochs}"]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-c", "from t2i.cli.main import main; main()", "train"]
        command += [str(arguments.config), "--data", str(arguments.data), "--run", str(run)]
        for change in changes:
            command += ["--set", change]
        process = subprocess.Popen(command, stdout=sys.stderr)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit("streaming: t2i train failed, see above")
        points = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    if len(points) < 2:
        sys.exit("streaming: expected more than one launch of 10 steps, got one; raise --epochs")
    # The first launch is traced.
    return median(point["images_per_second"] for point in points[1:]), usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
