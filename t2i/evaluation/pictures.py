"""The pictures that are looked at: painted by a run, or real; `folder` has those of a folder.

Each kind names its pictures by row, and has a fingerprint: equal ones stand for equal pictures.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from t2i.compute.replicas import OnReplicas
from t2i.encoders.embedder import Embedder
from t2i.errors import InputError
from t2i.images.pixels import Pixels, middle, to_uint8
from t2i.models.contract import Prior
from t2i.pairs.reading import Pairs

# Pictures made at a time, and latents drawn at a time.
BLOCK = 256


class Pictures(Protocol):
    """Pictures by row."""

    @property
    def fingerprint(self) -> str:
        """Differs where the pictures of a row do."""
        ...

    def __len__(self) -> int: ...

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, s, s, C]."""
        ...


@dataclass(frozen=True, eq=False)
class RealPictures:
    """Pictures of a pairs file, their middles, as they are: neither moved nor mirrored.

    Attributes:
        pairs: of one or more splits.
        size: side of the middle that is taken, pixels.
    """

    pairs: Pairs
    size: int

    @cached_property
    def fingerprint(self) -> str:
        """Of all pixels."""
        digest = hashlib.sha256()
        for start in range(0, len(self), BLOCK):
            digest.update(np.ascontiguousarray(self.pairs.image[start : start + BLOCK]).data)
        return fingerprint_of("real", digest.hexdigest(), self.size)

    def __len__(self) -> int:
        return len(self.pairs.name)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, size, size, C]."""
        return middle(self.pairs.image[rows], self.size)


@dataclass(frozen=True, eq=False)
class Generator:
    """What paints, of a run.

    Attributes:
        run: its directory.
        network: {embedding, latent} -> image.
        sha256: of its weights.
        embedder: of captions.
        prior: of the latents, which are not truncated.
        size: side of its pictures, pixels.
        trained_on: splits that the run was trained on.
        vision: networks of others that took part in training it, by name.
    """

    run: Path
    network: OnReplicas
    sha256: str
    embedder: Embedder
    prior: Prior
    size: int
    trained_on: tuple[str, ...]
    vision: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PaintedPictures:
    """Pictures that a generator paints, one for each of a list of texts.

    Attributes:
        generator: what paints.
        captions: of each picture, whose embeddings it is painted for the mean of.
        seed: of the latents; a row has the same one however many rows there are.
        plan: differs where a row has other captions.
    """

    generator: Generator
    captions: Sequence[Sequence[str]]
    seed: tuple[int, ...]
    plan: str

    @property
    def fingerprint(self) -> str:
        """Of all that decides a picture: more of them leave the first as they are."""
        return fingerprint_of("painted", self.generator.sha256, self.seed, self.plan)

    def __len__(self) -> int:
        return len(self.captions)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, s, s, C].

        Raises:
            InputError: a picture is not finite.
        """
        texts = [self.captions[row] for row in rows]
        embedding = mean_embedding(self.generator.embedder, texts)
        blocks = {block: self._latents(block) for block in np.unique(rows // BLOCK).tolist()}
        latent = np.stack([blocks[row // BLOCK][row % BLOCK] for row in rows.tolist()])
        images = self.generator.network({"embedding": embedding, "latent": latent})
        wrong = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        if len(wrong):
            raise InputError(
                "generator: expected finite pictures, got nan or infinity for "
                f"{texts[wrong[0]][0]!r}; go back to an older checkpoint"
            )
        return to_uint8(images)

    def _latents(self, block: int) -> npt.NDArray[np.float32]:
        return self.generator.prior.draw(BLOCK, [*self.seed, block])


def caption_rows(captions: int, count: int, seed: int) -> npt.NDArray[np.int64]:
    """Returns which caption each picture is painted for, [count].

    Every caption comes once, in random order, before one comes again.
    """
    passes = -(-count // captions)
    orders = [np.random.default_rng([seed, each]).permutation(captions) for each in range(passes)]
    return np.concatenate(orders)[:count]


def caption_groups(
    rows: npt.NDArray[np.int64], offset: npt.NDArray[np.int64], count: int, seed: int
) -> list[npt.NDArray[np.int64]]:
    """Returns the captions that each picture is painted for: its own, and others of its picture.

    The others are drawn without replacement, and the same whenever a caption comes; a picture
    with fewer captions than `count` gives all that it has.

    Args:
        rows: captions, [n].
        offset: [m + 1], where the captions of each real picture begin.
        count: of captions, at least 1.
        seed: of the draws.
    """
    first, index = np.unique(rows, return_inverse=True)
    owner = np.searchsorted(offset, first, side="right") - 1
    groups = []
    for row, picture in zip(first.tolist(), owner.tolist(), strict=True):
        others = np.setdiff1d(np.arange(offset[picture], offset[picture + 1]), [row])
        drawn = np.random.default_rng([seed, row]).permutation(others)[: count - 1]
        groups.append(np.concatenate([[row], drawn]))
    return [groups[i] for i in index]


def mean_embedding(embedder: Embedder, groups: Sequence[Sequence[str]]) -> npt.NDArray[np.float32]:
    """Returns the mean embedding of each group of sentences, float32 [n, d]."""
    sizes = [len(sentences) for sentences in groups]
    embedding = embedder.embed([text for sentences in groups for text in sentences])
    starts = np.cumsum([0, *sizes[:-1]])
    means: npt.NDArray[np.float32] = np.add.reduceat(embedding, starts, axis=0)
    means /= np.asarray(sizes, np.float32)[:, None]
    return means


def fingerprint_of(*facts: Any) -> str:
    """Returns a hash of facts that JSON can say."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
