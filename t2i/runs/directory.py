"""The run directory: everything a run needs to be resumed, repeated, and painted from.

config.yaml      the configuration, every key
record.json      the data and its fingerprint, the precision, versions, the machine
encoder.keras    the text encoder that made the embeddings; none where they are imported
generator.keras  G of the last checkpoint, averaged where there is an average
checkpoints/     weights, optimizers, step
metrics.jsonl    the curves, a line a point
samples/         painted grids
events/          TensorBoard
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from t2i.files.disk import replacing, reserved


@dataclass(frozen=True)
class Run:
    """The names in a run directory.

    Attributes:
        path: the directory.
    """

    path: Path

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
        """The folder of TensorBoard's files."""
        return self.path / "events"


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
    """Drops the points of the curves behind `step`, which will be made again.

    A line that can't be read, as a power cut leaves one, ends the curves.
    """
    if not run.metrics.exists():
        return
    lines = run.metrics.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = []
    for line in lines:
        try:
            point = json.loads(line)["step"] if line.endswith("\n") else step + 1
        except (ValueError, KeyError, TypeError):
            break
        if point <= step:
            kept.append(line)
    with replacing(run.metrics) as unfinished:
        unfinished.write_text("".join(kept), encoding="utf-8")
