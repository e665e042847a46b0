"""What a frozen network makes of captions, computed once each."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[Any]


class Remembered:
    """Reads texts, each caption once; excerpts, which hardly ever come again, are not kept."""

    def __init__(self, read: Callable[[Sequence[str]], Rows], captions: Iterable[str]) -> None:
        """Takes what reads texts, [n] -> [n, f], and the texts to remember."""
        self._read = read
        self._captions = frozenset(captions)
        self._rows: dict[str, Rows] = {}

    def __call__(self, texts: Sequence[str]) -> Rows:
        """Returns what was read of the texts, [n, f]."""
        new = [text for text in dict.fromkeys(texts) if text not in self._rows]
        found = dict(zip(new, self._read(new), strict=True))
        rows = np.stack([found[text] if text in found else self._rows[text] for text in texts])
        kept = self._captions & found.keys()
        # A row is a view, which would keep those beside it.
        self._rows |= {text: found[text].copy() for text in kept}
        return rows
