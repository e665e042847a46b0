"""What both command lines share: clean errors, and no heavy import before a command runs."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from t2i.errors import InputError
from t2i.files.disk import FULL

if TYPE_CHECKING:
    from t2i.config.run import RunConfig
    from t2i.encoders.config import EncoderConfig

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

# What `--set` takes.
OVERRIDES = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Overrides a key of the configuration, training.epochs=10 say, or steps=2000 of an "
    "encoder's; may be given again. "
    "`t2i configs NAME --keys` lists the keys; their units stand in t2i/config/run.py, in the "
    "config.py of each model in t2i/models/, and in t2i/encoders/config.py.",
)


def counted(number: int, noun: str) -> str:
    """Returns a number of things in words: 1 picture, 2 pictures."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def model_config(path: Path, overrides: Sequence[str]) -> "RunConfig":
    """Returns the configuration of a run, in a file or published by name; raises as `load`."""
    from t2i.config.published import config_named
    from t2i.encoders.config import EncoderConfig
    from t2i.models.catalogue import load_config

    others = {"a text encoder, for `t2i-prep train-encoder`": EncoderConfig}
    return load_config(config_named(path), overrides, others)


def encoder_config(path: Path, overrides: Sequence[str]) -> "EncoderConfig":
    """Returns the configuration of an encoder, in a file or published by name; raises as `load`."""
    from t2i.config.file import load
    from t2i.config.published import config_named
    from t2i.encoders.config import EncoderConfig
    from t2i.models.catalogue import MODELS

    others = {
        f"a GAN, `model: {name}`, for `t2i train`": kind.config for name, kind in MODELS.items()
    }
    return load(config_named(path), EncoderConfig, overrides, others)


def any_config(path: Path) -> "RunConfig | EncoderConfig":
    """Returns the configuration in a file or published by name, of whichever kind it is.

    Raises:
        InputError: it is of neither kind; the message is that of a run's.
    """
    try:
        return encoder_config(path, ())
    except InputError:
        return model_config(path, ())


@contextmanager
def goes_on(place: Path, whence: Callable[[], str] | str = "where it stopped") -> Iterator[None]:
    """Says, where Ctrl-C ends the block, that the same command goes on; and exits, with 130.

    Args:
        place: what is made.
        whence: from where, or what is asked for it when the block is ended.
    """
    try:
        yield
    except KeyboardInterrupt:
        said = whence if isinstance(whence, str) else whence()
        click.echo(f"{place}: stopped; the same command goes on {said}", err=True)
        sys.exit(128 + signal.SIGINT)


class Commands(click.Group):
    """A group whose commands turn an InputError, or a full disk, into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            # One line, whatever a message quotes.
            raise click.ClickException(" ".join(str(error).split())) from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise click.ClickException(
                f"{error.filename or 'disk'}: expected room for the file, got {error.strerror}; "
                "free some, and repeat the command"
            ) from error
