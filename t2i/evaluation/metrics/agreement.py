"""Whether an ImageNet network takes pictures for what they are meant to be."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError
from t2i.evaluation.metrics.estimate import Rows, chunks, require

# Of ImageNet.
CLASSES = 1000
_SHIPPED = Path(__file__).parent / "classes"
_MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class ClassList:
    """Some of ImageNet's classes.

    Attributes:
        name: of the list.
        indices: of the classes, from 0.
    """

    name: str
    indices: tuple[int, ...]


def shipped() -> list[str]:
    """Returns the names of the lists that come with the package."""
    return sorted(path.stem for path in _SHIPPED.glob("*.txt"))


def load_classes(name: str) -> ClassList:
    """Returns a list by its name, or that of a text file: an index a line, text behind it ignored.

    Raises:
        InputError: there is no such list, or a line is no index of a class.
    """
    path = _SHIPPED / f"{name}.txt" if name in shipped() else Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"--classes: expected one of {', '.join(shipped())}, or a text file with an index of "
            f"ImageNet a line, got {name!r}; choose one"
        ) from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"{path}: expected at most {_MAX_BYTES} bytes, got more; is it a list?")
    indices = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        word = line.split()[0]
        if not word.isascii() or not word.isdecimal() or int(word) >= CLASSES:
            raise InputError(
                f"{path}:{number}: expected an index of ImageNet from 0 to {CLASSES - 1}, got "
                f"{word[:40]!r}; put text behind it, or a # before it"
            )
        indices.append(int(word))
    if not indices:
        raise InputError(f"{path}: expected an index of ImageNet a line, got none; add some")
    return ClassList(path.stem, tuple(sorted(set(indices))))


def top1(probabilities: Rows, classes: ClassList) -> npt.NDArray[np.bool_]:
    """Returns whether each picture's most probable class is of the list, bool [n].

    Args:
        probabilities: [n, 1000], or anything that orders the classes as they do.
        classes: the list.

    Raises:
        InputError: there are fewer than two pictures, or a number is not finite.
    """
    require("top1", "generated", probabilities, 2, "a share")
    best = [chunk.argmax(axis=1) for _, chunk in chunks(probabilities)]
    return np.isin(np.concatenate(best), classes.indices)
