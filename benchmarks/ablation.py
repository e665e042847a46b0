"""Which settings make the better birds: each trained for the same time, then measured.

    python benchmarks/ablation.py birds.h5 --judge judge.keras --runs DIR [--seconds 300]
        [--config configs/cub64.yaml] [--set KEY=VALUE ...] [--only NAME ...] [--seeds 0 1 2]

A row is a run of `t2i train` with the configuration and one change (or those of several rows,
`a + b`), as many epochs as fit into the seconds at the speed of two epochs measured before it.
What is done stays in DIR: the same command goes on where it stopped, and prints the whole table.
The judge took no part in training; FID and KID are over its features, and compare with nothing
else. Seeds of a row stand as median (least to most). The last line is JSON.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from machine import describe

from t2i.config.file import load
from t2i.evaluation import report
from t2i.models.dcgan.config import Config
from t2i.pairs.reading import read_header

# Each is what the row changes in the configuration.
SETTINGS: dict[str, list[str]] = {
    "as configured": [],
    "no GAN-INT": ["losses.interpolated=0"],
    "no feature matching": ["losses.feature_matching=0"],
    "no GAN-INT, no feature matching": ["losses.interpolated=0", "losses.feature_matching=0"],
    "interpolated fakes shown to D": ["losses.interpolated_fake=0.5"],
    "learning rate 3.4e-4": ["optimizer.learning_rate=3.4e-4"],
    "no average of G": ["training.ema=0"],
    "label 0.9": ["losses.real_label=0.9"],
    "whitened": ["text.whitened_components=32"],
    "whitened, bounded": ["text.whitened_components=32", "text.whitened_bound=1.3"],
    "D at 0.4": ["optimizer.discriminator_ratio=0.4"],
    "D at 2": ["optimizer.discriminator_ratio=2"],
    "augmented": ["augmentation.translation=0.125", "augmentation.cutout=0.25"],
    "augmented colours": ["augmentation.colour=0.5"],
    "hinge": ["losses.objective=hinge", "losses.real_label=1"],
    "D unnormalised": ["networks.discriminator_norm=none"],
    "R1": [
        "networks.discriminator_norm=none",
        "losses.gradient_penalty=0.3",
        "losses.gradient_penalty_every=4",
    ],
    "text modulation": ["networks.text_modulation=true"],
}
METRICS = {"FID": "fid", "KID": "kid", "R-precision %": "r-precision", "diversity": "diversity"}


def main() -> None:
    """Trains and measures what is not there yet; prints the table and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="pairs file, embedded")
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--config", type=Path, default=Path("configs/cub64.yaml"))
    parser.add_argument("--set", dest="changes", action="append", default=[])
    parser.add_argument("--only", nargs="+", default=list(SETTINGS), help="rows, `a + b` for both")
    parser.add_argument("--seconds", type=float, default=300.0, help="of training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--count", type=int, default=2000, help="pictures measured")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.only:
        changes = [change for part in name.split(" + ") for change in SETTINGS[part]]
        found = [_measured(arguments, name, changes, seed) for seed in arguments.seeds]
        figures[name] = {key: [row[key] for row in found] for key in found[0]}
    print(describe())
    print(f"{'':34}" + "".join(f"{key:>22}" for key in (*METRICS, "seconds", "epochs")))
    for name, row in figures.items():
        print(f"{name:34}" + "".join(f"{_spread(values):>22}" for values in row.values()))
    print(json.dumps({"seeds": arguments.seeds, "rows": figures}))


def _measured(
    arguments: argparse.Namespace, name: str, changes: list[str], seed: int
) -> dict[str, float]:
    """Returns the figures of one run, made first where they are not there."""
    run = arguments.runs / f"{name.replace(' ', '_')}-{seed}"
    changes = [*arguments.changes, *changes, f"seed={seed}"]
    if (run / "config.yaml").exists():
        epochs = load(run / "config.yaml", Config).training.epochs
    else:
        epochs = _epochs(arguments, run, changes)
    _train(arguments, run, [*changes, f"training.epochs={epochs}"])
    if not (run / report.NAME).exists():
        command = ["evaluate", run, "--data", arguments.data, "--judge", arguments.judge]
        _t2i(*command, "--metrics", ",".join(METRICS.values()), "--count", arguments.count)
    rows = [row for table in report.read(run / report.NAME) for row in table.rows]
    value = {row.metric: row.estimate.value for row in rows}
    lines = (run / "metrics.jsonl").read_text().splitlines()
    points = [json.loads(line) for line in lines]
    pictures = _pictures(arguments.data, load(run / "config.yaml", Config))
    rate = median(point["images_per_second"] for point in points)
    return {
        **{metric: value[metric] for metric in METRICS},
        "seconds": epochs * pictures / rate,
        "epochs": epochs,
    }


def _epochs(arguments: argparse.Namespace, run: Path, changes: list[str]) -> int:
    """Returns how many epochs fit into the seconds."""
    pilot = run.with_name(f"{run.name}-pilot")
    quick = ["training.epochs=2", "training.steps_per_launch=10", "training.log_every=10"]
    _train(arguments, pilot, [*changes, *quick])
    points = [json.loads(line) for line in (pilot / "metrics.jsonl").read_text().splitlines()]
    # The first launch is traced.
    rate = median(point["images_per_second"] for point in points[1:])
    config = load(pilot / "config.yaml", Config)
    return max(1, round(arguments.seconds * rate / _pictures(arguments.data, config)))


def _pictures(data: Path, config: Config) -> int:
    """Returns the pictures of an epoch."""
    images = read_header(data).images
    batch = config.training.batch_size
    return sum(images[split] for split in config.training.splits) // batch * batch


def _train(arguments: argparse.Namespace, run: Path, changes: list[str]) -> None:
    options = [part for change in changes for part in ("--set", change)]
    _t2i("train", arguments.config, "--data", arguments.data, "--run", run, *options)


def _t2i(*command: Any) -> None:
    start = [sys.executable, "-c", "from t2i.cli.main import main; main()"]
    if subprocess.run([*start, *map(str, command)], stdout=sys.stderr).returncode:
        sys.exit(f"ablation: t2i {command[0]} failed, see above; the same command goes on there")


def _spread(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return f"{median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


if __name__ == "__main__":
    main()
