"""The record of a run: what decides its outcome beside the configuration."""

import json
import platform
from importlib import metadata
from typing import Annotated, Any

import pydantic

import t2i
from t2i.config.file import changed, dump
from t2i.config.run import MAY_CHANGE, RunConfig
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.pairs.digests import OF_PIXELS
from t2i.pairs.reading import EncoderStamp
from t2i.runs.directory import Run


class Change(pydantic.BaseModel):
    """A key that says how long or how often, changed when the run went on.

    Attributes:
        step: from which on the new value holds.
        key: dotted.
        before: the old value.
        after: the new one.
    """

    model_config = pydantic.ConfigDict(frozen=True, strict=True)

    step: int
    key: str
    before: Any
    after: Any


class Start(pydantic.BaseModel):
    """The run whose weights another began with.

    Attributes:
        run: its directory, as it was called; or the name of a shipped one.
        step: of the checkpoint; 0 where it has none, and its generator alone was taken.
    """

    model_config = pydantic.ConfigDict(frozen=True, strict=True)

    run: str
    step: int


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
        start: whose weights it began with; None for those of its seed.
        changes: of its configuration since it began.
    """

    model_config = pydantic.ConfigDict(frozen=True, strict=True)

    data: str
    precision: str
    pairs: str = ""
    channels: Annotated[int, pydantic.Field(ge=1, le=3)] = 3
    encoder: EncoderStamp | None = None
    vision: list[str] = pydantic.Field(default=[])
    kernels: str = ""
    start: Start | None = None
    changes: list[Change] = pydantic.Field(default=[])


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
    others = [key for key in changed(begun, config) if not may_change(key)]
    if others:
        raise InputError(
            f"{run.path}: expected the configuration this run began with, got other values of "
            f"{', '.join(others)}; set them back, or choose another --run"
        )
    record = read_record(run)
    if record.data != data:
        raise InputError(
            f"{run.path}: expected the data this run began with, got other pictures, captions or "
            "embeddings; give the old --data, or choose another --run"
        )
    return record


def may_change(key: str) -> bool:
    """Returns whether a run that began with another value of a key goes on with this one."""
    section, _, name = key.partition(".")
    return section == "training" and name in MAY_CHANGE


def changes(begun: RunConfig, config: RunConfig, step: int) -> list[Change]:
    """Returns what differs between the configuration of a run and the one it goes on with."""
    return [
        Change(step=step, key=key, before=before, after=after)
        for key, (before, after) in changed(begun, config).items()
    ]


def amend(run: Run, config: RunConfig, changes: list[Change]) -> None:
    """Writes the configuration that a run goes on with, and notes what changed in its record."""
    if not changes:
        return
    content = json.loads(run.record.read_text(encoding="utf-8"))
    noted = content.get("changes", [])
    # Killed between the two files, the same change comes again.
    content["changes"] = noted + [
        change.model_dump() for change in changes if change.model_dump() not in noted
    ]
    with replacing(run.record) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    with replacing(run.config) as unfinished:
        unfinished.write_text(dump(config), encoding="utf-8")


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
