"""What a run is going to do, decided for machines that are not here; and read once to decide it."""

from pathlib import Path
from typing import Any

import h5py
import pytest
from click.testing import CliRunner
from encoder_samples import tiny_encoder
from miniature import EMBEDDING_SIZE, write_pairs
from tiny_runs import TINY, config_of

from t2i.cli.main import main
from t2i.compute.strategy import Machine
from t2i.encoders.text import save_encoder
from t2i.errors import InputError
from t2i.pairs.stored import OpenPairs
from t2i.runs.directory import Run
from t2i.training.plan import Plan, make_plan

LAPTOP = Machine(replicas=1, gpu=False, device_bytes=None)


def _plan(tmp_path: Path, machine: Machine, *overrides: str) -> Plan:
    data = OpenPairs(write_pairs(tmp_path / "birds.h5"))
    plan, _ = make_plan(config_of(tmp_path, *overrides), data, Run(tmp_path / "run"), None, machine)
    return plan


def test_a_plan_says_what_will_be_done_and_nothing_is_written(tmp_path: Path) -> None:
    plan = _plan(tmp_path, LAPTOP)
    assert (plan.images, plan.captions, plan.classes) == (24, 72, 4)
    assert (plan.steps, plan.steps_per_epoch, plan.done) == (12, 3, 0)
    assert (plan.replicas, plan.compiled, plan.residence) == (1, False, "device")
    assert plan.precision == "float32 (as configured)"
    assert (plan.begun, plan.starts, plan.notes) == (None, False, [])
    assert plan.record.pairs == str(tmp_path / "birds.h5")
    assert not (tmp_path / "run").exists()


def test_it_is_made_for_devices_that_are_not_here(tmp_path: Path) -> None:
    gpu = _plan(tmp_path, Machine(replicas=1, gpu=True, device_bytes=80 << 30))
    assert (gpu.compiled, gpu.residence) == (True, "device")
    small = _plan(tmp_path, Machine(replicas=2, gpu=True, device_bytes=1000))
    assert (small.replicas, small.compiled, small.residence) == (2, False, "host")
    many = Machine(replicas=8, gpu=True, device_bytes=80 << 30)
    with pytest.raises(InputError) as error:
        _plan(tmp_path, many)
    assert str(error.value) == (
        "training.batch_size: expected a multiple of 16 for 8 replicas, got 8; change it or use "
        "fewer devices"
    )


def test_a_training_opens_its_pairs_file_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command, the plan, the blocks, the board and the monitor: each is handed what is open."""
    save_encoder(tmp_path / "encoder.keras", tiny_encoder(embedding_size=EMBEDDING_SIZE))
    encoder = (tmp_path / "encoder.keras").read_bytes()
    data = write_pairs(tmp_path / "birds.h5", encoder=encoder)
    opened: list[str] = []

    class Counted(h5py.File):
        def __init__(self, name: Any, *arguments: Any, **options: Any) -> None:
            opened.append(str(name))
            super().__init__(name, *arguments, **options)

    monkeypatch.setattr(h5py, "File", Counted)
    (tmp_path / "tiny.yaml").write_text(TINY)
    overrides = [
        "training.epochs=2", "training.data=file", "training.evaluate_every=4",
        "training.evaluate_metrics=[copying]", "training.evaluate_count=8",
        "training.evaluate_split=test",
    ]  # fmt: skip
    arguments = ["train", str(tmp_path / "tiny.yaml"), "--data", str(data)]
    arguments += ["--run", str(tmp_path / "run"), "--judge", "efficientnet-lite0"]
    for override in overrides:
        arguments += ["--set", override]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "evaluation/distance to training" in (tmp_path / "run/metrics.jsonl").read_text()
    assert opened.count(str(data)) == 1
