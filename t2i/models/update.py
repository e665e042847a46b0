"""What the steps of all models share: objectives, gradients, and sums over replicas."""

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
