"""train: one loop over strategy.run for one device, many, and many workers."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from t2i import pairs, runs
from t2i.backend import chosen_kernels
from t2i.batches import Draw, Order, Table, table
from t2i.board import Board
from t2i.checkpoints import Checkpoints, latest_step
from t2i.config import RunConfig, TrainingConfig
from t2i.errors import InputError
from t2i.evaluation.monitor import require_judge
from t2i.launch import build_launch
from t2i.models.catalogue import load_config, offered
from t2i.models.contract import Facts, Model
from t2i.precision import resolve_precision
from t2i.runs import Run
from t2i.strategy import choose_strategy, device_bytes, is_chief, on_gpu
from t2i.streaming import Blocks, ahead, choose_residence, stored
from t2i.watching import Watched

Progress = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Plan:
    """What a run is going to do.

    Attributes:
        images: pictures trained on.
        captions: sentences trained on.
        classes: classes trained on.
        steps: updates of each network.
        steps_per_epoch: full batches in a pass over the pictures.
        replicas: devices over all workers.
        precision: of the arithmetic, and why.
        data: where the pairs are held, and why.
        parameters: trained numbers in each network, by its name.
    """

    images: int
    captions: int
    classes: int
    steps: int
    steps_per_epoch: int
    replicas: int
    precision: str
    data: str
    parameters: Mapping[str, int]


class Trainer:
    """A run made ready: data on the devices, networks built, nothing written yet."""

    def __init__(self, config: RunConfig, data: Path, run: Run, judge: Path | None = None) -> None:
        """Reads the data and builds the networks; `judge` is an encoder pair that measures.

        Raises:
            InputError: config and data do not fit, or the run began with others.
        """
        self.config, self.run, self._data, self._judge = config, run, data, judge
        require_judge(config, judge)
        offers = offered(config)
        needs = offers.needs(config)
        self._strategy = choose_strategy()
        replicas = self._strategy.num_replicas_in_sync
        if config.training.batch_size % (2 * replicas):
            raise InputError(
                f"training.batch_size: expected a multiple of {2 * replicas} for {replicas} "
                f"replicas, got {config.training.batch_size}; change it or use fewer devices"
            )
        if config.training.compile == "xla" and replicas > 1:
            raise InputError(
                f"training.compile: expected auto or none for {replicas} replicas, got xla; "
                "XLA compiles the step of a single one"
            )
        header = pairs.read_header(data)
        if header.image_size < config.image_size:
            raise InputError(
                f"image_size: expected at most the {header.image_size} pixels of {data}, got "
                f"{config.image_size}; prepare larger pictures or train smaller ones"
            )
        self._encoder = pairs.read_encoder(data)
        self._residence, reason_of_residence = choose_residence(
            config.training, header, device_bytes()
        )
        held = self._residence != "file"
        self._pairs = pairs.read(data, config.training.splits, images=held, embeddings=held)
        fingerprint = runs.fingerprint(self._pairs, header)
        if len(self._pairs.name) < config.training.batch_size:
            raise InputError(
                f"training.batch_size: expected at most the {len(self._pairs.name)} pictures of "
                f"{' + '.join(config.training.splits)}, got {config.training.batch_size}; "
                "make it smaller"
            )
        self._begun = run.config.exists()
        if self._begun:
            begun = load_config(run.config)
            self._record = runs.resume(run, begun, config, fingerprint)
            reason = "as the run began"
        else:
            precision, reason = resolve_precision(config.training.precision)
            self._record = runs.Record(
                data=fingerprint,
                precision=precision,
                pairs=str(data.resolve()),
                channels=header.channels,
                encoder=header.encoder,
                vision=list(needs.vision),
                kernels=chosen_kernels(),
            )
        self._table = table(self._pairs)
        if not held:
            self._table = stored(self._table, data, config.training.splits)
        self._order = Order(
            self._table.class_index, config.training.batch_size, config.seed, needs.group
        )
        if not self._order.steps_per_epoch:
            raise InputError(
                f"training.batch_size: expected at most the pictures of {data} in groups of "
                f"{needs.group} of a class, got {config.training.batch_size}; make it smaller"
            )
        self._facts = Facts(
            embedding_size=self._table.embedding.shape[1],
            channels=self._pairs.image.shape[3],
            embedding=self._table.embedding,
            steps_per_epoch=self._order.steps_per_epoch,
            precision=self._record.precision,
        )
        with self._strategy.scope():
            self._model: Model = offers.build(config, self._facts)
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
            precision=f"{self._record.precision} ({reason})",
            data=f"{self._residence} ({reason_of_residence})",
            parameters={
                name: _parameters(network) for name, network in self._model.networks.items()
            },
        )

    @property
    def done(self) -> int:
        """The step of the newest checkpoint, where training goes on; 0 for a new run."""
        return latest_step(self.run.checkpoints)

    def train(self, progress: Progress) -> None:
        """Trains to the end from wherever the run stands.

        Args:
            progress: called with the step reached and the means of what was watched, or what a
                judge measured.

        Raises:
            InputError: a loss is not finite, a checkpoint is damaged, or the run is in use.
        """
        if not is_chief(self._strategy):
            self._train(None, progress)
            return
        with runs.locked(self.run):
            if not self._begun:
                runs.begin(self.run, self.config, self._record, self._encoder)
            painting = offered(self.config).build_painting(self.config, self._facts)
            painting.network.set_weights(self._model.weights())
            board = Board(self.run, self.config, self._data, painting, self._judge)
            self._train(board, progress)

    def _train(self, board: Board | None, progress: Progress) -> None:
        training, steps = self.config.training, self.plan.steps
        with self._strategy.scope():
            checkpoints = Checkpoints(
                {**self._model.networks, **self._model.kept},
                self.run.checkpoints,
                training.checkpoints_kept,
                board is not None,
            )
        first = checkpoints.restore()
        if board is not None:
            runs.trim_metrics(self.run, first)
        streamed = self._residence != "device"
        launch = build_launch(self._strategy, self._model, self._draw, streamed, self._compiled())
        feed = self._feed()
        rate = next(
            part
            for part in self._model.kept.values()
            if isinstance(part, keras.optimizers.Optimizer)
        )
        reported = Watched(self.run.path)
        started, images = time.perf_counter(), 0
        for (step, stop), (tensors, rows) in ahead(feed, _spans(first, steps, training)):
            reported.add(step, launch(tensors, rows, tf.constant(step), tf.constant(stop - step)))
            images += (stop - step) * training.batch_size
            if stop < steps and all(stop % every for every in _due(training)):
                # Nobody wants to know yet: a GPU goes on while the host makes the next launch.
                continue
            reported.read()
            if stop % training.log_every == 0 or stop == steps:
                now = time.perf_counter()
                means = reported.means() | {
                    "learning_rate": float(rate.learning_rate),
                    "images_per_second": images / (now - started),
                }
                progress(stop, means)
                if board is not None:
                    board.log(stop, means)
                started, images = time.perf_counter(), 0
            if board is not None and (stop % training.sample_every == 0 or stop == steps):
                board.paint(stop, self._model.weights())
            if stop % training.checkpoint_every == 0 or stop == steps:
                checkpoints.save(stop)
                if board is not None:
                    measured = board.export(stop, self._model.weights())
                    if measured:
                        progress(stop, measured)

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


def _due(training: TrainingConfig) -> tuple[int, int, int]:
    """Returns after how many steps each thing falls due."""
    return training.log_every, training.sample_every, training.checkpoint_every


def _spans(step: int, steps: int, training: TrainingConfig) -> Iterator[tuple[int, int]]:
    """Yields where each launch begins and ends: nothing that is due falls inside one."""
    while step < steps:
        dues = ((step // every + 1) * every for every in _due(training))
        stop = min(steps, step + training.steps_per_launch, *dues)
        yield step, stop
        step = stop


def _parameters(model: Any) -> int:
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))
