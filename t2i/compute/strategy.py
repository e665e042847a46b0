"""On which devices a run trains."""

import subprocess
from dataclasses import dataclass

import tensorflow as tf

from t2i.compute.cluster import require_cluster


def choose_strategy() -> tf.distribute.Strategy:
    """Returns many workers when TF_CONFIG is set, many GPUs when there are, or one device.

    Raises:
        InputError: TF_CONFIG is not what TensorFlow expects.
    """
    if require_cluster():
        return tf.distribute.MultiWorkerMirroredStrategy()
    return local_strategy()


def local_strategy() -> tf.distribute.Strategy:
    """Returns all GPUs of this machine, or its one device."""
    for gpu in tf.config.list_physical_devices("GPU"):
        # Others may use the device too; once it is in use, this can't be changed.
        if not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in devices]
    if len(names) > 1:
        return tf.distribute.MirroredStrategy(
            names,
            # Several logical CPUs have no collective of their own.
            cross_device_ops=None if "GPU" in names[0] else tf.distribute.ReductionToOneDevice(),
        )
    return tf.distribute.OneDeviceStrategy(names[0])


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Returns whether this process is the one that writes."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.cluster_spec().as_dict():
        return True
    first = "chief" if "chief" in resolver.cluster_spec().as_dict() else "worker"
    return bool(resolver.task_type == first and resolver.task_id == 0)


@dataclass(frozen=True)
class Machine:
    """What a training is planned by.

    Attributes:
        replicas: devices over all workers.
        gpu: whether they are GPUs.
        device_bytes: memory of the smallest; None where the device is the host, 0 where nobody
            says.
    """

    replicas: int
    gpu: bool
    device_bytes: int | None


def machine_of(strategy: tf.distribute.Strategy) -> Machine:
    """Returns what the devices of a strategy are."""
    return Machine(strategy.num_replicas_in_sync, on_gpu(), device_bytes())


def on_gpu() -> bool:
    """Returns whether there is a GPU to train on."""
    return bool(tf.config.list_logical_devices("GPU"))


def device_bytes() -> int | None:
    """Returns the memory of the smallest GPU; None without any, where the device is the host.

    0 where nobody says: in containers and on boards nvidia-smi is missing, or answers [N/A].
    """
    if not on_gpu():
        return None
    # TensorFlow knows what it has taken, not what there is.
    query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            query, capture_output=True, text=True, check=True, timeout=60
        ).stdout
        return min(int(line) << 20 for line in answer.splitlines())
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0
