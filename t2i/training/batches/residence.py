"""Where the pairs trained on are held, and how they reach the device from elsewhere.

Wherever they are, a run draws the same batches: what a step looks up is chosen on the host by
the function that chooses on the device, so the weights come out the same. The cost is the copy
of a block, the pictures and embeddings of a launch, made by a thread while the device works.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i.config.run import TrainingConfig
from t2i.pairs.reading import Header
from t2i.pairs.stored import StoredRows
from t2i.training.batches.draw import Choice, Draw, Table, choose

Residence = Literal["device", "host", "file"]
Item = TypeVar("Item")
Value = TypeVar("Value")

# Shares of a memory that the pairs may take; networks and activations need the rest. Where the
# device is the host, its copy is a second one for a moment.
_DEVICE_SHARE, _HOST_SHARE = 0.4, 0.7


def choose_residence(
    training: TrainingConfig, header: Header, device_bytes: int | None
) -> tuple[Residence, str]:
    """Returns where the pairs are held, and the reason in words.

    Args:
        training: `data` and `splits`.
        header: of the pairs file.
        device_bytes: memory of a device, or None where the device is the host.
    """
    if training.data != "auto":
        return training.data, "as configured"
    host_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    size = pairs_bytes(training, header)
    device_bytes = device_bytes or host_bytes
    said = f"{size / 1e9:.1f} GB of pictures and embeddings"
    if size <= _DEVICE_SHARE * device_bytes:
        return "device", f"{said} fit its {device_bytes / 1e9:.0f} GB"
    if size <= _HOST_SHARE * host_bytes:
        return "host", f"{said} fit no device of {device_bytes / 1e9:.0f} GB"
    return "file", f"{said} fit no memory of {host_bytes / 1e9:.0f} GB"


def pairs_bytes(training: TrainingConfig, header: Header) -> int:
    """Returns the bytes of the pictures and embeddings trained on."""
    images = sum(header.images[split] for split in training.splits)
    captions = sum(header.captions[split] for split in training.splits)
    numbers = header.encoder.embedding_size if header.encoder else 0
    return images * header.image_size**2 * header.channels + captions * numbers * 4


def stored(table: Table, path: Path, splits: Iterable[str]) -> Table:
    """Returns the table with its pictures and embeddings in the file, read when looked up."""
    splits = list(splits)
    return table._replace(
        image=StoredRows(path, splits, "image"), embedding=StoredRows(path, splits, "embedding")
    )


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
