"""Blocks of what the steps of a launch look up, made while the device works."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.training.batches.draw import Choice, Draw, choose
from t2i.training.batches.table import Table

Item = TypeVar("Item")
Value = TypeVar("Value")


class Blocks:
    """Makes the blocks of launches: tables of what their steps look up, in its order."""

    def __init__(self, table: Table, how: Draw, steps: int) -> None:
        """Keeps the table where it is.

        Args:
            table: numpy arrays, or rows stored in a file.
            how: sizes and the seed.
            steps: of every block; a shorter launch repeats some.
        """
        self._table, self._steps = table, steps
        # Choosing looks at the rest alone.
        rest = table._replace(image=np.zeros(0), embedding=np.zeros(0))

        @tf.function  # type: ignore[untyped-decorator]
        def choices(rows: Any, first: Any) -> Any:
            def one(index: Any) -> Choice:
                return choose(rest, rows[index], first + index, how)

            kinds = Choice(tf.int32, tf.int32, tf.int32)
            return tf.map_fn(one, tf.range(steps), fn_output_signature=kinds)

        self._choices = choices

    def block(self, rows: npt.NDArray[np.int32], first: int) -> Table:
        """Returns the block of the steps from `first`.

        Args:
            rows: int32 [steps, batch_size], the images of each step.
            first: step.
        """
        with tf.device("CPU:0"):
            chosen = self._choices(tf.constant(rows), tf.constant(first))
        captions = np.stack([chosen.caption.numpy(), chosen.mismatched.numpy()], axis=1)
        images, none = chosen.image.numpy().reshape(-1), np.zeros(0, np.int32)
        return Table(
            image=self._table.image[images],
            embedding=self._table.embedding[captions.reshape(-1)],
            caption_offset=none,
            class_index=self._table.class_index[images],
            by_class=none,
            class_offset=none,
            text=none,
            replaceable=none,
        )


def ahead(make: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[tuple[Item, Value]]:
    """Yields items and what is made of them; a thread makes the next one meanwhile."""
    waiting: deque[tuple[Item, Future[Value]]] = deque()
    with ThreadPoolExecutor(1) as thread:
        for item in items:
            waiting.append((item, thread.submit(make, item)))
            if len(waiting) > 1:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()
