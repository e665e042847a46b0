"""Formulas of the losses: pure functions of logits and features, each with its source."""

from typing import Any

from keras import ops

Tensor = Any


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
