"""Painting the way between: `t2i interpolate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import FILE, FOLDER, counted
from t2i.cli.sentences import LOOKUP, SEED, STEP, chosen_run, ours, require_words
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from t2i.painting.painter import Painter


@click.command()
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
@click.option(
    "--steps",
    default=9,
    show_default=True,
    type=click.IntRange(2, 200),
    help="Pictures on the way, both ends among them.",
)
@SEED
@STEP
@click.option(
    "--out",
    type=FILE,
    help="A .png file for the strip; the GIF goes beside it.  [default: interpolation.png]",
)
@LOOKUP
def interpolate(
    run: Path,
    first: str,
    second: str | None,
    latents: bool,
    along: str | None,
    steps: int,
    seed: int,
    step: str | None,
    out: Path | None,
    data: Path | None,
) -> None:
    """Paints the way between two sentences.

    From FIRST to SECOND, as a strip and as a GIF. With --latents: from one latent to another, for
    the sentence FIRST. With --along turn: the same picture of FIRST, turned.
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
    require_words(texts)
    if out is not None and out.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file, got {out}; the GIF goes beside it")
    strip = out or ours(Path("interpolation.png"))
    gif = ours(strip.with_suffix(".gif"))
    path, chosen = chosen_run(run, step)
    require_tensorflow()
    from t2i.images.pixels import save_gif, save_image
    from t2i.images.sheets import grid
    from t2i.painting.painter import Painter

    painter = Painter(path, data, chosen)
    rows = _way(painter, texts, steps, seed, along)
    scale = max(1, 128 // painter.config.image_size)
    enlarged = rows.repeat(scale, axis=1).repeat(scale, axis=2)
    save_image(strip, grid(enlarged[None]))
    save_gif(gif, enlarged)
    click.echo(f"{strip} and {gif}: {counted(steps, 'picture')}")


def _way(
    painter: "Painter", texts: list[str], steps: int, seed: int, along: str | None
) -> "npt.NDArray[np.uint8]":
    """Returns the pictures on the way: along a latent, between two sentences, or two latents."""
    import numpy as np

    from t2i.painting.between import between, between_latents
    from t2i.painting.poses import along as turned_along

    embedding, ends = painter.embed(texts), painter.latents(2, seed)
    if len(texts) == 2:
        return painter.paint_rows(
            between(embedding[0], embedding[1], steps), np.repeat(ends[:1], steps, axis=0)
        )
    latents = (
        turned_along(ends[0], painter.prior, along, steps)
        if along
        else between_latents(ends[0], ends[1], steps)
    )
    return painter.paint_rows(np.repeat(embedding, steps, axis=0), latents)
