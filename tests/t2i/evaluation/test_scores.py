"""Numbers of two measurers, and what is measured only when it is asked for."""

import keras
import numpy as np
import pytest

from t2i.compute.replicas import OnReplicas
from t2i.evaluation import evaluate as module
from t2i.evaluation.evaluate import Request, evaluate
from t2i.evaluation.measurers import FID_INCEPTION, OWN, Measurer, Stamp
from t2i.evaluation.report import read


def _inception(path: object, strategy: object) -> Measurer:
    """In the place of the large network: a small one, with classes."""
    keras.utils.set_random_seed(7)
    pictures = keras.Input((None, None, 3))
    features = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(5, 3)(pictures))
    classes = keras.layers.Dense(4, activation="softmax")(features)
    network = keras.Model(pictures, {"features": features, "probabilities": classes})
    stamp = Stamp(FID_INCEPTION, "FID Inception 2015-12-05", "cd" * 32, "bilinear to 299")
    return Measurer(stamp, OnReplicas(network, strategy), 0, {"features": 5, "probabilities": 4})


@pytest.fixture
def both(bench, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr(module, "load_features", _inception)
    return Request(bench.data, "test", 60, 0, features=bench.judge, judge=bench.judge)


def test_own_features_and_the_inceptions_never_share_a_table(bench, both: Request) -> None:
    result = evaluate(bench.run, both, lambda *_: None, lambda *_: None)
    metrics = {table.by.kind: {row.metric for row in table.rows} for table in result.tables}
    assert metrics == {
        FID_INCEPTION: {
            "FID", "FID, 64 directions", "KID", "Inception Score", "precision %", "recall %",
            "density", "coverage %", "variety", "diversity", "distance to training",
        },
        OWN: {"R-precision %", "zero-shot accuracy %"},
    }  # fmt: skip
    alone = Request(bench.data, "test", 60, 0, judge=bench.judge)
    evaluate(bench.run, alone, lambda *_: None, lambda *_: None)
    tables = {table.by.kind: table for table in read(bench.run / "evaluation.json")}
    fids = {
        kind: next(row.estimate.value for row in table.rows if row.metric == "FID")
        for kind, table in tables.items()
    }
    assert fids.keys() == {FID_INCEPTION, OWN}
    assert fids[FID_INCEPTION] != fids[OWN]


def test_only_what_is_asked_for_is_measured(bench, both: Request) -> None:
    passes = set()
    request = Request(both.data, "test", 60, 1, ("kid",), both.features, both.judge)
    result = evaluate(bench.run, request, lambda what, *_: passes.add(what), lambda *_: None)
    assert passes == {"painting and measuring", "measuring the reference"}
    assert (result.scores.retrieved, result.scores.nearest_training) == (None, None)


def test_the_score_of_the_judge_is_over_the_classes_of_the_split(bench) -> None:
    request = Request(bench.data, "test", 60, 0, ("is",), judge=bench.judge)
    result = evaluate(bench.run, request, lambda *_: None, lambda *_: None)
    (row,) = result.tables[0].rows
    assert row.settings["classes"] == "of the split: scores of their mean captions, softmax"
    assert 1.0 <= row.estimate.value <= 5.0
    probabilities = result.scores.evidence.class_probabilities(
        result.scores.evidence.subject.pictures
    )
    np.testing.assert_allclose(np.asarray(probabilities).sum(axis=1), 1.0, rtol=1e-5)
    assert probabilities.shape == (60, 5)
