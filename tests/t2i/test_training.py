"""Runs: from start to end, killed and resumed, on two replicas, on two workers, and refused."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from miniature import write_pairs

from t2i import configfile
from t2i.config import Config
from t2i.errors import InputError
from t2i.runs import Run
from t2i.training import Trainer

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
from t2i import configfile
from t2i.config import Config
from t2i.runs import Run
from t2i.training import Trainer
def progress(step, means):
    if step >= int(kill_at):
        os.kill(os.getpid(), signal.SIGKILL)
trainer = Trainer(configfile.load(Path(config), Config), Path(data), Run(Path(run)))
assert trainer.plan.replicas == int(devices)
trainer.train(progress)
"""


def _config(tmp_path: Path, *overrides: str) -> Config:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    config = configfile.load(path, Config, overrides)
    path.write_text(configfile.dump(config))
    return config


def _train(config: Config, data: Path, run: Path) -> list[dict[str, float]]:
    points: list[dict[str, float]] = []
    Trainer(config, data, Run(run)).train(
        lambda step, means: points.append({"step": step, **means})
    )
    return points


def _in_a_process(
    tmp_path: Path, data: Path, run: Path, devices: int = 1, kill_at: int = 10**9
) -> int:
    arguments = [str(tmp_path / "tiny.yaml"), str(data), str(run), str(devices), str(kill_at)]
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, timeout=240
    ).returncode


def _weights(run: Path, step: int = 12) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(run / "checkpoints" / f"ckpt-{step}"))
    names = (name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name)
    return {name: reader.get_tensor(name) for name in names}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Data, run directory and curves of a run that was never interrupted."""
    folder = tmp_path_factory.mktemp("finished")
    data = write_pairs(folder / "birds.h5")
    return data, folder / "run", _train(_config(folder), data, folder / "run")


def test_a_run_leaves_everything_in_its_directory(
    finished: Finished,
) -> None:
    _, run, points = finished
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    events = {name for name in files if "tfevents" in name}
    assert len(events) == 1
    assert files - events == {
        ".lock",
        "config.yaml",
        "record.json",
        "encoder.keras",
        "generator.keras",
        "metrics.jsonl",
        "samples/000004.png",
        "samples/000008.png",
        "samples/000012.png",
        "checkpoints/checkpoint",
        "checkpoints/ckpt-8.index",
        "checkpoints/ckpt-8.data-00000-of-00001",
        "checkpoints/ckpt-12.index",
        "checkpoints/ckpt-12.data-00000-of-00001",
        "events/captions.tsv",
        "events/captions_labels.tsv",
        "events/captions.png",
        "events/projector_config.pbtxt",
    }
    assert (run / "encoder.keras").read_bytes() == b"an encoder"
    assert [point["step"] for point in points] == [2, 4, 6, 8, 10, 12]
    assert [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()] == points


def test_every_curve_is_there_and_the_rate_halves_on_time(
    finished: Finished,
) -> None:
    _, _, points = finished
    kinds = ("real", "mismatched", "fake")
    assert set(points[0]) == {
        "step",
        "learning_rate",
        "images_per_second",
        "d/gradient_norm",
        "g/gradient_norm",
        *(f"d/{kind}" for kind in kinds),
        *(f"d/accuracy_{kind}" for kind in kinds),
        "d/interpolated_fake",
        "g/adversarial",
        "g/interpolated",
        "g/feature_matching",
        "g/l1",
    }
    # The rate of the step to come; two epochs are six steps.
    rates = [point["learning_rate"] for point in points]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 2.5e-4], rtol=1e-6)


def test_tensorboard_has_curves_texts_and_pictures(
    finished: Finished,
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, run, points = finished
    events = EventAccumulator(str(run / "events"), size_guidance={"tensors": 0})
    events.Reload()
    tags = set(events.Tags()["tensors"])
    shown = {
        "samples/real_and_painted",
        "samples/captions",
        "config",
    }
    assert tags == (set(points[0]) - {"step"}) | shown
    assert [event.step for event in events.Tensors("g/adversarial")] == [2, 4, 6, 8, 10, 12]
    assert [event.step for event in events.Tensors("samples/real_and_painted")] == [4, 8, 12]


def test_killed_in_the_middle_of_an_epoch_and_resumed_ends_with_the_same_weights(
    finished: Finished, tmp_path: Path
) -> None:
    data, uninterrupted, points = finished
    config = _config(tmp_path)
    assert _in_a_process(tmp_path, data, tmp_path / "run", kill_at=6) == -signal.SIGKILL
    assert (tmp_path / "run" / "checkpoints" / "ckpt-4.index").exists()
    resumed = _train(config, data, tmp_path / "run")
    assert [point["step"] for point in resumed] == [6, 8, 10, 12]
    expected, got = _weights(uninterrupted), _weights(tmp_path / "run")
    assert expected.keys() == got.keys()
    assert len(expected) > 100
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)
    for before, after in zip(points[2:], resumed, strict=True):
        assert {**before, "images_per_second": 0} == {**after, "images_per_second": 0}
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4, 6, 8, 10, 12]


def test_a_finished_run_is_left_as_it_is(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    before = _weights(run)
    trainer = Trainer(_config(tmp_path), data, Run(run))
    assert trainer.done == 12
    trainer.train(lambda *_: pytest.fail("nothing was left to train"))
    for name, value in _weights(run).items():
        np.testing.assert_array_equal(value, before[name])


def test_two_replicas_equal_one(tmp_path: Path) -> None:
    # So large an epsilon makes Adam show the scale of the gradients, which it hides otherwise.
    config = _config(tmp_path, "optimizer.epsilon=1.0", "training.ema=0.5")
    data = write_pairs(tmp_path / "birds.h5")
    assert _in_a_process(tmp_path, data, tmp_path / "two", devices=2) == 0
    trainer = Trainer(config, data, Run(tmp_path / "one"))
    generator = trainer._gan.generator
    start = [weight.numpy().copy() for weight in generator.trainable_weights]
    trainer.train(lambda *_: None)
    one, two = _weights(tmp_path / "one"), _weights(tmp_path / "two")
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-5, err_msg=name)
    # Far more than the tolerance: a gradient of half or twice the size would show.
    moved = zip(start, generator.trainable_weights, strict=True)
    assert max(float(np.abs(old - new.numpy()).max()) for old, new in moved) > 1e-3


def test_two_workers_equal_one(tmp_path: Path) -> None:
    config = _config(tmp_path, "optimizer.epsilon=1.0", "training.ema=0.5")
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
    outputs = [worker.communicate(timeout=240)[0].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    _train(config, data, tmp_path / "one")
    one, two = _weights(tmp_path / "one"), _weights(tmp_path / "two")
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=2e-5, err_msg=name)


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        (("optimizer.learning_rate=2e-4",), "optimizer.learning_rate"),
        (("losses.l1=0", "training.epochs=9"), "losses.l1, training.epochs"),
    ],
)
def test_a_changed_configuration_refuses_to_resume(
    finished: Finished,
    tmp_path: Path,
    overrides: tuple[str, ...],
    keys: str,
) -> None:
    data, run, _ = finished
    with pytest.raises(InputError) as error:
        Trainer(_config(tmp_path, *overrides), data, Run(run))
    assert str(error.value) == (
        f"{run}: expected the configuration this run began with, got other values of {keys}; "
        "set them back, or choose another --run"
    )


def test_other_data_refuse_to_resume(finished: Finished, tmp_path: Path) -> None:
    _, run, _ = finished
    other = write_pairs(tmp_path / "other.h5", encoder=b"another encoder")
    with pytest.raises(InputError) as error:
        Trainer(_config(tmp_path), other, Run(run))
    assert str(error.value) == (
        f"{run}: expected the data this run began with, got other pictures, captions or "
        "embeddings; give the old --data, or choose another --run"
    )


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(
    finished: Finished, tmp_path: Path
) -> None:
    data, _, _ = finished
    trainer = Trainer(_config(tmp_path), data, Run(tmp_path / "run"))

    # One weight is spoiled in the middle, as an overflow would.
    def spoil(step: int, _: dict[str, float]) -> None:
        if step == 6:
            weight = trainer._gan.generator.trainable_weights[0]
            weight.assign(weight.numpy() * np.nan)

    with pytest.raises(InputError) as error:
        trainer.train(spoil)
    assert str(error.value).startswith(f"{tmp_path / 'run'}: expected finite losses, got d/")
    assert " = nan at step 7; the last checkpoint is kept; " in str(error.value)
    assert all(np.isfinite(value).all() for value in _weights(tmp_path / "run", 4).values())


def test_a_run_in_use_is_not_trained_twice(finished: Finished, tmp_path: Path) -> None:
    from t2i.runs import locked

    data, run, _ = finished
    trainer = Trainer(_config(tmp_path), data, Run(run))
    with locked(Run(run)), pytest.raises(InputError) as error:
        trainer.train(lambda *_: None)
    assert str(error.value) == (
        f"{run}: expected a run that nobody trains, got one in use; "
        "wait for it, or choose another --run"
    )


def test_a_damaged_checkpoint_is_named(finished: Finished, tmp_path: Path) -> None:
    import shutil

    data, run, _ = finished
    shutil.copytree(run, tmp_path / "run")
    damaged = tmp_path / "run" / "checkpoints" / "ckpt-12"
    damaged.with_suffix(".data-00000-of-00001").write_bytes(b"nothing")
    state = tmp_path / "run" / "checkpoints" / "checkpoint"
    with pytest.raises(InputError) as error:
        Trainer(_config(tmp_path), data, Run(tmp_path / "run")).train(lambda *_: None)
    assert str(error.value) == (
        f"{damaged}: expected a whole checkpoint of this run, got a damaged one; "
        f"name an older one in {state}, or start anew"
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("image_size=16", "losses.feature_matching_layer=4"),
            "image_size: expected at most the 10 pixels of {data}, got 16; "
            "prepare larger pictures or train smaller ones",
        ),
        (
            ("training.batch_size=26",),
            "training.batch_size: expected at most the 24 pictures of train + val, got 26; "
            "make it smaller",
        ),
    ],
)
def test_data_that_do_not_fit(tmp_path: Path, overrides: tuple[str, ...], message: str) -> None:
    data = write_pairs(tmp_path / "birds.h5")
    with pytest.raises(InputError) as error:
        Trainer(_config(tmp_path, *overrides), data, Run(tmp_path / "run"))
    assert str(error.value) == message.format(data=data)
    assert not (tmp_path / "run").exists()


def test_a_broken_tf_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(InputError) as error:
        Trainer(_config(tmp_path), tmp_path / "birds.h5", Run(tmp_path / "run"))
    assert str(error.value) == (
        "TF_CONFIG: expected JSON with cluster.worker and task, got '{}'; "
        "unset it to train on this machine alone"
    )
