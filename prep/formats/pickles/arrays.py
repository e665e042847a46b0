"""The parts that numpy's pickles are made of, put together by us: no code of theirs runs."""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from prep.formats.pickles.tokens import RefusedError, Stretch

# Anything bigger is no picture and no embedding.
_MAX_ARRAY_BYTES = 1 << 26
_NUMERIC = re.compile(r"[<>|=]?(?:b1|[iu][1248]|f[248])")


@dataclass(frozen=True)
class Function:
    """What a name in a pickle stands for."""

    name: str


# numpy 2 has moved what it pickles by.
FUNCTIONS = {
    **{
        f"{package}.{module}.{name}": Function(name)
        for package in ("numpy.core", "numpy._core")
        for module, name in (
            ("multiarray", "_reconstruct"),
            ("multiarray", "scalar"),
            ("numeric", "_frombuffer"),
        )
    },
    "numpy.ndarray": Function("ndarray"),
    "numpy.dtype": Function("dtype"),
    "_codecs.encode": Function("encode"),
}


class StoredType:
    """The type of an array's numbers; a pickle tells its byte order after the rest."""

    def __init__(self, code: object) -> None:
        if not isinstance(code, str) or not _NUMERIC.fullmatch(code):
            raise RefusedError(f"an array of {code[:20]!r}" if isinstance(code, str) else "no type")
        self.value: np.dtype[Any] = np.dtype(code)

    def build(self, state: object) -> None:
        """Takes the byte order from what numpy pickles as the state of a type."""
        match state:
            case (_, "<" | ">" | "|" | "=" as order, None, None, None, *_):
                self.value = self.value.newbyteorder(order)
            case _:
                raise RefusedError("an array of something else than numbers")


class StoredArray:
    """An array in a pickle; only `read` takes memory for its numbers.

    Attributes:
        dtype: boolean, integer or floating point.
        shape: of any rank.
    """

    # There may be a million of them.
    __slots__ = ("_content", "_fortran", "dtype", "shape")

    def __init__(self) -> None:
        self.dtype: np.dtype[Any] = np.dtype(np.int8)
        self.shape: tuple[int, ...] = (0,)
        self._content: bytes | Stretch = b""
        self._fortran = False

    def build(self, state: object) -> None:
        """Takes all from what numpy pickles as the state of an array."""
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise RefusedError("an array without its parts")
        self.fill(*state[-4:])

    def fill(self, shape: object, dtype: object, fortran: object, content: object) -> None:
        """Takes the parts of the array; raises RefusedError where they contradict each other."""
        if not isinstance(dtype, StoredType):
            raise RefusedError("an array without a type")
        if not isinstance(shape, tuple) or not all(type(side) is int for side in shape):
            raise RefusedError("an array without a shape")
        if isinstance(content, str):
            content = _latin1(content)
        if not isinstance(content, bytes | Stretch):
            raise RefusedError("an array without its numbers")
        if len(content) > _MAX_ARRAY_BYTES or len(shape) > 8 or min(shape, default=1) < 1:
            raise RefusedError(f"an array of {len(content)} bytes in {len(shape)} dimensions")
        if math.prod(shape) * dtype.value.itemsize != len(content):
            raise RefusedError(f"{len(content)} bytes for an array {shape} of {dtype.value}")
        self.dtype, self.shape = dtype.value, shape
        # Python 2 pickles booleans as numbers.
        self._content, self._fortran = content, fortran == 1

    def read(self) -> npt.NDArray[Any]:
        """Returns the array, read-only; raises InputError when the file has changed since."""
        content = self._content.read() if isinstance(self._content, Stretch) else self._content
        values = np.frombuffer(content, self.dtype)
        return values.reshape(self.shape, order="F" if self._fortran else "C")


def call(function: Function, arguments: object) -> object:
    """Returns what one of `FUNCTIONS` would give, as far as it makes up arrays."""
    match function.name, arguments:
        case "_reconstruct", (Function("ndarray"), _, _):
            return StoredArray()
        case "dtype", (code, *_):
            return StoredType(code)
        case "scalar", (dtype, content):
            scalar = StoredArray()
            scalar.fill((), dtype, False, content)
            return scalar.read().item()
        case "_frombuffer", (content, dtype, shape, order):
            array = StoredArray()
            array.fill(shape, dtype, order == "F", content)
            return array
        case "encode", (str() | Stretch() as text, "latin1"):
            return _latin1(text)
        case _:
            raise RefusedError(f"a call of {function.name} with what it doesn't take")


def _latin1(text: str | Stretch) -> bytes | Stretch:
    """Returns the bytes that Python 3 pickles as text; a `Stretch` is decoded to such anyway."""
    try:
        return text.encode("latin1") if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise RefusedError("bytes above 255") from error
