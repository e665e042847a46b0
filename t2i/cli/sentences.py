"""What the commands that paint share: options, the run they paint with, and sentences."""

import re
from pathlib import Path

import click

from t2i.cli.command_line import FILE
from t2i.errors import InputError
from t2i.files.text import read_text

MAX_CAPTIONS_BYTES = 64 << 20

LOOKUP = click.option(
    "--data",
    type=FILE,
    help="Pairs file to look sentences up in, where the run has no encoder.  "
    "[default: the one trained on]",
)
STEP = click.option(
    "--step",
    metavar="STEP|best",
    help="Paints with an older checkpoint that is kept, by its step; or with the best by "
    "evaluation.  [default: the newest]",
)
SEED = click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="Of the latents: the same seed paints the same pictures.",
)


def chosen_run(run: Path, step: str | None) -> tuple[Path, int | str | None]:
    """Returns the run directory, and the step as a number; raises as `painting_of`, at once."""
    from t2i.runs.directory import painting_of
    from t2i.runs.shipping import run_named

    if step not in (None, "best") and not re.fullmatch(r"[0-9]{1,18}", step):
        raise InputError(f"--step: expected a step or best, got {step!r}; name one")
    chosen = int(step) if step and step.isdecimal() else step
    path = run_named(run)
    painting_of(path, chosen)
    return path, chosen


def ours(path: Path) -> Path:
    """Returns a path that nobody named; raises InputError where a picture of others is there."""
    from t2i.images.pixels import made_here

    if path.exists() and not made_here(path):
        raise InputError(
            f"{path}: expected nothing there, or a picture of t2i, got another file; "
            "choose another name with --out"
        )
    return path


def lines(path: Path) -> list[str]:
    """Returns the sentences of a text file, empty lines left out."""
    try:
        text = read_text(path, MAX_CAPTIONS_BYTES)
    except InputError as error:
        raise InputError(f"--captions: {error}; give a sentence a line") from error
    if text.remark:
        click.echo(f"{path}: {text.remark}", err=True)
    # Not `splitlines`: a form feed or U+2028 inside a sentence is no end of a line.
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text.content) if line.strip()]


def require_words(texts: list[str]) -> None:
    """Raises InputError where a sentence holds nothing, or too much."""
    from t2i.painting.recipe import MOST_CHARACTERS

    for text in texts:
        if not text.strip() or len(text) > MOST_CHARACTERS:
            raise InputError(
                f"sentences: expected words, at most {MOST_CHARACTERS} characters, got "
                f"{text[:40]!r}; describe a picture"
            )
