"""The order in which a run looks at its pictures."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass
class Order:
    """Which images each step looks at: every epoch another permutation.

    Attributes:
        class_index: int32 [n], the class of each image.
        batch_size: rows over all replicas; `len(class_index) // batch_size` steps make an epoch.
        seed: of the run.
        group: images of one class that lie side by side; what is left over of a class waits for
            another epoch.
    """

    class_index: npt.NDArray[np.int32]
    batch_size: int
    seed: int
    group: int = 1
    _epoch: int = field(default=-1, init=False)
    _permutation: npt.NDArray[np.int32] = field(
        default_factory=lambda: np.zeros(0, np.int32), init=False
    )

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in an epoch."""
        groups = np.bincount(self.class_index) // self.group
        return int(groups.sum()) * self.group // self.batch_size

    def rows(self, step: int, steps: int) -> npt.NDArray[np.int32]:
        """Returns the images of `steps` steps from `step` on, int32 [steps, batch_size]."""
        return np.stack([self._batch(at) for at in range(step, step + steps)])

    def _batch(self, step: int) -> npt.NDArray[np.int32]:
        epoch, within = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._permutation = self._permuted(np.random.default_rng([self.seed, epoch]))
            self._epoch = epoch
        return self._permutation[within * self.batch_size : (within + 1) * self.batch_size]

    def _permuted(self, generator: np.random.Generator) -> npt.NDArray[np.int32]:
        """Returns all images in random order, those of a group side by side."""
        order = generator.permutation(len(self.class_index)).astype(np.int32)
        if self.group == 1:
            return order
        order = order[np.argsort(self.class_index[order], kind="stable")]
        counts = np.bincount(self.class_index)
        place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        whole = np.repeat(counts // self.group * self.group, counts)
        groups = order[place < whole].reshape(-1, self.group)
        return generator.permutation(groups).reshape(-1)
