"""Sums of sentences, or of latents: `t2i arithmetic`."""

from pathlib import Path

import click

from t2i.cli.command_line import FILE, FOLDER, counted
from t2i.cli.sentences import LOOKUP, SEED, STEP, chosen_run, ours, require_words
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("words", metavar="TERM [+|- TERM]...", nargs=-1, required=True)
@click.option(
    "--of",
    metavar="SENTENCE",
    help="Adds latents instead: of pictures of this sentence, which the terms name by number, the "
    "seed's first being 1. 1,4,9 is the mean of three latents.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 16),
    help="Pictures of each term, and of the sum.  [default: 5]",
)
@SEED
@STEP
@click.option("--out", type=FILE, help="A .png file for the sheet.  [default: arithmetic.png]")
@LOOKUP
def arithmetic(
    run: Path,
    words: tuple[str, ...],
    of: str | None,
    count: int | None,
    seed: int,
    step: str | None,
    out: Path | None,
    data: Path | None,
) -> None:
    """Paints sums of sentences: "a red bird" - red + blue.

    A + or - stands between spaces. Each term's pictures are a row of the sheet, the sum's the
    last; a column shares its latent. With --of, sums of latents: 1,4,9 - 2,3,7 + 5,6,8.
    """
    text = " ".join(words)
    require_words([text] if of is None else [text, of])
    if of is not None and count is not None:
        raise InputError("--count: expected it without --of, got both; leave one of them out")
    if out is not None and out.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file, got {out}; choose another name")
    place = out or ours(Path("arithmetic.png"))
    path, chosen = chosen_run(run, step)
    require_tensorflow()
    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid
    from t2i.painting.arithmetic import add_latents, add_sentences
    from t2i.painting.painter import Painter

    painter = Painter(path, data, chosen)
    worked = (
        add_sentences(painter, text, 5 if count is None else count, seed)
        if of is None
        else add_latents(painter, text, of, seed)
    )
    save_image(place, captioned_grid(*worked, max(1, 128 // painter.config.image_size)))
    click.echo(f"{place}: {counted(len(worked.labels) - 1, 'term')} and their sum")
