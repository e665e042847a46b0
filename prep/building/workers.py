"""Pictures prepared in processes of their own, in order, few in memory at any time.

Each of those processes imports this module, so it imports little.
"""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from types import ModuleType

from prep.building.pictures import Item, Prepared, prepare
from t2i.errors import InputError
from t2i.images.squares import Fit

# Pictures a worker is handed at once: enough to hide the hand-over, few enough to bound memory.
_CHUNK = 8


def all_prepared(
    items: Iterable[Item], size: int, channels: int, workers: int, fit: Fit | None
) -> Generator[tuple[Item, Prepared], None, None]:
    """Yields each item with what `prep.building.pictures.prepare` makes of it, in order.

    Args:
        items: the pictures.
        size: see `prepare`.
        channels: see `prepare`.
        workers: processes; 1 stays in this one.
        fit: see `prepare`.

    Raises:
        InputError: a worker died.
    """
    remaining = iter(items)
    chunks = iter(lambda: list(islice(remaining, _CHUNK)), [])
    if workers == 1:
        for chunk in chunks:
            yield from zip(chunk, prepare(chunk, size, channels, fit), strict=True)
        return
    context = _Context()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_live_with_the_parent)
    pending: deque[tuple[Sequence[Item], Future[list[Prepared]]]] = deque()

    def oldest() -> Iterator[tuple[Item, Prepared]]:
        chunk, made = pending[0]
        prepared = made.result()
        pending.popleft()
        return zip(chunk, prepared, strict=True)

    try:
        for chunk in chunks:
            pending.append((chunk, pool.submit(prepare, chunk, size, channels, fit)))
            if len(pending) > 2 * workers:
                yield from oldest()
        while pending:
            yield from oldest()
    except BrokenProcessPool as error:
        waiting = [item.name for chunk, _ in pending for item in chunk]
        raise _died(context.started, waiting) from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker(SpawnProcess):
    """A process that does not run the caller's script anew.

    It needs nothing of it; a script without a main guard would begin to prepare once more in each
    worker, and one from standard input can't be found.
    """

    def start(self) -> None:
        """Starts the process."""
        script = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = script


class _Context(SpawnContext):
    """Starts workers, and remembers them: the pool tells that one died, and not of what.

    They are spawned: a fork would inherit the locks of whatever threads the caller runs.
    """

    def __init__(self) -> None:
        self.started: list[_Worker] = []

    # A class by its name, called as one.
    def Process(self, *args: object, **named: object) -> _Worker:  # type: ignore[override]  # noqa: N802
        worker = _Worker(*args, **named)  # type: ignore[arg-type]
        self.started.append(worker)
        return worker


def _died(workers: Sequence[BaseProcess], waiting: Sequence[str]) -> InputError:
    """Returns what the first worker died of; the pool then ends the others by SIGTERM.

    Args:
        workers: all of them.
        waiting: names of the pictures that may have been at work.
    """
    codes = [worker.exitcode for worker in workers if worker.exitcode]
    code = next((code for code in codes if code != -signal.SIGTERM), -signal.SIGTERM)
    if code == -signal.SIGKILL:
        how, way = "killed, perhaps for want of memory", "try fewer --workers"
    elif code == -signal.SIGTERM:
        how, way = "ended by SIGTERM", "repeat the command"
    else:
        told = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        how = f"ended by {told}, at one of the pictures from {waiting[0]} to {waiting[-1]}"
        way = "find it among them, and leave it out"
    return InputError(f"workers: expected each to live to the end, got one {how}; {way}")


def _live_with_the_parent() -> None:
    """Prepares a worker: it leaves Ctrl-C to the parent, and ends when the parent does."""
    # Ctrl-C reaches the whole group: the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    # Waiting for work that never comes, it would live on for ever.
    os._exit(1)
