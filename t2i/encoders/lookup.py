"""Sentences of a pairs file -> their embeddings, where there is no encoder for others."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from heapq import nlargest
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.pairs.reading import EncoderStamp, opened, read_header
from t2i.pairs.structure import SPLITS

# Captions that share the most words with a sentence, compared with it letter by letter.
_CANDIDATES = 200


class KnownSentences:
    """The captions of a pairs file, in the place of an encoder.

    Attributes:
        embedding_size: numbers in an embedding.
    """

    def __init__(self, path: Path, stamp: EncoderStamp | None) -> None:
        """Looks at the file's header.

        Args:
            path: the pairs file.
            stamp: of the embeddings expected in it, or None for any.

        Raises:
            InputError: it can't be read, or its embeddings are others.
        """
        if not path.is_file():
            raise InputError(
                f"{path}: expected the pairs file that the run was trained on, got nothing there; "
                "name it with --data"
            )
        found = read_header(path).encoder
        if found is None or found != (stamp or found):
            got = f"{found.kind}, SHA-256 {found.sha256}" if found else "none"
            raise InputError(
                f"{path}: expected the embeddings that the run was trained on, got {got}; "
                "name the pairs file of the training with --data"
            )
        self._path, self.embedding_size = path, found.embedding_size

    def embed(self, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Returns the embeddings of sentences, float32 [n, d]; case and spaces don't matter.

        Raises:
            InputError: a sentence is no caption of the file.
        """
        rows: dict[str, tuple[str, int]] = {}
        with opened(self._path) as file:
            for split in SPLITS:
                captions = file[split]["caption"].asstr(errors="replace")[:]
                for row, caption in enumerate(captions):
                    rows.setdefault(_folded(caption), (split, row))
            for sentence in sentences:
                if _folded(sentence) not in rows:
                    raise InputError(
                        f"sentences: expected captions of {self._path}, as there is no encoder "
                        f"for others, got {sentence!r}; the nearest is "
                        f"{_nearest(_folded(sentence), rows)!r}"
                    )
            found = [rows[_folded(sentence)] for sentence in sentences]
            return np.stack([file[split]["embedding"][row] for split, row in found])


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def _nearest(sentence: str, captions: Iterable[str]) -> str:
    words = set(sentence.split())
    candidates = nlargest(_CANDIDATES, captions, key=lambda text: len(words & set(text.split())))
    return max(candidates, key=lambda text: SequenceMatcher(None, sentence, text).ratio())
