"""train: one loop over strategy.run for one device, many, and many workers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from t2i import pairs, runs
from t2i.batches import Draw, Order, Table, draw, table
from t2i.board import Board
from t2i.checkpoints import Checkpoints, latest_step
from t2i.config import Config, TrainingConfig
from t2i.errors import InputError
from t2i.evaluation.monitor import require_judge
from t2i.gan import TextToImageGAN
from t2i.precision import resolve_precision
from t2i.runs import Run
from t2i.strategy import choose_strategy, is_chief
from t2i.whitening import fit_whitening

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
        generator_parameters: trained numbers in G.
        discriminator_parameters: trained numbers in D.
    """

    images: int
    captions: int
    classes: int
    steps: int
    steps_per_epoch: int
    replicas: int
    precision: str
    generator_parameters: int
    discriminator_parameters: int


class Trainer:
    """A run made ready: data on the devices, networks built, nothing written yet."""

    def __init__(self, config: Config, data: Path, run: Run, judge: Path | None = None) -> None:
        """Reads the data and builds the networks; `judge` is an encoder pair that measures.

        Raises:
            InputError: config and data do not fit, or the run began with others.
        """
        self.config, self.run, self._data, self._judge = config, run, data, judge
        require_judge(config, judge)
        self._strategy = choose_strategy()
        replicas = self._strategy.num_replicas_in_sync
        if config.training.batch_size % (2 * replicas):
            raise InputError(
                f"training.batch_size: expected a multiple of {2 * replicas} for {replicas} "
                f"replicas, got {config.training.batch_size}; change it or use fewer devices"
            )
        header = pairs.read_header(data)
        if header.image_size < config.image_size:
            raise InputError(
                f"image_size: expected at most the {header.image_size} pixels of {data}, got "
                f"{config.image_size}; prepare larger pictures or train smaller ones"
            )
        self._encoder = pairs.read_encoder(data)
        self._pairs = pairs.read(data, config.training.splits)
        fingerprint = runs.fingerprint(self._pairs, header)
        if len(self._pairs.name) < config.training.batch_size:
            raise InputError(
                f"training.batch_size: expected at most the {len(self._pairs.name)} pictures of "
                f"{' + '.join(config.training.splits)}, got {config.training.batch_size}; "
                "make it smaller"
            )
        self._begun = run.config.exists()
        if self._begun:
            self._record, reason = runs.resume(run, config, fingerprint), "as the run began"
        else:
            precision, reason = resolve_precision(config.training.precision)
            self._record = runs.Record(
                data=fingerprint,
                precision=precision,
                pairs=str(data.resolve()),
                channels=header.channels,
                encoder=header.encoder,
            )
        self._order = Order(len(self._pairs.name), config.training.batch_size, config.seed)
        self._gan = self._build_gan()
        self._draw = Draw(
            seed=config.seed,
            batch_size=config.training.batch_size,
            image_size=config.image_size,
            latent_size=config.networks.latent_size,
            flip=config.training.flip,
            captions=config.text.captions_per_embedding,
            interpolation_beta=config.losses.interpolation_beta,
        )
        self.plan = Plan(
            images=len(self._pairs.name),
            captions=len(self._pairs.caption),
            classes=len(np.unique(self._pairs.class_id)),
            steps=config.training.epochs * self._order.steps_per_epoch,
            steps_per_epoch=self._order.steps_per_epoch,
            replicas=replicas,
            precision=f"{self._record.precision} ({reason})",
            generator_parameters=_parameters(self._gan.generator),
            discriminator_parameters=_parameters(self._gan.discriminator),
        )

    def _build_gan(self) -> TextToImageGAN:
        config, embedding = self.config, self._pairs.embedding
        if embedding is None:
            raise RuntimeError("read_encoder lets no file without embeddings through")
        whitening = None
        if config.text.whitened_components:
            whitening = fit_whitening(
                embedding, config.text.whitened_components, config.text.whitening_floor
            )
        with self._strategy.scope():
            return TextToImageGAN(
                config,
                embedding.shape[1],
                self._order.steps_per_epoch,
                self._record.precision,
                whitening,
                self._pairs.image.shape[3],
            )

    @property
    def done(self) -> int:
        """The step of the newest checkpoint, where training goes on; 0 for a new run."""
        return latest_step(self.run.checkpoints)

    def train(self, progress: Progress) -> None:
        """Trains to the end from wherever the run stands.

        Args:
            progress: called with the step reached and the means of what was watched.

        Raises:
            InputError: a loss is not finite, a checkpoint is damaged, or the run is in use.
        """
        if not is_chief(self._strategy):
            self._train(None, progress)
            return
        with runs.locked(self.run):
            if not self._begun:
                runs.begin(self.run, self.config, self._record, self._encoder)
            painter = self._gan.export_generator()
            board = Board(self.run, self.config, self._data, painter, self._judge)
            self._train(board, progress)

    def _train(self, board: Board | None, progress: Progress) -> None:
        training, steps = self.config.training, self.plan.steps
        with self._strategy.scope():
            checkpoints = Checkpoints(
                self._gan, self.run.checkpoints, training.checkpoints_kept, board is not None
            )
        first = checkpoints.restore()
        if board is not None:
            runs.trim_metrics(self.run, first)
        launch = self._launch()
        tensors = self._on_devices(table(self._pairs))
        # The tensors have their own copy now.
        del self._pairs
        step, waiting = first, _Mean()
        started, images = time.perf_counter(), 0
        while step < steps:
            stop = _next_stop(step, steps, training)
            rows = self._order.rows(step, stop - step)
            # Filled up to one shape, so that the launch is traced once.
            filled = np.resize(rows, (training.steps_per_launch, rows.shape[1]))
            watched = launch(
                tensors, tf.constant(filled), tf.constant(step), tf.constant(stop - step)
            )
            values = {name: value.numpy() for name, value in watched.items()}
            self._require_finite(values, step)
            waiting.add(values)
            step = stop
            images += rows.size
            if step % training.log_every == 0 or step == steps:
                now = time.perf_counter()
                means = waiting.take() | {
                    "learning_rate": float(self._gan.generator_optimizer.learning_rate),
                    "images_per_second": images / (now - started),
                }
                progress(step, means)
                if board is not None:
                    board.log(step, means)
                started, images = time.perf_counter(), 0
            if board is not None and (step % training.sample_every == 0 or step == steps):
                board.paint(step, self._gan.painting_weights())
            if step % training.checkpoint_every == 0 or step == steps:
                checkpoints.save(step)
                if board is not None:
                    board.export(step, self._gan.painting_weights())

    def _launch(self) -> Any:
        """Returns the function that runs many steps in one call of the device."""
        strategy, gan, how = self._strategy, self._gan, self._draw
        replicas = strategy.num_replicas_in_sync

        # Nothing in it depends on the value of a tensor: there is nothing to convert.
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def step_of_replica(tensors: Table, rows: Any, step: Any) -> Any:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            batch = draw(tensors, rows, step, how, tf.cast(replica, tf.int32), replicas)
            return gan.step(batch)

        @tf.function  # type: ignore[untyped-decorator]
        def launch(tensors: Table, rows: Any, first: Any, steps: Any) -> Any:
            names: list[str] = []
            record = tf.TensorArray(tf.float32, size=steps)
            for index in tf.range(steps):
                own = tf.ensure_shape(rows[index], [how.batch_size])
                watched = strategy.run(step_of_replica, args=(tensors, own, first + index))
                gan.update_average(strategy)
                names[:] = sorted(watched)
                means = [
                    strategy.reduce(tf.distribute.ReduceOp.MEAN, watched[name], axis=None)
                    for name in names
                ]
                record = record.write(index, tf.stack(means))
            values = tf.ensure_shape(record.stack(), [None, len(names)])
            return dict(zip(names, tf.unstack(values, axis=1), strict=True))

        return launch

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

    def _require_finite(self, values: dict[str, npt.NDArray[np.float32]], first: int) -> None:
        """Raises InputError with the earliest step and the terms that are not finite there."""
        bad = {name: ~np.isfinite(value) for name, value in values.items()}
        steps = [int(np.argmax(flags)) for flags in bad.values() if flags.any()]
        if not steps:
            return
        index = min(steps)
        terms = ", ".join(
            f"{name} = {values[name][index]}" for name, flags in bad.items() if flags[index]
        )
        raise InputError(
            f"{self.run.path}: expected finite losses, got {terms} at step {first + index + 1}; "
            "the last checkpoint is kept; start another run with a smaller "
            "optimizer.learning_rate or other weights"
        )


class _Mean:
    """Means of what was watched since the last point of the curves."""

    def __init__(self) -> None:
        self._blocks: list[dict[str, npt.NDArray[np.float32]]] = []

    def add(self, values: dict[str, npt.NDArray[np.float32]]) -> None:
        self._blocks.append(values)

    def take(self) -> dict[str, float]:
        blocks, self._blocks = self._blocks, []
        return {
            name: float(np.mean(np.concatenate([block[name] for block in blocks])))
            for name in blocks[0]
        }


def _next_stop(step: int, steps: int, training: TrainingConfig) -> int:
    """Returns where the next launch ends: nothing that is due falls inside it."""
    due = (training.log_every, training.sample_every, training.checkpoint_every)
    return min(
        steps, step + training.steps_per_launch, *((step // every + 1) * every for every in due)
    )


def _parameters(model: Any) -> int:
    return int(sum(math.prod(weight.shape) for weight in model.trainable_weights))
