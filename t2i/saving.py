"""Writing checkpoints, where there is room for them."""

import errno
import os

import tensorflow as tf

from t2i.errors import InputError


def save(manager: tf.train.CheckpointManager, step: int) -> None:
    """Writes a checkpoint, and drops the oldest one too many.

    Raises:
        InputError: there is no room.
    """
    try:
        manager.save(checkpoint_number=step)
    except tf.errors.ResourceExhaustedError as error:
        full = os.strerror(errno.ENOSPC)
        # A device whose memory is full says otherwise.
        if full not in str(error):
            raise
        raise InputError(
            f"{manager.directory}: expected room for a checkpoint, got {full}; "
            "free some, and repeat the command"
        ) from error
