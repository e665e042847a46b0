"""Painting: `t2i generate`."""

import mimetypes
from collections.abc import Iterator
from dataclasses import replace
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import FILE, FOLDER, counted
from t2i.cli.progress import Bars
from t2i.cli.sentences import LOOKUP, SEED, STEP, chosen_run, lines, ours, require_words
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.painting.variety import VARIETY, require_variety

if TYPE_CHECKING:
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import Recipe

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
@SEED
@STEP
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
    "--variety",
    type=float,
    help="Latents are multiplied by it: below 1, pictures of a sentence differ less, and fewer of "
    f"them go wrong; at most 4.  [default: {VARIETY:g}]",
)
@click.option(
    "--like",
    type=FILE,
    help="Paints a single picture of `t2i generate` or of the page again, from what it says of "
    "itself; OUT is then a .png file.",
)
@LOOKUP
def generate(
    run: Path,
    sentences: tuple[str, ...],
    captions: Path | None,
    count: int,
    seed: int,
    step: str | None,
    out: Path | None,
    pose: str | None,
    variety: float | None,
    like: Path | None,
    data: Path | None,
) -> None:
    """Paints pictures of sentences.

    RUN is a run directory, or birds or demo, which come with the package. A grid at --out is
    replaced, and so is a folder of pictures of this command; no other folder is.
    """
    if like is not None:
        if sentences or captions or pose or variety is not None:
            raise InputError(
                "--like: expected the picture alone, got sentences, captions, a pose or a variety "
                "beside it; leave one of them out"
            )
        _paint_again(run, step, like, out, data)
        return
    texts = [*sentences, *(lines(captions) if captions else [])]
    if not texts:
        raise InputError('sentences: expected at least one, got none; type one in "quotes"')
    require_words(texts)
    from t2i.painting.recipe import Recipe

    variety = VARIETY if variety is None else variety
    require_variety(variety)
    out, single = _output(out, len(texts) * count, captions, data)
    path, chosen = chosen_run(run, step)
    require_tensorflow()
    from t2i.painting.painter import Painter

    painter = Painter(path, data, chosen)
    how = Recipe("", seed, 0, variety, painter.identity, pose or "")
    (_paint_grid if single else _paint_folder)(painter, out, texts, count, how)
    pictures = counted(len(texts) * count, "picture")
    click.echo(f"{out}: {pictures} of {counted(len(texts), 'sentence')}")


def _paint_grid(painter: "Painter", out: Path, texts: list[str], count: int, how: "Recipe") -> None:
    from t2i.images.pixels import save_image
    from t2i.images.sheets import captioned_grid

    painted = painter.paint(texts, count, how.seed, how.variety, how.pose)
    scale = max(1, 128 // painter.config.image_size)
    save_image(out, captioned_grid(painted, texts, scale))


def _paint_folder(
    painter: "Painter", out: Path, texts: list[str], count: int, how: "Recipe"
) -> None:
    from t2i.painting.folder import write_folder
    from t2i.painting.recipe import inscribed_png

    # All of them first, so that one that can't be painted is told before any is.
    painter.embed(texts)
    with Bars("sentence") as bars:

        def files(number: int, text: str) -> Iterator[bytes]:
            painted = painter.paint([text], count, how.seed, how.variety, how.pose)[0]
            for index, picture in enumerate(painted):
                yield inscribed_png(picture, replace(how, sentence=text, index=index))
            bars("painting", number, len(texts))

        write_folder(out, texts, starmap(files, enumerate(texts, start=1)))


def _output(
    out: Path | None, pictures: int, captions: Path | None, data: Path | None
) -> tuple[Path, bool]:
    """Returns where pictures go, and whether into a single file.

    Raises:
        InputError: they can't, or what is there is not to be replaced.
    """
    from t2i.files.disk import require_apart
    from t2i.painting.folder import require_replaceable

    place = out or ours(Path("birds.png"))
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


def _paint_again(
    run: Path, step: str | None, like: Path, out: Path | None, data: Path | None
) -> None:
    """Paints the picture that a PNG file says it is."""
    place = out or ours(Path("birds.png"))
    if place.suffix.lower() != ".png":
        raise InputError(f"--out: expected a .png file with --like, got {place}; name one")
    from t2i.painting.recipe import read_recipe

    recipe = read_recipe(like)
    path, chosen = chosen_run(run, step)
    require_tensorflow()
    from t2i.painting.again import paint_again
    from t2i.painting.painter import Painter
    from t2i.painting.recipe import save_inscribed

    save_inscribed(place, paint_again(Painter(path, data, chosen), recipe), recipe)
    click.echo(f"{place}: {recipe.sentence}")
