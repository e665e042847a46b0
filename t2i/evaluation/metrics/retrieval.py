"""Whether a picture shows what its caption says, by an encoder pair that did not train the GAN."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import Rows, chunks, require

# Captions that the true one competes with. Source: Xu et al. 2018 (AttnGAN), section 4.
OTHERS = 99


@dataclass(frozen=True, eq=False)
class Retrieval:
    """How each picture fared.

    Attributes:
        right: bool [n], whether the true one scored above every other; a tie is no win.
        margin: float64 [n], the true one's score less the best other's.
    """

    right: npt.NDArray[np.bool_]
    margin: npt.NDArray[np.float64]


def r_precision(
    image: Rows,
    caption: npt.NDArray[np.integer[Any]],
    text: Rows,
    text_class: npt.NDArray[np.integer[Any]],
    seed: int = 0,
) -> Retrieval:
    """Returns, for each picture, whether its caption scores above 99 of other classes.

    The score is the inner product, which the pair was trained by.

    Args:
        image: embeddings of the pictures, [n, d].
        caption: rows of `text` that the pictures were painted for, [n].
        text: embeddings of the captions, [m, d].
        text_class: [m].
        seed: of the draw of the others, without replacement; picture i has the same ones
            however many pictures there are.

    Raises:
        InputError: a class leaves fewer than 99 captions of others, or a number is not finite.

    Source: Xu et al. 2018, AttnGAN, arXiv 1711.10485, section 4, and its code.
    """
    require("r-precision", "generated", image, 2, "a mean")
    require("r-precision", "reference", text, 1, "captions")
    others = {name: np.flatnonzero(text_class != name) for name in np.unique(text_class[caption])}
    least = min(len(rows) for rows in others.values())
    if least < OTHERS:
        raise InputError(
            f"r-precision: expected at least {OTHERS} captions of other classes, got {least}; "
            "choose a larger --split"
        )
    # Equal embeddings share a column of scores: whether they tie is then no matter of rounding.
    unique, column = np.unique(np.asarray(text, np.float64), axis=0, return_inverse=True)
    column = column.reshape(-1)
    margin = np.empty(len(image))
    for start, rows in chunks(image, 64):
        scores = rows @ unique.T
        for index, score in enumerate(scores, start=start):
            own = caption[index]
            drawn = np.random.default_rng([seed, index]).choice(
                others[text_class[own]], OTHERS, replace=False, shuffle=False
            )
            margin[index] = score[column[own]] - score[column[drawn]].max()
    return Retrieval(margin > 0, margin)


def zero_shot(
    image: Rows,
    image_class: npt.NDArray[np.integer[Any]],
    text: Rows,
    text_class: npt.NDArray[np.integer[Any]],
) -> Retrieval:
    """Returns, for each picture, whether its class's mean caption scores above all others'.

    Args:
        image: embeddings of the pictures, [n, d].
        image_class: of the captions that the pictures were painted for, [n].
        text: embeddings of the captions, [m, d].
        text_class: [m]; all of the classes that there are to choose from.

    Raises:
        InputError: there is a single class, or a number is not finite.

    Source: Reed et al., CVPR 2016, section 5.1.
    """
    require("zero-shot", "generated", image, 2, "a mean")
    require("zero-shot", "reference", text, 1, "captions")
    classes, own = np.unique(text_class, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"zero-shot: expected at least 2 classes, got {len(classes)}; choose another --split"
        )
    means = np.zeros((len(classes), text.shape[1]))
    np.add.at(means, own, np.asarray(text, np.float64))
    means /= np.bincount(own)[:, None]
    place = np.searchsorted(classes, image_class)
    margin = np.empty(len(image))
    for start, rows in chunks(image):
        score = rows @ means.T
        each = np.arange(len(rows))
        mine = place[start : start + len(rows)]
        true = score[each, mine].copy()
        score[each, mine] = -np.inf
        margin[start : start + len(rows)] = true - score.max(axis=1)
    return Retrieval(margin > 0, margin)
