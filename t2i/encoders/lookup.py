"""Sentences of a pairs file -> their embeddings, where there is no encoder for others."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from heapq import nlargest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.pairs.reading import EncoderStamp
from t2i.pairs.stored import OpenPairs
from t2i.pairs.structure import SPLITS

# Captions that share the most words with a sentence, compared with it letter by letter.
_CANDIDATES = 200


class KnownSentences:
    """The captions of a pairs file, in the place of an encoder; an `Embedder`.

    Attributes:
        embedding_size: numbers in an embedding.
        networks: none.
        vision: none.
    """

    def __init__(self, data: OpenPairs, stamp: EncoderStamp | None) -> None:
        """Looks at the file's header.

        Args:
            data: the pairs file.
            stamp: of the embeddings expected in it, or None for any.

        Raises:
            InputError: its embeddings are others.
        """
        found = data.header.encoder
        if found is None or found != (stamp or found):
            got = f"{found.kind}, SHA-256 {found.sha256}" if found else "none"
            raise InputError(
                f"{data.path}: expected the embeddings that the run was trained on, got {got}; "
                "name the pairs file of the training with --data"
            )
        self._data, self.embedding_size = data, found.embedding_size
        self.networks: tuple[Any, ...] = ()
        self.vision: tuple[str, ...] = ()

    def embed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns the embeddings of sentences, float32 [n, d]; case and spaces don't matter.

        Raises:
            InputError: a sentence is no caption of the file.
        """
        for sentence in sentences:
            if _folded(sentence) not in self._row_of:
                raise InputError(
                    f"sentences: expected captions of {self._data.path}, as there is no encoder "
                    f"for others, got {sentence!r}; the nearest is "
                    f"{_nearest(_folded(sentence), self._row_of)!r}"
                )
        rows = np.array([self._row_of[_folded(sentence)] for sentence in sentences])
        embeddings: npt.NDArray[np.float32] = self._data.rows(self._splits, "embedding")[rows]
        return embeddings

    def embed_typed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns the same: what is typed has to be a caption."""
        return self.embed(sentences)

    @property
    def _splits(self) -> list[str]:
        return [split for split in SPLITS if self._data.header.images[split]]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        """The first row of each caption, in all splits joined."""
        captions = self._data.read(self._splits, images=False, embeddings=False).caption
        return {_folded(text): row for row, text in reversed(list(enumerate(captions)))}


def load_sentences(path: Path, stamp: EncoderStamp | None) -> KnownSentences:
    """Returns the captions of the pairs file of a training; raises as `KnownSentences`.

    Raises:
        InputError: there is no file, or it can't be read.
    """
    if not path.is_file():
        raise InputError(
            f"{path}: expected the pairs file that the run was trained on, got nothing there; "
            "name it with --data"
        )
    return KnownSentences(OpenPairs(path), stamp)


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _nearest(sentence: str, captions: Iterable[str]) -> str:
    words = set(sentence.split())
    candidates = nlargest(_CANDIDATES, captions, key=lambda text: len(words & set(text.split())))
    return max(candidates, key=lambda text: SequenceMatcher(None, sentence, text).ratio())
