"""A recipe back to its picture."""

from t2i.errors import InputError
from t2i.images.pixels import Pixels
from t2i.painting.painter import Painter
from t2i.painting.recipe import Recipe


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
    latents = painter.latents(recipe.index + 1, recipe.seed, recipe.variety, recipe.pose)
    painted: Pixels = painter.paint_rows(painter.embed([recipe.sentence]), latents[-1:])[0]
    return painted
