"""Damaged files for the readers, and a process of its own for each reader to meet them in.

    def read(path: Path) -> None: ...           # in the test file: reads to the end

    @given(content=mutated([sample]))
    def test_...(content: bytes) -> None:
        assert_holds(__file__, "read", content, ".pickle")

A reader passes when it reads a file, whatever it holds, or raises InputError. Any other
exception, a crash of the process, more than 5 s of its time or 500 MB fail the test, and Hypothesis
looks for the smallest file that does it. `make fuzz` tries 500 files a reader, `make test` 50.
"""

import functools
import math
import re
import resource
import runpy
import signal
import tempfile
import time
import traceback
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from hypothesis import strategies as st

from t2i.errors import InputError

# Of the processor, which neighbours on a busy machine don't use up.
_SECONDS = 5
# By the clock, for what waits and does nothing.
_PATIENCE = 300
_BYTES = 500_000_000


# Lengths that a reader may be told: nothing, a little, the edges of every width, and a lot.
_LENGTHS = (0, 1, 2, 255, 256, 2**16 - 1, 2**20, 2**28, 2**31 - 1, 2**32 - 1, 2**62, 2**64 - 1)


class Damaged(bytes):
    """A damaged file; said in full it would fill the screen."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


@st.composite
def mutated(draw: st.DrawFn, samples: list[bytes]) -> Damaged:
    """Returns one of some valid files with one to four damages."""
    content = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 4))):
        damage = draw(st.sampled_from([_flip, _cut, _splice, _length, _digits, _repeat]))
        content = damage(draw, content) if content else content
    return Damaged(content)


def _place(draw: st.DrawFn, content: bytes) -> int:
    """Returns a place in the file, none of the empty ones that some formats are full of."""
    start = draw(st.integers(0, len(content) - 1))
    filled = re.compile(rb"[^\0]").search(content, start)
    return filled.start() if filled else start


def _flip(draw: st.DrawFn, content: bytes) -> bytes:
    """Changes a byte."""
    at = _place(draw, content)
    return content[:at] + bytes([content[at] ^ draw(st.integers(1, 255))]) + content[at + 1 :]


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    """Loses the end."""
    return content[: _place(draw, content)]


def _splice(draw: st.DrawFn, content: bytes) -> bytes:
    """Puts a piece of the file over, or between, others."""
    start, size, at = _place(draw, content), draw(st.integers(1, 64)), _place(draw, content)
    behind = at + draw(st.sampled_from([0, size]))
    return content[:at] + content[start : start + size] + content[behind:]


def _length(draw: st.DrawFn, content: bytes) -> bytes:
    """Writes a number that may be taken for a length, in binary."""
    at, width = _place(draw, content), draw(st.sampled_from([1, 2, 4, 8]))
    value = draw(st.sampled_from(_LENGTHS)) % (1 << 8 * width)
    order = draw(st.sampled_from(["little", "big"]))
    return content[:at] + value.to_bytes(width, order) + content[at + width :]


def _digits(draw: st.DrawFn, content: bytes) -> bytes:
    """Writes another number in place of one in decimal, where there is any."""
    number = re.compile(rb"\d+").search(content, _place(draw, content))
    if number is None:
        return content
    other = str(draw(st.sampled_from(_LENGTHS))).encode()
    return content[: number.start()] + other + content[number.end() :]


def _repeat(draw: st.DrawFn, content: bytes) -> bytes:
    """Says a piece of the file many times over."""
    start, size = _place(draw, content), draw(st.integers(1, 16))
    times = draw(st.sampled_from([2, 1000, 50_000]))
    return content[:start] + content[start : start + size] * times + content[start + size :]


def assert_holds(file: str, reader: str, content: bytes, suffix: str = "") -> None:
    """Fails when a reader neither reads a file nor refuses it.

    Args:
        file: the test file, `__file__`.
        reader: the name of a function in it that reads a path to the end.
        content: of the file to read.
        suffix: of its name.
    """
    __tracebackhide__ = True
    said = _victim(file, reader).said(content, suffix)
    if said:
        kept = Path(tempfile.gettempdir()) / f"{Path(file).stem}-{reader}{suffix}"
        kept.write_bytes(content)
        raise AssertionError(f"{said}\nThe file is kept in {kept}")


class _Victim:
    """A process that reads one file after the other, and a new one whenever one has died."""

    def __init__(self, file: str, reader: str) -> None:
        self._reader = file, reader
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._process: BaseProcess | None = None

    def said(self, content: bytes, suffix: str) -> str:
        """Returns what is wrong with how it took the file, or nothing."""
        path = Path(self._folder.name) / f"mutated{suffix}"
        path.write_bytes(content)
        if self._process is None:
            self._start()
        self._connection.send(path)
        try:
            if self._connection.poll(_PATIENCE):
                return self._connection.recv()
            fault = f"it waited for more than {_PATIENCE} s"
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            late = code == -signal.SIGXCPU
            fault = f"it took more than {_SECONDS} s" if late else f"it died with exit code {code}"
        self._process.kill()
        self._process = None
        return fault

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, *self._reader, _SECONDS), daemon=True
        )
        self._process.start()
        theirs.close()
        self._connection.recv()


_victim = functools.cache(_Victim)


def _serve(connection: Connection, file: str, reader: str, seconds: int) -> None:
    read = runpy.run_path(file)[reader]
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    connection.send("ready")
    while True:
        path = connection.recv()
        used = math.ceil(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))
        try:
            read(path)
            fault = ""
        except InputError as error:
            fault = "" if "expected" in str(error) else f"it refused without a reason: {error}"
        except BaseException:
            fault = traceback.format_exc()
        connection.send(fault)
