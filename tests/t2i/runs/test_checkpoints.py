"""Checkpoints that are damaged, or find no room."""

import os
from pathlib import Path

import pytest
import tensorflow as tf

from t2i.files.disk import FULL
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import latest_step


def checkpoints_that_fail(folder: Path, error: tf.errors.OpError) -> Checkpoints:
    def fail(*_: object, **__: object) -> None:
        raise error

    checkpoints = Checkpoints({}, folder, 1, writes=True)
    checkpoints._checkpoint._saver = type("Saver", (), {"save": fail})()
    return checkpoints


def test_a_checkpoint_is_written(tmp_path: Path) -> None:
    Checkpoints({}, tmp_path, 1, writes=True).save(7)
    assert latest_step(tmp_path) == 7


@pytest.mark.parametrize("content", [b"nothing", b"", None])
def test_the_newest_whole_one_is_restored(tmp_path: Path, content: bytes | None) -> None:
    # A folder's name that TensorFlow would take for a pattern.
    folder, value = tmp_path / "lr=[1e-3]", tf.Variable([0.0, 0.0])
    checkpoints = Checkpoints({"value": value}, folder, 3, writes=True)
    for step in (4, 8):
        value.assign([step, -step])
        checkpoints.save(step)
    numbers = folder / "ckpt-8.data-00000-of-00001"
    numbers.write_bytes(content) if content is not None else numbers.unlink()
    said: list[str] = []
    assert checkpoints.restore(said.append) == 4
    assert said == [f"{folder / 'ckpt-8'}: damaged, and left out; going on from an older one"]
    assert value.numpy().tolist() == [4, -4]


@pytest.mark.parametrize("code", FULL)
@pytest.mark.parametrize("kind", [tf.errors.ResourceExhaustedError, tf.errors.OutOfRangeError])
def test_a_full_disk_is_the_error_it_is_elsewhere(
    tmp_path: Path, code: int, kind: type[tf.errors.OpError]
) -> None:
    said = kind(None, None, f"a/ckpt-7.data; {os.strerror(code)}")
    with pytest.raises(OSError, match=os.strerror(code)) as error:
        checkpoints_that_fail(tmp_path, said).save(7)
    assert (error.value.errno, error.value.filename) == (code, str(tmp_path))


def test_a_full_device_is_another_matter(tmp_path: Path) -> None:
    said = tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    with pytest.raises(tf.errors.ResourceExhaustedError):
        checkpoints_that_fail(tmp_path, said).save(7)
