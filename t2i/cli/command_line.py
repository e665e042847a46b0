"""What both command lines share: clean errors, and no heavy import before a command runs."""

from pathlib import Path
from typing import Any

import click

from t2i.errors import InputError
from t2i.files.disk import FULL

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


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
