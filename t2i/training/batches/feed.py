"""What each launch is handed: the table where the device reads it, and the rows of its steps."""

from typing import Any

import numpy as np
import tensorflow as tf

from t2i.training.batches.blocks import Blocks
from t2i.training.batches.inputs import Inputs
from t2i.training.batches.table import Table


class Feed:
    """Makes what a launch is called with; `Inputs` may go, but for what stays on the host."""

    def __init__(self, strategy: tf.distribute.Strategy, inputs: Inputs, steps: int) -> None:
        """Copies the pairs to every device, or keeps them where they are.

        Args:
            strategy: whose devices.
            inputs: of the steps.
            steps: most of a launch.
        """
        self._strategy, self._order, self._steps = strategy, inputs.order, steps
        self._everywhere: Any = None
        if inputs.residence == "device":
            self._everywhere = self._on_devices(inputs.table)
        else:
            self._blocks = Blocks(inputs.table, inputs.draw, steps)

    def __call__(self, span: tuple[int, int]) -> tuple[Any, Any]:
        """Returns the table, or a block of it, and int32 [most steps, batch_size] of a launch.

        Args:
            span: its first step, and the one behind its last.
        """
        step, stop = span
        rows = self._order.rows(step, stop - step)
        # Filled up to one shape, so that the launch is traced once.
        rows = np.resize(rows, (self._steps, rows.shape[1]))
        tensors = self._everywhere
        if tensors is None:
            tensors = self._on_devices(self._blocks.block(rows, step))
        return tensors, tf.constant(rows)

    def _on_devices(self, arrays: Table) -> Any:
        """Returns the table on every device, each its own copy."""
        return Table(
            *(
                self._strategy.experimental_distribute_values_from_function(
                    lambda _, array=array: tf.constant(array)
                )
                for array in arrays
            )
        )
