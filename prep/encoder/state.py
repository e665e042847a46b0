"""What a training of the encoder needs to go on after it was killed."""

from pathlib import Path

import tensorflow as tf

from t2i.config.file import changed_keys, dump, load
from t2i.encoders.config import EncoderConfig
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.runs.checkpoints import save

_CONFIG = "config.yaml"
_DATA = "data.sha256"


class EncoderState:
    """A folder with the configuration, the data's digest, and the newest checkpoints.

    Attributes:
        step: steps done.
        seconds: spent in them, over all sittings.
    """

    def __init__(self, folder: Path, config: EncoderConfig, digest: str) -> None:
        """Begins a training in `folder`, or finds the one that was begun there.

        Raises:
            InputError: it was begun with another configuration, or other data.
        """
        self.folder = folder
        self._step = tf.Variable(0, dtype=tf.int64)
        self._seconds = tf.Variable(0.0, dtype=tf.float64)
        again = "remove the folder to start anew, or choose another --out"
        if (folder / _CONFIG).exists():
            begun = load(folder / _CONFIG, EncoderConfig)
            changed = changed_keys(begun, config)
            if changed:
                raise InputError(
                    f"{folder}: expected the configuration it was begun with, "
                    f"got another {', '.join(changed)}; {again}"
                )
            if not (folder / _DATA).exists() or (folder / _DATA).read_text() != digest:
                raise InputError(
                    f"{folder}: expected the pairs it was begun with, got others; {again}"
                )
            return
        with replacing(folder / _DATA) as unfinished:
            unfinished.write_text(digest)
        # Last: where it is, the rest is.
        with replacing(folder / _CONFIG) as unfinished:
            unfinished.write_text(dump(config))

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self._step)

    @property
    def seconds(self) -> float:
        """Seconds spent in them, over all sittings."""
        return float(self._seconds)

    def restore(self, **parts: tf.Module) -> None:
        """Fills models and optimizers, all of them built, from the newest checkpoint, if any.

        Raises:
            InputError: the checkpoint can't be read.
        """
        checkpoint = tf.train.Checkpoint(step=self._step, seconds=self._seconds, **parts)
        self._manager = tf.train.CheckpointManager(checkpoint, str(self.folder), max_to_keep=2)
        if self._manager.latest_checkpoint is None:
            return
        try:
            checkpoint.restore(
                self._manager.latest_checkpoint
            ).assert_existing_objects_matched().expect_partial()
        except (tf.errors.OpError, AssertionError, IndexError, ValueError) as error:
            raise InputError(
                f"{self._manager.latest_checkpoint}: expected a checkpoint of this training, "
                "got one that can't be restored; remove the folder to start anew"
            ) from error

    def save(self, step: int, seconds: float) -> None:
        """Keeps the state after `step` steps, `seconds` more spent in them."""
        self._step.assign(step)
        self._seconds.assign_add(seconds)
        save(self._manager, step)
