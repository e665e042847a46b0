"""Formulas of the losses: pure functions of logits and features, each with its source."""

from typing import Any

from keras import ops

from t2i.config.run import Objective

Tensor = Any


def discriminator(logit: Tensor, real: bool, objective: Objective, label: float = 1.0) -> Tensor:
    """Returns D's loss of one kind of pair.

    Args:
        logit: float32 [batch, 1].
        real: whether D is to call these pairs real.
        objective: `hinge` is max(0, 1 - logit) for real pairs, max(0, 1 + logit) for others.
        label: of real pairs in the cross-entropy.

    Source: Goodfellow et al. 2014; hinge from Lim & Ye 2017 (1705.02894), section 3, and for
    text to image from Tao et al. 2022 (DF-GAN, 2008.05865), section 3.2.
    """
    if objective == "hinge":
        return ops.mean(ops.relu(1.0 - logit if real else 1.0 + logit))
    return cross_entropy(logit, label if real else 0.0)


def generator(logit: Tensor, objective: Objective) -> Tensor:
    """Returns G's loss of generated pairs: -log D, or under the hinge the negative mean logit."""
    return -ops.mean(logit) if objective == "hinge" else cross_entropy(logit, 1.0)


def cross_entropy(logit: Tensor, label: float) -> Tensor:
    """Returns the mean binary cross-entropy of logits against one label.

    Label 1 for D on real pairs and for G (non-saturating), 0 for D on fakes and mismatches;
    below 1 is one-sided smoothing.

    Args:
        logit: float32 [batch, 1].
        label: 0..1.

    Source: Goodfellow et al. 2014, sections 3 and 4; smoothing from Salimans et al. 2016, 3.4.
    """
    return ops.mean(label * ops.softplus(-logit) + (1.0 - label) * ops.softplus(logit))


def feature_matching(real: Tensor, generated: Tensor) -> Tensor:
    """Returns the mean squared difference of batch-mean activations.

    Args:
        real: float32 [height, width, channels], the mean over real pictures; a constant target.
        generated: the same of generated pictures.

    Source: Salimans et al. 2016, section 3.1: `|| E f(x) - E f(G(z)) ||_2^2`. Deviation: the
    mean over the activations in place of the sum.
    """
    return ops.mean(ops.square(real - generated))


def l1(real: Tensor, generated: Tensor) -> Tensor:
    """Returns the mean absolute difference of pictures, float32 [batch, height, width, 3]."""
    return ops.mean(ops.absolute(real - generated))


def gradient_penalty(gradient: Tensor) -> Tensor:
    """Returns half the mean squared norm of D's gradient at real pictures.

    Args:
        gradient: float32 [batch, height, width, channels], of each picture's own logit.

    Source: R1 of Mescheder et al. 2018 (1801.04406), equation 9.
    """
    return 0.5 * ops.mean(ops.sum(ops.square(gradient), axis=(1, 2, 3)))
