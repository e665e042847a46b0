"""What every import has in common: the pairs file to make, its options, and the making."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from t2i.cli.command_line import FILE
from t2i.cli.progress import Bars
from t2i.files.disk import require_apart, require_kind

if TYPE_CHECKING:
    from prep.building.examples import Source
    from t2i.images.squares import Fit
    from t2i.pairs.reading import EncoderStamp, SplitBy

Command = Callable[..., None]


@dataclass(frozen=True)
class Target:
    """The pairs file to make.

    Attributes:
        out: where.
        image_size: side of its pictures, pixels.
        workers: processes, or None for one a core.
        skip_bad: leave out pictures that can't be used.
        fit: how pictures become square, or None for what their kind asks for.
    """

    out: Path
    image_size: int
    workers: int | None
    skip_bad: bool
    fit: "Fit | None" = None


def makes_pairs(image_size: int = 76) -> Callable[[Command], Command]:
    """Returns a decorator: adds the options of every import, and hands them on as `target`.

    Args:
        image_size: unless the user gives another.
    """

    def decorate(command: Command) -> Command:
        @click.option("--out", required=True, type=FILE, help="Pairs file to write.")
        @click.option(
            "--image-size",
            default=image_size,
            show_default=True,
            type=click.IntRange(8, 1024),
            help="Side of the stored pictures, pixels: 9/8 of what is trained, or 1.5 at most.",
        )
        @click.option(
            "--workers", type=click.IntRange(1, 256), help="Processes.  [default: all cores]"
        )
        @click.option(
            "--skip-bad",
            is_flag=True,
            help="Leaves out pictures that can't be used, and lists them in a report.",
        )
        @click.option(
            "--fit",
            type=click.Choice(["crop", "pad", "stretch"]),
            help="How a picture becomes square: its middle, all of it on white, or squeezed.  "
            "[default: crop; stretch for what is left of a box]",
        )
        @wraps(command)
        def with_target(
            *,
            out: Path,
            image_size: int,
            workers: int | None,
            skip_bad: bool,
            fit: "Fit | None",
            **own: Any,
        ) -> None:
            _require_free(out, own.values())
            command(target=Target(out, image_size, workers, skip_bad, fit), **own)

        return with_target

    return decorate


def _require_free(out: Path, given: Iterable[Any]) -> None:
    """Raises InputError where the output is an input, or no pairs file: also by a link."""
    if out.exists():
        from t2i.pairs.reading import is_pairs_file

        several = [value if isinstance(value, tuple) else (value,) for value in given]
        paths = [path for values in several for path in values if isinstance(path, Path)]
        require_apart(out, *paths)
        require_kind(out, is_pairs_file, "a pairs file")


def write(
    target: Target,
    source: "Source",
    description: str,
    channels: int = 3,
    encoder: "EncoderStamp | None" = None,
    split_by: "SplitBy | None" = None,
) -> None:
    """Builds the pairs file, and says what is in it.

    Args:
        target: the pairs file.
        source: the pictures.
        description: where they come from, in words.
        channels: 3 for colours, 1 for greys.
        encoder: who made the embeddings that the source brings, or None.
        split_by: as for `prep.building.build.build_pairs`.
    """
    from prep.building.build import build_pairs
    from prep.building.report import printable
    from t2i.pairs.classes import class_lines

    with Bars("picture") as bars:
        built = build_pairs(
            source,
            target.out,
            target.image_size,
            description,
            workers=target.workers,
            skip_bad=target.skip_bad,
            progress=bars,
            channels=channels,
            encoder=encoder,
            split_by=split_by,
            fit=target.fit,
        )
    counts = ", ".join(f"{count:,} {name}" for name, count in built.images.items())
    left_out = f", {built.bad} left out" if built.bad else ""
    noted = "".join(
        f", {kind}: {len(notes):,}, {printable(notes[0].name)} say"
        for kind, notes in built.notes.items()
    )
    see = f" (see {built.report})" if built.report else ""
    click.echo(
        f"{target.out}: {counts} pictures of {target.image_size} pixels, "
        f"{sum(built.captions.values()):,} captions in {built.seconds:.1f} s{left_out}{noted}{see}"
    )
    for line in class_lines(target.out):
        click.echo(line)
