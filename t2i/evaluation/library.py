"""`t2i.evaluate(run, data)`: light to import, as TensorFlow is not."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from t2i.compute.backend import require_tensorflow
from t2i.progress import Progress, silent
from t2i.runs.shipping import run_named

if TYPE_CHECKING:
    from t2i.evaluation.metrics.estimate import Estimate


def evaluate(
    run: str | Path,
    data: str | Path,
    split: str = "test",
    count: int = 10_000,
    seed: int = 0,
    features: str | Path | None = None,
    judge: str | Path | None = None,
    metrics: Sequence[str] | None = None,
    classes: str | None = None,
    progress: Progress = silent,
) -> "dict[str, Estimate]":
    """Returns what was measured, by metric: its value, and the ends of a 95 % interval.

    The same as `t2i evaluate`, which says what the numbers are; evaluation.json is written in the
    run.

    Args:
        run: a run directory, or a folder of `t2i generate`.
        data: pairs file with real pictures.
        split: whose captions are painted, and whose pictures are the real ones.
        count: pictures painted.
        seed: of captions and latents.
        features: what measures pictures: `efficientnet-lite1`, for example.
        judge: encoder that judges captions and, without features, pictures.
        metrics: by name; None for all that can be computed.
        classes: what pictures should be taken for, for `top1`: `birds`.
        progress: of the pictures that are looked at.

    Raises:
        InputError: a file is wrong, or a metric asked for can't be computed.
    """
    require_tensorflow()
    from t2i.evaluation.evaluate import Request
    from t2i.evaluation.evaluate import evaluate as measured
    from t2i.evaluation.metrics.agreement import load_classes

    request = Request(
        data=Path(data),
        split=split,
        count=count,
        seed=seed,
        metrics=tuple(metrics) if metrics else None,
        features=None if features is None else Path(features),
        judge=None if judge is None else Path(judge),
        classes=load_classes(classes) if classes else None,
    )
    result = measured(run_named(Path(run)), request, progress, silent)
    return {row.metric: row.estimate for table in result.tables for row in table.rows}
