"""The pictures that are looked at: painted by a run, in a folder, or real.

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
from PIL import Image, UnidentifiedImageError

from t2i.compute.replicas import OnReplicas
from t2i.encoders.lookup import KnownSentences
from t2i.encoders.text import TextEncoder
from t2i.errors import InputError
from t2i.images.pixels import Pixels, middle, to_uint8
from t2i.models.contract import Prior
from t2i.painting.folder import METADATA, read_folder
from t2i.pairs.reading import Pairs

# Pictures made at a time, and latents drawn at a time.
BLOCK = 256
_MAX_BYTES = 1 << 26


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
        return _hash("real", digest.hexdigest(), self.size)

    def __len__(self) -> int:
        return len(self.pairs.name)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, size, size, C]."""
        return middle(self.pairs.image[rows], self.size)


@dataclass(frozen=True, eq=False)
class PaintedPictures:
    """Pictures that a generator paints, one for each of a list of texts.

    Attributes:
        generator: {embedding, latent} -> image.
        weights_sha256: of its weights.
        encoder: of the captions.
        captions: of each picture, whose embeddings it is painted for the mean of.
        prior: of the latents, which are not truncated.
        seed: of the latents; a row has the same one however many rows there are.
        plan: differs where a row has other captions.
    """

    generator: OnReplicas
    weights_sha256: str
    encoder: TextEncoder | KnownSentences
    captions: Sequence[Sequence[str]]
    prior: Prior
    seed: tuple[int, ...]
    plan: str

    @property
    def fingerprint(self) -> str:
        """Of all that decides a picture: more of them leave the first as they are."""
        return _hash("painted", self.weights_sha256, self.seed, self.plan)

    def __len__(self) -> int:
        return len(self.captions)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, s, s, C].

        Raises:
            InputError: a picture is not finite.
        """
        texts = [self.captions[row] for row in rows]
        embedding = mean_embedding(self.encoder, texts)
        blocks = {block: self._latents(block) for block in np.unique(rows // BLOCK).tolist()}
        latent = np.stack([blocks[row // BLOCK][row % BLOCK] for row in rows.tolist()])
        images = self.generator({"embedding": embedding, "latent": latent})
        wrong = np.flatnonzero(~np.isfinite(images).all(axis=(1, 2, 3)))
        if len(wrong):
            raise InputError(
                "generator: expected finite pictures, got nan or infinity for "
                f"{texts[wrong[0]][0]!r}; go back to an older checkpoint"
            )
        return to_uint8(images)

    def _latents(self, block: int) -> npt.NDArray[np.float32]:
        return self.prior.draw(BLOCK, [*self.seed, block])


@dataclass(frozen=True, eq=False)
class PictureFolder:
    """Pictures of a folder of `t2i generate`, or of anything that names them so.

    Attributes:
        paths: of the pictures, in order.
        captions: one for each.
        size: side of the pictures, pixels.
    """

    paths: list[Path]
    captions: list[str]
    size: int

    @cached_property
    def fingerprint(self) -> str:
        """Of all bytes."""
        digest = hashlib.sha256()
        for path in self.paths:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return _hash("folder", digest.hexdigest(), self.captions)

    def __len__(self) -> int:
        return len(self.paths)

    def at(self, rows: npt.NDArray[np.int64]) -> Pixels:
        """Returns uint8 [n, size, size, C].

        Raises:
            InputError: a picture can't be read, or is of another size.
        """
        return np.stack([_read(self.paths[row], self.size) for row in rows.tolist()])


def open_folder(folder: Path) -> PictureFolder:
    """Returns the pictures that a folder's metadata.jsonl names.

    Without one, its pictures NUMBER_anything.png; NUMBER is a line of captions.txt.

    Raises:
        InputError: there are none, or a name or a line is missing.
    """
    if (folder / METADATA).is_file():
        return _described(folder)
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".png")
    listed = folder / "captions.txt"
    if not paths or not listed.is_file():
        raise InputError(
            f"{folder}: expected a run, or pictures and their metadata.jsonl, got "
            f"{len(paths)} pictures{'' if listed.is_file() else ' and no metadata.jsonl'}; "
            "make them with `t2i generate --out FOLDER`"
        )
    lines = listed.read_text(encoding="utf-8", errors="replace").split("\n")
    if not lines[-1]:
        lines.pop()
    captions = []
    for path in paths:
        number = path.stem.partition("_")[0]
        if not number.isdecimal() or not 1 <= int(number) <= len(lines):
            raise InputError(
                f"{path}: expected a name that begins with a line of {listed} from 1 to "
                f"{len(lines)}, got {path.name!r}; name it as `t2i generate` does"
            )
        captions.append(lines[int(number) - 1])
    return PictureFolder(paths, captions, _read(paths[0], None).shape[0])


def _described(folder: Path) -> PictureFolder:
    captioned = read_folder(folder)
    missing = [picture.path.name for picture in captioned if not picture.path.is_file()]
    named = {picture.path.name for picture in captioned}
    more = [path.name for path in sorted(folder.glob("*.png")) if path.name not in named]
    if not captioned or missing or more:
        got = f"no {missing[0]}" if missing else f"{more[0]} beside them" if more else "none"
        raise InputError(
            f"{folder}: expected the pictures that its {METADATA} names, got {got}; "
            "make them with `t2i generate --out FOLDER`"
        )
    paths = [picture.path for picture in captioned]
    return PictureFolder(
        paths, [picture.text for picture in captioned], _read(paths[0], None).shape[0]
    )


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
    for row, own in zip(first.tolist(), owner.tolist(), strict=True):
        others = np.setdiff1d(np.arange(offset[own], offset[own + 1]), [row])
        drawn = np.random.default_rng([seed, row]).permutation(others)[: count - 1]
        groups.append(np.concatenate([[row], drawn]))
    return [groups[i] for i in index]


def mean_embedding(
    encoder: TextEncoder | KnownSentences, texts: Sequence[Sequence[str]]
) -> npt.NDArray[np.float32]:
    """Returns the mean embedding of each group of sentences, float32 [n, d]."""
    sizes = [len(own) for own in texts]
    embedding = encoder.embed([text for own in texts for text in own])
    starts = np.cumsum([0, *sizes[:-1]])
    means: npt.NDArray[np.float32] = np.add.reduceat(embedding, starts, axis=0)
    means /= np.asarray(sizes, np.float32)[:, None]
    return means


def _read(path: Path, size: int | None) -> Pixels:
    """Returns uint8 [size, size, 3]; any square when the size is None."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path}: expected at most {_MAX_BYTES} bytes, got more; is it right?")
        with Image.open(path, formats=("PNG",)) as picture:
            wanted = (size, size) if size else (min(picture.size),) * 2
            if picture.size != wanted or max(wanted) > 1024:
                raise InputError(
                    f"{path}: expected {wanted[0]} x {wanted[1]} pixels, got "
                    f"{picture.width} x {picture.height}; make all pictures squares of one size"
                )
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise InputError(f"{path}: expected a PNG, got one that can't be read") from error


def _hash(*facts: Any) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
