"""train: one loop over strategy.run for one device, many, and many workers."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2i.compute.backend import chosen_kernels
from t2i.compute.precision import resolve_precision
from t2i.compute.strategy import choose_strategy, device_bytes, is_chief, on_gpu
from t2i.config.run import RunConfig
from t2i.evaluation.monitor import require_judge
from t2i.files.disk import AnyPath
from t2i.models.catalogue import load_config, offered
from t2i.models.contract import Facts, Model, Needs
from t2i.pairs.digests import fingerprint, fingerprint_without_pixels
from t2i.pairs.reading import Header, read, read_encoder, read_header
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import Run, latest_step, locked, require_place, steps, trim_metrics
from t2i.runs.record import Record, amend, begin, changes, compares_pixels, resume
from t2i.training.batches.blocks import Blocks, ahead
from t2i.training.batches.draw import Draw
from t2i.training.batches.order import Order
from t2i.training.batches.residence import choose_residence, stored
from t2i.training.batches.table import Table, table
from t2i.training.board import Board
from t2i.training.plan import (
    Plan,
    due,
    parameters,
    require_groups,
    require_pictures,
    require_pixels,
    require_replicas,
    require_steps,
    said_of_changes,
    spans,
)
from t2i.training.start import choose_start, require_start, said_of_start, start_from
from t2i.training.steps import build_launch
from t2i.training.watched import Pace, Watched

Watch = Callable[[int, dict[str, float]], None]
Say = Callable[[str], None]


class Trainer:
    """A run made ready: data on the devices, networks built, nothing written yet."""

    def __init__(
        self,
        config: RunConfig,
        data: AnyPath,
        run: Run | AnyPath,
        judge: AnyPath | None = None,
        start: AnyPath | None = None,
    ) -> None:
        """Reads the data and builds the networks.

        Args:
            config: of the run.
            data: the pairs file.
            run: where to write; a run that was begun there goes on.
            judge: an encoder pair that measures, or the name of a vision network.
            start: the run whose weights a new one starts from; None starts from the seed.

        Raises:
            InputError: config, data and start do not fit, or the run began with others.
        """
        data, run = Path(data), run if isinstance(run, Run) else Run(run)
        self.config, self.run, self._data = config, run, data
        self._judge = None if judge is None else Path(judge)
        require_judge(config, self._judge)
        offers = offered(config)
        needs = offers.needs(config)
        self._strategy = choose_strategy()
        replicas = self._strategy.num_replicas_in_sync
        require_replicas(config.training, replicas)
        header = read_header(data)
        require_pixels(config, header, data)
        self._encoder = read_encoder(data)
        require_place(run, self._encoder)
        residence = self._read(header)
        self._order = Order(
            self._table.class_index, config.training.batch_size, config.seed, needs.group
        )
        require_groups(config.training, self._order, data)
        self._facts = Facts(
            embedding_size=self._table.embedding.shape[1],
            channels=self._pairs.image.shape[3],
            embedding=self._table.embedding,
            steps_per_epoch=self._order.steps_per_epoch,
        )
        precision = self._recorded(header, needs, None if start is None else Path(start))
        self._facts = replace(
            self._facts, precision=self._record.precision, fitted=self._record.start is None
        )
        with self._strategy.scope():
            self._model: Model = offers.build(config, self._facts)
        self._starts = self._record.start is not None and not steps(run.checkpoints)
        if self._record.start and self._starts:
            start_from(self._record.start, self._model, config, self._facts)
        self._draw = Draw(
            seed=config.seed,
            batch_size=config.training.batch_size,
            image_size=config.image_size,
            flip=config.training.flip,
            needs=needs,
        )
        self.plan = Plan(
            images=len(self._pairs.name),
            captions=len(self._pairs.caption),
            classes=len(np.unique(self._pairs.class_id)),
            steps=config.training.epochs * self._order.steps_per_epoch,
            steps_per_epoch=self._order.steps_per_epoch,
            replicas=replicas,
            precision=f"{self._record.precision} ({precision})",
            data=residence,
            parameters={
                name: parameters(network) for name, network in self._model.networks.items()
            },
        )
        require_steps(config.training, self.plan, self.done, run.path)

    def _read(self, header: Header) -> str:
        """Reads the pairs trained on; returns where they are held, and why."""
        training = self.config.training
        self._residence, reason = choose_residence(training, header, device_bytes())
        held = self._residence != "file"
        self._pairs = read(self._data, training.splits, images=held, embeddings=held)
        require_pictures(training, len(self._pairs.name))
        self._table = table(self._pairs)
        if not held:
            self._table = stored(self._table, self._data, training.splits)
        self._begun = load_config(self.run.config) if self.run.config.exists() else None
        if self._begun is None or compares_pixels(self.run):
            image, embedding = self._table.image, self._table.embedding
            self._trained_on = fingerprint(self._pairs, header, image, embedding)
        else:
            self._trained_on = fingerprint_without_pixels(self._pairs, header)
            reason += "; began before pixels were compared"
        return f"{self._residence} ({reason})"

    def _recorded(self, header: Header, needs: Needs, start: Path | None) -> str:
        """Makes or reads the record of the run; returns why it has its precision."""
        config = self.config
        if self._begun is not None:
            self._record = resume(self.run, self._begun, config, self._trained_on)
            require_start(self.run, self._record, start)
            return "as the run began"
        precision, reason = resolve_precision(config.training.precision)
        self._record = Record(
            data=self._trained_on,
            precision=precision,
            pairs=str(self._data.resolve()),
            channels=header.channels,
            encoder=header.encoder,
            vision=list(needs.vision),
            kernels=chosen_kernels(),
            start=choose_start(start, config, self._facts) if start else None,
        )
        return reason

    @property
    def notes(self) -> list[str]:
        """What is said before training: where it starts, what changed since the run began."""
        lines = []
        if self._record.start and self._starts:
            lines.append(said_of_start(self._record.start, self._record))
        if self._begun is not None:
            lines += said_of_changes(self._begun, self.config, self.done, self.plan)
        return lines

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
            if self._begun is None:
                begin(self.run, self.config, self._record, self._encoder)
            painting = offered(self.config).build_painting(self.config, self._facts)
            painting.network.set_weights(self._model.weights())
            board = Board(self.run, self.config, self._data, painting, self._judge)
            self._train(board, watch, say)

    def _train(self, board: Board | None, watch: Watch, say: Say) -> None:
        training, last = self.config.training, self.plan.steps
        with self._strategy.scope():
            checkpoints = Checkpoints(
                {**self._model.networks, **self._model.kept},
                self.run.checkpoints,
                training.checkpoints_kept,
                board is not None,
            )
        first = checkpoints.restore(say)
        if self._starts:
            # From here on it goes on without the run that it started from.
            checkpoints.save(0)
        if board is not None:
            if self._begun is not None:
                amend(self.run, self.config, changes(self._begun, self.config, first))
            trim_metrics(self.run, first)
        streamed = self._residence != "device"
        launch = build_launch(self._strategy, self._model, self._draw, streamed, self._compiled())
        feed = self._feed()
        rate = next(
            part
            for part in self._model.kept.values()
            if isinstance(part, keras.optimizers.Optimizer)
        )
        reported, pace = Watched(self.run.path), Pace(training.batch_size)
        # The first step by itself: it compiles, and tells nothing of the pace.
        launches = chain([(first, first + 1)][: last - first], spans(first + 1, last, training))
        for (step, stop), (tensors, rows) in ahead(feed, launches):
            reported.add(step, launch(tensors, rows, tf.constant(step), tf.constant(stop - step)))
            pace.add(stop - step)
            waits = stop < last and all(stop % every for every in due(training))
            if waits and step > first:
                # Nobody wants to know yet: a GPU goes on while the host makes the next launch.
                continue
            reported.read()
            pace.pause()
            if waits:
                pace.begin()
                continue
            if stop % training.log_every == 0 or stop == last:
                means = reported.means() | {
                    "learning_rate": float(rate.learning_rate),
                    "images_per_second": pace.images_per_second(),
                }
                watch(stop, means)
                if board is not None:
                    board.log(stop, means)
            if board is not None and (stop % training.sample_every == 0 or stop == last):
                board.paint(stop, self._model.weights())
            if stop % training.checkpoint_every == 0 or stop == last:
                # First what paints: killed between the two, it is made again.
                if board is not None:
                    board.export(stop, self._model.weights())
                checkpoints.save(stop)
                measured = board.measure(stop) if board is not None else {}
                if measured:
                    watch(stop, measured)
            pace.go_on()

    def _compiled(self) -> bool:
        wanted, replicas = self.config.training.compile, self.plan.replicas
        return wanted == "xla" or (wanted == "auto" and on_gpu() and replicas == 1)

    def _feed(self) -> Callable[[tuple[int, int]], tuple[Any, Any]]:
        """Returns what makes the table and the rows of the launch of some steps."""
        most = self.config.training.steps_per_launch
        held, blocks = None, None
        if self._residence == "device":
            held = self._on_devices(self._table)
        else:
            blocks = Blocks(self._table, self._draw, most)
        # The device has its own copy, or the blocks know where theirs is.
        del self._table, self._pairs, self._facts

        def feed(span: tuple[int, int]) -> tuple[Any, Any]:
            step, stop = span
            rows = self._order.rows(step, stop - step)
            # Filled up to one shape, so that the launch is traced once.
            rows = np.resize(rows, (most, rows.shape[1]))
            tensors = self._on_devices(blocks.block(rows, step)) if blocks else held
            return tensors, tf.constant(rows)

        return feed

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
