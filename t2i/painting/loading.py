"""`t2i.load("birds")`: light to import, as TensorFlow is not."""

from pathlib import Path
from typing import TYPE_CHECKING

from t2i.compute.backend import require_tensorflow
from t2i.runs.shipping import run_named

if TYPE_CHECKING:
    from t2i.painting.library import TextToImage


def load(run: str | Path, data: str | Path | None = None) -> "TextToImage":
    """Returns the generator of a run directory, or of a name in `t2i.shipped()`.

    Args:
        run: a run directory, or `birds`.
        data: pairs file to look sentences up in, where the run has no encoder.

    Raises:
        InputError: there is no run, no checkpoint yet, or a file is damaged.
    """
    require_tensorflow()
    from t2i.painting.library import TextToImage
    from t2i.painting.painter import Painter

    painter = Painter(run_named(Path(run)), None if data is None else Path(data))
    return TextToImage(painter, Path(run))
