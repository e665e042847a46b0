"""What a run is going to do: decided before anything is built or written."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from t2i.compute.backend import chosen_kernels
from t2i.compute.precision import resolve_precision
from t2i.compute.strategy import Machine
from t2i.config.file import changed
from t2i.config.run import RunConfig, TrainingConfig
from t2i.errors import InputError
from t2i.images.cropping import LARGEST_STORED
from t2i.models.catalogue import load_config, offered
from t2i.models.schedule import Schedule
from t2i.pairs.digests import fingerprint, fingerprint_without_pixels
from t2i.pairs.reading import Header
from t2i.pairs.stored import OpenPairs
from t2i.runs.directory import Run, latest_step, require_place, steps
from t2i.runs.record import Record, compares_pixels, resume
from t2i.training.batches.inputs import Inputs, read_inputs
from t2i.training.batches.residence import Residence
from t2i.training.start import choose_start, require_start, said_of_start


@dataclass(frozen=True)
class Plan:
    """What a run is going to do.

    Attributes:
        config: of the run.
        run: its directory.
        record: what decides its outcome beside the configuration; it is written, or there.
        begun: the configuration that it began with; None for a new run.
        done: step of the newest checkpoint, where it goes on; 0 for a new run.
        images: pictures trained on.
        captions: sentences trained on.
        classes: classes trained on.
        steps: updates of each network.
        steps_per_epoch: full batches in a pass over the pictures.
        replicas: devices over all workers.
        compiled: whether XLA compiles the steps.
        residence: where the pairs are held.
        precision: of the arithmetic, and why.
        data: where the pairs are held, and why.
        starts: whether the weights of another run are taken now.
    """

    config: RunConfig
    run: Run
    record: Record
    begun: RunConfig | None
    done: int
    images: int
    captions: int
    classes: int
    steps: int
    steps_per_epoch: int
    replicas: int
    compiled: bool
    residence: Residence
    precision: str
    data: str
    starts: bool

    @property
    def notes(self) -> list[str]:
        """What is said before training: where it starts, what changed since the run began."""
        lines = []
        if self.record.start and self.starts:
            lines.append(said_of_start(self.record.start, self.record))
        if self.begun is not None:
            lines += _said_of_changes(self.begun, self)
        return lines


def make_plan(
    config: RunConfig, data: OpenPairs, run: Run, start: Path | None, machine: Machine
) -> tuple[Plan, Inputs]:
    """Returns what a run is going to do, and the pairs that were read to know it.

    Args:
        config: of the run.
        data: the pairs file.
        run: where to write; a run that was begun there goes on.
        start: the run whose weights a new one starts from; None starts from the seed.
        machine: that it is planned for.

    Raises:
        InputError: config, data and start do not fit, or the run began with others.
    """
    training = config.training
    needs = offered(config).needs(config)
    _require_replicas(training, machine.replicas)
    _require_pixels(config, data.header, data.path)
    require_place(run, data.encoder)
    inputs = read_inputs(config, needs, data, machine.device_bytes)
    begun = load_config(run.config) if run.config.exists() else None
    if begun is None:
        record, why = _new_record(config, data, inputs, start)
        where = inputs.reason
    else:
        record, where = _resumed(config, data, inputs, run, begun)
        require_start(run, record, start)
        why = "as the run began"
    plan = Plan(
        config=config,
        run=run,
        record=record,
        begun=begun,
        done=latest_step(run.checkpoints),
        images=len(inputs.pairs.name),
        captions=len(inputs.pairs.caption),
        classes=len(inputs.table.class_offset) - 1,
        steps=training.epochs * inputs.order.steps_per_epoch,
        steps_per_epoch=inputs.order.steps_per_epoch,
        replicas=machine.replicas,
        compiled=_compiled(training, machine),
        residence=inputs.residence,
        precision=f"{record.precision} ({why})",
        data=f"{inputs.residence} ({where})",
        starts=record.start is not None and not steps(run.checkpoints),
    )
    _require_steps(plan)
    return plan, inputs


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


def _new_record(
    config: RunConfig, data: OpenPairs, inputs: Inputs, start: Path | None
) -> tuple[Record, str]:
    """Returns the record of a run that begins, and why it has its precision."""
    image, embedding = inputs.table.image, inputs.table.embedding
    precision, reason = resolve_precision(config.training.precision)
    record = Record(
        data=fingerprint(inputs.pairs, data.header, image, embedding),
        precision=precision,
        pairs=str(data.path.resolve()),
        channels=data.header.channels,
        encoder=data.header.encoder,
        vision=list(inputs.draw.needs.vision),
        kernels=chosen_kernels(),
        start=choose_start(start, config, inputs.facts) if start else None,
    )
    return record, reason


def _resumed(
    config: RunConfig, data: OpenPairs, inputs: Inputs, run: Run, begun: RunConfig
) -> tuple[Record, str]:
    """Returns the record of a run that goes on, and where the pairs are held and why."""
    if compares_pixels(run):
        image, embedding = inputs.table.image, inputs.table.embedding
        trained_on = fingerprint(inputs.pairs, data.header, image, embedding)
        return resume(run, begun, config, trained_on), inputs.reason
    trained_on = fingerprint_without_pixels(inputs.pairs, data.header)
    reason = f"{inputs.reason}; began before pixels were compared"
    return resume(run, begun, config, trained_on), reason


def _compiled(training: TrainingConfig, machine: Machine) -> bool:
    alone = machine.gpu and machine.replicas == 1
    return training.compile == "xla" or (training.compile == "auto" and alone)


def _require_replicas(training: TrainingConfig, replicas: int) -> None:
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


def _require_pixels(config: RunConfig, header: Header, data: Path) -> None:
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


def _require_steps(plan: Plan) -> None:
    """Raises InputError where a run has gone further than it is to go."""
    if plan.done > plan.steps:
        least = math.ceil(plan.done / plan.steps_per_epoch)
        raise InputError(
            f"training.epochs: expected at least {least}, as {plan.run.path} has reached step "
            f"{plan.done:,}, got {plan.config.training.epochs}; make it larger"
        )


def _said_of_changes(begun: RunConfig, plan: Plan) -> list[str]:
    """Returns a line for each key that a run goes on with another value of."""
    lines = []
    for key, (before, after) in changed(begun, plan.config).items():
        line = f"{key}: {after} from step {plan.done:,} on, {before} before"
        if key == "training.epochs":
            line += f"; {_rate_said(begun, plan)}"
        lines.append(line)
    return lines


def _rate_said(begun: RunConfig, plan: Plan) -> str:
    """Returns what another length means for the learning rate."""
    config = plan.config
    if config.optimizer.decay != "linear":
        return "the schedule of the learning rate is as it was"
    lengths = (before.training.epochs * plan.steps_per_epoch for before in (begun, config))
    old, new = (
        float(Schedule(config.optimizer, plan.steps_per_epoch, steps)(plan.done))
        for steps in lengths
    )
    return (
        f"the learning rate falls to 0 at the new end: {new:.3g} now, where it was {old:.3g}"
        if old != new
        else "the learning rate falls to 0 at the new end, as if the run had begun so"
    )
