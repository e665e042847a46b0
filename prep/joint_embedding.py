"""The structured joint embedding of pictures and captions: its loss, and how it is judged."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.integer[Any]]
_TOP = 50
# A score so low that it is never chosen, and still finite: what is right there is weighed by 0.
_NEVER = 1e9


def structured_joint_embedding(image: Any, text: Any, class_id: Any, classes: int) -> Any:
    """Returns the loss, a scalar: each pair must outscore every pair of two classes by 1.

    Args:
        image: float [b, d], row i a picture of class_id[i].
        text: float [b, d], row i a caption of that picture.
        class_id: int [b]; pairs within a class are not pushed apart.
        classes: different classes in the batch.

    Source: Reed et al., CVPR 2016, equations 2 to 6, the hinge for its 0-1 loss, as released:
    summed over both directions and divided by batch x classes.
    """
    score = ops.matmul(image, ops.transpose(text))
    right = ops.diagonal(score)
    other = ops.cast(class_id[:, None] != class_id[None, :], score.dtype)
    wrong_text = ops.relu(1.0 + score - right[:, None])
    wrong_image = ops.relu(1.0 + score - right[None, :])
    return ops.sum(other * (wrong_text + wrong_image)) / (score.shape[0] * classes)


def contrastive_joint_embedding(
    image: Any, text: Any, class_id: Any, scale: float, instances: float
) -> Any:
    """Returns the loss, a scalar: a choice of the right texts, and of the right pictures.

    Args:
        image: float [b, d], row i a picture of class_id[i], of length 1.
        text: float [b, d], row i a caption of that picture, of length 1.
        class_id: int [b]; all of a class are right, each as much as another.
        scale: of the inner products chosen by.
        instances: weight of a second choice, of row i among those of its class.

    Source: cross-entropy over the batch in both directions, their mean: ConVIRT (Zhang et al.
    2020), CLIP (Radford et al. 2021); classes as targets: UniCL (Yang et al. 2022). Deviation:
    the scale is not learned.
    """
    score = scale * ops.matmul(image, ops.transpose(text))
    same = ops.cast(class_id[:, None] == class_id[None, :], score.dtype)
    loss = _choice(score, same / ops.sum(same, axis=1, keepdims=True))
    if instances:
        among = ops.where(same > 0, score, -_NEVER)
        loss += instances * _choice(among, ops.eye(score.shape[0], dtype=score.dtype))
    return loss


def _choice(score: Any, right: Any) -> Any:
    """Returns the mean cross-entropy of rows and of columns; `right` is symmetric, [b, b]."""
    ways = [ops.log_softmax(score, axis=axis) for axis in (0, 1)]
    return -ops.sum(right * (ways[0] + ways[1])) / (2 * score.shape[0])


@dataclass(frozen=True)
class ZeroShotScore:
    """How well captions name the pictures of classes never trained on.

    Attributes:
        classes: how many there are to choose from.
        chance: accuracy of a blind choice, 1 / classes.
        accuracy: share of pictures whose class's mean caption scores highest among classes.
        average_precision_50: share of a class's 50 best-scoring pictures (of all, where there
            are fewer) that are of the class, averaged over classes.
    """

    classes: int
    chance: float
    accuracy: float
    average_precision_50: float


def zero_shot_score(
    image: Floats, image_class: Integers, text: Floats, text_class: Integers
) -> ZeroShotScore:
    """Returns the scores of one split.

    Args:
        image: [n, d].
        image_class: [n].
        text: [m, d].
        text_class: [m]; the same classes as `image_class` has.

    Source: Reed et al., CVPR 2016, section 5.1.
    """
    classes = np.unique(image_class)
    of_class = np.stack([text[text_class == class_id].mean(axis=0) for class_id in classes])
    score = image @ of_class.T
    accuracy = np.mean(classes[score.argmax(axis=1)] == image_class)
    best = np.argsort(-score, axis=0, kind="stable")[:_TOP]
    precision = np.mean(image_class[best] == classes)
    return ZeroShotScore(len(classes), 1 / len(classes), float(accuracy), float(precision))
