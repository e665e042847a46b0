"""Painting: `t2i generate` and `t2i interpolate`."""

from pathlib import Path

import click

from t2i.cli.command_line import FILE, FOLDER
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError

MAX_CAPTIONS_BYTES = 64 << 20
_CAPTION_LENGTH = 10_000

_lookup_option = click.option(
    "--data",
    type=FILE,
    help="Pairs file to look sentences up in, where the run has no encoder.  "
    "[default: the one trained on]",
)


@click.command()
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
@click.option(
    "--like",
    type=FILE,
    help="Paints a single picture of `t2i generate` or of the page again, from what it says of "
    "itself; OUT is then a .png file.",
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
    like: Path | None,
    data: Path | None,
) -> None:
    """Paints COUNT pictures of each of the SENTENCES with the last checkpoint of RUN.

    RUN is a run directory, or birds: a generator that comes with the package.
    """
    if like is not None:
        _paint_again(run, like, out, data, bool(sentences or captions or pose))
        return
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

    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import Recipe, save_inscribed
    from t2i.runs.shipping import run_named

    painter = Painter(run_named(run), data)
    if out.suffix.lower() == ".png":
        painted = painter.paint(texts, count, seed, pose=pose)
        scale = max(1, 128 // painter.config.image_size)
        save_image(out, captioned_grid(painted, texts, scale))
    else:
        digits = len(str(len(texts)))
        for number, text in enumerate(tqdm(texts, unit="sentence", desc="painting"), start=1):
            for index, picture in enumerate(painter.paint([text], count, seed, pose=pose)[0]):
                recipe = Recipe(text, seed, index, 1.0, painter.identity, pose or "")
                save_inscribed(out / f"{number:0{digits}d}_{index:04d}.png", picture, recipe)
        (out / "captions.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    click.echo(f"{out}: {len(texts) * count} pictures of {len(texts)} sentences")


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

    from t2i.images.pixels import save_gif, save_image
    from t2i.images.sheets import grid
    from t2i.painting.between import between, between_latents
    from t2i.painting.painter import Painter
    from t2i.painting.poses import along as turned_along
    from t2i.runs.shipping import run_named

    painter = Painter(run_named(run), data)
    embedding = painter.embed(texts)
    ends = painter.latents(2, seed)
    if along:
        turned = turned_along(ends[0], painter.prior, along, steps)
        rows = painter.paint_rows(np.repeat(embedding, steps, axis=0), turned)
    elif latents:
        rows = painter.paint_rows(
            np.repeat(embedding, steps, axis=0), between_latents(ends[0], ends[1], steps)
        )
    else:
        rows = painter.paint_rows(
            between(embedding[0], embedding[1], steps), np.repeat(ends[:1], steps, axis=0)
        )
    scale = max(1, 128 // painter.config.image_size)
    enlarged = rows.repeat(scale, axis=1).repeat(scale, axis=2)
    save_image(out, grid(enlarged[None]))
    save_gif(out.with_suffix(".gif"), enlarged)
    click.echo(f"{out} and {out.with_suffix('.gif')}: {steps} pictures")


def _paint_again(run: Path, like: Path, out: Path, data: Path | None, more: bool) -> None:
    """Paints the picture that a PNG file says it is."""
    if more:
        raise InputError(
            "--like: expected the picture alone, got sentences, captions or a pose beside it; "
            "leave one of them out"
        )
    if out.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file with --like, got {out}; name one")
    from t2i.painting.recipe import read_recipe

    recipe = read_recipe(like)
    require_tensorflow()
    from t2i.painting.again import paint_again
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import save_inscribed
    from t2i.runs.shipping import run_named

    save_inscribed(out, paint_again(Painter(run_named(run), data), recipe), recipe)
    click.echo(f"{out}: {recipe.sentence}")


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
