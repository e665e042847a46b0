"""A generator that leaves the house: `t2i export`."""

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from t2i.cli.command_line import FOLDER
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.files.disk import require_kind


@click.command()
@click.argument("run", type=FOLDER)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(["page", "onnx", "saved-model", "keras"]),
    help="page: one HTML file that paints in its visitor's own browser. onnx: a model, its "
    "tokenizer, and a program of thirty lines. saved-model: strings in, pixels out, for servers. "
    "keras: the networks as stock Keras loads them.",
)
@click.option(
    "--quantize",
    is_flag=True,
    help="With onnx: weights of 8 bits, a quarter of the size, as fast as before.",
)
def export(run: Path, out: Path, kind: str, quantize: bool) -> None:
    """Writes a generator for use elsewhere.

    The text encoder comes along, and this package is not wanted there. RUN is a run directory, or
    birds or demo, which come with the package. OUT is an .html file for a page, else a folder that
    is not there yet.
    """
    from t2i.runs.directory import painting_of
    from t2i.runs.shipping import run_named

    if kind == "page" and out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"OUT: expected an .html file with --format page, got {out}; name one")
    if quantize and kind != "onnx":
        raise InputError(
            f"--quantize: expected --format onnx with it, got {kind}; leave one of them out"
        )
    if kind == "onnx" and importlib.util.find_spec("onnx") is None:
        raise InputError('onnx: expected to be installed, got nothing; run pip install ".[onnx]"')
    painting_of(run_named(run))
    require_tensorflow()
    from t2i.exports.folders import export_keras, export_onnx, export_saved_model, require_free
    from t2i.exports.page import export_page, is_page
    from t2i.exports.source import Source, load_source

    if kind == "page":
        require_kind(out, is_page, "an exported page")
    else:
        require_free(out)
    exports: dict[str, Callable[[Source, Path], None]] = {
        "page": export_page,
        "onnx": partial(export_onnx, smaller=quantize),
        "saved-model": export_saved_model,
        "keras": export_keras,
    }
    exports[kind](load_source(run), out)
    files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    click.echo(f"{out}: {size / 1e6:.1f} MB, see docs/exports.md")
