"""Images a second of `t2i train`, and what the machine would allow.

    python benchmarks/train_step.py [--ngf 64] [--ndf 64] [--batch 64] [--precision float32]

The real command's own training loop runs on random pictures of 76 pixels, GAN-CLS + GAN-INT +
feature matching at 64 pixels; sampling and checkpoints are left to the end. Beside it, in the
same process, the rate of a large matrix product is measured: the ceiling of the arithmetic.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from machine import describe

from t2i.config import Config, LossesConfig, NetworksConfig, TrainingConfig
from t2i.pairs_writing import write_embeddings, writing
from t2i.runs import Run
from t2i.training import Trainer

CAPTIONS, CLASSES, EMBEDDING = 10, 20, 1024


def main() -> None:
    """Prints the rates and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--ndf", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--steps", type=int, default=5, help="of a repeat")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rates = _training(arguments)
    gemm = _gemm(tf.float32 if arguments.precision == "float32" else tf.bfloat16)
    figures = {
        "images_per_second": statistics.median(rates),
        "images_per_second_least": min(rates),
        "images_per_second_most": max(rates),
        "precision": arguments.precision,
        "ngf": arguments.ngf,
        "ndf": arguments.ndf,
        "batch": arguments.batch,
        "image_size_px": arguments.size,
        "gemm_gflops": gemm,
    }
    print(describe())
    print(
        f"{arguments.size} px, batch {arguments.batch}, ngf {arguments.ngf}, ndf {arguments.ndf}, "
        f"{arguments.precision}: median {figures['images_per_second']:.1f} images/s "
        f"({min(rates):.1f} to {max(rates):.1f}); matrix product {gemm:.0f} GFLOP/s"
    )
    print(json.dumps(figures))


def _training(arguments: argparse.Namespace) -> list[float]:
    """Returns images a second of each repeat, the first one, which compiles, left out."""
    steps = arguments.steps * (arguments.repeats + 1)
    config = Config(
        image_size=arguments.size,
        networks=NetworksConfig(generator_width=arguments.ngf, discriminator_width=arguments.ndf),
        losses=LossesConfig(feature_matching=10.0),
        training=TrainingConfig(
            splits=["train"],
            epochs=steps,
            batch_size=arguments.batch,
            precision=arguments.precision,
            steps_per_launch=arguments.steps,
            log_every=arguments.steps,
            sample_every=steps,
            checkpoint_every=steps,
            samples=1,
        ),
    )
    rates: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "random.h5"
        # One batch an epoch: nothing depends on how many pictures there are.
        _write(data, arguments.batch, arguments.size * 76 // 64)
        trainer = Trainer(config, data, Run(Path(folder) / "run"))
        started = time.perf_counter()

        def progress(step: int, means: dict[str, float]) -> None:
            # The last point's time holds no painting: it is taken before it.
            print(f"  step {step}: {means['images_per_second']:.1f} images/s", flush=True)
            rates.append(means["images_per_second"])

        trainer.train(progress)
        print(f"  in all {time.perf_counter() - started:.0f} s")
    return rates[1:]


def _write(path: Path, count: int, size: int) -> None:
    random = np.random.default_rng(0)
    with writing(path, size, "random") as pairs:
        for index in range(count):
            image = random.integers(0, 256, (size, size, 3)).astype(np.uint8)
            pairs.add("train", image, ["a bird"] * CAPTIONS, index % CLASSES, str(index))
    embedding = random.standard_normal((count * CAPTIONS, EMBEDDING)).astype(np.float32)
    none = np.zeros((0, EMBEDDING), np.float32)
    blocks = {"train": [embedding], "val": [none], "test": [none]}
    write_embeddings(path, blocks, b"none", "random", EMBEDDING)


def _gemm(dtype: tf.DType, size: int = 4096, repeats: int = 5) -> float:
    """Returns GFLOP/s of a square matrix product, the best of several."""
    product = tf.function(tf.matmul)
    a = tf.cast(tf.random.stateless_normal([size, size], [0, 0]), dtype)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        product(a, a)[0, 0].numpy()
        times.append(time.perf_counter() - start)
    return 2 * size**3 / min(times[1:]) / 1e9


if __name__ == "__main__":
    main()
