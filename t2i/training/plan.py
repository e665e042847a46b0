"""What a run is going to do: its checks, its sizes, the spans of its launches."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2i.config.file import changed
from t2i.config.run import RunConfig, TrainingConfig
from t2i.errors import InputError
from t2i.images.cropping import LARGEST_STORED
from t2i.models.schedule import Schedule
from t2i.pairs.reading import Header
from t2i.training.batches.order import Order


@dataclass(frozen=True)
class Plan:
    """What a run is going to do.

    Attributes:
        images: pictures trained on.
        captions: sentences trained on.
        classes: classes trained on.
        steps: updates of each network.
        steps_per_epoch: full batches in a pass over the pictures.
        replicas: devices over all workers.
        precision: of the arithmetic, and why.
        data: where the pairs are held, and why.
        parameters: trained numbers in each network, by its name.
    """

    images: int
    captions: int
    classes: int
    steps: int
    steps_per_epoch: int
    replicas: int
    precision: str
    data: str
    parameters: Mapping[str, int]


def parameters(model: Any) -> int:
    """Returns how many numbers of a network are trained."""
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))


def require_replicas(training: TrainingConfig, replicas: int) -> None:
    """Raises InputError where so many replicas can't train as configured."""
    if training.batch_size % (2 * replicas):
        raise InputError(
            f"training.batch_size: expected a multiple of {2 * replicas} for {replicas} "
            f"replicas, got {training.batch_size}; change it or use fewer devices"
        )
    if training.compile == "xla" and replicas > 1:
        raise InputError(
            f"training.compile: expected auto or none for {replicas} replicas, got xla; "
            "XLA compiles the step of a single one"
        )


def require_pixels(config: RunConfig, header: Header, data: Path) -> None:
    """Raises InputError where pictures are smaller than those to be painted, or far larger."""
    if header.image_size < config.image_size:
        raise InputError(
            f"image_size: expected at most the {header.image_size} pixels of {data}, got "
            f"{config.image_size}; prepare larger pictures or train smaller ones"
        )
    if header.image_size > LARGEST_STORED * config.image_size:
        least = math.ceil(header.image_size / LARGEST_STORED)
        raise InputError(
            f"image_size: expected at least {least} for the {header.image_size} pixels of "
            f"{data}, got {config.image_size}, whose windows show pieces of pictures; prepare "
            f"with --image-size {config.image_size * 9 // 8}, or train larger ones"
        )


def require_pictures(training: TrainingConfig, pictures: int) -> None:
    """Raises InputError where the pictures trained on fill no batch."""
    if pictures < training.batch_size:
        raise InputError(
            f"training.batch_size: expected at most the {pictures} pictures of "
            f"{' + '.join(training.splits)}, got {training.batch_size}; "
            "make it smaller"
        )


def require_steps(training: TrainingConfig, plan: Plan, done: int, run: Path) -> None:
    """Raises InputError where a run has gone further than it is to go."""
    if done > plan.steps:
        least = math.ceil(done / plan.steps_per_epoch)
        raise InputError(
            f"training.epochs: expected at least {least}, as {run} has reached step {done:,}, "
            f"got {training.epochs}; make it larger"
        )


def said_of_changes(begun: RunConfig, config: RunConfig, done: int, plan: Plan) -> list[str]:
    """Returns a line for each key that a run goes on with another value of."""
    lines = []
    for key, (before, after) in changed(begun, config).items():
        line = f"{key}: {after} from step {done:,} on, {before} before"
        if key == "training.epochs":
            line += f"; {_rate_said(begun, config, done, plan)}"
        lines.append(line)
    return lines


def _rate_said(begun: RunConfig, config: RunConfig, done: int, plan: Plan) -> str:
    """Returns what another length means for the learning rate."""
    if config.optimizer.decay != "linear":
        return "the schedule of the learning rate is as it was"
    lengths = (before.training.epochs * plan.steps_per_epoch for before in (begun, config))
    old, new = (
        float(Schedule(config.optimizer, plan.steps_per_epoch, steps)(done)) for steps in lengths
    )
    return (
        f"the learning rate falls to 0 at the new end: {new:.3g} now, where it was {old:.3g}"
        if old != new
        else "the learning rate falls to 0 at the new end, as if the run had begun so"
    )


def require_groups(training: TrainingConfig, order: Order, data: Path) -> None:
    """Raises InputError where the pictures that have a group fill no batch."""
    if not order.steps_per_epoch:
        raise InputError(
            f"training.batch_size: expected at most the pictures of {data} in groups of "
            f"{order.group} of a class, got {training.batch_size}; make it smaller"
        )


def due(training: TrainingConfig) -> tuple[int, int, int]:
    """Returns after how many steps each thing falls due."""
    return training.log_every, training.sample_every, training.checkpoint_every


def spans(step: int, steps: int, training: TrainingConfig) -> Iterator[tuple[int, int]]:
    """Yields where each launch begins and ends: nothing that is due falls inside one."""
    while step < steps:
        dues = ((step // every + 1) * every for every in due(training))
        stop = min(steps, step + training.steps_per_launch, *dues)
        yield step, stop
        step = stop
