"""The record of a run: what decides its outcome beside the configuration."""

import json
import platform
from importlib import metadata
from typing import Annotated

import pydantic

import t2i
from t2i.config.file import changed_keys, dump
from t2i.config.run import RunConfig
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.pairs.digests import OF_PIXELS
from t2i.pairs.reading import EncoderStamp
from t2i.runs.directory import Run


class Record(pydantic.BaseModel):
    """What decides the outcome of a run beside its configuration.

    Attributes:
        data: fingerprint of the pairs trained on.
        precision: of the arithmetic.
        pairs: the pairs file, as it was called; empty in the oldest runs.
        channels: of the pictures.
        encoder: who made the embeddings; None in the oldest runs.
        vision: networks that others trained and that took part, by name.
        kernels: of TensorFlow, see `compute.backend`; empty in older runs.
    """

    model_config = pydantic.ConfigDict(frozen=True, strict=True)

    data: str
    precision: str
    pairs: str = ""
    channels: Annotated[int, pydantic.Field(ge=1, le=3)] = 3
    encoder: EncoderStamp | None = None
    vision: list[str] = pydantic.Field(default=[])
    kernels: str = ""


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


def compares_pixels(run: Run) -> bool:
    """Returns whether a run that began knows the pixels that it began with."""
    return read_record(run).data.startswith(OF_PIXELS)


def resume(run: Run, begun: RunConfig, config: RunConfig, data: str) -> Record:
    """Returns the record of a run that began with this configuration and data.

    Args:
        run: the directory.
        begun: the configuration in it.
        config: that it is to go on with.
        data: fingerprint of the pairs; or, of runs from before, the one without pixels.

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


def _tensorflow_version() -> str:
    """Returns the version of whichever build is installed."""
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
