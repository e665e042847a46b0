"""A network at work on many rows, on every replica of a machine."""

from typing import Any

import numpy as np
import tensorflow as tf

# Rows that a replica takes at a time.
BATCH = 64


class OnReplicas:
    """A network that is called with arrays of any number of rows, and returns arrays."""

    def __init__(self, model: Any, strategy: tf.distribute.Strategy) -> None:
        """Prepares the calls.

        Args:
            model: built in the scope of the strategy; takes and returns arrays, or dictionaries.
            strategy: whose replicas share the rows.
        """
        self._strategy = strategy
        self._rows = BATCH * strategy.num_replicas_in_sync
        self._run = tf.function(
            lambda inputs: strategy.run(lambda share: model(share, training=False), args=(inputs,))
        )

    def __call__(self, inputs: Any) -> Any:
        """Returns the rows of the outputs, float32, in the order of those of the inputs."""
        count = len(tf.nest.flatten(inputs)[0])
        outputs = []
        for start in range(0, count, self._rows):
            stop = min(start + self._rows, count)
            shares = tf.nest.map_structure(lambda rows: self._share(rows[start:stop]), inputs)  # noqa: B023
            joined = tf.nest.map_structure(self._joined, self._run(shares))
            outputs.append(tf.nest.map_structure(lambda rows: rows[: stop - start], joined))  # noqa: B023
        return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *outputs)

    def _share(self, rows: Any) -> Any:
        """Returns each replica's rows; the batch is filled up, so that one shape is traced."""
        batch = np.zeros((self._rows, *rows.shape[1:]), rows.dtype)
        batch[: len(rows)] = rows
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(batch[context.replica_id_in_sync_group * BATCH :][:BATCH])
        )

    def _joined(self, shares: Any) -> Any:
        parts = self._strategy.experimental_local_results(shares)
        return np.concatenate([part.numpy() for part in parts]).astype(np.float32)
