"""What the steps of all models share: objectives, gradients, averages, and sums over replicas."""

from typing import Any

import keras
import tensorflow as tf

from t2i.models.contract import Tensor, Terms


def objective(terms: Terms) -> Tensor:
    """Returns the sum of the terms, divided once by the number of replicas."""
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    return tf.add_n(list(terms.values())) / replicas


def norm(gradients: list[Tensor]) -> Tensor:
    """Returns the norm of the gradient of the undivided objective, of this replica."""
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    return tf.linalg.global_norm(gradients) * replicas


def share(true: Tensor) -> Tensor:
    """Returns the share of what is true."""
    return tf.reduce_mean(tf.cast(true, tf.float32))


def mean_over_replicas(value: Tensor) -> Tensor:
    """Returns the mean over all replicas, so that a term does not depend on their number."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, value)


def move_average(
    strategy: Any, average: keras.Model, live: keras.Model, decay: float, steps: Tensor
) -> None:
    """Moves averaged weights a step towards the live ones; between replicas' steps.

    Young averages follow faster, so that the first weights, which are noise, are soon forgotten:
    min(decay, (1 + n) / (10 + n)), as in tf.train.ExponentialMovingAverage.

    Args:
        strategy: whose variables they are.
        average: moved.
        live: of the same layers.
        decay: of the average a step.
        steps: n, updates made.
    """
    done = tf.cast(steps, tf.float32)
    part = 1.0 - tf.minimum(decay, (1.0 + done) / (10.0 + done))

    def move(mean: Tensor, weight: Tensor) -> None:
        mean.assign_add(part * (weight - mean))

    for mean, weight in zip(average.weights, live.weights, strict=True):
        strategy.extended.update(mean.value, move, args=(weight.value,))
