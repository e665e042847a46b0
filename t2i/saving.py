"""Writing checkpoints, where there is room for them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from t2i.files import FULL


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
