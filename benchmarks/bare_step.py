"""The training step without the loop around it, and the ceilings it works under."""

import math
import statistics
import time
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from t2i.compute.strategy import choose_strategy
from t2i.config.run import RunConfig, TrainingConfig
from t2i.models.catalogue import offered
from t2i.models.contract import Facts
from t2i.models.dcgan.config import Config, LossesConfig, NetworksConfig
from t2i.pairs.reading import Pairs
from t2i.training.batches.draw import Draw, choose, draw
from t2i.training.batches.order import Order
from t2i.training.batches.table import Table, table
from t2i.training.steps import build_launch

CAPTIONS, CLASSES, EMBEDDING = 10, 20, 1024


def recipe(size: int, ngf: int, ndf: int, training: TrainingConfig) -> Config:
    """Returns the published recipe with feature matching, at a size."""
    return Config(
        image_size=size,
        networks=NetworksConfig(generator_width=ngf, discriminator_width=ndf),
        losses=LossesConfig(feature_matching=10.0),
        training=training,
    )


class Turn(NamedTuple):
    """Seconds of a step, and GFLOP/s of a large matrix product straight after."""

    seconds: float
    gemm_gflops: float


class BareStep:
    """Steps on random pictures held on the device, many in a launch, and nothing else."""

    def __init__(
        self, config: RunConfig, precision: str, images: int, compiled: bool = False
    ) -> None:
        """Builds the networks, and pairs with short embeddings where there are very many."""
        self._precision, model = precision, offered(config)
        stored = config.image_size * 76 // 64
        random = np.random.default_rng(0)
        numbers = EMBEDDING if images <= 20_000 else 64
        pairs = Pairs(
            image=random.integers(0, 256, (images, stored, stored, 3), np.uint8),
            caption=["a bird"] * (images * CAPTIONS),
            embedding=random.standard_normal((images * CAPTIONS, numbers), np.float32),
            caption_offset=np.arange(images + 1) * CAPTIONS,
            class_id=(np.arange(images) % CLASSES).astype(np.int32),
            name=[str(index) for index in range(images)],
        )
        batch, needs = config.training.batch_size, model.needs(config)
        self._order = Order(table(pairs).class_index, batch, config.seed, needs.group)
        self._how = Draw(
            seed=config.seed,
            batch_size=batch,
            image_size=config.image_size,
            flip=True,
            needs=needs,
        )
        strategy = choose_strategy()
        with strategy.scope():
            self.model = model.build(
                config,
                Facts(
                    numbers,
                    3,
                    embedding=pairs.embedding,
                    steps_per_epoch=self._order.steps_per_epoch,
                    precision=precision,
                ),
            )
        self._launch = build_launch(strategy, self.model, self._how, False, compiled)
        arrays = table(pairs)
        self._table = Table(
            *(
                strategy.experimental_distribute_values_from_function(
                    lambda _, array=array: tf.constant(array)
                )
                for array in arrays
            )
        )
        self._kinds = Table(*(tf.TensorSpec(array.shape, array.dtype) for array in arrays))

    def seconds(self, steps: int) -> float:
        """Returns the seconds that one step takes in a launch of some."""
        rows = tf.constant(self._order.rows(0, steps))
        started = time.perf_counter()
        watched = self._launch(self._table, rows, tf.constant(0), tf.constant(steps))
        [value.numpy() for value in watched.values()]
        return (time.perf_counter() - started) / steps

    def beside_gemm(self, steps: int, repeats: int) -> list[Turn]:
        """Returns what steps and a matrix product take in turns; the first launch is left out."""
        self.seconds(steps)
        return [
            Turn(self.seconds(steps), gemm_gflops(self._precision, repeats=2))
            for _ in range(repeats)
        ]

    def median_seconds(self, steps: int, repeats: int) -> float:
        """Returns the median over repeats, the first launch, which is traced, left out."""
        self.seconds(steps)
        return statistics.median(self.seconds(steps) for _ in range(repeats))

    def operations(self) -> int:
        """Returns multiplications and additions of a step's products, counted in its graph.

        Convolutions and matrix products alone, and of them those that a result depends on.
        """

        def step(tensors: Table, rows: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
            return self.model.step(
                draw(tensors, choose(tensors, rows, number, self._how), number, self._how)
            )

        rows = tf.TensorSpec([self._how.batch_size], tf.int32)
        function = tf.function(step, autograph=False)
        graph = function.get_concrete_function(self._kinds, rows, tf.TensorSpec([], tf.int32)).graph
        effects = [
            op for op in graph.get_operations() if op.type.startswith(("Assign", "ResourceApply"))
        ]
        waiting, seen, total = [*effects, *(output.op for output in graph.outputs)], set(), 0
        while waiting:
            op = waiting.pop()
            if op.name not in seen:
                seen.add(op.name)
                waiting += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
                total += _operations(op)
        return total


def _operations(op: tf.Operation) -> int:
    """Returns twice the products of one operation; 0 of those that are no product."""

    def shape(index: int) -> list[int]:
        return [int(side) for side in op.inputs[index].shape]

    if op.type == "MatMul":
        inner = shape(0)[0 if op.get_attr("transpose_a") else 1]
        return 2 * inner * int(op.outputs[0].shape.num_elements())
    if op.type.startswith("DepthwiseConv2dNative"):
        backward = op.type == "DepthwiseConv2dNativeBackpropInput"
        sides = shape(1)[:2]
        return 2 * math.prod(shape(2) if backward else list(op.outputs[0].shape)) * math.prod(sides)
    if op.type == "Conv2D":
        places, kernel = [int(side) for side in op.outputs[0].shape], shape(1)
    elif op.type == "Conv2DBackpropInput":
        places, kernel = shape(2), shape(1)
    elif op.type == "Conv2DBackpropFilter":
        sizes = tf.get_static_value(op.inputs[1])
        places = shape(2)
        kernel = [int(side) for side in (op.outputs[0].shape if sizes is None else sizes)]
    else:
        return 0
    return 2 * math.prod(places[:3]) * math.prod(kernel)


def gemm_gflops(precision: str, size: int = 4096, repeats: int = 5) -> float:
    """Returns GFLOP/s of a square matrix product, the best of several."""
    product = tf.function(tf.matmul)
    dtype = tf.float32 if precision == "float32" else tf.bfloat16
    a = tf.cast(tf.random.stateless_normal([size, size], [0, 0]), dtype)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        product(a, a)[0, 0].numpy()
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times[1:]) / 1e9
