"""What the encoder is trained on, and the draws of each step, a pure function of (seed, step)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from t2i.encoders.config import EncoderConfig
from t2i.errors import InputError
from t2i.pairs.reading import Pairs, read


class Draws(NamedTuple):
    """What several steps take, along the first axis; b = rows of a batch.

    Attributes:
        step: int32 [k], counted from 0.
        learning_rate: float32 [k].
        image: int32 [k, b], rows of the pictures.
        text: a caption of each picture, or an excerpt of it: int32 codes [k, b, length], or
            float32 features [k, b, f] of a frozen network.
        class_id: int32 [k, b].
        flip: bool [k, b], whether the picture is mirrored.
        window: int32 [k, 2], row and column where the window into the pictures starts.
    """

    step: npt.NDArray[np.int32]
    learning_rate: npt.NDArray[np.float32]
    image: npt.NDArray[np.int32]
    text: npt.NDArray[Any]
    class_id: npt.NDArray[np.int32]
    flip: npt.NDArray[np.bool_]
    window: npt.NDArray[np.int32]


class Sampler:
    """Draws batches of several pictures of several classes, one caption each."""

    def __init__(
        self,
        pairs: Pairs,
        config: EncoderConfig,
        read: Callable[[Sequence[str]], npt.NDArray[Any]],
    ) -> None:
        """Takes what is drawn from, and what texts [n] are read by: codes or features [n, ...]."""
        self._config = config
        self._texts = pairs.caption
        self._read = read
        self._class_id = pairs.class_id
        self._order = np.argsort(pairs.class_id, kind="stable")
        _, self._start, self._count = np.unique(
            pairs.class_id[self._order], return_index=True, return_counts=True
        )
        self._caption_start = pairs.caption_offset[:-1]
        self._caption_count = np.diff(pairs.caption_offset)
        self.classes = min(config.classes_per_batch, len(self._start))

    def draw(self, first: int, end: int) -> Draws:
        """Returns the draws of steps first to end - 1."""
        steps = [self._one(step) for step in range(first, end)]
        drawn = Draws(*(np.stack(parts) for parts in zip(*steps, strict=True)))
        read = self._read(drawn.text.ravel().tolist())
        return drawn._replace(text=read.reshape(*drawn.text.shape, -1))

    def _one(self, step: int) -> tuple[npt.NDArray[Any], ...]:
        config = self._config
        rng = np.random.default_rng([config.seed, step])
        classes = rng.choice(len(self._start), self.classes, replace=False)
        classes = np.repeat(classes, config.images_per_class)
        image = self._order[self._start[classes] + rng.integers(self._count[classes])]
        caption = self._caption_start[image] + rng.integers(self._caption_count[image])
        # Before the texts, whose draws `excerpts` makes more of.
        flip = (rng.random(len(image)) < 0.5) & config.image.flip
        window = rng.integers(config.image.crop + 1, size=2, dtype=np.int32)
        return (
            np.array(step, np.int32),
            np.array(learning_rate(config, step), np.float32),
            image.astype(np.int32),
            np.array([self._text(row, rng) for row in caption], object),
            self._class_id[image],
            flip,
            window,
        )

    def _text(self, row: int, rng: np.random.Generator) -> str:
        """Returns a caption, or a run of its words, two or more where it has as many."""
        text = self._texts[row]
        if rng.random() >= self._config.excerpts:
            return text
        words = text.split()
        count = rng.integers(min(2, len(words)), len(words) + 1)
        start = rng.integers(len(words) - count + 1)
        return " ".join(words[start : start + count])


def learning_rate(config: EncoderConfig, step: int) -> float:
    """Returns the rate of a step: multiplied every `decay_steps`, and falling to 0 at the end."""
    rate = config.learning_rate * config.decay_factor ** (step // config.decay_steps)
    last = config.linear_decay_share * config.steps
    left = config.steps - step
    return rate * left / last if left < last else rate


def read_training_pairs(path: Path, splits: Sequence[str]) -> Pairs:
    """Returns the splits trained on, joined, and nothing of the others.

    Raises:
        InputError: the file can't be read, or the splits hold fewer than 2 classes.
    """
    pairs = read(path, splits)
    classes = len(np.unique(pairs.class_id))
    if classes < 2:
        raise InputError(
            f"{path}: expected at least 2 classes in {' + '.join(splits)}, got {classes}; "
            "prepare it with another split"
        )
    return pairs
