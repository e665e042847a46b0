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

import hashlib
import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import pydantic

import t2i
from t2i.config.file import changed_keys, dump
from t2i.config.run import RunConfig
from t2i.errors import InputError
from t2i.files.disk import replacing, reserved
from t2i.pairs.reading import EncoderStamp, Header, Pairs


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


class Record(pydantic.BaseModel):
    """What decides the outcome of a run beside its configuration.

    Attributes:
        data: fingerprint of the pairs trained on.
        precision: of the arithmetic.
        pairs: the pairs file, as it was called; empty in the oldest runs.
        channels: of the pictures.
        encoder: who made the embeddings; None in the oldest runs.
        vision: networks that others trained and that took part, by name.
        kernels: of TensorFlow, see `backend`; empty in older runs.
    """

    model_config = pydantic.ConfigDict(frozen=True, strict=True)

    data: str
    precision: str
    pairs: str = ""
    channels: Annotated[int, pydantic.Field(ge=1, le=3)] = 3
    encoder: EncoderStamp | None = None
    vision: list[str] = pydantic.Field(default=[])
    kernels: str = ""


def fingerprint(pairs: Pairs, header: Header) -> str:
    """Returns a hash that changes when other pictures, captions or embeddings are trained on."""
    digest = hashlib.sha256()
    digest.update(json.dumps([pairs.name, pairs.caption]).encode())
    digest.update(pairs.class_id.tobytes())
    digest.update(f"{header.image_size} {header.encoder}".encode())
    return digest.hexdigest()


def begin(run: Run, config: RunConfig, record: Record, encoder: bytes | None) -> None:
    """Makes the directory of a new run; the configuration last, so that half of one is no run.

    Args:
        run: the directory.
        config: of the run.
        record: what else decides the outcome.
        encoder: the bytes of the encoder's .keras file, or None where embeddings are imported.
    """
    if encoder is not None:
        with replacing(run.encoder) as unfinished:
            unfinished.write_bytes(encoder)
    versions = {
        "t2i": t2i.__version__,
        "python": platform.python_version(),
        "machine": platform.platform(),
        **{name: metadata.version(name) for name in ("keras", "numpy", "h5py")},
        "tensorflow": _tensorflow_version(),
    }
    with replacing(run.record) as unfinished:
        everything = record.model_dump() | versions
        unfinished.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")
    with replacing(run.config) as unfinished:
        unfinished.write_text(dump(config), encoding="utf-8")


def resume(run: Run, begun: RunConfig, config: RunConfig, data: str) -> Record:
    """Returns the record of a run that began with this configuration and data.

    Args:
        run: the directory.
        begun: the configuration in it.
        config: that it is to go on with.
        data: fingerprint of the pairs.

    Raises:
        InputError: either has changed.
    """
    changed = changed_keys(begun, config)
    if changed:
        raise InputError(
            f"{run.path}: expected the configuration this run began with, got other values of "
            f"{', '.join(changed)}; set them back, or choose another --run"
        )
    record = read_record(run)
    if record.data != data:
        raise InputError(
            f"{run.path}: expected the data this run began with, got other pictures, captions or "
            "embeddings; give the old --data, or choose another --run"
        )
    return record


def read_record(run: Run) -> Record:
    """Returns what `begin` wrote of a run.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        return Record.model_validate_json(run.record.read_bytes())
    except (OSError, pydantic.ValidationError) as error:
        raise InputError(
            f"{run.record}: expected the run's record, got none that can be read; "
            "choose another --run"
        ) from error


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
    """Drops the points of the curves behind `step`: they will be made again."""
    if not run.metrics.exists():
        return
    lines = run.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
    with replacing(run.metrics) as unfinished:
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        unfinished.write_text("".join(kept), encoding="utf-8")


def _tensorflow_version() -> str:
    """Returns the version of whichever build is installed."""
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
