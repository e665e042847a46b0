"""Checkpoints: all that a resumed run needs besides its data and configuration.

What lies in the folder decides, not what a file beside it says of it; and a folder may have any
name: TensorFlow takes the brackets in one for a pattern.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.errors import InputError
from t2i.files.disk import FULL

_INDEX = re.compile(r"ckpt-(\d+)\.index")
_UNREADABLE = (tf.errors.OpError, AssertionError, ValueError, IndexError)


def steps(folder: Path) -> list[int]:
    """Returns the steps that a folder has checkpoints of, the newest first."""
    if not folder.is_dir():
        return []
    found = (_INDEX.fullmatch(path.name) for path in folder.iterdir())
    return sorted((int(match[1]) for match in found if match), reverse=True)


def latest_step(folder: Path) -> int:
    """Returns the step of the newest checkpoint in a folder; 0 when there is none."""
    return next(iter(steps(folder)), 0)


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

    def restore(self, say: Callable[[str], None] = lambda _: None) -> int:
        """Returns the step of the newest whole checkpoint, now restored; 0 when there is none.

        Args:
            say: called with a line for each newer one that is damaged and left out.

        Raises:
            InputError: there are some, and all are damaged.
        """
        there = steps(self._folder)
        for step in there:
            name = f"ckpt-{step}"
            try:
                with _plainly_named(self._folder) as folder:
                    self._checkpoint.restore(str(folder / name)).assert_consumed()
            except _UNREADABLE:
                say(f"{self._folder / name}: damaged, and left out; going on from an older one")
            else:
                restored: int = self._step.numpy().item()
                return restored
        if there:
            raise InputError(
                f"{self._folder / f'ckpt-{there[0]}'}: expected a whole checkpoint of this run, "
                "got a damaged one, and none older that is whole; choose another --run"
            )
        return 0

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


def save(manager: tf.train.CheckpointManager, step: int) -> None:
    """Writes a checkpoint, and drops the oldest one too many; raises as `full_disk_told`."""
    with full_disk_told(Path(manager.directory)):
        manager.save(checkpoint_number=step)
