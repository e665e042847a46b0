"""Who embeds sentences: what painting and evaluation know of one."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Embedder(Protocol):
    """Sentences -> embeddings: `TextEncoder`, or `KnownSentences` where there is no encoder."""

    @property
    def embedding_size(self) -> int:
        """Numbers in an embedding, d."""
        ...

    @property
    def vision(self) -> tuple[str, ...]:
        """Networks that others trained and that it was trained beside, by name."""
        ...

    @property
    def networks(self) -> Sequence[Any]:
        """What it computes with; none where it looks sentences up."""
        ...

    def embed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns float32 [n, d] of captions."""
        ...

    def embed_typed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns float32 [n, d] of what somebody typed.

        Raises:
            InputError: one of them can't be read.
        """
        ...
