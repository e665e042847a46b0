"""What an evaluation says at work, and what it is not asked for."""

from dataclasses import replace
from pathlib import Path

import pytest
from evaluation_samples import write_data

from t2i.errors import InputError
from t2i.evaluation.evaluate import Request, evaluate


def test_the_metric_at_work_is_named(bench) -> None:
    begun: list[str] = []
    request = _request(bench)
    evaluate(bench.run, request, lambda *_: None, lambda *_: None, begun.append)
    assert begun == ["diversity", "manifold", ""]


def test_middles_that_are_pieces_of_pictures_are_no_real_pictures(bench, tmp_path: Path) -> None:
    request = _request(bench)
    large = write_data(tmp_path / "large.h5", stored=13)
    with pytest.raises(InputError) as error:
        evaluate(bench.run, replace(request, data=large), lambda *_: None, lambda *_: None)
    assert str(error.value) == (
        f"{large}: expected pictures of at most 12 pixels for the 8 of {bench.run}, got 13, whose "
        "middles are pieces; prepare them as for training"
    )


def _request(bench) -> Request:
    return Request(bench.data, "test", 20, 3, ("diversity", "manifold"), judge=bench.judge)
