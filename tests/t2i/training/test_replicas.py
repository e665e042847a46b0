"""Two replicas and two workers train as one device does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
from miniature import write_pairs
from tiny_runs import config_of, in_a_process, train, weights

from t2i.runs.directory import Run
from t2i.training.trainer import Trainer


def test_two_replicas_equal_one(tmp_path: Path) -> None:
    # So large an epsilon makes Adam show the scale of the gradients, which it hides otherwise.
    config = config_of(tmp_path, "optimizer.epsilon=1.0", "training.ema=0.5")
    data = write_pairs(tmp_path / "birds.h5")
    assert in_a_process(tmp_path, data, tmp_path / "two", devices=2) == 0
    trainer = Trainer(config, data, Run(tmp_path / "one"))
    generator = trainer._model.networks["generator"]
    start = [weight.numpy().copy() for weight in generator.trainable_weights]
    trainer.train(lambda *_: None)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-5, err_msg=name)
    # Far more than the tolerance: a gradient of half or twice the size would show.
    moved = zip(start, generator.trainable_weights, strict=True)
    assert max(float(np.abs(old - new.numpy()).max()) for old, new in moved) > 1e-3


def test_two_workers_equal_one(tmp_path: Path) -> None:
    config = config_of(tmp_path, "optimizer.epsilon=1.0", "training.ema=0.5")
    data = write_pairs(tmp_path / "birds.h5")
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(f"127.0.0.1:{free.getsockname()[1]}")
    workers = []
    for index in range(2):
        task = {"cluster": {"worker": ports}, "task": {"type": "worker", "index": index}}
        command = ["-m", "t2i", "train", str(tmp_path / "tiny.yaml")]
        command += ["--data", str(data), "--run", str(tmp_path / "two")]
        workers.append(
            subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, "TF_CONFIG": json.dumps(task)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
    outputs = [worker.communicate(timeout=600)[0].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    train(config, data, tmp_path / "one")
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-5, err_msg=name)
