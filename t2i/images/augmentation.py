"""Differentiable augmentation: D never sees a picture as it is, real or generated.

With few pictures D learns them by heart and G is left without a teacher. Moving, covering and
tinting what D looks at makes many of each; since generated pictures go through the same and the
gradient flows back through it, G still learns to paint pictures as they are.

Source: Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training (NeurIPS 2020),
section 3 and the released code. Deviations: strengths are numbers; the fakes of a step are
augmented once, for D's update and G's; a mean colour takes the place of grey beyond the edges
(both are 0 in [-1, 1]).
"""

from typing import Any

import tensorflow as tf

from t2i.config.run import AugmentationConfig

Tensor = Any

# Numbers in [0, 1) that one picture takes.
CHANCES = 7


def augment(image: Tensor, chance: Tensor, config: AugmentationConfig) -> Tensor:
    """Returns the pictures tinted, moved and partly covered, float32 [b, s, s, c].

    Args:
        image: float32 [b, s, s, c] in [-1, 1]; tinted ones may leave that range.
        chance: float32 [b, 7] in [0, 1), what is drawn for each picture.
        config: strengths; those of 0 are left out.
    """
    if config.colour:
        image = tinted(image, chance[:, :3], config.colour)
    if config.translation:
        image = _moved(image, chance[:, 3:5], config.translation)
    if config.cutout:
        image = covered(image, chance[:, 5:7], config.cutout)
    return image


def tinted(image: Tensor, chance: Tensor, strength: float) -> Tensor:
    """Returns the pictures with other brightness, saturation and contrast."""
    brightness, saturation, contrast = tf.unstack(chance[:, :, None, None, None], axis=1)
    image += strength * (brightness - 0.5)
    grey = tf.reduce_mean(image, axis=3, keepdims=True)
    image = grey + (1.0 + strength * (2.0 * saturation - 1.0)) * (image - grey)
    mean = tf.reduce_mean(image, axis=[1, 2, 3], keepdims=True)
    return mean + (1.0 + strength * (contrast - 0.5)) * (image - mean)


def _moved(image: Tensor, chance: Tensor, reach: float) -> Tensor:
    """Returns the pictures moved by up to `reach` of their side each way, 0 where they left."""
    side = image.shape[1]
    most = round(reach * side)
    shift = tf.cast(tf.floor(chance * (2 * most + 1)), tf.int32) - most
    # One-hot rows pick lines and columns; beyond the edges they are empty. Unlike a gather's, the
    # gradient is another product, not a scatter.
    picked = tf.one_hot(tf.range(side) + shift[:, :, None], side, dtype=image.dtype)
    lines = tf.einsum("bij,bjwc->biwc", picked[:, 0], image)
    return tf.einsum("bij,bhjc->bhic", picked[:, 1], lines)


def covered(image: Tensor, chance: Tensor, share: float) -> Tensor:
    """Returns the pictures with a square of `share` of their side set to 0, centred anywhere."""
    side = image.shape[1]
    size = round(share * side)
    first = tf.cast(tf.floor(chance * (side + 1 - size % 2)), tf.int32) - size // 2
    across = tf.range(side) - first[:, :, None]
    inside = tf.cast((across >= 0) & (across < size), image.dtype)
    return image * (1.0 - inside[:, 0, :, None, None] * inside[:, 1, None, :, None])
