"""One's own picture: `t2i train-inversion`, `t2i invert`, `t2i restyle`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import FILE, FOLDER, counted
from t2i.cli.progress import Bars
from t2i.cli.sentences import LOOKUP, chosen_run, ours, require_words
from t2i.compute.backend import require_tensorflow

if TYPE_CHECKING:
    from t2i.painting.inversion.inverter import Inverter
    from t2i.painting.painter import Painter

CAPTION = click.option(
    "--caption", help="What the picture shows; left out, the encoder tells it from the picture."
)
REFINED = click.option(
    "--refine",
    default=60,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Steps that move the latent towards the picture; 0 takes the encoder's word.",
)
OUT = click.option(
    "--out",
    type=FILE,
    help="A .png, .jpg or .webp file.  [default: inverted.png, or restyled.png]",
)


@click.command("train-inversion")
@click.argument("run", type=FOLDER)
@click.option(
    "--data",
    type=FILE,
    help="Pairs file whose captions are painted.  [default: the one trained on]",
)
@click.option(
    "--steps",
    default=1000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Of 32 pictures each, all painted for this.",
)
def train_inversion(run: Path, data: Path | None, steps: int) -> None:
    """Trains what finds the latent of a picture.

    The generator of RUN, a run directory or birds, stays as it is. What is trained is kept in the
    run directory, that of birds in ~/.cache/t2i. Interrupted, the same command goes on.
    """
    path, _ = chosen_run(run, None)
    require_tensorflow()
    from t2i.painting.inversion import training
    from t2i.painting.inversion.places import written_to
    from t2i.painting.painter import Painter
    from t2i.runs.directory import Run
    from t2i.runs.record import read_record

    # Imported embeddings are looked up; a run's own encoder embeds the captions of any file.
    stamp = read_record(Run(path)).encoder
    painter = Painter(path, data if stamp and stamp.imported else None)
    sentences = training.sentences_of(path, data, painter.config.training.splits)
    out = written_to(run)
    with Bars("step") as bars:
        try:
            told = training.train_inversion(painter, sentences, out, steps, bars)
        except KeyboardInterrupt:
            bars.say(f"{run}: stopped; the same command goes on", error=True)
            sys.exit(130)
    named = "".join(f", {name} {value:.2f}" for name, value in told.geometry.items())
    click.echo(
        f"on fresh pictures, R^2 of latents {told.latent:.2f}{named}; "
        f"of embeddings {told.embedding:.2f}"
    )
    click.echo(f'{out}: trained; try t2i restyle {run} photo.jpg "a red bird"')


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("pictures", nargs=-1, required=True, type=FILE)
@CAPTION
@REFINED
@OUT
@LOOKUP
def invert(
    run: Path,
    pictures: tuple[Path, ...],
    caption: str | None,
    refine: int,
    out: Path | None,
    data: Path | None,
) -> None:
    """Finds pictures' latents, and paints them again.

    A row each: the middle square of the picture, what the encoder of `t2i train-inversion` makes
    of it at once, and what some steps of optimisation make of that.
    """
    place = out or ours(Path("inverted.png"))
    painter, inverter = _loaded(run, data)
    import numpy as np

    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid

    squares = np.stack([inverter.square(picture) for picture in pictures])
    words = None
    if caption is not None:
        require_words([caption])
        words = painter.embed([caption]).repeat(len(squares), axis=0)
    with Bars("step") as bars:
        told = inverter.find(squares, words, 0)
        found = inverter.find(squares, words, refine, bars)
    rows = np.stack([squares, told.pictures, found.pictures], axis=1)
    names = [picture.name for picture in pictures]
    save_image(place, captioned_grid(rows, names, _scale(painter)))
    apart = f"{told.error.mean():.0f} from them at once, {found.error.mean():.0f} when refined"
    click.echo(f"{place}: {counted(len(pictures), 'picture')} painted again, {apart} (of 255)")


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("picture", type=FILE)
@click.argument("sentences", nargs=-1, required=True)
@CAPTION
@REFINED
@OUT
@LOOKUP
def restyle(
    run: Path,
    picture: Path,
    sentences: tuple[str, ...],
    caption: str | None,
    refine: int,
    out: Path | None,
    data: Path | None,
) -> None:
    """Paints a picture of one's own for other sentences.

    Its latent is found first: pose and surroundings stay, the sentence changes the rest. A row
    for each sentence: the picture, painted again, and painted for the sentence.
    """
    require_words([*sentences, *([] if caption is None else [caption])])
    place = out or ours(Path("restyled.png"))
    painter, inverter = _loaded(run, data)
    import numpy as np

    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid

    embedding = painter.embed(sentences)
    words = None if caption is None else painter.embed([caption])
    square = inverter.square(picture)[None]
    with Bars("step") as bars:
        found = inverter.find(square, words, refine, bars)
    painted = painter.paint_rows(embedding, found.latent.repeat(len(sentences), axis=0))
    before = np.stack([square[0], found.pictures[0]])[None].repeat(len(sentences), axis=0)
    rows = np.concatenate([before, painted[:, None]], axis=1)
    save_image(place, captioned_grid(rows, sentences, _scale(painter)))
    click.echo(f"{place}: {picture.name} for {counted(len(sentences), 'sentence')}")


def _loaded(run: Path, data: Path | None) -> "tuple[Painter, Inverter]":
    path, _ = chosen_run(run, None)
    require_tensorflow()
    from t2i.painting.inversion.inverter import Inverter
    from t2i.painting.inversion.places import inversion_of
    from t2i.painting.painter import Painter

    encoder = inversion_of(run)
    painter = Painter(path, data)
    return painter, Inverter(painter, encoder)


def _scale(painter: "Painter") -> int:
    return max(1, 128 // painter.config.image_size)
