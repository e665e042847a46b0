"""The weights of another run, to start from: fine-tuning."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from t2i.config.run import RunConfig
from t2i.encoders.text import load_encoder
from t2i.errors import InputError
from t2i.models.catalogue import load_config, offered
from t2i.models.contract import Facts, Model
from t2i.painting.painter import load_painting
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import Run, latest_step
from t2i.runs.record import Record, Start, read_record
from t2i.runs.shipping import run_named, shipped


def choose_start(place: Path, config: RunConfig, facts: Facts) -> Start:
    """Returns the start that the newest checkpoint of another run gives.

    Args:
        place: its directory, or the name of a shipped one.
        config: of the run that starts.
        facts: of the data that it is trained on.

    Raises:
        InputError: there is no run, or its networks are others.
    """
    run, theirs, record = _read(place)
    if theirs.model != config.model:
        raise InputError(
            f"--from: expected a run of model {config.model}, as the configuration is, got "
            f"{theirs.model} in {place}; take a configuration of that model"
        )
    found = {"pixels": theirs.image_size, "channels": record.channels}
    wanted = {"pixels": config.image_size, "channels": facts.channels}
    found["numbers an embedding"] = _embedding_size(run, record)
    wanted["numbers an embedding"] = facts.embedding_size
    for what, value in wanted.items():
        if found[what] != value:
            raise InputError(
                f"--from: expected a run of {value} {what}, as here, got {found[what]} in "
                f"{place}; start from another, or change the configuration or the data"
            )
    named = run.path != place
    return Start(
        run=str(place if named else place.resolve()),
        step=latest_step(run.checkpoints),
    )


def start_from(start: Start, model: Model, config: RunConfig, facts: Facts) -> None:
    """Fills a model, just built, with the weights that it is to start from.

    All of its networks, where the other run has checkpoints: of one that is shipped, what paints.
    The optimizers begin anew, as the schedule of the learning rate does.

    Raises:
        InputError: the checkpoint is gone or damaged, or its weights are of other shapes.
    """
    place = Path(start.run)
    run, theirs, record = _read(place)
    bare = Facts(_embedding_size(run, record), record.channels)
    painting = load_painting(run.path, theirs, bare.embedding_size, bare.channels).network
    ours = offered(config).build_painting(config, bare).network
    _require_alike(place, "what paints", painting.weights, ours.weights)
    model.start_from(painting.get_weights())
    if not start.step:
        return
    other: Model = offered(theirs).build(theirs, replace(facts, fitted=False))
    Checkpoints({**other.networks, **other.kept}, run.checkpoints, 1, True).restore_step(start.step)
    for name, network in model.networks.items():
        _require_alike(place, name, other.networks[name].weights, network.weights)
        network.set_weights(other.networks[name].get_weights())


def require_start(run: Run, record: Record, place: Path | None) -> None:
    """Raises InputError where a run that was begun is told to start from another than it did."""
    if place is None:
        return
    began = record.start.run if record.start else "none"
    if began not in (str(place), str(place.resolve())):
        raise InputError(
            f"--from: expected {began}, as {run.path} began, got {place}; leave it out, or choose "
            "another --run"
        )


def said_of_start(start: Start, record: Record) -> str:
    """Returns what a run starts from, in a line, and what that is worth."""
    line = f"starting from step {start.step:,} of {start.run}"
    if not start.step:
        line = (
            f"starting from the generator of {start.run}, which has no checkpoints: D begins anew"
        )
    theirs = _read(Path(start.run))[2].encoder
    if theirs is None or theirs != record.encoder:
        line += (
            "; the sentences were embedded by another encoder, so that what they mean is learned "
            "anew: embed them with its encoder.keras to keep that"
        )
    return line


def _read(place: Path) -> tuple[Run, RunConfig, Record]:
    run = Run(run_named(place))
    if not run.generator.is_file() or not run.config.is_file():
        raise InputError(
            f"--from: expected a run with a checkpoint, got none in {place}; "
            f"name the directory of a run, or one that is shipped: {', '.join(shipped())}"
        )
    return run, load_config(run.config), read_record(run)


def _embedding_size(run: Run, record: Record) -> int:
    # The oldest runs do not say.
    return (record.encoder or load_encoder(run.encoder)).embedding_size


def _require_alike(place: Path, name: str, theirs: Sequence[Any], ours: Sequence[Any]) -> None:
    pairs = zip(theirs, ours, strict=False)
    other = next(((x, y) for x, y in pairs if tuple(x.shape) != tuple(y.shape)), None)
    if other is None and len(theirs) == len(ours):
        return
    got = (
        f"{other[0].path} of {tuple(other[0].shape)} for {tuple(other[1].shape)}"
        if other
        else f"{len(theirs)} weights for {len(ours)}"
    )
    raise InputError(
        f"--from: expected networks of the same shapes in {place}, got, in {name}, {got}; "
        "set the networks and text as its config.yaml does"
    )
