"""Who may judge: an encoder that took no part, trained on what a judge may know."""

from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_samples import write_data, write_judge

from t2i.errors import InputError
from t2i.evaluation.evaluate import Request, Result, evaluate


def _evaluate(bench, **changes: object) -> Result:
    request = replace(Request(bench.data, "test", 300, 3, judge=bench.judge), **changes)
    return evaluate(bench.run, request, lambda *_: None, lambda *_: None)


def _refusal(bench, **changes: object) -> str:
    with pytest.raises(InputError) as error:
        _evaluate(bench, **changes)
    return str(error.value)


def test_the_runs_own_encoder_is_no_judge_not_even_trained_again(bench, tmp_path: Path) -> None:
    # Other bytes, the same weights.
    own = write_judge(tmp_path / "own.keras", bench.data, seed=0)
    assert own.read_bytes() != (bench.run / "encoder.keras").read_bytes()
    assert _refusal(bench, judge=own) == (
        f"{own}: expected an encoder that took no part in training {bench.run}, got the run's "
        "own; train one with `t2i-prep train-encoder --set seed=1`"
    )


def test_a_judge_trained_on_other_pictures_is_refused(bench, tmp_path: Path) -> None:
    other = write_data(tmp_path / "other.h5", seed=1)
    assert _refusal(bench, data=other) == (
        f"{bench.judge}: expected an encoder trained on the train split of {other}, or on train "
        "and val, got one trained on others; train one with `t2i-prep train-encoder --set seed=1`"
    )


def test_a_judge_may_know_train_and_val_and_never_test(bench, tmp_path: Path) -> None:
    judge = write_judge(tmp_path / "judge.keras", bench.data, splits=("train", "val"))
    assert _evaluate(bench, judge=judge, metrics=("r-precision",)).tables
    judge = write_judge(tmp_path / "judge.keras", bench.data, splits=("train", "test"))
    assert " got one trained on others; " in _refusal(bench, judge=judge)
