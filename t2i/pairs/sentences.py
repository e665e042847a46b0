"""Sentences that stand in several classes: as mismatched texts they would be right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Sentences:
    """Which captions say the same, word for word, and in which classes.

    Attributes:
        number: int32 [m], alike for captions that differ in nothing but case and spaces.
        chance: that the text of another class is one of the picture's own, for a picture, a
            class, a picture of it and a caption of that, each drawn evenly.
        replaceable: bool [n], whether another class has a text that a picture has not.
    """

    number: npt.NDArray[np.int32]
    chance: float
    replaceable: npt.NDArray[np.bool_]


def compare(captions: Sequence[str], caption_offset: Ints, class_id: Ints) -> Sentences:
    """Returns which captions of some pictures say the same.

    Args:
        captions: m sentences.
        caption_offset: [n + 1], as in a pairs file.
        class_id: [n].
    """
    texts: dict[str, int] = {}
    words = (" ".join(text.lower().split()) for text in captions)
    number = np.fromiter((texts.setdefault(text, len(texts)) for text in words), np.int64)
    classes, class_index = np.unique(class_id, return_inverse=True)
    owned = np.diff(caption_offset)
    image = np.repeat(np.arange(len(class_id)), owned)
    in_class = class_index[image]
    # A text's share of its class, and the number of captions there, by class and text.
    weight = 1.0 / (owned[image] * np.bincount(class_index)[in_class])
    keys, place = np.unique(in_class * len(texts) + number, return_inverse=True)
    share, count = np.bincount(place, weight), np.bincount(place)
    elsewhere = np.bincount(keys % len(texts), share)[number] - share[place]
    others = len(number) - np.bincount(in_class, minlength=len(classes))[class_index]
    taken = np.bincount(number)[number] - count[place]
    # Each text of a picture once, however often it has it.
    first = np.unique(image * len(texts) + number, return_index=True)[1]
    in_several = np.bincount(keys % len(texts))[number] > 1
    alike = np.bincount(
        image[first], np.where(in_several, elsewhere, 0.0)[first], minlength=len(class_id)
    )
    left = others - np.bincount(image[first], taken[first], minlength=len(class_id))
    return Sentences(
        number.astype(np.int32),
        float(alike.mean() / (len(classes) - 1)) if len(classes) > 1 else 0.0,
        left > 0,
    )
