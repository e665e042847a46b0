"""A run in three parts: planned, built, and run; on one device, on many, and by many workers."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import tensorflow as tf

from t2i.compute.strategy import choose_strategy, is_chief, machine_of
from t2i.config.run import RunConfig
from t2i.evaluation.monitor import require_judge
from t2i.files.disk import AnyPath
from t2i.models.catalogue import offered
from t2i.models.contract import Facts, Model
from t2i.pairs.stored import OpenPairs
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import Run, latest_step, locked, trim_metrics
from t2i.runs.record import amend, begin, changes
from t2i.training.batches.feed import Feed
from t2i.training.board import Board
from t2i.training.loop import Loop, Watch
from t2i.training.plan import Plan, make_plan
from t2i.training.start import start_from
from t2i.training.steps import build_launch

Say = Callable[[str], None]


class Trainer:
    """A run made ready: planned and built, nothing written yet.

    Attributes:
        config: of the run.
        run: its directory.
        plan: what it is going to do.
    """

    def __init__(
        self,
        config: RunConfig,
        data: OpenPairs | AnyPath,
        run: Run | AnyPath,
        judge: AnyPath | None = None,
        start: AnyPath | None = None,
    ) -> None:
        """Plans the run, reads the data, and builds the networks.

        Args:
            config: of the run.
            data: the pairs file.
            run: where to write; a run that was begun there goes on.
            judge: an encoder pair that measures, or the name of a vision network.
            start: the run whose weights a new one starts from; None starts from the seed.

        Raises:
            InputError: config, data and start do not fit, or the run began with others.
        """
        self.config, self.run = config, run if isinstance(run, Run) else Run(run)
        self._judge = None if judge is None else Path(judge)
        require_judge(config, self._judge)
        self._strategy = choose_strategy()
        self._data = data if isinstance(data, OpenPairs) else OpenPairs(data)
        whose = None if start is None else Path(start)
        machine = machine_of(self._strategy)
        self.plan, self._inputs = make_plan(config, self._data, self.run, whose, machine)
        self._facts = replace(
            self._inputs.facts,
            precision=self.plan.record.precision,
            fitted=self.plan.record.start is None,
        )
        self._model = _build(self.plan, self._facts, self._strategy)

    @property
    def parameters(self) -> dict[str, int]:
        """Trained numbers in each network, by its name."""
        return {
            name: sum(math.prod(weight.shape) for weight in network.trainable_weights)
            for name, network in self._model.networks.items()
        }

    @property
    def done(self) -> int:
        """The step of the newest checkpoint, where training goes on; 0 for a new run."""
        return latest_step(self.run.checkpoints)

    def train(self, watch: Watch, say: Say = lambda _: None) -> None:
        """Trains to the end from wherever the run stands.

        Args:
            watch: called with the step reached and the means of what was watched, or what a
                judge measured.
            say: called with a line that the user should read.

        Raises:
            InputError: a loss is not finite, a checkpoint is damaged, or the run is in use.
        """
        if not is_chief(self._strategy):
            self._train(None, watch, say)
            return
        with locked(self.run):
            if self.plan.begun is None:
                begin(self.run, self.config, self.plan.record, self._data.encoder)
            painting = offered(self.config).build_painting(self.config, self._facts)
            painting.network.set_weights(self._model.weights())
            board = Board(self.run, self.config, self._data, painting, self._judge)
            self._train(board, watch, say)

    def _train(self, board: Board | None, watch: Watch, say: Say) -> None:
        training = self.config.training
        with self._strategy.scope():
            kept = {**self._model.networks, **self._model.kept}
            writes = board is not None
            checkpoints = Checkpoints(kept, self.run.checkpoints, training.checkpoints_kept, writes)
        first = checkpoints.restore(say)
        if self.plan.starts:
            # From here on it goes on without the run that it started from.
            checkpoints.save(0)
        if writes:
            self._go_on_from(first)
        launch = build_launch(
            self._strategy,
            self._model,
            self._inputs.draw,
            self.plan.residence != "device",
            self.plan.compiled,
        )
        feed = Feed(self._strategy, self._inputs, training.steps_per_launch)
        # The device has its own copy, or the feed knows where theirs is.
        del self._inputs, self._facts
        Loop(self.plan, self._model, launch, checkpoints, board, watch).run(feed, first)

    def _go_on_from(self, step: int) -> None:
        """Notes what the run goes on with from a step, and drops the curves behind it."""
        if self.plan.begun is not None:
            amend(self.run, self.config, changes(self.plan.begun, self.config, step))
        trim_metrics(self.run, step)


def _build(plan: Plan, facts: Facts, strategy: tf.distribute.Strategy) -> Model:
    """Returns the model of a plan, filled with the weights of the run that it starts from."""
    with strategy.scope():
        model: Model = offered(plan.config).build(plan.config, facts)
    if plan.record.start and plan.starts:
        start_from(plan.record.start, model, plan.config, facts)
    return model
