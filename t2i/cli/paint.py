"""Painting: `t2i generate` and `t2i interpolate`."""

import mimetypes
import re
from collections.abc import Iterator
from itertools import starmap
from pathlib import Path

import click

from t2i.cli.command_line import FILE, FOLDER, counted
from t2i.cli.progress import Bars
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.files.text import read_text

MAX_CAPTIONS_BYTES = 64 << 20
_CAPTION_LENGTH = 10_000

_lookup_option = click.option(
    "--data",
    type=FILE,
    help="Pairs file to look sentences up in, where the run has no encoder.  "
    "[default: the one trained on]",
)
_step_option = click.option(
    "--step",
    metavar="STEP|best",
    help="Paints with an older checkpoint that is kept, by its step; or with the best by "
    "evaluation.  [default: the newest]",
)
_seed_option = click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="Of the latents: the same seed paints the same pictures.",
)
# Files of one picture that `--out` may name; what else has an ending of a known kind is refused.
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("sentences", nargs=-1)
@click.option("--captions", type=FILE, help="Text file with a sentence a line.")
@click.option(
    "--count",
    default=5,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="Pictures of each sentence.",
)
@_seed_option
@_step_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A .png, .jpg or .webp file for one grid; a name without such an ending is a folder for "
    "single pictures and their metadata.jsonl.  [default: birds.png]",
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
    step: str | None,
    out: Path | None,
    pose: str | None,
    like: Path | None,
    data: Path | None,
) -> None:
    """Paints pictures of sentences.

    RUN is a run directory, or birds: a generator that comes with the package. A grid at --out is
    replaced, and so is a folder of pictures of this command; no other folder is.
    """
    if like is not None:
        if sentences or captions or pose:
            raise InputError(
                "--like: expected the picture alone, got sentences, captions or a pose beside it; "
                "leave one of them out"
            )
        _paint_again(run, step, like, out, data)
        return
    texts = [*sentences, *(_lines(captions) if captions else [])]
    if not texts:
        raise InputError('sentences: expected at least one, got none; type one in "quotes"')
    _check_sentences(texts)
    out, single = _output(out, len(texts) * count, captions, data)
    path, chosen = _painting(run, step)
    require_tensorflow()
    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid
    from t2i.painting.folder import write_folder
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import Recipe, inscribed_png

    painter = Painter(path, data, chosen)
    if single:
        painted = painter.paint(texts, count, seed, pose=pose)
        scale = max(1, 128 // painter.config.image_size)
        save_image(out, captioned_grid(painted, texts, scale))
    else:
        # All of them first, so that one that can't be painted is told before any is.
        painter.embed(texts)
        with Bars("sentence") as bars:

            def files(number: int, text: str) -> Iterator[bytes]:
                for index, picture in enumerate(painter.paint([text], count, seed, pose=pose)[0]):
                    recipe = Recipe(text, seed, index, 1.0, painter.identity, pose or "")
                    yield inscribed_png(picture, recipe)
                bars("painting", number, len(texts))

            write_folder(out, texts, starmap(files, enumerate(texts, start=1)))
    pictures = counted(len(texts) * count, "picture")
    click.echo(f"{out}: {pictures} of {counted(len(texts), 'sentence')}")


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
@_seed_option
@_step_option
@click.option(
    "--out",
    type=FILE,
    help="A .png file for the strip; the GIF goes beside it.  [default: interpolation.png]",
)
@_lookup_option
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
    _check_sentences(texts)
    if out is not None and out.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file, got {out}; the GIF goes beside it")
    strip = out or _ours(Path("interpolation.png"))
    gif = _ours(strip.with_suffix(".gif"))
    path, chosen = _painting(run, step)
    require_tensorflow()
    import numpy as np

    from t2i.images.pixels import save_gif, save_image
    from t2i.images.sheets import grid
    from t2i.painting.between import between, between_latents
    from t2i.painting.painter import Painter
    from t2i.painting.poses import along as turned_along

    painter = Painter(path, data, chosen)
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
    save_image(strip, grid(enlarged[None]))
    save_gif(gif, enlarged)
    click.echo(f"{strip} and {gif}: {counted(steps, 'picture')}")


def _painting(run: Path, step: str | None) -> tuple[Path, int | str | None]:
    """Returns the run directory, and the step as a number; raises as `painting_of`, at once."""
    from t2i.runs.directory import painting_of
    from t2i.runs.shipping import run_named

    if step not in (None, "best") and not re.fullmatch(r"[0-9]{1,18}", step):
        raise InputError(f"--step: expected a step or best, got {step!r}; name one")
    chosen = int(step) if step and step.isdecimal() else step
    path = run_named(run)
    painting_of(path, chosen)
    return path, chosen


def _output(
    out: Path | None, pictures: int, captions: Path | None, data: Path | None
) -> tuple[Path, bool]:
    """Returns where pictures go, and whether into a single file.

    Raises:
        InputError: they can't, or what is there is not to be replaced.
    """
    from t2i.files.disk import require_apart
    from t2i.painting.folder import require_replaceable

    place = out or _ours(Path("birds.png"))
    require_apart(place, captions, data)
    ending = place.suffix.lower()
    if ending not in _PICTURES:
        if mimetypes.guess_type(place.name)[0] and not place.is_dir():
            raise InputError(
                f"--out: expected a file ending in {', '.join(_PICTURES)}, or a folder, got "
                f"{place}; choose another name"
            )
        require_replaceable(place)
        return place, False
    if pictures > 4096:
        raise InputError(
            f"--out: expected a folder for {pictures} pictures, got the grid {place}; "
            "a grid holds 4096"
        )
    if place.is_dir():
        raise InputError(f"--out: expected a file, got the folder {place}; choose another name")
    return place, True


def _ours(path: Path) -> Path:
    """Returns a path that nobody named; raises InputError where a picture of others is there."""
    from t2i.images.pixels import made_here

    if path.exists() and not made_here(path):
        raise InputError(
            f"{path}: expected nothing there, or a picture of t2i, got another file; "
            "choose another name with --out"
        )
    return path


def _paint_again(
    run: Path, step: str | None, like: Path, out: Path | None, data: Path | None
) -> None:
    """Paints the picture that a PNG file says it is."""
    place = out or _ours(Path("birds.png"))
    if place.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file with --like, got {place}; name one")
    from t2i.painting.recipe import read_recipe

    recipe = read_recipe(like)
    path, chosen = _painting(run, step)
    require_tensorflow()
    from t2i.painting.again import paint_again
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import save_inscribed

    save_inscribed(place, paint_again(Painter(path, data, chosen), recipe), recipe)
    click.echo(f"{place}: {recipe.sentence}")


def _lines(path: Path) -> list[str]:
    """Returns the sentences of a text file, empty lines left out."""
    try:
        text = read_text(path, MAX_CAPTIONS_BYTES)
    except InputError as error:
        raise InputError(f"--captions: {error}; give a sentence a line") from error
    if text.remark:
        click.echo(f"{path}: {text.remark}", err=True)
    # Not `splitlines`: a form feed or U+2028 inside a sentence is no end of a line.
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text.content) if line.strip()]


def _check_sentences(texts: list[str]) -> None:
    for text in texts:
        if not text.strip() or len(text) > _CAPTION_LENGTH:
            raise InputError(
                f"sentences: expected words, at most {_CAPTION_LENGTH} characters, got "
                f"{text[:40]!r}; describe a picture"
            )
