"""Runs that go on longer than they were begun for, and runs that start from another's weights."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from miniature import write_pairs
from tiny_runs import TINY, TINY_PROJECTED, Finished, config_of, train, weights

from t2i.config.run import RunConfig
from t2i.errors import InputError
from t2i.models.catalogue import offered
from t2i.models.contract import Facts, Model
from t2i.painting.painter import Painter
from t2i.runs.checkpoints import Checkpoints
from t2i.runs.directory import Run
from t2i.runs.record import Start, begin, read_record
from t2i.training.trainer import Trainer


def test_more_epochs_end_with_the_weights_of_a_run_that_began_with_them(
    finished: Finished, tmp_path: Path
) -> None:
    data, whole, _ = finished
    train(config_of(tmp_path, "training.epochs=2"), data, tmp_path / "run")
    more = config_of(tmp_path, "training.log_every=3", "training.samples=1")
    trainer = Trainer(more, data, Run(tmp_path / "run"))
    assert trainer.plan.notes == [
        "training.epochs: 4 from step 6 on, 2 before; the schedule of the learning rate is as it "
        "was",
        "training.log_every: 3 from step 6 on, 2 before",
        "training.samples: 1 from step 6 on, 2 before",
    ]
    trainer.train(lambda *_: None)
    for name, value in weights(whole).items():
        np.testing.assert_array_equal(weights(tmp_path / "run")[name], value, err_msg=name)
    noted = [change.model_dump() for change in read_record(Run(tmp_path / "run")).changes]
    assert noted == [
        {"step": 6, "key": "training.epochs", "before": 2, "after": 4},
        {"step": 6, "key": "training.log_every", "before": 2, "after": 3},
        {"step": 6, "key": "training.samples", "before": 2, "after": 1},
    ]
    assert Trainer(more, data, Run(tmp_path / "run")).plan.notes == []


def test_a_rate_that_falls_to_the_end_is_said_to_fall_later(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "birds.h5")
    linear = ("optimizer.decay=linear", "optimizer.decay_share=1.0")
    _begun(config_of(tmp_path, *linear, "training.epochs=2"), data, tmp_path / "run", 6)
    assert Trainer(config_of(tmp_path, *linear), data, Run(tmp_path / "run")).plan.notes == [
        "training.epochs: 4 from step 6 on, 2 before; the learning rate falls to 0 at the new end: "
        "0.0005 now, where it was 0"
    ]


def test_fewer_epochs_than_were_trained_are_refused(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path, "training.epochs=3"), data, Run(run))
    assert str(error.value) == (
        f"training.epochs: expected at least 4, as {run} has reached step 12, got 3; make it larger"
    )


def _begun(config: RunConfig, data: Path, path: Path, step: int = 3) -> Model:
    """Returns the model of a run of one checkpoint, all of its weights moved, none trained."""
    trainer, run = Trainer(config, data, Run(path)), Run(path)
    model, random = trainer._model, np.random.default_rng(5)
    for network in model.networks.values():
        moved = [random.random(weight.shape, np.float32) for weight in network.get_weights()]
        network.set_weights(moved)
    begin(run, config, trainer.plan.record, b"an encoder")
    Checkpoints({**model.networks, **model.kept}, run.checkpoints, 1, True).save(step)
    painting = offered(config).build_painting(config, Facts(6, 3)).network
    painting.set_weights(model.weights())
    painting.save(run.generator)
    return model


@pytest.mark.parametrize("text", [TINY, TINY_PROJECTED])
def test_a_run_starts_from_the_weights_of_another(tmp_path: Path, text: str) -> None:
    """Whichever model it is: all of its networks, and its whitening, with optimizers of its own."""
    data = write_pairs(tmp_path / "birds.h5")
    config = config_of(tmp_path, text=text)
    old = _begun(config, data, tmp_path / "old")
    trainer = Trainer(config, data, Run(tmp_path / "new"), start=tmp_path / "old")
    assert trainer.plan.notes == [f"starting from step 3 of {tmp_path / 'old'}"]
    for name, network in trainer._model.networks.items():
        theirs = old.networks[name].get_weights()
        for value, expected in zip(network.get_weights(), theirs, strict=True):
            np.testing.assert_array_equal(value, expected)
    for value, expected in zip(trainer._model.weights(), old.weights(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_what_was_started_goes_on_when_the_other_run_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, config = write_pairs(tmp_path / "birds.h5"), config_of(tmp_path)
    _begun(config, data, tmp_path / "old")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    # Before the first step.
    monkeypatch.setattr("t2i.training.trainer.build_launch", stop)
    with pytest.raises(KeyboardInterrupt):
        Trainer(config, data, Run(tmp_path / "run"), start=tmp_path / "old").train(lambda *_: None)
    shutil.move(tmp_path / "old", tmp_path / "gone")
    assert read_record(Run(tmp_path / "run")).start == Start(run=str(tmp_path / "old"), step=3)
    assert Trainer(config, data, Run(tmp_path / "run")).plan.notes == []
    old, new = weights(tmp_path / "gone", 3), weights(tmp_path / "run", 0)
    trained = [name for name in old if name.startswith(("generator/", "discriminator/"))]
    assert trained
    for name in trained:
        np.testing.assert_array_equal(new[name], old[name], err_msg=name)


def test_a_start_from_what_paints_alone(finished: Finished, tmp_path: Path) -> None:
    """As of a shipped run, which has no checkpoints."""
    data, old, _ = finished
    shutil.copytree(old, tmp_path / "old", ignore=shutil.ignore_patterns("checkpoints"))
    other = write_pairs(tmp_path / "birds.h5", encoder=b"another encoder")
    trainer = Trainer(config_of(tmp_path), other, Run(tmp_path / "run"), start=tmp_path / "old")
    assert trainer.plan.notes == [
        f"starting from the generator of {tmp_path / 'old'}, which has no checkpoints: D begins "
        "anew; the sentences were embedded by another encoder, so that what they mean is learned "
        "anew: embed them with its encoder.keras to keep that"
    ]
    weights_there = Painter(old, data=data).network.get_weights()
    for value, expected in zip(trainer._model.weights(), weights_there, strict=True):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        (
            TINY_PROJECTED,
            (),
            "expected a run of model projected, as the configuration is, got dcgan in {old}; "
            "take a configuration of that model",
        ),
        (
            TINY,
            ("networks.generator_width=5",),
            "expected networks of the same shapes in {old}, got, in what paints, "
            "project/kernel of (8, 64) for (8, 80); "
            "set the networks and text as its config.yaml does",
        ),
        (
            TINY,
            ("networks.discriminator_width=5",),
            "expected networks of the same shapes in {old}, got, in discriminator, "
            "down4/kernel of (4, 4, 3, 4) for (4, 4, 3, 5); "
            "set the networks and text as its config.yaml does",
        ),
    ],
)
def test_a_start_that_does_not_fit(
    finished: Finished, tmp_path: Path, text: str, overrides: tuple[str, ...], message: str
) -> None:
    data, old, _ = finished
    config = config_of(tmp_path, *overrides, text=text)
    with pytest.raises(InputError) as error:
        Trainer(config, data, Run(tmp_path / "run"), start=old)
    assert str(error.value) == "--from: " + message.format(old=old)
    assert not (tmp_path / "run").exists()


def test_a_run_keeps_the_start_that_it_began_with(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), data, Run(run), start=tmp_path / "old")
    assert str(error.value) == (
        f"--from: expected none, as {run} began, got {tmp_path / 'old'}; leave it out, or choose "
        "another --run"
    )
    with pytest.raises(InputError) as error:
        Trainer(config_of(tmp_path), data, Run(tmp_path / "run"), start=tmp_path / "nothing")
    assert str(error.value) == (
        f"--from: expected a run with a checkpoint, got none in {tmp_path / 'nothing'}; "
        "name the directory of a run, or one that is shipped: birds, demo"
    )


def test_each_checkpoint_that_is_kept_paints(finished: Finished, tmp_path: Path) -> None:
    data, run, _ = finished
    text = ["bird 0 of kind 1, view 0"]
    old, new, newest = (Painter(run, data, step).paint(text, 2, 0) for step in (8, 12, None))
    assert (old != new).any()
    np.testing.assert_array_equal(new, newest)
    with pytest.raises(InputError) as error:
        Painter(run, data, 10)
    assert str(error.value) == f"--step: expected one of 8, 12 in {run}, got 10; choose another"
    with pytest.raises(InputError) as error:
        Painter(run, data, "best")
    assert str(error.value) == f"--step: expected one of 8, 12 in {run}, got best; choose another"
    content = json.loads((run / "record.json").read_text())
    assert content["changes"] == []


def test_the_newest_of_a_run_from_before_each_had_its_generator(
    finished: Finished, tmp_path: Path
) -> None:
    data, run, _ = finished
    shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("ckpt-*.keras"))
    Painter(tmp_path / "run", data, 12)
    with pytest.raises(InputError, match="expected one of 12 in"):
        Painter(tmp_path / "run", data, 8)
