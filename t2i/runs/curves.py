"""The curves of a run, read back while it may still be written."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from t2i.runs.directory import Run

_MOST_BYTES = 1 << 28
# What a judge measured while training.
_MEASURED = "evaluation/"

Curves = dict[str, list[tuple[float, float]]]


def read_curves(run: Run, names: Sequence[str]) -> Curves:
    """Returns (step, value) of the named terms and of all that was measured, by their names.

    A line that is not whole, or none of ours, is passed over; a term without two points is left
    out.
    """
    try:
        if run.metrics.stat().st_size > _MOST_BYTES:
            return {}
        text = run.metrics.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    points = [point for line in text.splitlines(keepends=True) if (point := _point(line))]
    measured = {name for point in points for name in point if name.startswith(_MEASURED)}
    found = {name: _curve(points, name) for name in (*names, *sorted(measured))}
    return {name: curve for name, curve in found.items() if len(curve) > 1}


def _point(line: str) -> Mapping[str, object]:
    try:
        point = json.loads(line) if line.endswith("\n") else None
    except (ValueError, RecursionError):
        return {}
    return point if isinstance(point, dict) and _is_number(point.get("step")) else {}


def _curve(points: Sequence[Mapping[str, object]], name: str) -> list[tuple[float, float]]:
    pairs = [(point["step"], point.get(name)) for point in points]
    return [(x, y) for x, y in pairs if _is_number(x) and _is_number(y)]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)
