"""Embedding every caption of a pairs file."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.encoders.legibility import Legibility, legibility, require_legible
from t2i.encoders.text import TextEncoder, load_encoder
from t2i.files.disk import AnyPath
from t2i.pairs.reading import read, read_header
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import write_embeddings
from t2i.progress import Progress, silent

# Called with (captions done, captions in all).

# Captions embedded at a time, equal ones once: bounds the memory.
_BLOCK = 4096


@dataclass(frozen=True)
class EmbeddingSummary:
    """What was embedded.

    Attributes:
        kind: the encoder's name of its shape.
        embedding_size: numbers in an embedding.
        captions: of all splits together.
        captions_per_second: read, embedded and written.
        read: how much of the captions the encoder reads.
    """

    kind: str
    embedding_size: int
    captions: int
    captions_per_second: float
    read: Legibility


def embed_pairs(pairs: AnyPath, encoder: AnyPath, progress: Progress = silent) -> EmbeddingSummary:
    """Writes embeddings of all captions, and the encoder itself, into the pairs file.

    The old file stays whole until the new one is.

    Args:
        pairs: the pairs file.
        encoder: the encoder's file.
        progress: of the captions.

    Raises:
        InputError: one of the files can't be read, or the encoder can't read the captions.
    """
    pairs, encoder = Path(pairs), Path(encoder)
    began = time.perf_counter()
    counts = read_header(pairs).captions
    text_encoder = load_encoder(encoder)
    found = _legibility(pairs, text_encoder, [split for split in SPLITS if counts[split]])
    require_legible(found, text_encoder.tokenizer, str(pairs))
    total = sum(counts.values())
    starts = dict(zip(SPLITS, np.cumsum([0, *(counts[split] for split in SPLITS)]), strict=False))
    write_embeddings(
        pairs,
        {
            split: _blocks(pairs, split, text_encoder, int(starts[split]), total, progress)
            if counts[split]
            else ()
            for split in SPLITS
        },
        encoder.read_bytes(),
        text_encoder.kind,
        text_encoder.embedding_size,
    )
    return EmbeddingSummary(
        kind=text_encoder.kind,
        embedding_size=text_encoder.embedding_size,
        captions=total,
        captions_per_second=total / (time.perf_counter() - began),
        read=found,
    )


def _legibility(pairs: Path, encoder: TextEncoder, splits: list[str]) -> Legibility:
    captions = read(pairs, splits, images=False, embeddings=False).caption if splits else []
    return legibility(encoder.tokenizer, captions)


def _blocks(
    pairs: Path,
    split: str,
    encoder: TextEncoder,
    done: int,
    total: int,
    progress: Progress,
) -> Iterator[npt.NDArray[np.float32]]:
    captions = read(pairs, [split], images=False).caption
    for start in range(0, len(captions), _BLOCK):
        block = captions[start : start + _BLOCK]
        yield encoder.embed(block)
        progress("embedding", done + start + len(block), total)
