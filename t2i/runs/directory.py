"""The run directory: everything a run needs to be resumed, repeated, and painted from.

config.yaml      the configuration, every key
record.json      the data and its fingerprint, the precision, versions, the machine
encoder.keras    the text encoder that made the embeddings; none where they are imported
generator.keras  G of the last checkpoint, averaged where there is an average
inversion.keras  finds the latent of a picture; where `t2i train-inversion` trained one
checkpoints/     weights, optimizers, step; and G of each of them
best/            the best generator by evaluation, where there is one; a run itself
metrics.jsonl    the curves, a line a point
samples/         painted grids
events/          TensorBoard
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from t2i.errors import InputError
from t2i.files.disk import AnyPath, replacing, reserved

_INDEX = re.compile(r"ckpt-(\d+)\.index")


@dataclass(frozen=True, init=False)
class Run:
    """The names in a run directory.

    Attributes:
        path: the directory.
    """

    path: Path

    def __init__(self, path: AnyPath) -> None:
        """Names what is in a directory, whether it is there or not."""
        object.__setattr__(self, "path", Path(path))

    @property
    def config(self) -> Path:
        """The configuration."""
        return self.path / "config.yaml"

    @property
    def record(self) -> Path:
        """What else decides the outcome."""
        return self.path / "record.json"

    @property
    def encoder(self) -> Path:
        """The text encoder."""
        return self.path / "encoder.keras"

    @property
    def generator(self) -> Path:
        """G, for painting."""
        return self.path / "generator.keras"

    @property
    def inversion(self) -> Path:
        """What finds the latent of a picture, of the generator that it says."""
        return self.path / "inversion.keras"

    def generator_of(self, step: int) -> Path:
        """G as the checkpoint of a step left it; it is dropped with that checkpoint."""
        return self.checkpoints / f"ckpt-{step}.keras"

    @property
    def best(self) -> "Run":
        """The best generator by evaluation, a run of its own; there where a judge measured."""
        return Run(self.path / "best")

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def metrics(self) -> Path:
        """The curves."""
        return self.path / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        """The folder of painted grids."""
        return self.path / "samples"

    @property
    def events(self) -> Path:
        """The folder of TensorBoard's files, by whose name it calls the run."""
        return self.path / "events" / self.path.resolve().name


def steps(folder: Path) -> list[int]:
    """Returns the steps that a folder has checkpoints of, the newest first."""
    if not folder.is_dir():
        return []
    found = (_INDEX.fullmatch(path.name) for path in folder.iterdir())
    return sorted((int(match[1]) for match in found if match), reverse=True)


def latest_step(folder: Path) -> int:
    """Returns the step of the newest checkpoint in a folder; 0 when there is none."""
    return next(iter(steps(folder)), 0)


def painting_of(path: AnyPath, step: int | str | None = None) -> Path:
    """Returns the file of what paints in the run directory `path`.

    Args:
        path: the run directory.
        step: of a checkpoint that is kept; `best` for the best by evaluation; None for the newest.

    Raises:
        InputError: there is no run, no checkpoint yet, or none of that step.
    """
    run = Run(path)
    if not run.config.is_file():
        raise InputError(
            f"{path}: expected a run directory, got no {run.config.name} there; "
            "train one with `t2i train`"
        )
    there = steps(run.checkpoints)
    # That of the newest is the run's own, in runs from before each checkpoint had one.
    own = {n: run.generator_of(n) for n in there if run.generator_of(n).is_file()}
    if run.generator.is_file():
        own = dict.fromkeys(there[:1], run.generator) | own
    names = ", ".join(["best"] * run.best.generator.is_file() + [str(n) for n in sorted(own)])
    wanted = run.generator if step is None else run.best.generator
    if isinstance(step, int):
        wanted = own.get(step, run.generator_of(step))
    if wanted.is_file():
        return wanted
    if step is None:
        raise InputError(
            f"{path}: expected a checkpoint, got none yet; "
            "train on until training.checkpoint_every steps"
        )
    expected = f"one of {names}" if names else "none, as no checkpoints are kept"
    old = " of before 0.3, with no generator beside it" if step in there else ""
    raise InputError(f"--step: expected {expected} in {path}, got {step}{old}; choose another")


def require_there(path: Path) -> None:
    """Raises InputError where there is neither a run, nor a folder of pictures."""
    if not path.is_dir():
        raise InputError(
            f"{path}: expected a run directory or a folder of pictures, got nothing there; "
            "train one with `t2i train`"
        )


def require_place(run: Run, encoder: bytes | None) -> None:
    """Raises InputError where a new run would write among files that are not its own.

    A run that was begun, no folder, an empty one, and what a beginning that was killed left: the
    encoder's file as it would be written, and a record of ours, are taken.

    Args:
        run: the directory.
        encoder: the bytes that the run would begin with, or None where it has none.
    """
    if run.config.exists() and run.record.exists():
        return
    if not run.path.is_dir():
        if run.path.exists():
            raise InputError(
                f"{run.path}: expected a folder for the run, got a file; choose another --run"
            )
        return
    foreign = [
        path.name
        for path in sorted(run.path.iterdir())
        if not path.name.startswith(".") and not _left_by_a_beginning(path, run, encoder)
    ]
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise InputError(
            f"{run.path}: expected a run, or a folder with nothing in it, got one of "
            f"{', '.join(foreign[:5])}{more}; choose another --run"
        )


def _left_by_a_beginning(path: Path, run: Run, encoder: bytes | None) -> bool:
    if path == run.encoder:
        return path.is_file() and encoder is not None and path.read_bytes() == encoder
    if path == run.record:
        try:
            return {"data", "precision", "t2i"} <= set(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return False
    return False


@contextmanager
def locked(run: Run) -> Iterator[None]:
    """Keeps a second process from training in the same directory.

    Raises:
        InputError: another process does already, or the folder can't be written.
    """
    in_use = (
        "expected a run that nobody trains, got one in use; wait for it, or choose another --run"
    )
    with reserved(run.path, in_use, "choose another --run"):
        yield


def trim_metrics(run: Run, step: int) -> None:
    """Drops the points of the curves behind `step`, which will be made again."""
    if not run.metrics.exists():
        return
    kept = [line for line, point in _points(run) if point["step"] <= step]
    with replacing(run.metrics) as unfinished:
        unfinished.write_text("".join(kept), encoding="utf-8")


def _points(run: Run) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields the lines of the curves, and their points.

    A line that can't be read, as a power cut leaves one, ends the curves.
    """
    with run.metrics.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                point = json.loads(line)
                numbers = all(isinstance(value, int | float) for value in point.values())
            except (ValueError, AttributeError, RecursionError):
                return
            if not numbers or "step" not in point or not line.endswith("\n"):
                return
            yield line, point
