"""Tables of a Torch file with their place in it: what is asked of them is there, or is named."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from prep.formats.torch7 import Table, Value
from t2i.errors import InputError


@dataclass(frozen=True)
class Part:
    """A table, or an object, somewhere in a file.

    Attributes:
        path: the file.
        place: the keys that lead to it.
        table: what stands there.
    """

    path: Path
    place: str
    table: Table

    @property
    def kind(self) -> str:
        """Its class, `nn.Linear` for example."""
        return self.table.class_name or "a table"

    def has(self, key: str) -> bool:
        """Whether it has a field of that name."""
        return self.table.fields.get(key) is not None

    def part(self, key: str | int) -> "Part":
        """Returns the table that a field holds."""
        value = self.table.fields.get(key)
        if not isinstance(value, Table):
            raise self.error(f"a table in {key}", _described(value))
        return Part(self.path, f"{self.place}.{key}", value)

    def parts(self, key: str) -> list["Part"]:
        """Returns the tables in a field that lists them."""
        own = self.part(key)
        return [own.part(index) for index in range(1, len(own.table.sequence()) + 1)]

    def number(self, key: str) -> float:
        """Returns the number in a field."""
        value = self.table.fields.get(key)
        if not isinstance(value, float):
            raise self.error(f"a number in {key}", _described(value))
        return value

    def count(self, key: str) -> int:
        """Returns the whole number in a field, 1 to 65536."""
        value = self.number(key)
        if not (1 <= value <= 1 << 16 and value == int(value)):
            raise self.error(f"a whole number of at least 1 in {key}", value)
        return int(value)

    def array(self, key: str, *shape: int) -> npt.NDArray[np.float32]:
        """Returns the numbers in a field; a size of -1 is free."""
        value = self.table.fields.get(key)
        wanted = " x ".join("n" if size < 0 else str(size) for size in shape)
        if not isinstance(value, np.ndarray):
            raise self.error(f"{wanted} numbers in {key}", _described(value))
        if value.ndim != len(shape) or any(
            size not in (own, -1) for own, size in zip(value.shape, shape, strict=True)
        ):
            raise self.error(f"{wanted} numbers in {key}", " x ".join(map(str, value.shape)))
        with np.errstate(over="ignore"):
            numbers = value.astype(np.float32)
        if not np.isfinite(numbers).all():
            raise self.error(f"finite numbers in {key}", "nan or infinity")
        return numbers

    def error(self, expected: str, got: object) -> InputError:
        """Returns the error that names the place, what it should hold and what it holds."""
        return InputError(
            f"{self.path}: expected {expected} at {self.place}, got {got}; "
            "only text encoders in the shape that Reed et al. released can be read"
        )


def _described(value: Value) -> str:
    if isinstance(value, Table):
        return value.class_name or "a table"
    if isinstance(value, np.ndarray):
        return "an array"
    return {str: "text", bool: "a truth value", float: "a number"}.get(type(value), "nothing")
