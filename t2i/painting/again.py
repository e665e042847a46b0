"""A recipe back to its picture."""

import numpy as np

from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.models.contract import Floats
from t2i.painting.painter import Painter
from t2i.painting.poses import posed
from t2i.painting.recipe import Recipe


def varied(latent: Floats, variety: float) -> Floats:
    """Returns latents [n, z] multiplied by the variety; 0 is the one picture in the middle."""
    return latent * np.float32(variety)


def paint_again(painter: Painter, recipe: Recipe) -> Pixels:
    """Returns the picture of a recipe, uint8 [s, s, C].

    Raises:
        InputError: another run painted it.
    """
    if recipe.run != painter.identity:
        raise InputError(
            f"--like: expected a picture of this run ({painter.identity}), got one of "
            f"{recipe.run}; name the run that painted it"
        )
    latent = painter.latents(recipe.index + 1, recipe.seed)[recipe.index :]
    latent = varied(latent, recipe.variety)
    if recipe.pose:
        latent = posed(latent, painter.prior, recipe.pose)
    painted: Pixels = painter.paint_rows(painter.embed([recipe.sentence]), latent)[0]
    return painted
