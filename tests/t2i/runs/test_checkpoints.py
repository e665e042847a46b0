"""Checkpoints that find no room."""

import os
from pathlib import Path

import pytest
import tensorflow as tf

from t2i.files.disk import FULL
from t2i.runs.checkpoints import save


def manager_that_fails(folder: Path, error: tf.errors.OpError) -> tf.train.CheckpointManager:
    def fail(*_: object, **__: object) -> None:
        raise error

    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), str(folder), max_to_keep=1)
    manager.checkpoint._saver = type("Saver", (), {"save": fail})()
    return manager


def test_a_checkpoint_is_written(tmp_path: Path) -> None:
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), str(tmp_path), max_to_keep=1)
    save(manager, 7)
    assert manager.latest_checkpoint == str(tmp_path / "ckpt-7")


@pytest.mark.parametrize("code", FULL)
@pytest.mark.parametrize("kind", [tf.errors.ResourceExhaustedError, tf.errors.OutOfRangeError])
def test_a_full_disk_is_the_error_it_is_elsewhere(
    tmp_path: Path, code: int, kind: type[tf.errors.OpError]
) -> None:
    said = kind(None, None, f"a/ckpt-7.data; {os.strerror(code)}")
    with pytest.raises(OSError, match=os.strerror(code)) as error:
        save(manager_that_fails(tmp_path, said), 7)
    assert (error.value.errno, error.value.filename) == (code, str(tmp_path))


def test_a_full_device_is_another_matter(tmp_path: Path) -> None:
    said = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    with pytest.raises(tf.errors.ResourceExhaustedError):
        save(manager_that_fails(tmp_path, said), 7)
