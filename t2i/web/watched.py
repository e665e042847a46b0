"""What the page is told of its runs: what they paint with by now, and their curves."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from t2i.models.catalogue import offered
from t2i.painting.painter import Painter
from t2i.runs.curves import Curves, read_curves
from t2i.runs.directory import Run, latest_step
from t2i.web.queue import Queue

# Of a curve.
_MOST_POINTS = 100


class Watched:
    """The runs, some of which may still train."""

    def __init__(
        self,
        queue: Queue,
        painters: Mapping[str, Painter],
        examples: Mapping[str, Sequence[str]],
        finding: Collection[str] = (),
    ) -> None:
        """Reads no file.

        Args:
            queue: whose thread takes newer checkpoints.
            painters: by the names that the page shows.
            examples: sentences to click, of each.
            finding: those that find the latents of pictures.
        """
        self._queue, self._painters, self._examples = queue, painters, examples
        self._finding = finding
        self._looking: Future[None] | None = None
        self._curves: dict[str, tuple[float, Curves]] = {}

    def described(self) -> list[dict[str, Any]]:
        """Returns what the page shows of each run.

        A newer checkpoint is told of by the time that the page asks again: it is taken in its
        turn, behind who waits for pictures.
        """
        if self._looking is None or self._looking.done():
            self._looking = self._queue.refresh()
        return [
            {
                "name": name,
                "identity": painter.identity,
                "size": painter.config.image_size,
                "examples": list(self._examples[name]),
                "photo": name in self._finding,
                "step": latest_step(Run(painter.path).checkpoints),
                "curves": self._thinned(name, painter),
            }
            for name, painter in self._painters.items()
        ]

    def _thinned(self, name: str, painter: Painter) -> Curves:
        """Returns a run's curves, read again where they have grown."""
        run = Run(painter.path)
        try:
            written = run.metrics.stat().st_mtime
        except OSError:
            return {}
        if self._curves.get(name, (0.0, {}))[0] != written:
            curves = read_curves(run, offered(painter.config).CURVES)
            self._curves[name] = (
                written,
                {
                    term: points[-1 :: -max(1, len(points) // _MOST_POINTS)][::-1]
                    for term, points in curves.items()
                },
            )
        return self._curves[name][1]
