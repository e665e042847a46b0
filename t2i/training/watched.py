"""What the steps report, left on the device until somebody wants to know."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from t2i.errors import InputError


class Watched:
    """Collects what launches report, and takes the means between two points of the curves."""

    def __init__(self, run: Path) -> None:
        """Starts empty; `run` is named in errors."""
        self._run = run
        self._unread: list[tuple[int, dict[str, Any]]] = []
        self._blocks: list[dict[str, npt.NDArray[np.float32]]] = []

    def add(self, first: int, launched: dict[str, Any]) -> None:
        """Takes what the launch of the steps from `first` reports; does not wait for it."""
        self._unread.append((first, launched))

    def read(self) -> None:
        """Waits for the device.

        Raises:
            InputError: a term is not finite; it names the earliest step.
        """
        for first, launched in self._unread:
            values = {name: value.numpy() for name, value in launched.items()}
            self._require_finite(values, first)
            self._blocks.append(values)
        self._unread.clear()

    def means(self) -> dict[str, float]:
        """Returns the means of what was read since the last call."""
        blocks, self._blocks = self._blocks, []
        return {
            name: float(np.mean(np.concatenate([block[name] for block in blocks])))
            for name in blocks[0]
        }

    def _require_finite(self, values: dict[str, npt.NDArray[np.float32]], first: int) -> None:
        bad = {name: ~np.isfinite(value) for name, value in values.items()}
        steps = [int(np.argmax(flags)) for flags in bad.values() if flags.any()]
        if not steps:
            return
        index = min(steps)
        terms = ", ".join(
            f"{name} = {values[name][index]}" for name, flags in bad.items() if flags[index]
        )
        raise InputError(
            f"{self._run}: expected finite losses, got {terms} at step {first + index + 1}; "
            "the last checkpoint is kept; start another run with a smaller "
            "optimizer.learning_rate or other weights"
        )


class Peak:
    """Notices, once, that a number has fallen below half of the best it was."""

    def __init__(self) -> None:
        """Has seen nothing."""
        self._best = 0.0
        self._told = False

    def halved(self, value: float) -> bool:
        """Takes the next value, at least 0; returns whether to say so now."""
        self._best = max(self._best, value)
        if self._told or value >= self._best / 2:
            return False
        self._told = True
        return True


class Pace:
    """How fast the steps are, without what is done between them."""

    def __init__(self, batch_size: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begins to measure.

        Args:
            batch_size: images a step.
            clock: seconds.
        """
        self._batch_size, self._clock = batch_size, clock
        self.begin()

    def begin(self) -> None:
        """Forgets what was, and starts the clock."""
        self._images, self._seconds = 0, 0.0
        self.go_on()

    def add(self, steps: int) -> None:
        """Counts steps that were launched."""
        self._images += steps * self._batch_size

    def pause(self) -> None:
        """Stops the clock, as the device has done what was launched."""
        self._seconds += self._clock() - self._since

    def go_on(self) -> None:
        """Starts the clock again."""
        self._since = self._clock()

    def images_per_second(self) -> float:
        """Returns the pace since the last call, or the beginning; while the clock stands."""
        pace = self._images / self._seconds
        self._images, self._seconds = 0, 0.0
        return pace
