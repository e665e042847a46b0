"""t2i-prep export: what older code reads, out of a pairs file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import FILE, FOLDER
from t2i.cli.progress import Bars
from t2i.files.disk import require_apart, require_kind
from t2i.progress import Progress

if TYPE_CHECKING:
    from prep.exports.pairs_file import PairsFile

Export = Callable[["PairsFile", Path, Progress], None]


@click.group("export")
def export_group() -> None:
    """Writes what older code reads.

    Importing it gives the same again.
    """


@export_group.command()
@click.argument("pairs", type=FILE)
@click.argument("out", metavar="OUT_DIR", type=FOLDER)
def stackgan(pairs: Path, out: Path) -> None:
    """Writes what StackGAN and AttnGAN read.

    OUT_DIR is a new folder.
    """
    from prep.exports.stackgan import export_stackgan

    _export(pairs, out, export_stackgan)


@export_group.command()
@click.argument("pairs", type=FILE)
@click.argument("out", metavar="OUT.hdf5", type=FILE)
def aelnouby(pairs: Path, out: Path) -> None:
    """Writes El-Nouby's HDF5."""
    from prep.exports.aelnouby import export_aelnouby, is_aelnouby

    require_apart(out, pairs)
    require_kind(out, is_aelnouby, "a file of this layout")
    _export(pairs, out, export_aelnouby)


def _export(path: Path, out: Path, export: Export) -> None:
    from prep.exports.pairs_file import PairsFile

    pairs = PairsFile(path)
    with Bars("picture") as bars:
        export(pairs, out, bars)
    embedded = "with" if pairs.header.encoder else "without"
    click.echo(f"{out}: {len(pairs):,} pictures, {embedded} embeddings")
