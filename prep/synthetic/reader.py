"""Reads from pictures of birds, drawn or generated, their colours and which way they face.

The reader knows what `prep.synthetic.drawing` draws, and nothing of captions. Each pixel
votes for the palette colour it is nearest to, or for none where a colour of a background or
of a belly is nearer. Then plain birds of every build, facing either way, are laid over the
picture at every small shift; the best fit says where body and wings are, and the votes there
what colour they have.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from prep.synthetic.birds import (
    BACKGROUNDS,
    BEAK_LENGTHS,
    BELLIES,
    FACINGS,
    PALETTE,
    SIZES,
)
from prep.synthetic.drawing import Pose, gradient, outlines, placed

NONE = "none"
# The side at which pictures are read; larger ones are averaged down to it.
READING_SIZE = 32
# A bird fills 2/3 of its crop, of which trainers keep all, or 32 pixels of up to 38.
_BOX_SIZES = tuple(READING_SIZE * share * (2 / 3) for share in (1.0, 1.09, 38 / 32))
_SHIFT = 4
_SUPERSAMPLING = 8
# The part of a pixel a region must cover to own it.
_WHOLE = 0.95
# The least share of a region's pixels that must vote for its colour.
_LEAST_SHARE = 0.4
# The most pixels around a bird that may have its colour too: a field of colour is no bird.
_MOST_AROUND = 0.25
# The least by which a bird that faces one way must fit better than one that faces the other. Drawn
# birds differ by 0.5 and more; one laid over its own mirror image, two heads, by 0.03 at most.
_FACES = 0.25
_BATCH = 256


class Colours(NamedTuple):
    """The colours read from n pictures: two arrays [n] of names, or "none"."""

    body: NDArray[np.str_]
    wing: NDArray[np.str_]


class _Templates(NamedTuple):
    """Where the regions are, one row a pose: float32 [poses, pixels], each row of sum 1."""

    body: NDArray[np.float32]
    wing: NDArray[np.float32]
    around: NDArray[np.float32]


class _Shares(NamedTuple):
    """Shares of regions that vote for a colour, and how well each pose fits.

    Attributes:
        body: float32 [poses, n, colours].
        wing: the same.
        around: the same.
        fit: float32 [poses, n], from -2 to 2.
    """

    body: NDArray[np.float32]
    wing: NDArray[np.float32]
    around: NDArray[np.float32]
    fit: NDArray[np.float32]


def read_colours(images: NDArray[np.uint8]) -> Colours:
    """Returns the body and wing colour that each picture shows.

    A colour is "none" where the picture shows no bird: where, in the best place for a
    bird, fewer than 40 % of the body's (wings') pixels agree on a colour, or more than a
    quarter of the surroundings have that colour too.

    Args:
        images: uint8 [n, side, side, 3], the bird filling the middle about as in a crop of
            1.5 boxes; side is a multiple of `READING_SIZE`.

    Raises:
        ValueError: another shape or type.
    """
    _require_pictures(images)
    parts = [_read(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
    names = np.array([*PALETTE, NONE])
    codes = np.concatenate([np.empty((2, 0), np.int64), *parts], axis=1)
    return Colours(body=names[codes[0]], wing=names[codes[1]])


def read_facings(images: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Returns which way each bird faces, [n] of `FACINGS`, or "none" where it has no one head.

    Args:
        images: as `read_colours`.

    Raises:
        ValueError: another shape or type.
    """
    _require_pictures(images)
    parts = [np.empty((len(FACINGS), 0), np.float32)]
    for start in range(0, len(images), _BATCH):
        fit = _shares(images[start : start + _BATCH]).fit
        # Sizes, beaks, facings, boxes, shifts: in the order of `_templates`.
        poses = fit.reshape(len(SIZES) * len(BEAK_LENGTHS), len(FACINGS), -1, fit.shape[1])
        parts.append(poses.max(axis=(0, 2)))
    fit = np.concatenate(parts, axis=1)
    told = abs(fit[0] - fit[1]) >= _FACES
    return np.where(told, np.array(FACINGS)[fit.argmax(axis=0)], NONE)


def _require_pictures(images: NDArray[np.uint8]) -> None:
    side = images.shape[1] if images.ndim == 4 else 0
    if (
        images.dtype != np.uint8
        or images.shape[1:] != (side, side, 3)
        or side == 0
        or side % READING_SIZE
    ):
        raise ValueError(
            f"expected uint8 [n, side, side, 3], side a multiple of {READING_SIZE}, "
            f"got {images.dtype} {list(images.shape)}"
        )


def _read(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Returns [2, n]: places in PALETTE of body and wing, len(PALETTE) for none."""
    body, wing, around, fit = _shares(images)
    best = fit.argmax(axis=0)
    each = np.arange(len(images))
    surroundings = around[best, each]
    read = []
    for share in (body[best, each], wing[best, each]):
        colour = (share - surroundings).argmax(axis=1)
        unseen = (share[each, colour] < _LEAST_SHARE) | (surroundings[each, colour] > _MOST_AROUND)
        read.append(np.where(unseen, len(PALETTE), colour))
    return np.stack(read)


def _shares(images: NDArray[np.uint8]) -> _Shares:
    votes = _votes(images)
    n, pixels, colours = votes.shape
    flat = votes.transpose(1, 0, 2).reshape(pixels, n * colours)
    body, wing, around = ((region @ flat).reshape(-1, n, colours) for region in _templates())
    fit = (body - around).max(axis=2) + (wing - around).max(axis=2)
    return _Shares(body, wing, around, fit)


def _votes(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns float32 [n, pixels, colours]: 1 for the nearest colour of PALETTE, else 0."""
    n, side = images.shape[:2]
    factor = side // READING_SIZE
    blocks = images.reshape(n, READING_SIZE, factor, READING_SIZE, factor, 3)
    small = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(n, -1, 3)
    known = _known_colours()
    # |x - k|^2 less |x|^2, which is the same for every k.
    distance = (known**2).sum(axis=1) - 2 * (small @ known.T)
    nearest = distance.argmin(axis=2)[..., None]
    votes: NDArray[np.float32] = (nearest == np.arange(len(PALETTE))).astype(np.float32)
    return votes


@cache
def _known_colours() -> NDArray[np.float32]:
    """Returns float32 [known, 3]: PALETTE first, then the colours that count for nothing."""
    painted = np.array([*PALETTE.values(), *BELLIES.values()])
    return np.concatenate([painted, *(gradient(name, 7) for name in BACKGROUNDS)], dtype=np.float32)


@cache
def _templates() -> _Templates:
    """Returns the regions of every build, facing, scale and shift."""
    rows: list[list[NDArray[np.bool_]]] = [[], [], []]
    for build in product(SIZES, BEAK_LENGTHS, FACINGS, _BOX_SIZES):
        for row, region in zip(rows, _regions(*build), strict=True):
            row += [
                region[top : top + READING_SIZE, left : left + READING_SIZE].ravel()
                for top in range(2 * _SHIFT + 1)
                for left in range(2 * _SHIFT + 1)
            ]
    masks = (np.array(row, np.float32) for row in rows)
    return _Templates(*(mask / mask.sum(axis=1, keepdims=True) for mask in masks))


def _regions(
    size: str, beak_length: str, facing: str, box_size: float
) -> tuple[NDArray[np.bool_], ...]:
    """Returns the pixels of body, wing and surroundings of the plain bird in the middle.

    The canvas is wider than a picture by the largest shift on every side. Pixels that two
    parts share belong to no region.
    """
    side = READING_SIZE + 2 * _SHIFT
    parts, _ = placed(
        outlines(size, beak_length, Pose(tilt=5.0)), facing, box_size, (side / 2, side / 2)
    )
    large = Image.new("RGB", (side * _SUPERSAMPLING, side * _SUPERSAMPLING), (0, 0, 255))
    brush = ImageDraw.Draw(large)
    # Body in red, wing in green, surroundings in blue, all else in black.
    regions = {"body": (255, 0, 0), "head": (255, 0, 0), "wing": (0, 255, 0)}
    for part, outline in parts.items():
        points = (outline * _SUPERSAMPLING).ravel().tolist()
        brush.polygon(points, fill=regions.get(part, (0, 0, 0)))
    coverage = np.asarray(large.reduce(_SUPERSAMPLING)) / 255
    body, wing, around = np.moveaxis(coverage >= _WHOLE, 2, 0)
    return body, wing, around
