"""One HTML file that paints in its visitor's browser, without a server: `--format page`."""

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from t2i import web
from t2i.encoders.legibility import MOST_LOST
from t2i.exports.graph import Array, Graph, Step, read_graph
from t2i.exports.kernels import COMPILED
from t2i.exports.source import Source, code_table
from t2i.files.disk import replacing

STATIC = Path(__file__).parent / "static"
# The page itself is that of `t2i serve`.
PAGE = Path(web.__file__).parent / "static"
# Nothing is loaded from anywhere, this file's own scripts apart; the product is compiled.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src blob: data:"
)
# By which an older page is known, that may be replaced; and how soon it comes.
_MARK, _SOON = '<meta name="generator" content="t2i export">', 1000

_PHOTO = re.compile(r'\n  <form id="photo".*?</form>\n', re.DOTALL)


class Blob:
    """The weights of a page, one behind another.

    Attributes:
        size: how many numbers it holds.
    """

    def __init__(self) -> None:
        self.size = 0
        self._arrays: list[Array] = []

    def add(self, array: Array) -> None:
        """Puts an array at the end."""
        self.size += array.size
        self._arrays.append(array)

    def shuffled(self) -> bytes:
        """Returns the first bytes of all numbers, then the second: signs and exponents pack."""
        numbers = np.concatenate([array.ravel() for array in self._arrays]).astype("<f4")
        return numbers.view(np.uint8).reshape(-1, 4).T.tobytes()


def is_page(path: Path) -> bool:
    """Returns whether a file is an exported page."""
    with path.open("rb") as file:
        return _MARK.encode() in file.read(_SOON)


def export_page(source: Source, out: Path) -> None:
    """Writes the page.

    Raises:
        InputError: a layer can't be told, or the file can't be written.
    """
    blob = Blob()
    # Folded in the browser: weights of half precision pack to half the size as they are.
    graphs = {
        "encoder": _spelled(read_graph(source.encoder.model, "e", fold=False), blob),
        "generator": _spelled(read_graph(source.painter.network, "g", fold=False), blob),
    }
    run = {
        "name": source.name,
        "identity": source.painter.identity,
        "size": source.painter.config.image_size,
        "examples": list(source.examples),
        "length": source.encoder.config.length,
        "codes": code_table(),
        "most_lost": MOST_LOST,
        "graphs": graphs,
    }
    with replacing(out) as unfinished:
        unfinished.write_text(_html(run, blob.shuffled()), encoding="utf-8")


def _html(run: Mapping[str, Any], weights: bytes) -> str:
    html = (PAGE / "page.html").read_text(encoding="utf-8")
    # Its latent is found by the server alone.
    html = _PHOTO.sub("", html).replace('<script src="photo.js"></script>\n', "")
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    policy = f'{_MARK}\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    html = html.replace('<meta charset="utf-8">\n', f'<meta charset="utf-8">\n{policy}')
    html = html.replace('<link rel="stylesheet" href="page.css">', f"<style>\n{style}</style>")
    # A sentence among the examples could end the element.
    said = json.dumps(run, separators=(",", ":")).replace("<", "\\u003c")
    data = [
        _element("run", "application/json", said),
        _element("kernels", "text/plain", _packed(COMPILED.read_bytes())),
        _element("weights", "text/plain", _packed(weights)),
    ]
    engine = [
        _script(STATIC / name) for name in ("draw.js", "steps.js", "network.js", "browser.js")
    ]
    for name, scripts in (
        ("gif.js", [_script(PAGE / "gif.js")]),
        ("engine.js", [*data, *engine]),
        *((name, [_script(PAGE / name)]) for name in ("arithmetic.js", "runs.js", "page.js")),
    ):
        html = html.replace(f'<script src="{name}"></script>\n', "".join(scripts))
    return html


def _element(name: str, kind: str, text: str) -> str:
    return f'<script id="{name}" type="{kind}">{text}</script>\n'


def _script(path: Path) -> str:
    return f"<script>\n{path.read_text(encoding='utf-8')}</script>\n"


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _spelled(graph: Graph, blob: Blob) -> dict[str, Any]:
    """Returns a graph as JSON; its arrays are added to the blob, and told by where they begin."""
    steps = []
    for step in _joined(graph.steps):
        weights = {}
        for role, array in step.weights.items():
            if step.kind == "transposed" and role == "kernel":
                array = array.transpose(0, 1, 3, 2)
            weights[role] = {"at": blob.size, "shape": list(array.shape)}
            blob.add(array)
        steps.append(
            {
                "kind": step.kind,
                "inputs": step.inputs,
                "output": step.output,
                "shape": step.shape,
                "options": step.options,
                "weights": weights,
            }
        )
    return {"inputs": graph.inputs, "steps": steps, "output": graph.output}


def _joined(steps: Sequence[Step]) -> list[Step]:
    """Returns the steps with what the page does faster in one: nothing else reads what is between.

    An enlargement and its 3x3 convolution, and channels scaled, shifted and cut off below zero.
    """
    made = {step.output: step for step in steps}
    readers: dict[str, int] = {}
    for step in steps:
        for name in step.inputs:
            readers[name] = readers.get(name, 0) + 1

    def before(step: Step, kind: str) -> Step | None:
        found = made.get(step.inputs[0])
        return found if found and found.kind == kind and readers[found.output] == 1 else None

    done: dict[str, Step] = {}
    for step in steps:
        enlarged = before(step, "enlarged") if step.kind == "convolution" else None
        shifted = before(step, "add") if step.kind in ("leaky", "relu") else None
        scaled = before(shifted, "multiply") if shifted else None
        if enlarged and _is_small_square(step):
            del done[enlarged.output]
            step = Step("doubled", enlarged.inputs, step.output, step.shape, {}, step.weights)
        elif shifted and scaled and all(_of_channels(own, made) for own in (scaled, shifted)):
            del done[scaled.output], done[shifted.output]
            inputs = (*scaled.inputs, shifted.inputs[1])
            options = {"slope": step.options.get("slope", 0.0)}
            step = Step("modulated", inputs, step.output, step.shape, options)
        done[step.output] = step
    return list(done.values())


def _is_small_square(step: Step) -> bool:
    return step.weights["kernel"].shape[:2] == (3, 3) and step.options == {
        "padding": "same",
        "activation": "linear",
    }


def _of_channels(step: Step, made: Mapping[str, Step]) -> bool:
    """Returns whether the second input has a number for each channel of the first."""
    second = made.get(step.inputs[1])
    return second is not None and second.shape == (1, 1, step.shape[-1])
