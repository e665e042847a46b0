"""Runs that are refused, and runs that stop, each with a line that says why."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from miniature import write_pairs
from tiny_runs import Finished, config_of, weights

from t2i.errors import InputError
from t2i.pairs.digests import fingerprint_without_pixels
from t2i.pairs.reading import read as read_pairs
from t2i.pairs.reading import read_header
from t2i.runs.directory import Run, trim_metrics
from t2i.runs.record import begin
from t2i.training.trainer import Trainer


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        (("optimizer.learning_rate=2e-4",), "optimizer.learning_rate"),
        (("losses.l1=0", "training.epochs=9"), "losses.l1"),
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
            weight = trainer._model.networks["generator"].trainable_weights[0]
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


def test_a_damaged_checkpoint_is_said_and_the_one_before_it_taken(
    finished: Finished, tmp_path: Path
) -> None:
    data, run, _ = finished
    # A folder's name that TensorFlow would take for a pattern.
    copy = tmp_path / "lr=[1e-3]" / "run"
    shutil.copytree(run, copy)
    damaged = copy / "checkpoints" / "ckpt-12"
    damaged.with_suffix(".data-00000-of-00001").write_bytes(b"nothing")
    said: list[str] = []
    Trainer(config_of(tmp_path), data, Run(copy)).train(lambda *_: None, said.append)
    assert said == [f"{damaged}: damaged, and left out; going on from an older one"]
    # TensorFlow's own reader does take the name for a pattern.
    shutil.copytree(copy, tmp_path / "plain")
    again, whole = weights(tmp_path / "plain"), weights(run)
    assert again.keys() == whole.keys()
    for name, value in whole.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)
    assert sorted(path.name for path in damaged.parent.glob("*.index")) == [
        "ckpt-12.index",
        "ckpt-8.index",
    ]


def test_damaged_checkpoints_alone_never_begin_again(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    shutil.copytree(run, tmp_path / "run")
    for path in (tmp_path / "run" / "checkpoints").glob("*.index"):
        path.write_bytes(b"nothing")
    curves = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), data, Run(tmp_path / "run")).train(lambda *_: None)
    assert str(error.value) == (
        f"{tmp_path}/run/checkpoints/ckpt-12: expected a whole checkpoint of this run, got a "
        "damaged one, and none older that is whole; choose another --run"
    )
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == curves


def test_curves_are_cut_to_the_last_good_line(finished: Finished, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    shutil.copytree(finished[1], run.path)
    lines = run.metrics.read_text().splitlines(keepends=True)
    run.metrics.write_bytes("".join(lines[:2]).encode() + b"\0\0\0\n" + lines[3].encode())
    trim_metrics(run, 100)
    assert run.metrics.read_text() == "".join(lines[:2])


def test_pictures_much_larger_than_what_is_painted_are_refused(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "birds.h5", image_size=16)
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), data, Run(tmp_path / "run"))
    assert str(error.value) == (
        f"image_size: expected at least 11 for the 16 pixels of {data}, got 8, whose windows "
        "show pieces of pictures; prepare with --image-size 9, or train larger ones"
    )


@pytest.mark.parametrize("residence", ["device", "file"])
def test_another_pixel_is_other_data(tmp_path: Path, residence: str) -> None:
    data = write_pairs(tmp_path / "birds.h5")
    config, run = config_of(tmp_path, f"training.data={residence}"), Run(tmp_path / "run")
    begin(run, config, Trainer(config, data, run).plan.record, b"an encoder")
    assert Trainer(config, data, run).done == 0
    with h5py.File(data, "r+") as file:
        file["train/image"][3, 4, 5, 1] ^= 1
    with pytest.raises(InputError) as error:
        Trainer(config, data, run)
    assert str(error.value) == (
        f"{tmp_path}/run: expected the data this run began with, got other pictures, captions or "
        "embeddings; give the old --data, or choose another --run"
    )


def test_a_run_from_before_pixels_were_compared_goes_on(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    shutil.copytree(run, tmp_path / "run")
    old = read_pairs(data, ["train", "val"])
    record = Run(tmp_path / "run").record
    content = json.loads(record.read_text())
    content["data"] = fingerprint_without_pixels(old, read_header(data))
    record.write_text(json.dumps(content))
    plan = Trainer(config_of(tmp_path), data, Run(tmp_path / "run")).plan
    assert "; began before pixels were compared" in plan.data


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
