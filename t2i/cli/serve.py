"""The page: `t2i serve`."""

from pathlib import Path

import click

from t2i.cli.command_line import FOLDER


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=FOLDER)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 lets everyone in who reaches this machine.",
)
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="To listen on; 0 takes any that is free, and says which.",
)
def serve(runs: tuple[Path, ...], host: str, port: int) -> None:
    """Shows a page where one types a sentence.

    It is painted by each RUN, side by side: a run directory, or birds or demo, which come with the
    package. Only this machine can see the page, unless --host says otherwise.
    """
    from t2i.runs.directory import painting_of
    from t2i.runs.shipping import run_named

    for run in runs:
        painting_of(run_named(run))
    from t2i.web.serving import serve as show

    # Given twice, a run is shown once.
    show(list(dict.fromkeys(runs)), host, port, click.echo)
