"""Runs that are refused, and runs that stop, each with a line that says why."""

from pathlib import Path

import numpy as np
import pytest
from miniature import write_pairs
from tiny_runs import Finished, config_of, weights

from t2i.errors import InputError
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer


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
        Trainer(config_of(tmp_path, *overrides), data, Run(run))
    assert str(error.value) == (
        f"{run}: expected the configuration this run began with, got other values of {keys}; "
        "set them back, or choose another --run"
    )


def test_other_data_refuse_to_resume(finished: Finished, tmp_path: Path) -> None:
    _, run, _ = finished
    other = write_pairs(tmp_path / "other.h5", encoder=b"another encoder")
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), other, Run(run))
    assert str(error.value) == (
        f"{run}: expected the data this run began with, got other pictures, captions or "
        "embeddings; give the old --data, or choose another --run"
    )


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(
    finished: Finished, tmp_path: Path
) -> None:
    data, _, _ = finished
    trainer = Trainer(config_of(tmp_path), data, Run(tmp_path / "run"))

    # One weight is spoiled in the middle, as an overflow would.
    def spoil(step: int, _: dict[str, float]) -> None:
        if step == 6:
            weight = trainer._gan.generator.trainable_weights[0]
            weight.assign(weight.numpy() * np.nan)

    with pytest.raises(InputError) as error:
        trainer.train(spoil)
    assert str(error.value).startswith(f"{tmp_path / 'run'}: expected finite losses, got d/")
    assert " = nan at step 7; the last checkpoint is kept; " in str(error.value)
    assert all(np.isfinite(value).all() for value in weights(tmp_path / "run", 4).values())


def test_a_run_in_use_is_not_trained_twice(finished: Finished, tmp_path: Path) -> None:
    from t2i.runs.directory import locked

    data, run, _ = finished
    trainer = Trainer(config_of(tmp_path), data, Run(run))
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
        Trainer(config_of(tmp_path), data, Run(tmp_path / "run")).train(lambda *_: None)
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
        Trainer(config_of(tmp_path, *overrides), data, Run(tmp_path / "run"))
    assert str(error.value) == message.format(data=data)
    assert not (tmp_path / "run").exists()


def test_a_broken_tfconfig_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), tmp_path / "birds.h5", Run(tmp_path / "run"))
    assert str(error.value) == (
        "TF_CONFIG: expected JSON with cluster.worker and task, got '{}'; "
        "unset it to train on this machine alone"
    )
