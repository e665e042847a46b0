"""Training: `t2i train`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import (
    FILE,
    FOLDER,
    OVERRIDES,
    any_config,
    goes_on,
    model_config,
)
from t2i.cli.progress import Bars
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError

if TYPE_CHECKING:
    from t2i.pairs.stored import OpenPairs
    from t2i.runs.directory import Run
    from t2i.training.trainer import Trainer


@click.command()
@click.argument("name", required=False, type=FILE)
@click.option("--keys", is_flag=True, help="Prints every key of NAME and its value, defaults too.")
def configs(name: Path | None, keys: bool) -> None:
    """Lists the configurations that come with t2i.

    With the NAME of one, prints it, as a start for one's own: t2i configs cub64 > mine.yaml
    """
    from t2i.config.file import dump
    from t2i.config.published import config_named, published

    if name is not None:
        config = any_config(name)
        text = dump(config) if keys else config_named(name).read_text(encoding="utf-8")
        click.echo(text, nl=False)
        return
    if keys:
        raise InputError("--keys: expected with the name of a configuration, got none; name one")
    lines = published()
    width = max(map(len, lines))
    for own, line in lines.items():
        click.echo(f"{own:<{width}}  {line}")


@click.command()
@click.argument("config", type=FILE)
@click.option("--data", required=True, type=FILE, help="Pairs file with embedded captions.")
@click.option(
    "--run",
    "folder",
    required=True,
    type=FOLDER,
    help="Run directory: a new one, or that of a run to go on with.",
)
@OVERRIDES
@click.option(
    "--judge",
    type=FILE,
    help="Measures while it trains, for evaluate_every: an encoder, see t2i evaluate; or "
    "efficientnet-lite1 or -lite2 by name, for metrics without captions.",
)
@click.option(
    "--from",
    "start",
    type=FOLDER,
    metavar="RUN",
    help="Starts from the weights of another run, or of birds or demo, which are shipped: "
    "fine-tuning.",
)
@click.option("--dry-run", is_flag=True, help="Says what would be done, and stops.")
def train(
    config: Path,
    data: Path,
    folder: Path,
    overrides: tuple[str, ...],
    judge: Path | None,
    start: Path | None,
    dry_run: bool,
) -> None:
    """Trains a GAN on a pairs file, or goes on.

    CONFIG is a YAML file, or a name of `t2i configs`. Interrupted, the same command goes on where
    it stopped; so does one with more training.epochs, or other keys that only say how often.
    """
    settings = model_config(config, overrides)
    pairs, run = _checked(data, folder, judge, start)
    require_tensorflow()
    from t2i.training.trainer import Trainer

    trainer = Trainer(settings, pairs, run, judge, start)
    _introduce(trainer, pairs)
    if dry_run:
        click.echo("dry run: nothing trained, nothing written")
        return
    if trainer.done == trainer.plan.steps:
        click.echo(f"{folder}: finished before, at step {trainer.done:,}; nothing to do")
        return
    if trainer.done:
        click.echo(f"{folder}: going on from step {trainer.done:,}")
    _watched(trainer, folder)
    last = trainer.plan.steps
    click.echo(f"{folder}: trained to step {last:,}; paint: t2i generate {folder} ...")


def _introduce(trainer: "Trainer", pairs: "OpenPairs") -> None:
    """Says what a training is going to do."""
    plan = trainer.plan
    click.echo(
        f"{plan.images:,} pictures of {plan.classes} classes, {plan.captions:,} captions; "
        f"{plan.steps:,} steps of {trainer.config.training.batch_size} on {plan.replicas} "
        f"{'device' if plan.replicas == 1 else 'devices'}, {plan.steps_per_epoch} an epoch"
    )
    sizes = ", ".join(f"{name} {count:,}" for name, count in trainer.parameters.items())
    stored, side = pairs.header.image_size, trainer.config.image_size
    share = f"{side**2 / stored**2:.0%} of a picture at a time"
    click.echo(f"windows of {side} x {side} of {stored} x {stored} pixels: {share}")
    click.echo(f"parameters: {sizes}; precision {plan.precision}; data on {plan.data}")
    for note in plan.notes:
        click.echo(note)


def _checked(
    data: Path, folder: Path, judge: Path | None, start: Path | None
) -> "tuple[OpenPairs, Run]":
    """Returns pairs and run; raises InputError for what is cheap to check, before TensorFlow is."""
    from t2i.compute.backend import choose_kernels
    from t2i.compute.cluster import require_cluster
    from t2i.files.weights import require_encoder
    from t2i.pairs.stored import OpenPairs
    from t2i.runs.directory import Run, painting_of, require_place
    from t2i.runs.record import read_record
    from t2i.runs.shipping import run_named
    from t2i.vision.networks import is_network

    require_cluster()
    pairs = OpenPairs(data)
    if judge is not None and not is_network(judge):
        require_encoder(judge)
    run = Run(folder)
    require_place(run, pairs.encoder)
    if run.config.exists():
        choose_kernels(read_record(run).kernels)
    elif start is not None:
        painting_of(run_named(start))
    return pairs, run


def _watched(trainer: "Trainer", folder: Path) -> None:
    """Trains to the end behind a bar; interrupted, says what goes on from where, and exits."""
    from t2i.models.catalogue import offered
    from t2i.training.watched import Peak

    curves = offered(trainer.config).CURVES
    # While it trains, and by a judge where there is one.
    peaks = {"g/variety": Peak(), "evaluation/variety": Peak()}

    def whence() -> str:
        return f"from step {trainer.done:,}" if trainer.done else "from the beginning"

    with goes_on(folder, whence), Bars("step") as bars:
        bars("training", trainer.done, trainer.plan.steps)

        def watch(step: int, means: dict[str, float]) -> None:
            if "images_per_second" in means:
                shown = ", ".join(f"{name} {means[name]:.2f}" for name in curves if name in means)
                bars.note(f"{means['images_per_second']:.0f} images/s, {shown}")
                bars("training", step, trainer.plan.steps)
            for name, peak in peaks.items():
                if name in means and peak.halved(means[name]):
                    bars.say(
                        f"step {step:,}: pictures of a sentence differ half as much as they did "
                        f"({name} {means[name]:.2f}); G may be collapsing, an older checkpoint "
                        "may be the better one",
                        error=True,
                    )

        trainer.train(watch, bars.say)
