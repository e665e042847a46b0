"""Checkpoints that find no room."""

from pathlib import Path

import pytest
import tensorflow as tf

from t2i.errors import InputError
from t2i.saving import save


def manager_that_fails(folder: Path, message: str) -> tf.train.CheckpointManager:
    def fail(*_: object, **__: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, message)

    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), str(folder), max_to_keep=1)
    manager.checkpoint._saver = type("Saver", (), {"save": fail})()
    return manager


def test_a_checkpoint_is_written(tmp_path: Path) -> None:
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), str(tmp_path), max_to_keep=1)
    save(manager, 7)
    assert manager.latest_checkpoint == str(tmp_path / "ckpt-7")


def test_a_full_disk_is_said_in_one_line(tmp_path: Path) -> None:
    manager = manager_that_fails(tmp_path, "a/ckpt-7; No space left on device")
    with pytest.raises(InputError) as error:
        save(manager, 7)
    assert str(error.value) == (
        f"{tmp_path}: expected room for a checkpoint, got No space left on device; "
        "free some, and repeat the command"
    )


def test_a_full_device_is_another_matter(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.ResourceExhaustedError):
        save(manager_that_fails(tmp_path, "OOM when allocating tensor"), 7)
