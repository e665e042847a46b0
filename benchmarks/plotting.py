"""Draws how time and memory grow; wants matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Curve(NamedTuple):
    """A column of two panels.

    Attributes:
        title: what is measured.
        varied: name of what grows.
        values: of what grows.
        milliseconds: a picture, at each.
        megabytes: of peak memory, at each.
    """

    title: str
    varied: str
    values: Sequence[float]
    milliseconds: Sequence[float]
    megabytes: Sequence[float]


def draw(path: Path, curves: Sequence[Curve]) -> None:
    """Writes a PNG: the time a picture above, the peak memory below, both from zero."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.6 * len(curves), 4.6), layout="constrained")
    panels = figure.subplots(2, len(curves))
    for (above, below), curve in zip(panels.T, curves, strict=True):
        for axes, heights, unit in (
            (above, curve.milliseconds, "ms a picture"),
            (below, curve.megabytes, "peak MB"),
        ):
            axes.plot(range(len(heights)), heights, "o-")
            axes.set_xticks(range(len(heights)), [_short(value) for value in curve.values])
            axes.set_ylim(0, 1.15 * max(heights))
            axes.set_title(f"{curve.title}: {unit}", fontsize=9)
            axes.tick_params(labelsize=8)
            axes.spines[["top", "right"]].set_visible(False)
        below.set_xlabel(curve.varied, fontsize=9)
    figure.savefig(path, dpi=110)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 and value % 1000 == 0 else f"{value:g}"
