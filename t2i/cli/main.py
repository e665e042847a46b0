"""t2i: trains text-to-image GANs on pairs files, and paints sentences."""

import click

import t2i
from t2i.cli.arithmetic import arithmetic
from t2i.cli.command_line import Commands
from t2i.cli.evaluate import evaluate, import_inception
from t2i.cli.export import export
from t2i.cli.interpolate import interpolate
from t2i.cli.paint import generate
from t2i.cli.photo import invert, restyle, train_inversion
from t2i.cli.serve import serve
from t2i.cli.train import configs, train


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(t2i.__version__, prog_name="t2i")
def main() -> None:
    """From a sentence to a picture: trains text-conditional GANs, and paints with them."""


main.add_command(evaluate)
main.add_command(import_inception)
main.add_command(train)
main.add_command(configs)
main.add_command(generate)
main.add_command(interpolate)
main.add_command(arithmetic)
main.add_command(train_inversion)
main.add_command(invert)
main.add_command(restyle)
main.add_command(serve)
main.add_command(export)
