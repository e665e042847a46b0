"""What a frozen network makes of captions, computed before training, and of excerpts, as drawn."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.progress import Progress, silent

Rows = npt.NDArray[Any]

# Captions read at a time: between two looks at the progress.
_BLOCK = 1024


class Remembered:
    """Reads texts; captions once.

    What is read together rounds together, so captions are read in one order before the first
    step: a training that was interrupted goes on with the same numbers.
    """

    def __init__(
        self,
        read: Callable[[Sequence[str]], Rows],
        captions: Iterable[str],
        progress: Progress = silent,
    ) -> None:
        """Reads the captions.

        Args:
            read: texts [n] -> rows [n, f].
            captions: to remember.
            progress: of them.
        """
        self._read = read
        distinct = sorted(set(captions))
        self._row = dict(zip(distinct, range(len(distinct)), strict=True))
        blocks = []
        for start in range(0, len(distinct), _BLOCK):
            blocks.append(read(distinct[start : start + _BLOCK]))
            progress("reading captions", min(start + _BLOCK, len(distinct)), len(distinct))
        self._rows = np.concatenate(blocks)

    def __call__(self, texts: Sequence[str]) -> Rows:
        """Returns what was read of the texts, [n, f]."""
        excerpts = [text for text in dict.fromkeys(texts) if text not in self._row]
        found = dict(zip(excerpts, self._read(excerpts), strict=True))
        return np.stack(
            [found[text] if text in found else self._rows[self._row[text]] for text in texts]
        )
