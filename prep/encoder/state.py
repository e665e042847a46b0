"""What a training of the encoder needs to go on after it was killed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from t2i.config.file import changed, dump, load
from t2i.encoders.config import EncoderConfig
from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.runs.checkpoints import Checkpoints

_CONFIG = "config.yaml"
_DATA = "data.sha256"
_CHANGES = "changes.json"
_ANEW = "remove the folder to start anew, or choose another --out"
_KEPT = 2


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
        self.folder, self._config = folder, config
        self.step = 0
        self._seconds = tf.Variable(0.0, dtype=tf.float64)
        self._changed: dict[str, tuple[Any, Any]] = {}
        if (folder / _CONFIG).exists():
            begun = load(folder / _CONFIG, EncoderConfig)
            self._changed = changed(begun, config)
            others = [key for key in self._changed if key not in _may_change(begun)]
            if others:
                why = ", at whose end the learning rate is 0" if others == ["steps"] else ""
                raise InputError(
                    f"{folder}: expected the configuration it was begun with, "
                    f"got another {', '.join(others)}{why}; {_ANEW}"
                )
            if not (folder / _DATA).exists() or (folder / _DATA).read_text() != digest:
                raise InputError(
                    f"{folder}: expected the pairs it was begun with, got others; {_ANEW}"
                )
            return
        with replacing(folder / _DATA) as unfinished:
            unfinished.write_text(digest)
        # Last: where it is, the rest is.
        with replacing(folder / _CONFIG) as unfinished:
            unfinished.write_text(dump(config))

    @staticmethod
    def is_one(folder: Path) -> bool:
        """Returns whether a folder is one of a training, or one with nothing in it to lose.

        The digest alone is what a beginning that was killed left.
        """
        if not folder.is_dir():
            return False
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        return _CONFIG in names or names <= {_DATA}

    @property
    def seconds(self) -> float:
        """Seconds spent in them, over all sittings."""
        return float(self._seconds)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The keys that were changed since it was begun, each with its step, old and new value."""
        path = self.folder / _CHANGES
        noted: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
        return noted

    def restore(self, say: Callable[[str], None] = lambda _: None, **parts: Any) -> None:
        """Fills models and optimizers, all of them built, from the newest whole checkpoint, if any.

        Args:
            say: called with a line for each newer one that is damaged and left out.
            parts: what is kept, by name.

        Raises:
            InputError: there are checkpoints, and all are damaged; or it has gone further than it
                is to go.
        """
        parts = {"seconds": self._seconds, **parts}
        self._checkpoints = Checkpoints(parts, self.folder, _KEPT, writes=True)
        self.step = self._checkpoints.restore(say, _ANEW)
        if self.step > self._config.steps:
            raise InputError(
                f"steps: expected at least {self.step}, which {self.folder} has reached, got "
                f"{self._config.steps}; make it larger, {_ANEW}"
            )
        if self._changed:
            self._amend()

    def save(self, step: int, seconds: float) -> None:
        """Keeps the state after `step` steps, `seconds` more spent in them."""
        self.step = step
        self._seconds.assign_add(seconds)
        self._checkpoints.save(step)

    def _amend(self) -> None:
        changes = [
            {"step": self.step, "key": key, "before": before, "after": after}
            for key, (before, after) in self._changed.items()
        ]
        noted = self.changes
        # Killed between the two files, the same change comes again.
        noted += [change for change in changes if change not in noted]
        with replacing(self.folder / _CHANGES) as unfinished:
            unfinished.write_text(json.dumps(noted, indent=2) + "\n")
        with replacing(self.folder / _CONFIG) as unfinished:
            unfinished.write_text(dump(self._config))


def _may_change(config: EncoderConfig) -> tuple[str, ...]:
    """Returns the keys that a training goes on with other values of.

    Not its length where the learning rate falls to 0 at the end: how far it has fallen hangs on it.
    """
    return ("checkpoint_every",) if config.linear_decay_share else ("checkpoint_every", "steps")
