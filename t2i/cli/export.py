"""A generator that leaves the house: `t2i export`."""

from pathlib import Path

import click

from t2i.cli.command_line import FOLDER
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(["page"]),
    help="page: one HTML file that paints in its visitor's own browser, without a server.",
)
def export(run: Path, out: Path, kind: str) -> None:
    """Writes the generator and the text encoder of RUN to OUT, for use without this package.

    RUN is a run directory, or birds: a generator that comes with the package.
    """
    if kind == "page" and out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"OUT: expected an .html file with --format page, got {out}; name one")
    require_tensorflow()
    from t2i.exports.page import export_page
    from t2i.exports.source import load_source

    export_page(load_source(run), out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, paints by itself in a browser")
