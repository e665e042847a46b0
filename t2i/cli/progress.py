"""Progress on standard error: bars on a terminal, and a plain line every ten seconds elsewhere."""

import sys
import time
from types import TracebackType
from typing import Any, Self

_SECONDS_A_LINE = 10.0


class Bars:
    """A bar for each work that is told of; a `Progress`, closed with the block it is opened in."""

    def __init__(self, unit: str) -> None:
        """Draws nothing yet.

        Args:
            unit: what is counted, in the singular; `B` are bytes, shown in powers of 1000.
        """
        self._unit = unit
        self._open: dict[str, Any] = {}
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for bar in self._open.values():
            bar.close()

    def __call__(self, what: str, done: int, total: int | None = None) -> None:
        """See `Progress`; where a work begins above 0, that part is not counted in its speed."""
        self._last = what
        bar = self._open.get(what)
        if bar is None:
            bar = self._open[what] = self._opened(what, done, total)
        bar.total = total if total is not None else bar.total
        bar.update(done - bar.n)
        if done == total:
            # The same work may come again, for other pictures.
            self._open.pop(what).close()

    def note(self, text: str) -> None:
        """Shows a text behind the work that was told of last, where it is not at its end."""
        if self._last in self._open:
            self._open[self._last].set_postfix_str(text, True)

    def say(self, text: str, error: bool = False) -> None:
        """Writes a line above the bars: on standard output, or on standard error."""
        stream = sys.stderr if error else sys.stdout
        bars = [bar for bar in self._open.values() if not isinstance(bar, _Lines)]
        if bars:
            bars[0].write(text, file=stream)
        else:
            print(text, file=stream, flush=True)

    def _opened(self, what: str, done: int, total: int | None) -> Any:
        if not sys.stderr.isatty():
            return _Lines(what, done, total, self._unit)
        from tqdm import tqdm

        scaled = self._unit == "B"
        return tqdm(desc=what, initial=done, total=total, unit=self._unit, unit_scale=scaled)


class _Lines:
    """What a bar says, in lines of their own, for logs; of a bar it has what `Bars` uses."""

    def __init__(self, what: str, done: int, total: int | None, unit: str) -> None:
        self.n, self.total = done, total
        self._what, self._unit, self._note = what, unit, ""
        self._first = done
        self._began = self._said = time.monotonic()

    def set_postfix_str(self, text: str, _: bool) -> None:
        self._note = f", {text}" if text else ""

    def update(self, more: int) -> None:
        self.n += more
        if time.monotonic() - self._said >= _SECONDS_A_LINE:
            self._say()

    def close(self) -> None:
        self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        spent = self._said - self._began
        done, unit = f"{self.n:,}", self._unit if self.n == 1 else f"{self._unit}s"
        if self._unit == "B":
            done, unit = f"{self.n / 1e6:,.1f}", "MB"
        text = f"{self._what}: {done} {unit} in {spent:.0f} s"
        if self.total is not None and self.n < self.total:
            left = spent * (self.total - self.n) / max(1, self.n - self._first)
            text += f", {100 * self.n / self.total:.0f} %, about {left:.0f} s left"
        print(f"{text}{self._note}", file=sys.stderr, flush=True)
