"""Training from a checkpoint to the end: launches of steps, and what falls due between them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import keras
import tensorflow as tf

from t2i.models.contract import Model
from t2i.runs.checkpoints import Checkpoints
from t2i.training.batches.blocks import ahead
from t2i.training.batches.feed import Feed
from t2i.training.board import Board
from t2i.training.plan import Plan, due, spans
from t2i.training.watched import Pace, Watched

Watch = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True, eq=False)
class Loop:
    """The loop of a run.

    Attributes:
        plan: of the run.
        model: that is trained.
        launch: many steps, see `build_launch`.
        checkpoints: of the run.
        board: what is shown; None in workers that write nothing.
        watch: called with the step reached and the means of what was watched, or what a judge
            measured.
    """

    plan: Plan
    model: Model
    launch: Any
    checkpoints: Checkpoints
    board: Board | None
    watch: Watch

    def run(self, feed: Feed, first: int) -> None:
        """Trains from step `first` to the end.

        Raises:
            InputError: a loss is not finite.
        """
        training, last = self.plan.config.training, self.plan.steps
        reported, pace = Watched(self.plan.run.path), Pace(training.batch_size)
        # The first step by itself: it compiles, and tells nothing of the pace.
        launches = chain([(first, first + 1)][: last - first], spans(first + 1, last, training))
        for (step, stop), (tensors, rows) in ahead(feed, launches):
            span = tf.constant(step), tf.constant(stop - step)
            reported.add(step, self.launch(tensors, rows, *span))
            pace.add(stop - step)
            waits = not any(self._due(stop, every) for every in due(training))
            if waits and step > first:
                # Nobody wants to know yet: a GPU goes on while the host makes the next launch.
                continue
            reported.read()
            pace.pause()
            if waits:
                pace.begin()
                continue
            self._between(stop, reported, pace)
            pace.go_on()

    def _due(self, step: int, every: int) -> bool:
        return step % every == 0 or step == self.plan.steps

    def _between(self, step: int, reported: Watched, pace: Pace) -> None:
        """Does what is due after a step."""
        training = self.plan.config.training
        if self._due(step, training.log_every):
            means = reported.means() | {
                "learning_rate": self._learning_rate(),
                "images_per_second": pace.images_per_second(),
            }
            self.watch(step, means)
            if self.board is not None:
                self.board.log(step, means)
        if self.board is not None and self._due(step, training.sample_every):
            self.board.paint(step, self.model.weights())
        if self._due(step, training.checkpoint_every):
            self._keep(step)

    def _keep(self, step: int) -> None:
        """Writes a checkpoint and what paints of it, and measures it where that is due."""
        # First what paints: killed between the two, it is made again.
        if self.board is not None:
            self.board.export(step, self.model.weights())
        self.checkpoints.save(step)
        measured = self.board.measure(step) if self.board is not None else {}
        if measured:
            self.watch(step, measured)

    def _learning_rate(self) -> float:
        """Returns that of the first optimizer, for the step to come."""
        kept = self.model.kept.values()
        optimizer = next(part for part in kept if isinstance(part, keras.optimizers.Optimizer))
        return float(optimizer.learning_rate)
