"""What D is shown of a picture: a window on it, of the size that the frozen network reads."""

from typing import Any

import tensorflow as tf

from t2i.images.augmentation import covered, tinted
from t2i.models.projected.config import ViewConfig

Tensor = Any

# Numbers in [0, 1) that one picture takes.
CHANCES = 8


def view(image: Tensor, chance: Tensor, config: ViewConfig, size: int) -> Tensor:
    """Returns windows on pictures, tinted and partly covered, float32 [b, size, size, c].

    Sampled bilinearly, 0 where the window leaves the picture. The gradient flows through all of
    it, so that G still learns to paint pictures as they are.

    Args:
        image: float32 [b, s, s, c] in [-1, 1]; tinted ones may leave that range.
        chance: float32 [b, 8] in [0, 1), what is drawn for each picture.
        config: strengths.
        size: side of what is shown, pixels.

    Source: Zhao et al., DiffAugment (NeurIPS 2020). Deviation: the window is also larger or
    smaller than the picture, and resampled once for both augmentation and size.
    """
    centre = 0.5 + config.translation * (2.0 * chance[:, 3:5] - 1.0)
    side = 1.0 + config.zoom * (2.0 * chance[:, 7:8] - 1.0)
    # Where each line of the window lies on the picture, in pixels of the picture.
    across = (tf.range(size, dtype=tf.float32) + 0.5) / size - 0.5
    shown = _sampled(image, image.shape[1] * (centre[:, :, None] + side[:, :, None] * across) - 0.5)
    if config.colour:
        shown = tinted(shown, chance[:, :3], config.colour)
    if config.cutout:
        shown = covered(shown, chance[:, 5:7], config.cutout)
    return shown


def close_up(image: Tensor, chance: Tensor, size: int) -> Tensor:
    """Returns windows of size x size pixels of pictures, just as they are, [b, size, size, c].

    Args:
        image: float32 [b, s, s, c].
        chance: float32 [b, 8] in [0, 1), what is drawn for each picture.
        size: side of the windows, pixels, at most s.
    """
    corner = tf.floor(chance[:, 3:5] * (image.shape[1] - size + 1))
    return _sampled(image, corner[:, :, None] + tf.range(size, dtype=tf.float32))


def _sampled(image: Tensor, places: Tensor) -> Tensor:
    """Returns pictures [b, s, s, c] bilinearly at lines and columns, [b, 2, n], of n x n places."""
    # Products with matrices of few entries: unlike a gather's, their gradient is no scatter.
    picked = tf.nn.relu(
        1.0 - tf.abs(places[..., None] - tf.range(image.shape[1], dtype=tf.float32))
    )
    lines = tf.einsum("bij,bjwc->biwc", picked[:, 0], image)
    return tf.einsum("bij,bhjc->bhic", picked[:, 1], lines)
