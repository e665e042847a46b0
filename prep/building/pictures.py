"""A picture that may come from anybody -> the square of pixels that is stored.

Each process that decodes imports this module, so it imports little.
"""

from collections.abc import Sequence

from prep.building.examples import Example, Fault, Note
from t2i.errors import InputError
from t2i.images.squares import Fit, Square, square_of

Item = Example | Fault | Note
Prepared = Square | Fault | Note


def prepare(
    items: Sequence[Item], size: int, channels: int, fit: Fit | None = None
) -> list[Prepared]:
    """Returns each picture made square, see `square_of`, or why there is none."""
    return [
        _prepared(item, size, channels, fit) if isinstance(item, Example) else item
        for item in items
    ]


def _prepared(example: Example, size: int, channels: int, fit: Fit | None) -> Prepared:
    try:
        return square_of(example.image, example.box, size, channels, fit)
    except InputError as error:
        return Fault(example.name, str(error))
