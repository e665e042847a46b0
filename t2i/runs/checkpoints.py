"""Checkpoints: all that a resumed run needs besides its data and configuration.

What lies in the folder decides, not what a file beside it says of it; and a folder may have any
name: TensorFlow takes the brackets in one for a pattern.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.errors import InputError
from t2i.files.disk import FULL
from t2i.runs.directory import steps

_UNREADABLE = (tf.errors.OpError, AssertionError, ValueError, IndexError)


class Checkpoints:
    """Saves and restores networks, optimizers, averages and the step."""

    def __init__(self, parts: Mapping[str, Any], folder: Path, kept: int, writes: bool) -> None:
        """Looks at `folder`; to be called in the scope of the strategy.

        Args:
            parts: what is kept, by name; all of it built, or the state of optimizers would be
                skipped.
            folder: of the checkpoints.
            kept: the newest this many.
            writes: False for all workers but one, which take part in a save all the same.
        """
        self._folder, self._kept = folder, kept
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._checkpoint = tf.train.Checkpoint(step=self._step, **parts)
        # Older checkpoints hold it; asking for it makes it.
        self._checkpoint.save_counter  # noqa: B018
        # Every worker takes part in a save; all but one write to where nobody looks.
        self._unread = None if writes else tempfile.TemporaryDirectory()

    def restore(
        self, say: Callable[[str], None] = lambda _: None, advice: str = "choose another --run"
    ) -> int:
        """Returns the step of the newest whole checkpoint, now restored; 0 when there is none.

        Args:
            say: called with a line for each newer one that is damaged and left out.
            advice: what to do where all are damaged.

        Raises:
            InputError: there are some, and all are damaged.
        """
        there = steps(self._folder)
        for step in there:
            try:
                self._restore(step)
            except _UNREADABLE:
                damaged = self._folder / f"ckpt-{step}"
                say(f"{damaged}: damaged, and left out; going on from an older one")
            else:
                restored: int = self._step.numpy().item()
                return restored
        if there:
            raise InputError(
                f"{self._folder / f'ckpt-{there[0]}'}: expected a whole checkpoint of this run, "
                f"got a damaged one, and none older that is whole; {advice}"
            )
        return 0

    def restore_step(self, step: int) -> None:
        """Restores the checkpoint of one step.

        Raises:
            InputError: it is gone or damaged.
        """
        try:
            self._restore(step)
        except _UNREADABLE as error:
            raise InputError(
                f"{self._folder / f'ckpt-{step}'}: expected a whole checkpoint, got none; "
                "choose another"
            ) from error

    def _restore(self, step: int) -> None:
        with _plainly_named(self._folder) as folder:
            self._checkpoint.restore(str(folder / f"ckpt-{step}")).assert_consumed()

    def save(self, step: int) -> None:
        """Writes a checkpoint, and drops the oldest ones too many.

        Raises:
            OSError: there is no room.
        """
        self._step.assign(step)
        folder = Path(self._unread.name) if self._unread else self._folder
        folder.mkdir(parents=True, exist_ok=True)
        with full_disk_told(folder), _plainly_named(folder) as plain:
            self._checkpoint.write(str(plain / f"ckpt-{step}"))
        for old in steps(folder)[self._kept :]:
            for path in folder.iterdir():
                if path.name.startswith(f"ckpt-{old}."):
                    path.unlink()


@contextmanager
def _plainly_named(folder: Path) -> Iterator[Path]:
    """Yields another name of a folder, in which TensorFlow finds no pattern."""
    with tempfile.TemporaryDirectory() as place:
        link = Path(place) / "checkpoints"
        link.symlink_to(folder.resolve(), target_is_directory=True)
        yield link


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Turns TensorFlow's errors of a full disk into the one that they are elsewhere.

    Raises:
        OSError: there is no room; TensorFlow has several errors for it, and one of them is also
            that of a device whose memory is full.
    """
    try:
        yield
    except tf.errors.OpError as error:
        for code in FULL:
            if os.strerror(code) in str(error):
                raise OSError(code, os.strerror(code), str(folder)) from error
        raise
