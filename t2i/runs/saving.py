"""Writing checkpoints, where there is room for them."""

import os

import tensorflow as tf

from t2i.files.disk import FULL


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
