"""Runs of a minute's worth of nothing: tiny networks on 24 pictures, 12 steps in all."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from t2i.config.file import dump
from t2i.config.run import RunConfig
from t2i.models.catalogue import load_config
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer

# Data, run directory and curves.
Finished = tuple[Path, Path, list[dict[str, float]]]
# 24 pictures in batches of 8: three steps an epoch, 12 steps in all.
TINY = """
image_size: 8
networks: {generator_width: 4, discriminator_width: 4, latent_size: 5, text_size: 3,
           synchronized_batch_norm: true}
losses: {feature_matching: 1.0, l1: 0.5, interpolated_fake: 0.2}
text: {whitened_components: 3}
optimizer: {learning_rate: 1e-3, decay: step, decay_epochs: 2}
training: {epochs: 4, batch_size: 8, ema: 0.9, precision: float32, steps_per_launch: 2,
           checkpoint_every: 4, checkpoints_kept: 2, log_every: 2, sample_every: 4, samples: 2}
"""
# The same of the other model: two steps an epoch, as pictures come in pairs of a class.
TINY_PROJECTED = """
model: projected
image_size: 8
networks: {generator_widths: [4], latent_size: 8, style_size: 5, eyes_size: 64, head_width: 4,
           key_size: 3, synchronized_batch_norm: true}
losses: {matched: 0.5, mismatched: 0.3, unmatched: 0.3, feature_matching: 1.0, interpolated: 0.2}
text: {whitened_components: 3}
optimizer: {learning_rate: 1e-3, decay: step, decay_epochs: 2}
training: {epochs: 2, batch_size: 8, ema: 0.9, precision: float32, steps_per_launch: 2,
           checkpoint_every: 1, checkpoints_kept: 4, log_every: 2, sample_every: 4, samples: 2}
"""
# Trains as the command does, with as many logical CPUs and up to as many steps as it is told.
SCRIPT = """
import os, signal, sys
from pathlib import Path
config, data, run, devices, kill_at = sys.argv[1:]
import tensorflow as tf
if int(devices) > 1:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * int(devices))
from t2i.models.catalogue import load_config
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer
def watch(step, means):
    if step >= int(kill_at):
        os.kill(os.getpid(), signal.SIGKILL)
trainer = Trainer(load_config(Path(config)), Path(data), Run(Path(run)))
assert trainer.plan.replicas == int(devices)
trainer.train(watch)
"""


def config_of(tmp_path: Path, *overrides: str, text: str = TINY) -> RunConfig:
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    config = load_config(path, overrides)
    path.write_text(dump(config))
    return config


def train(config: RunConfig, data: Path, run: Path) -> list[dict[str, float]]:
    points: list[dict[str, float]] = []
    Trainer(config, data, Run(run)).train(
        lambda step, means: points.append({"step": step, **means})
    )
    return points


def in_a_process(
    tmp_path: Path, data: Path, run: Path, devices: int = 1, kill_at: int = 10**9
) -> int:
    arguments = [str(tmp_path / "tiny.yaml"), str(data), str(run), str(devices), str(kill_at)]
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, timeout=600
    ).returncode


def weights(run: Path, step: int = 12) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(run / "checkpoints" / f"ckpt-{step}"))
    names = (name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name)
    return {name: reader.get_tensor(name) for name in names}
