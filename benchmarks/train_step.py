"""Images a second of `t2i train`, what the loop costs, and what the machine would allow.

    python benchmarks/train_step.py [--ngf 64] [--ndf 64] [--batch 64] [--precision float32]
    python benchmarks/train_step.py --device gpu --ngf 128 --precision mixed_bfloat16 --steps 50
    python benchmarks/train_step.py --config configs/cub128_projected.yaml [--threads 1]

The real command's own training loop runs on random pictures of 76 pixels, GAN-CLS + GAN-INT +
feature matching at 64 pixels, or a configuration at its own size; its curves are logged in every
repeat, and grids and checkpoints are made behind every third. Beside it, in the same process, run
the bare step and a large matrix product, the ceiling of the arithmetic, in turns, as machines are
not equally fast all the time. `useful` are the operations of the convolutions and products that
the step can't do without, those of a frozen network too.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from bare_step import CAPTIONS, CLASSES, EMBEDDING, BareStep, recipe
from machine import describe

from t2i.config.run import RunConfig, TrainingConfig
from t2i.models.catalogue import load_config
from t2i.pairs.writing import write_embeddings, writing
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer

# Steps between checkpoints over which their cost is spread.
ROUND = 500


def main() -> None:
    """Prints the rates and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="of any model, in place of what --ngf to --size say")
    parser.add_argument("--threads", type=int, help="of the arithmetic; else all cores")
    parser.add_argument("--device", default="cpu", choices=("cpu", "gpu"))
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--compile", default="auto", choices=("auto", "xla", "none"))
    parser.add_argument("--steps", type=int, default=5, help="of a repeat")
    parser.add_argument("--repeats", type=int, default=6)
    arguments = parser.parse_args()
    gpus = tf.config.list_physical_devices("GPU")
    if arguments.device == "gpu" and not gpus:
        sys.exit("--device gpu: expected a GPU that TensorFlow can use, got none")
    if arguments.device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    if arguments.threads:
        tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    config = _config(arguments)
    arguments.batch, arguments.size = config.training.batch_size, config.image_size
    with _utilization(bool(gpus) and arguments.device == "gpu") as utilization:
        rates = _training(config, arguments)
    compiled = arguments.compile == "xla" or (
        arguments.compile == "auto" and arguments.device == "gpu"
    )
    bare = BareStep(config, arguments.precision, 4 * arguments.batch, compiled)
    operations = bare.operations()
    turns = bare.beside_gemm(arguments.steps, arguments.repeats)
    seconds = statistics.median(turn.seconds for turn in turns)
    gemm = statistics.median(turn.gemm_gflops for turn in turns)
    share = statistics.median(operations / turn.seconds / 1e9 / turn.gemm_gflops for turn in turns)
    plain, behind = _split(rates)
    # Seconds an image; and what a grid, a checkpoint and an export cost, once in so many steps.
    loop = statistics.median(plain)
    extra = (statistics.median(behind) - loop) * arguments.batch * arguments.steps
    figures = {
        "images_per_second": 1 / loop,
        "images_per_second_least": 1 / max(plain),
        "images_per_second_most": 1 / min(plain),
        "bare_step_images_per_second": arguments.batch / seconds,
        "precision": arguments.precision,
        "config": arguments.config,
        "threads": arguments.threads,
        "ngf": arguments.ngf,
        "ndf": arguments.ndf,
        "batch": arguments.batch,
        "image_size_px": arguments.size,
        "gemm_gflops": gemm,
        "useful_gflops": operations / arguments.batch / loop / 1e9,
        "bare_step_percent_of_gemm": 100 * share,
        "useful_gflop_per_image": operations / arguments.batch / 1e9,
        "checkpoint_seconds": extra,
        "peak_memory_mb": _peak_memory_mb(arguments.device),
    }
    spent = extra / (ROUND * seconds)
    figures["loop_percent"] = 100 * (loop * arguments.batch / seconds - 1)
    figures["checkpoint_percent_of_500_steps"] = 100 * spent
    if utilization:
        figures["device_idle_percent"] = 100 - statistics.median(utilization)
    print(describe())
    print(
        f"{arguments.config or f'ngf {arguments.ngf}, ndf {arguments.ndf}'}, {arguments.size} px, "
        f"batch {arguments.batch}, {arguments.threads or 'all'} threads, "
        f"{arguments.precision}: median {figures['images_per_second']:.1f} images/s "
        f"({1 / max(plain):.1f} to {1 / min(plain):.1f}), the bare step "
        f"{figures['bare_step_images_per_second']:.1f}; {figures['useful_gflops']:.0f} useful "
        f"GFLOP/s; of a matrix product's {gemm:.0f} the bare step does {100 * share:.0f} % beside "
        "it; a grid, a checkpoint and an export "
        f"{figures['checkpoint_seconds']:.1f} s, {100 * spent:.1f} % of {ROUND} steps"
    )
    print(json.dumps(figures))


def _config(arguments: argparse.Namespace) -> RunConfig:
    given = load_config(arguments.config) if arguments.config else None
    if given is not None:
        arguments.batch = given.training.batch_size
    steps = arguments.steps * (arguments.repeats * 3 // 2 + 1)
    training = TrainingConfig(
        splits=["train"],
        epochs=steps,
        batch_size=arguments.batch,
        precision=arguments.precision,
        compile=arguments.compile,
        steps_per_launch=arguments.steps,
        log_every=arguments.steps,
        sample_every=3 * arguments.steps,
        checkpoint_every=3 * arguments.steps,
        samples=8,
    )
    if given is not None:
        return given.model_copy(update={"training": training})
    return recipe(arguments.size, arguments.ngf, arguments.ndf, training)


def _training(config: RunConfig, arguments: argparse.Namespace) -> list[float]:
    """Returns seconds an image between the points of the curves."""
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "random.h5"
        # One batch an epoch: nothing depends on how many pictures there are.
        _write(data, arguments.batch, arguments.size * 76 // 64)
        trainer = Trainer(config, data, Run(Path(folder) / "run"))

        def watch(step: int, means: dict[str, float]) -> None:
            print(f"  step {step}: {means['images_per_second']:.1f} images/s", flush=True)
            seconds.append(1 / means["images_per_second"])

        trainer.train(watch)
    return seconds


def _split(seconds: list[float]) -> tuple[list[float], list[float]]:
    """Returns the repeats of steps alone, and those that began with a grid and a checkpoint."""
    # The first one is traced, and the first checkpoint traces too.
    behind = seconds[6::3]
    plain = [value for index, value in enumerate(seconds) if index and index % 3]
    return plain, behind or seconds[3::3]


def _peak_memory_mb(device: str) -> float:
    if device == "gpu":
        return float(tf.config.experimental.get_memory_info("GPU:0")["peak"]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


@contextmanager
def _utilization(measured: bool) -> Iterator[list[float]]:
    """Yields a list that holds, behind the block, the percent of time in which kernels ran."""
    samples: list[float] = []
    if not measured:
        yield samples
        return
    query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    with subprocess.Popen([*query, "-lms", "200"], stdout=subprocess.PIPE, text=True) as watcher:
        try:
            yield samples
        finally:
            watcher.terminate()
            output = watcher.communicate()[0]
    samples += [float(line) for line in output.split()]


def _write(path: Path, count: int, size: int) -> None:
    random = np.random.default_rng(0)
    # At least two pictures of a class, as some models want.
    classes = max(2, min(CLASSES, count // 4))
    with writing(path, size, "random") as pairs:
        for index in range(count):
            image = random.integers(0, 256, (size, size, 3)).astype(np.uint8)
            pairs.add("train", image, ["a bird"] * CAPTIONS, index % classes, str(index))
    embedding = random.standard_normal((count * CAPTIONS, EMBEDDING)).astype(np.float32)
    none = np.zeros((0, EMBEDDING), np.float32)
    blocks = {"train": [embedding], "val": [none], "test": [none]}
    write_embeddings(path, blocks, b"none", "random", EMBEDDING)


if __name__ == "__main__":
    main()
