"""How far pictures of a sentence are apart: what their latents are multiplied by."""

from typing import TYPE_CHECKING

from t2i.errors import InputError

if TYPE_CHECKING:
    from t2i.models.contract import Floats

# As in training.
VARIETY = 1.0
MOST_VARIETY = 4.0


def varied(latent: "Floats", variety: float) -> "Floats":
    """Returns latents [n, z] multiplied by the variety; 0 is the one picture in the middle.

    Source: Brock et al. 2019 (BigGAN, 1809.11096), section 3.1, truncation. Deviation: all latents
    are scaled, where theirs are drawn anew while they are far out, so that a seed's picture
    changes steadily.
    """
    return (latent * variety).astype(latent.dtype)


def require_variety(variety: float) -> None:
    """Raises InputError when latents are not to be multiplied by a number."""
    if not 0.0 <= variety <= MOST_VARIETY:
        raise InputError(
            f"variety: expected a number from 0 to {MOST_VARIETY:g}, got {variety}; 1 is as in "
            "training"
        )
