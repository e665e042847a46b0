"""Our training step beside the same networks in PyTorch, naive and tuned.

    python benchmarks/torch_step.py --torch TORCH_PYTHON [--ngf 64] [--precision float32]

TORCH_PYTHON is the Python of an environment with PyTorch, for example made by
`python -m venv torch && torch/bin/pip install torch numpy` and called torch/bin/python. Each
side runs in a process of its own; they take turns, so that a noisy machine is noisy to all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

HERE = Path(__file__).parent


def main() -> None:
    """Prints the rates, their ratios and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torch", type=Path, help="the Python that has PyTorch")
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--steps", type=int, default=3, help="of a turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        _answer(arguments)
        return
    if arguments.torch is None or not arguments.torch.exists():
        sys.exit(
            "--torch: expected a Python that has PyTorch, got none; make one with "
            "`python -m venv torch && torch/bin/pip install torch numpy`"
        )
    _compare(arguments)


def _answer(arguments: argparse.Namespace) -> None:
    """Answers each number of steps with the seconds of one."""
    from bare_step import BareStep, recipe

    from t2i.config.run import TrainingConfig

    config = recipe(
        arguments.size,
        arguments.ngf,
        arguments.ndf,
        TrainingConfig(batch_size=arguments.batch),
    )
    step = BareStep(config, arguments.precision, 20 * arguments.batch)
    print("ready", flush=True)
    for line in sys.stdin:
        print(step.seconds(int(line)), flush=True)


def _compare(arguments: argparse.Namespace) -> None:
    names = ("ngf", "ndf", "batch", "size", "precision")
    options = [part for name in names for part in (f"--{name}", str(getattr(arguments, name)))]
    nets = [str(arguments.torch), str(HERE / "torch_nets.py")]
    # As ports of the released code run: in float32, whatever the others do.
    plain = [*options[:-1], "float32"]
    commands = {
        "ours": [sys.executable, __file__, "--ours", *options],
        "torch_tuned": [*nets, "tuned", *options],
        "torch_naive": [*nets, "naive", *plain],
    }
    sides = {name: _Side(command) for name, command in commands.items()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(arguments.turns + 1):
        for name, side in sides.items():
            took = side.run(arguments.steps)
            # The first turn traces graphs and makes kernels.
            if turn:
                seconds[name].append(took)
                print(f"  {name}: {arguments.batch / took:.1f} images/s", flush=True)
    for side in sides.values():
        side.end()
    from machine import describe

    rates = {name: arguments.batch / statistics.median(took) for name, took in seconds.items()}
    tuned = rates["ours"] / rates["torch_tuned"]
    naive = rates["ours"] / rates["torch_naive"]
    print(describe())
    print(
        f"{arguments.size} px, batch {arguments.batch}, ngf {arguments.ngf}, "
        f"{arguments.precision}: {rates['ours']:.1f} images/s; PyTorch tuned "
        f"{rates['torch_tuned']:.1f} (ratio {tuned:.2f}), naive in float32 "
        f"{rates['torch_naive']:.1f} (ratio {naive:.2f})"
    )
    figures = {f"{name}_images_per_second": rate for name, rate in rates.items()}
    figures |= {"ratio_to_tuned": tuned, "ratio_to_naive": naive}
    print(json.dumps(figures | {name: getattr(arguments, name) for name in names}))


class _Side:
    """A process that answers a number of steps with the seconds of one."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._expect("ready")

    def run(self, steps: int) -> float:
        """Returns the seconds of one step."""
        if self._process.stdin is None:
            raise RuntimeError("no pipe")
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return float(self._line())

    def end(self) -> None:
        """Waits for the end of the process."""
        self._process.communicate()

    def _expect(self, answer: str) -> None:
        line = self._line()
        if line != answer:
            sys.exit(f"{self._process.args}: expected {answer!r}, got {line!r}; run it by hand")

    def _line(self) -> str:
        if self._process.stdout is None:
            raise RuntimeError("no pipe")
        return self._process.stdout.readline().strip()


if __name__ == "__main__":
    main()
