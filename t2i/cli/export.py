"""A generator that leaves the house: `t2i export`."""

import importlib.util
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
def export(run: Path, out: Path, kind: str) -> None:
    """Writes a generator for use elsewhere.

    The text encoder comes along, and this package is not wanted there. RUN is a run directory, or
    birds or demo, which come with the package. OUT is an .html file for a page, else a folder that
    is not there yet.
    """
    if kind == "page" and out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"OUT: expected an .html file with --format page, got {out}; name one")
    if kind == "onnx" and importlib.util.find_spec("onnx") is None:
        raise InputError('onnx: expected to be installed, got nothing; run pip install ".[onnx]"')
    require_tensorflow()
    from t2i.exports.folders import export_keras, export_onnx, export_saved_model, require_free
    from t2i.exports.page import export_page, is_page
    from t2i.exports.source import load_source

    if kind == "page":
        require_kind(out, is_page, "an exported page")
    else:
        require_free(out)
    exports = {
        "page": export_page,
        "onnx": export_onnx,
        "saved-model": export_saved_model,
        "keras": export_keras,
    }
    exports[kind](load_source(run), out)
    files = [out] if out.is_file() else [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    click.echo(f"{out}: {size / 1e6:.1f} MB, see docs/exports.md")
