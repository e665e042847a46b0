"""Many steps of training in one call of the device."""

from typing import Any

import tensorflow as tf

from t2i.models.contract import Model
from t2i.training.batches.draw import Draw, choose, draw, place
from t2i.training.batches.table import Table


def build_launch(strategy: Any, model: Model, how: Draw, streamed: bool, compiled: bool) -> Any:
    """Returns the function (table, rows, first, steps) -> what was watched, float32 [steps] each.

    Nothing in it waits for the host. `rows` is int32 [most steps, batch_size], of which the
    first `steps` are taken: its shape never changes, so that the function is traced once.

    Args:
        strategy: on which devices.
        model: what is trained.
        how: batches are drawn.
        streamed: the table is a block of what the steps look up, not the whole.
        compiled: XLA compiles a step; for a single replica.
    """
    replicas = strategy.num_replicas_in_sync
    # The draws stay outside: XLA makes other floats of the same random bits.
    step_of_batch = tf.function(model.step, jit_compile=True) if compiled else model.step

    # Nothing in it depends on the value of a tensor: there is nothing to convert.
    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def step_of_replica(table: Table, rows: Any, index: Any, first: Any) -> Any:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        step = first + index
        choice = place(index, how) if streamed else choose(table, rows, step, how)
        return step_of_batch(draw(table, choice, step, how, tf.cast(replica, tf.int32), replicas))

    @tf.function  # type: ignore[untyped-decorator]
    def launch(table: Table, rows: Any, first: Any, steps: Any) -> Any:
        names: list[str] = []
        record = tf.TensorArray(tf.float32, size=steps)
        for index in tf.range(steps):
            images = tf.ensure_shape(rows[index], [how.batch_size])
            watched = strategy.run(step_of_replica, args=(table, images, index, first))
            model.after_step(strategy)
            names[:] = sorted(watched)
            means = [
                strategy.reduce(tf.distribute.ReduceOp.MEAN, watched[name], axis=None)
                for name in names
            ]
            record = record.write(index, tf.stack(means))
        values = tf.ensure_shape(record.stack(), [None, len(names)])
        return dict(zip(names, tf.unstack(values, axis=1), strict=True))

    return launch
