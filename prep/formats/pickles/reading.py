"""Reading pickles that may come from anybody: nothing in them runs.

A pickle is a program. This interprets the part of that language in which lists, tuples, dicts,
numbers, text and numeric arrays are written, protocols 0 to 5, and refuses the rest by name.
Arrays stay in the file until they are wanted, so memory grows with the number of the things in
a pickle and not with their size. `pickle.Unpickler` under a narrow `find_class` would not do:
it holds the whole file, and seven bytes (a high memo number) make it ask for 17 GB.
"""

import pickletools
from collections.abc import Callable
from pathlib import Path

from prep.formats.pickles.arrays import FUNCTIONS, Function, StoredArray, StoredType, call
from prep.formats.pickles.tokens import RefusedError, Tokens
from t2i.errors import InputError

# What things cost at most on a 64-bit machine, in bytes; together they may cost no more.
_MAX_MEMORY = 450_000_000
_CONTAINER, _NUMBER, _MEMO = 128, 40, 100
_NAMES = {operation.code: operation.name for operation in pickletools.opcodes}


def load(path: Path) -> object:
    """Returns the value in a pickle: of lists, tuples, dicts, numbers, text, `StoredArray`s.

    Text of Python 2 is read as Latin-1, numpy's scalars as plain numbers. A list may hold
    itself: look only as deep as the value is expected to go.

    Raises:
        InputError: the file is missing, is damaged, holds anything else, or would take more
            than 450 MB besides its arrays.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a pickle, got no such file; check the name")
    with path.open("rb") as file:
        tokens = Tokens(path, file)
        try:
            return _Machine(tokens).run()
        except RefusedError as refused:
            raise InputError(
                f"{path}: expected a pickle of lists, numbers, text and numeric arrays, "
                f"got {refused} before byte {tokens.place()}; get the file again, "
                "from somebody you trust"
            ) from refused


class _Machine:
    """A stack, marks on it and a memo, as `pickletools` describes them."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}
        self._cost = 0

    def run(self) -> object:
        """Returns the value left at the end."""
        while (code := self.tokens.take(1)) != b".":
            step = _STEPS.get(code)
            if step is None:
                name = _NAMES.get(code.decode("latin1"), repr(code))
                raise RefusedError(f"the operation {name}")
            step(self)
        return self.pop()

    def push(self, value: object) -> None:
        """Puts a value on the stack."""
        if isinstance(value, str | bytes):
            self._pay(_CONTAINER + 4 * len(value))
        else:
            self._pay(_NUMBER if value is None or isinstance(value, int | float) else _CONTAINER)
        self._stack.append(value)

    def pop(self) -> object:
        """Takes the top of the stack."""
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise RefusedError("an operation without its value")
        return self._stack.pop()

    def top(self) -> object:
        """Returns the top of the stack."""
        value = self.pop()
        self._stack.append(value)
        return value

    def mark(self) -> None:
        """Remembers how high the stack is."""
        self._pay(_NUMBER)
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[object]:
        """Takes what was put on the stack since the last mark."""
        if not self._marks:
            raise RefusedError("an operation without its mark")
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def put(self, key: int) -> None:
        """Keeps the top of the stack under a number."""
        self._pay(_MEMO)
        self._memo[key] = self.top()

    def memoize(self) -> None:
        """Keeps the top of the stack under the next number."""
        self.put(len(self._memo))

    def get(self, key: int) -> None:
        """Puts what is kept under a number on the stack."""
        if key not in self._memo:
            raise RefusedError(f"nothing under the number {key}")
        self._pay(_NUMBER)
        self._stack.append(self._memo[key])

    def push_tuple(self, count: int) -> None:
        """Makes a tuple of the last few values."""
        self.push(tuple([self.pop() for _ in range(count)][::-1]))

    def append(self, values: list[object]) -> None:
        """Adds to the list on the stack."""
        target = self.top()
        if not isinstance(target, list):
            raise RefusedError("values for a list without one")
        target.extend(values)

    def set_items(self, values: list[object]) -> None:
        """Adds keys and values, in turn, to the dict on the stack."""
        target = self.top()
        if not isinstance(target, dict) or len(values) % 2:
            raise RefusedError("keys and values for a dict without one")
        # A tuple in a tuple in a tuple, as a key, could break the interpreter.
        if not all(type(key) in (int, str) for key in values[::2]):
            raise RefusedError("a dict with other keys than integers and text")
        self._pay(_MEMO * len(values))
        target.update(zip(values[::2], values[1::2], strict=True))

    def push_dict(self, values: list[object]) -> None:
        """Makes a dict of keys and values, in turn."""
        self.push({})
        self.set_items(values)

    def push_global(self, module: object, name: object) -> None:
        """Puts what a name stands for on the stack, if it is one of the few."""
        full = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        if full not in FUNCTIONS:
            raise RefusedError(f"the name {full[:80]!r}, which could do anything,")
        self.push(FUNCTIONS[full])

    def reduce(self) -> None:
        """Calls the function on the stack with the arguments above it."""
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, Function):
            raise RefusedError("a call of no function")
        self.push(call(function, arguments))

    def build(self) -> None:
        """Gives the object on the stack the state above it."""
        state, target = self.pop(), self.top()
        if not isinstance(target, StoredArray | StoredType):
            raise RefusedError("a state for an object without one")
        target.build(state)

    def _pay(self, cost: int) -> None:
        self._cost += cost
        if self._cost > _MAX_MEMORY:
            raise RefusedError(f"so much that it would fill {_MAX_MEMORY} bytes")


# As `pickletools` lists them. What is not here is refused: subclasses, sets, buffers from
# outside, persistent names and extension codes.
_STEPS: dict[bytes, Callable[[_Machine], object]] = {
    b"\x80": lambda machine: machine.tokens.take(1),
    b"\x95": lambda machine: machine.tokens.take(8),
    b"(": _Machine.mark,
    b"0": _Machine.pop,
    b"1": _Machine.since_mark,
    b"N": lambda machine: machine.push(None),
    b"\x88": lambda machine: machine.push(True),
    b"\x89": lambda machine: machine.push(False),
    b"I": lambda machine: machine.push(machine.tokens.integer()),
    b"L": lambda machine: machine.push(machine.tokens.integer()),
    b"J": lambda machine: machine.push(machine.tokens.binary_integer("<i")),
    b"K": lambda machine: machine.push(machine.tokens.binary_integer("<B")),
    b"M": lambda machine: machine.push(machine.tokens.binary_integer("<H")),
    b"\x8a": lambda machine: machine.push(machine.tokens.long_integer()),
    b"F": lambda machine: machine.push(machine.tokens.number()),
    b"G": lambda machine: machine.push(machine.tokens.binary_number()),
    b"S": lambda machine: machine.push(machine.tokens.quoted()),
    b"T": lambda machine: machine.push(machine.tokens.latin1("<i")),
    b"U": lambda machine: machine.push(machine.tokens.latin1("<B")),
    b"V": lambda machine: machine.push(machine.tokens.escaped()),
    b"X": lambda machine: machine.push(machine.tokens.utf8("<I")),
    b"\x8c": lambda machine: machine.push(machine.tokens.utf8("<B")),
    b"\x8d": lambda machine: machine.push(machine.tokens.utf8("<Q")),
    b"B": lambda machine: machine.push(machine.tokens.raw("<I")),
    b"C": lambda machine: machine.push(machine.tokens.raw("<B")),
    b"\x8e": lambda machine: machine.push(machine.tokens.raw("<Q")),
    b"\x96": lambda machine: machine.push(machine.tokens.raw("<Q")),
    b"]": lambda machine: machine.push([]),
    b"l": lambda machine: machine.push(machine.since_mark()),
    b"a": lambda machine: machine.append([machine.pop()]),
    b"e": lambda machine: machine.append(machine.since_mark()),
    b")": lambda machine: machine.push(()),
    b"t": lambda machine: machine.push(tuple(machine.since_mark())),
    b"\x85": lambda machine: machine.push_tuple(1),
    b"\x86": lambda machine: machine.push_tuple(2),
    b"\x87": lambda machine: machine.push_tuple(3),
    b"}": lambda machine: machine.push({}),
    b"d": lambda machine: machine.push_dict(machine.since_mark()),
    b"s": lambda machine: machine.set_items([machine.pop(), machine.pop()][::-1]),
    b"u": lambda machine: machine.set_items(machine.since_mark()),
    b"p": lambda machine: machine.put(machine.tokens.integer()),
    b"q": lambda machine: machine.put(machine.tokens.binary_integer("<B")),
    b"r": lambda machine: machine.put(machine.tokens.binary_integer("<I")),
    b"\x94": _Machine.memoize,
    b"g": lambda machine: machine.get(machine.tokens.integer()),
    b"h": lambda machine: machine.get(machine.tokens.binary_integer("<B")),
    b"j": lambda machine: machine.get(machine.tokens.binary_integer("<I")),
    b"c": lambda machine: machine.push_global(machine.tokens.name(), machine.tokens.name()),
    # An instance of a class: refused by its name.
    b"i": lambda machine: machine.push_global(machine.tokens.name(), machine.tokens.name()),
    b"\x93": lambda machine: machine.push_global(*[machine.pop(), machine.pop()][::-1]),
    b"R": _Machine.reduce,
    b"b": _Machine.build,
}
