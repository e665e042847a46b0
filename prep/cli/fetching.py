"""t2i-prep fetch: the files of a published data set, checked."""

from pathlib import Path

import click

from prep.fetching.published import DATA_SETS
from t2i.cli.command_line import FOLDER, goes_on
from t2i.cli.progress import Bars


@click.command()
@click.argument("data_set", metavar="DATA_SET", type=click.Choice(list(DATA_SETS)))
@click.argument("folder", type=FOLDER)
@click.option("--unpack", is_flag=True, help="Unpacks archives too, in FOLDER.")
def fetch(data_set: str, folder: Path, unpack: bool) -> None:
    """Fetches published data, and checks it.

    DATA_SET, which goes into FOLDER, is cub, cub-captions, flowers, flowers-captions or mnist; the
    same command resumes. Files that are there already, fetched by hand perhaps, are checked alone.
    """
    from prep.fetching import fetch as fetching

    with goes_on(folder), Bars("B") as bars:
        files = DATA_SETS[data_set]
        paths = [fetching.fetch(file, folder, bars) for file in files]
        made = [
            top
            for file, path in zip(files, paths, strict=True)
            if unpack and file.is_archive
            for top in fetching.unpack(path, bars)
        ]
    for file, path in zip(files, paths, strict=True):
        known = "SHA-256 as published" if file.sha256 else "whole, with no published SHA-256"
        click.echo(f"{path}: {path.stat().st_size:,} bytes, {known}")
    for top in made:
        click.echo(f"{top}: unpacked")
