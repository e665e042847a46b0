"""t2i: trains text-to-image GANs on pairs files, and paints sentences."""

import sys
from pathlib import Path

import click

import t2i
from t2i.command_line import FILE, FOLDER, Commands, require_tensorflow
from t2i.errors import InputError
from t2i.evaluation.cli import evaluate, import_inception

MAX_CAPTIONS_BYTES = 64 << 20
_CAPTION_LENGTH = 10_000


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(t2i.__version__, prog_name="t2i")
def main() -> None:
    """From a sentence to a picture: trains text-conditional GANs, and paints with them."""


main.add_command(evaluate)
main.add_command(import_inception)


@main.command()
@click.argument("config", type=FILE)
@click.option("--data", required=True, type=FILE, help="Pairs file with embedded captions.")
@click.option("--run", "folder", required=True, type=FOLDER, help="Run directory.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a key.")
@click.option(
    "--judge",
    type=FILE,
    help="Measures while it trains, for evaluate_every: an encoder, see t2i evaluate; or "
    "efficientnet-lite1 or -lite2 by name, for metrics without captions.",
)
@click.option("--dry-run", is_flag=True, help="Says what would be done, and stops.")
def train(
    config: Path,
    data: Path,
    folder: Path,
    overrides: tuple[str, ...],
    judge: Path | None,
    dry_run: bool,
) -> None:
    """Trains a GAN as CONFIG says; the same command again resumes where it stopped."""
    from t2i.models.catalogue import load_config

    settings = load_config(config, overrides)
    # Cheap checks come first: TensorFlow takes seconds to import.
    from t2i import pairs

    pairs.read_encoder(data)
    from t2i.backend import choose_kernels
    from t2i.runs import Run, read_record

    run = Run(folder)
    if run.config.exists():
        choose_kernels(read_record(run).kernels)
    require_tensorflow()
    from t2i.training import Trainer

    trainer = Trainer(settings, data, run, judge)
    plan = trainer.plan
    click.echo(
        f"{plan.images:,} pictures of {plan.classes} classes, {plan.captions:,} captions; "
        f"{plan.steps:,} steps of {settings.training.batch_size} on {plan.replicas} "
        f"{'device' if plan.replicas == 1 else 'devices'}, {plan.steps_per_epoch} an epoch"
    )
    sizes = ", ".join(f"{name} {count:,}" for name, count in plan.parameters.items())
    click.echo(f"parameters: {sizes}; precision {plan.precision}; data on {plan.data}")
    if dry_run:
        click.echo("dry run: nothing trained, nothing written")
        return
    from tqdm import tqdm

    from t2i.models.catalogue import offered
    from t2i.watching import Peak

    done, curves = trainer.done, offered(settings).CURVES
    if done == plan.steps:
        click.echo(f"{folder}: finished before, at step {done:,}; nothing to do")
        return
    if done:
        click.echo(f"{folder}: going on from step {done:,}")
    with tqdm(total=plan.steps, initial=done, unit="step", desc="training") as bar:
        # While it trains, and by a judge where there is one.
        peaks = {"g/variety": Peak(), "evaluation/variety": Peak()}

        def progress(step: int, means: dict[str, float]) -> None:
            bar.update(step - bar.n)
            for name, peak in peaks.items():
                if name in means and peak.halved(means[name]):
                    bar.write(
                        f"step {step:,}: pictures of a sentence differ half as much as they did "
                        f"({name} {means[name]:.2f}); G may be collapsing, an older checkpoint "
                        "may be the better one",
                        file=sys.stderr,
                    )
            if "images_per_second" in means:
                shown = ", ".join(f"{name} {means[name]:.2f}" for name in curves if name in means)
                bar.set_postfix_str(f"{means['images_per_second']:.0f} images/s, {shown}")

        trainer.train(progress)
    click.echo(f"{folder}: trained to step {plan.steps:,}; paint: t2i generate {folder} ...")


_lookup_option = click.option(
    "--data",
    type=FILE,
    help="Pairs file to look sentences up in, where the run has no encoder.  "
    "[default: the one trained on]",
)


@main.command()
@click.argument("run", type=FOLDER)
@click.argument("sentences", nargs=-1)
@click.option("--captions", type=FILE, help="Text file with a sentence a line.")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option(
    "--out",
    default=Path("birds.png"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="A .png file for one grid; anything else is a folder for single pictures.",
)
@click.option(
    "--pose",
    metavar="NAME=NUMBER,...",
    help="Sets named latents of a `model: projected` run, in standard deviations: turn, size, "
    "squeeze, right, down, mirror; for example mirror=-1,turn=0.",
)
@_lookup_option
def generate(
    run: Path,
    sentences: tuple[str, ...],
    captions: Path | None,
    count: int,
    seed: int,
    out: Path,
    pose: str | None,
    data: Path | None,
) -> None:
    """Paints COUNT pictures of each of the SENTENCES with the last checkpoint of RUN.

    RUN is a run directory, or birds: a generator that comes with the package.
    """
    texts = [*sentences, *(_lines(captions) if captions else [])]
    if not texts:
        raise InputError('sentences: expected at least one, got none; type one in "quotes"')
    _check_sentences(texts)
    if out.suffix.lower() == ".png" and len(texts) * count > 4096:
        raise InputError(
            f"--out: expected a folder for {len(texts) * count} pictures, got the grid {out}; "
            "a grid holds 4096"
        )
    require_tensorflow()
    from tqdm import tqdm

    from t2i.images import captioned_grid, save_image
    from t2i.sampling import Painter
    from t2i.shipping import run_named

    painter = Painter(run_named(run), data)
    if out.suffix.lower() == ".png":
        painted = painter.paint(texts, count, seed, pose=pose)
        scale = max(1, 128 // painter.config.image_size)
        save_image(out, captioned_grid(painted, texts, scale))
    else:
        digits = len(str(len(texts)))
        for number, text in enumerate(tqdm(texts, unit="sentence", desc="painting"), start=1):
            for index, picture in enumerate(painter.paint([text], count, seed, pose=pose)[0]):
                save_image(out / f"{number:0{digits}d}_{index:04d}.png", picture)
        (out / "captions.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    click.echo(f"{out}: {len(texts) * count} pictures of {len(texts)} sentences")


@main.command()
@click.argument("run", type=FOLDER)
@click.argument("first")
@click.argument("second", required=False)
@click.option("--latents", is_flag=True, help="Between two latents, for one sentence.")
@click.option(
    "--along",
    metavar="NAME",
    help="Along one named latent, for one sentence, from -2 to 2 standard deviations: turn, "
    "size, squeeze, right, down or mirror of a `model: projected` run.",
)
@click.option("--steps", default=9, show_default=True, type=click.IntRange(2, 200))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
@click.option("--out", default=Path("interpolation.png"), show_default=True, type=FILE)
@_lookup_option
def interpolate(
    run: Path,
    first: str,
    second: str | None,
    latents: bool,
    along: str | None,
    steps: int,
    seed: int,
    out: Path,
    data: Path | None,
) -> None:
    """Paints the way from the sentence FIRST to SECOND, as a strip and as a GIF.

    With --latents: from one latent to another, for the sentence FIRST. With --along turn: the
    same picture of FIRST, turned.
    """
    if latents and along:
        raise InputError("--along: expected it without --latents, got both; leave one of them out")
    within = latents or along is not None
    if within == (second is not None):
        option = "--along" if along else "--latents"
        raise InputError(
            "sentences: expected two, or one with --latents or --along, got "
            f"{f'two with {option}' if within else 'one'}; type the sentences in quotes"
        )
    texts = [first] if second is None else [first, second]
    _check_sentences(texts)
    if out.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file, got {out}; the GIF goes beside it")
    require_tensorflow()
    import numpy as np

    from t2i import sampling
    from t2i.images import grid, save_gif, save_image
    from t2i.shipping import run_named

    painter = sampling.Painter(run_named(run), data)
    embedding = painter.embed(texts)
    ends = painter.latents(2, seed)
    if along:
        turned = sampling.along(ends[0], painter.prior, along, steps)
        rows = painter.paint_rows(np.repeat(embedding, steps, axis=0), turned)
    elif latents:
        rows = painter.paint_rows(
            np.repeat(embedding, steps, axis=0), sampling.between_latents(ends[0], ends[1], steps)
        )
    else:
        rows = painter.paint_rows(
            sampling.between(embedding[0], embedding[1], steps), np.repeat(ends[:1], steps, axis=0)
        )
    scale = max(1, 128 // painter.config.image_size)
    enlarged = rows.repeat(scale, axis=1).repeat(scale, axis=2)
    save_image(out, grid(enlarged[None]))
    save_gif(out.with_suffix(".gif"), enlarged)
    click.echo(f"{out} and {out.with_suffix('.gif')}: {steps} pictures")


def _lines(path: Path) -> list[str]:
    """Returns the sentences of a text file, empty lines left out."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CAPTIONS_BYTES + 1)
        if len(content) > MAX_CAPTIONS_BYTES:
            raise InputError(
                f"{path}: expected at most {MAX_CAPTIONS_BYTES} bytes, got more; split the file"
            )
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "other bytes"
        raise InputError(f"{path}: expected UTF-8 text, got {reason}; a sentence a line") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _check_sentences(texts: list[str]) -> None:
    for text in texts:
        if not text.strip() or len(text) > _CAPTION_LENGTH:
            raise InputError(
                f"sentences: expected words, at most {_CAPTION_LENGTH} characters, got "
                f"{text[:40]!r}; describe a picture"
            )
