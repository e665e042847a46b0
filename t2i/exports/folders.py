"""Exports that are a folder: each written whole, into one that is not there yet."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2i.encoders.text import save_encoder
from t2i.errors import InputError
from t2i.exports.graph import read_graph
from t2i.exports.saved_model import save
from t2i.exports.source import Source, code_table
from t2i.files.disk import replacing

STATIC = Path(__file__).parent / "static"


def require_free(out: Path) -> None:
    """Raises InputError where a folder that is exported to holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out}: expected a folder that is not there yet, got one that is; choose another OUT"
        )


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    require_free(out)
    with replacing(out) as unfinished:
        unfinished.mkdir()
        yield unfinished


def export_onnx(source: Source, out: Path, smaller: bool = False) -> None:
    """Writes model.onnx, tokenizer.json, and paint.py, which paints from the two.

    Args:
        source: the run.
        out: the folder.
        smaller: see `quantized`.
    """
    from t2i.exports.onnx_model import build_onnx
    from t2i.exports.quantized import quantized

    model = build_onnx(
        read_graph(source.encoder.model, "text"), read_graph(source.painter.network, "paint")
    )
    if smaller:
        model = quantized(model)
    with _folder(out) as unfinished:
        (unfinished / "model.onnx").write_bytes(model.SerializeToString())
        _write_tokenizer(source, unfinished)
        shutil.copy(STATIC / "paint.py.txt", unfinished / "paint.py")


def export_keras(source: Source, out: Path) -> None:
    """Writes generator.keras and encoder.keras, which stock Keras loads, and tokenizer.json."""
    with _folder(out) as unfinished:
        source.painter.network.save(unfinished / "generator.keras")
        save_encoder(unfinished / "encoder.keras", source.encoder)
        _write_tokenizer(source, unfinished)


def export_saved_model(source: Source, out: Path) -> None:
    """Writes a SavedModel in a folder called 1, as servers want it."""
    with _folder(out) as unfinished:
        save(source, code_table(), unfinished / "1")


def _write_tokenizer(source: Source, folder: Path) -> None:
    tokenizer = {"length": source.encoder.config.length, "codes": code_table()}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
