"""What a command leaves when it is told to end: nothing half done, and nobody at work."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from t2i.cli.command_line import Commands

# What shells say of a process that a signal ended.
_EXIT_CODE = 128 + signal.SIGTERM


class Ending(Commands):
    """A group whose commands clean up when they are terminated, and exit with code 143."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command."""
        with _terminated():
            return super().invoke(ctx)


@contextmanager
def _terminated() -> Iterator[None]:
    """Makes SIGTERM leave the block as an error does: blocks inside end, and remove what they made.

    What the caller has arranged for the signal, or a thread that can arrange nothing, stays.
    """
    arranged = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if arranged or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(_: int, __: FrameType | None) -> NoReturn:
    # `timeout` and batch systems send it to the process and to its group: once is enough.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(_EXIT_CODE)
