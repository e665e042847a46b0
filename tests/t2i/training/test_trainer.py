"""Runs: from start to end, wherever the data are held, killed and resumed."""

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import Finished, config_of, in_a_process, train, weights

from t2i.runs.directory import Run
from t2i.training.trainer import Trainer


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
        "checkpoints/ckpt-8.index",
        "checkpoints/ckpt-8.data-00000-of-00001",
        "checkpoints/ckpt-12.index",
        "checkpoints/ckpt-8.keras",
        "checkpoints/ckpt-12.keras",
        "checkpoints/ckpt-12.data-00000-of-00001",
        # TensorBoard calls a run by the folder of its files.
        *(f"events/{run.name}/captions{end}" for end in (".tsv", "_labels.tsv", ".png")),
        f"events/{run.name}/projector_config.pbtxt",
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
    events = EventAccumulator(str(Run(run).events), size_guidance={"tensors": 0})
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
    """In launches of one step, which equal those of many."""
    data, uninterrupted, points = finished
    config = config_of(tmp_path, "training.steps_per_launch=1")
    assert in_a_process(tmp_path, data, tmp_path / "run", kill_at=6) == -signal.SIGKILL
    assert (tmp_path / "run" / "checkpoints" / "ckpt-4.index").exists()
    resumed = train(config, data, tmp_path / "run")
    assert [point["step"] for point in resumed] == [6, 8, 10, 12]
    expected, got = weights(uninterrupted), weights(tmp_path / "run")
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
    before = weights(run)
    trainer = Trainer(config_of(tmp_path), data, Run(run))
    assert trainer.done == 12
    trainer.train(lambda *_: pytest.fail("nothing was left to train"))
    for name, value in weights(run).items():
        np.testing.assert_array_equal(value, before[name])


def test_streamed_data_train_the_same_weights(finished: Finished, tmp_path: Path) -> None:
    """Bit for bit: the batches are the same, and so is the order of the sums.

    That blocks from the host hold what those from the file do, `batches/test_residence.py` tells.
    """
    data, run, _ = finished
    trainers = {
        residence: Trainer(
            config_of(tmp_path, f"training.data={residence}"), data, Run(tmp_path / residence)
        )
        for residence in ("host", "file")
    }
    for residence, trainer in trainers.items():
        assert trainer.plan.data == f"{residence} (as configured)"
    trainers["file"].train(lambda *_: None)
    expected, got = weights(run), weights(tmp_path / "file")
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


def test_a_step_compiled_by_xla_trains_the_same_weights(finished: Finished, tmp_path: Path) -> None:
    data, _, _ = finished
    # The fused kernel, an epsilon that keeps Adam from magnifying what rounding leaves, and as few
    # operations as there can be: XLA takes a hundredth of a second for each.
    how = ("training.epochs=1", "networks.synchronized_batch_norm=false", "optimizer.epsilon=1e-2",
           "losses.l1=0", "losses.feature_matching=0", "losses.interpolated_fake=0",
           "losses.interpolated=0", "training.ema=0")  # fmt: skip
    for kind in ("none", "xla"):
        train(config_of(tmp_path, *how, f"training.compile={kind}"), data, tmp_path / kind)
    expected, got = weights(tmp_path / "none", 3), weights(tmp_path / "xla", 3)
    for name, value in expected.items():
        # Three steps of sums in another order; moved weights differ by a thousand times this.
        np.testing.assert_allclose(got[name], value, rtol=1e-4, atol=2e-5, err_msg=name)
