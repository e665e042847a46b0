"""Latents whose numbers have names: set to a pose, or turned along one of them."""

import numpy as np

from t2i.errors import InputError
from t2i.models.contract import Floats, Prior

# Standard deviations that a latent may be set to; further out G was never trained.
_FARTHEST = 4


def posed(latent: Floats, prior: Prior, pose: str) -> Floats:
    """Returns latents [n, z], those of them that `pose` names set to its numbers.

    Args:
        latent: float32 [n, z].
        prior: that they are drawn from; it has the names.
        pose: `turn=1,mirror=-1`, for example; numbers are in standard deviations.

    Raises:
        InputError: a name is not the prior's, or a number is none from -4 to 4.
    """
    own = latent.copy()
    for part in pose.split(","):
        name, _, value = part.partition("=")
        column = geometry_of(prior, name.strip(), "--pose")
        try:
            number = float(value)
        except ValueError:
            number = np.nan
        if not abs(number) <= _FARTHEST:
            raise InputError(
                f"--pose: expected {name.strip()}=NUMBER, from -{_FARTHEST} to {_FARTHEST} "
                f"standard deviations, got {part.strip()!r}; 0 is the middle"
            )
        own[:, column] = number
    return own


def along(latent: Floats, prior: Prior, name: str, steps: int) -> Floats:
    """Returns one latent [z] in `steps` rows, the named number of it running from -2 to 2.

    Raises:
        InputError: the prior has no such name.
    """
    column = geometry_of(prior, name, "--along")
    rows = np.repeat(latent[None], steps, axis=0)
    rows[:, column] = np.linspace(-2.0, 2.0, steps)
    return rows


def geometry_of(prior: Prior, name: str, place: str) -> int:
    """Returns which number of a latent has a name; raises InputError where none has."""
    if not prior.geometry:
        raise InputError(
            f"{place}: expected a run whose latents have names, got one of unnamed ones; "
            "train a configuration with model: projected"
        )
    if name not in prior.geometry:
        raise InputError(
            f"{place}: expected one of {', '.join(prior.geometry)}, got {name!r}; choose one"
        )
    return prior.geometry.index(name)
