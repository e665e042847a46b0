"""Checkpoints: all that a resumed run needs besides its data and configuration."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.errors import InputError
from t2i.files.disk import FULL


def latest_step(folder: Path) -> int:
    """Returns the step of the newest checkpoint in a folder; 0 when there is none."""
    latest = tf.train.latest_checkpoint(str(folder))
    return 0 if latest is None else int(latest.rpartition("-")[2])


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
        self._folder = folder
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        checkpoint = tf.train.Checkpoint(step=self._step, **parts)
        # Every worker takes part in a save; all but one write to where nobody looks.
        self._unread = None if writes else tempfile.TemporaryDirectory()
        self._manager = tf.train.CheckpointManager(
            checkpoint, self._unread.name if self._unread else str(folder), max_to_keep=kept
        )

    def restore(self) -> int:
        """Returns the step of the newest checkpoint, now restored; 0 when there is none.

        Raises:
            InputError: it is damaged.
        """
        latest = tf.train.latest_checkpoint(str(self._folder))
        if latest is None:
            return 0
        try:
            self._manager.checkpoint.restore(latest).assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
            raise InputError(
                f"{latest}: expected a whole checkpoint of this run, got a damaged one; "
                f"name an older one in {self._folder / 'checkpoint'}, or start anew"
            ) from error
        step: int = self._step.numpy().item()
        return step

    def save(self, step: int) -> None:
        """Writes a checkpoint, as `save`."""
        self._step.assign(step)
        save(self._manager, step)


def save(manager: tf.train.CheckpointManager, step: int) -> None:
    """Writes a checkpoint, and drops the oldest one too many.

    Raises:
        OSError: there is no room; TensorFlow has several errors for it, and one of them is also
            that of a device whose memory is full.
    """
    try:
        manager.save(checkpoint_number=step)
    except tf.errors.OpError as error:
        for code in FULL:
            if os.strerror(code) in str(error):
                raise OSError(code, os.strerror(code), manager.directory) from error
        raise
