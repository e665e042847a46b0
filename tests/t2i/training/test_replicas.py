"""Two replicas and two workers train as one device does."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from miniature import write_pairs
from tiny_runs import config_of, in_a_process, weights

from t2i.runs.directory import Run
from t2i.training.trainer import Trainer


class One(NamedTuple):
    """A run on one device, in a folder with its data and `tiny.yaml`."""

    folder: Path
    data: Path
    weights: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> One:
    folder = tmp_path_factory.mktemp("one")
    # So large an epsilon makes Adam show the scale of the gradients, which it hides otherwise.
    config = config_of(folder, "optimizer.epsilon=1.0", "training.ema=0.5")
    data = write_pairs(folder / "birds.h5")
    trainer = Trainer(config, data, Run(folder / "one"))
    trained = trainer._model.networks["generator"].trainable_weights
    start = [weight.numpy().copy() for weight in trained]
    trainer.train(lambda *_: None)
    # Far more than the tolerance: a gradient of half or twice the size would show.
    moved = zip(start, trained, strict=True)
    assert max(float(np.abs(old - new.numpy()).max()) for old, new in moved) > 1e-3
    return One(folder, data, weights(folder / "one"))


def _require_the_same(one: One, run: Path) -> None:
    found = weights(run)
    for name, value in one.weights.items():
        np.testing.assert_allclose(found[name], value, atol=2e-5, err_msg=name)


def test_two_replicas_equal_one(one: One, tmp_path: Path) -> None:
    assert in_a_process(one.folder, one.data, tmp_path / "two", devices=2) == 0
    _require_the_same(one, tmp_path / "two")


def test_two_workers_equal_one(one: One, tmp_path: Path) -> None:
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(f"127.0.0.1:{free.getsockname()[1]}")
    workers = []
    for index in range(2):
        task = {"cluster": {"worker": ports}, "task": {"type": "worker", "index": index}}
        command = ["-m", "t2i", "train", str(one.folder / "tiny.yaml")]
        command += ["--data", str(one.data), "--run", str(tmp_path / "two")]
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
    _require_the_same(one, tmp_path / "two")
