"""How long work says how far it is: one meaning, everywhere."""

from typing import Protocol


class Progress(Protocol):
    """Called after each part of some work."""

    def __call__(self, what: str, done: int, total: int | None = None) -> object:
        """Is told how far the work is.

        Args:
            what: is being done, in a word or two: another name is another work.
            done: units of it so far, those of an interrupted time before included; never a
                difference to the last call.
            total: units in all, or None where nobody knows.
        """
        ...


def silent(what: str, done: int, total: int | None = None) -> None:
    """Tells nobody."""
