"""The whole of it on a tiny run: numbers by another way, resumed, refused, on two replicas."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from evaluation_samples import SIZE, write_run

from t2i.config.metrics import METRICS
from t2i.encoders.pair import image_side, load_image_side
from t2i.encoders.text import load_encoder
from t2i.errors import InputError
from t2i.evaluation.evaluate import Request, Result, evaluate
from t2i.evaluation.metrics import parzen
from t2i.evaluation.metrics.fid import fid
from t2i.evaluation.metrics.manifold import manifold
from t2i.evaluation.metrics.retrieval import r_precision
from t2i.evaluation.pictures import BLOCK, caption_rows
from t2i.evaluation.report import read
from t2i.images.pixels import middle, save_image
from t2i.painting.painter import Painter
from t2i.pairs.reading import read as read_pairs

COUNT = 300
NO_CLASSES = (
    "top1: expected classes that pictures should be taken for, got none; give --classes, for "
    "example birds"
)


def _evaluate(bench, path: Path | None = None, **changes: object) -> Result:
    request = replace(Request(bench.data, "test", COUNT, 3, judge=bench.judge), **changes)
    return evaluate(path or bench.run, request, lambda *_: None, lambda *_: None)


def _values(result: Result) -> dict[str, float]:
    return {row.metric: row.estimate.value for table in result.tables for row in table.rows}


def _error(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


@pytest.fixture(scope="module")
def whole(bench) -> Result:
    return _evaluate(bench)


@pytest.fixture(scope="module")
def painted(bench) -> np.ndarray:
    """The pictures that the protocol describes, painted by `painting`."""
    captions = read_pairs(bench.data, ["test"]).caption
    painter = Painter(bench.run)
    texts = [captions[row] for row in caption_rows(len(captions), COUNT, 3)]
    latents = [
        np.random.default_rng([3, 0, block]).standard_normal((BLOCK, 5), np.float32)
        for block in range(2)
    ]
    return painter.paint_rows(painter.embed(texts), np.concatenate(latents)[:COUNT])


def test_the_numbers_are_those_of_the_pictures_painted_otherwise(bench, whole, painted) -> None:
    real = read_pairs(bench.data, ["test"])
    text = load_encoder(bench.judge)
    images, _ = load_image_side(image_side(bench.judge), text)
    network = images.measuring

    def measured(pictures: np.ndarray) -> dict[str, np.ndarray]:
        resized = images.inputs(pictures).astype(np.float32)
        return {name: np.asarray(rows) for name, rows in network(resized).items()}

    ours, theirs = measured(painted), measured(middle(real.image, SIZE))
    found = _values(whole)
    expected = fid(ours["features"], theirs["features"]).value
    assert found["FID"] == pytest.approx(expected, rel=1e-4)
    both = manifold(ours["features"], theirs["features"])
    assert found["coverage %"] == pytest.approx(100 * both.coverage.value, abs=1.0)
    classes = np.repeat(real.class_id, np.diff(real.caption_offset))
    caption = caption_rows(len(real.caption), COUNT, 3)
    right = r_precision(ours["embedding"], caption, text.embed(real.caption), classes, 3).right
    assert found["R-precision %"] == pytest.approx(100 * right.mean(), abs=0.5)


def test_every_metric_has_its_function_and_all_but_one_come_unasked(whole) -> None:
    assert tuple(whole.scores.by_name) == METRICS
    assert whole.left_out == {"top1": NO_CLASSES}
    assert set(_values(whole)) == {
        "FID", "FID, 64 directions", "KID", "Inception Score", "precision %", "recall %",
        "density", "coverage %", "variety", "diversity", "distance to training",
        "R-precision %", "zero-shot accuracy %",
    }  # fmt: skip


def test_the_protocol_stands_beside_the_numbers(bench, whole) -> None:
    (table,) = read(bench.run / "evaluation.json")
    assert (table.by.kind, table.by.name) == ("own-encoder", "own image encoder judge.keras")
    assert len(table.by.sha256) == 64
    protocol = table.protocol
    assert (protocol["generated"], protocol["reference"], protocol["split"]) == (300, 80, "test")
    assert protocol["reference_set"] == "middle 8 of 10 pixels, not augmented"
    assert protocol["latents"] == "z ~ N(0, 1), not truncated"
    assert protocol["captions"] == "one a picture, each once before one comes again"
    assert (protocol["seed"], protocol["resolution"]) == (3, 8)
    assert (protocol["step"], protocol["trained_on"]) == (None, "train")
    assert {"commit", "versions", "data_sha256", "pictures", "interval"} <= protocol.keys()
    for row in table.rows:
        assert row.estimate.low <= row.estimate.value <= row.estimate.high


class StoppedError(Exception):
    """Stands for what ends an evaluation from outside."""


def test_interrupted_it_goes_on_and_more_pictures_begin_with_the_same(
    bench, whole, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(bench.run, run, ignore=shutil.ignore_patterns("evaluation*"))
    passes: dict[str, list[int]] = {}

    def stop(what: str, done: int, total: int) -> None:
        if what == "painting and measuring" and done:
            raise StoppedError

    def record(what: str, done: int, total: int) -> None:
        passes.setdefault(what, []).append(done)

    request = Request(bench.data, "test", COUNT, 3, judge=bench.judge)
    with pytest.raises(StoppedError):
        evaluate(run, request, stop, lambda *_: None)
    result = evaluate(run, request, record, lambda *_: None)
    assert passes["painting and measuring"] == [BLOCK, COUNT]
    assert _values(result) == pytest.approx(_values(whole), rel=1e-6)
    passes.clear()
    evaluate(run, replace(request, count=COUNT + 10), record, lambda *_: None)
    assert passes["painting and measuring"] == [BLOCK, COUNT + 10]
    # Fewer are there already.
    passes.clear()
    again = evaluate(run, request, record, lambda *_: None)
    assert passes["painting and measuring"] == [COUNT]
    assert _values(again) == pytest.approx(_values(whole), rel=1e-6)


def test_a_folder_of_the_same_pictures_has_the_same_numbers(
    bench, whole, painted, tmp_path: Path
) -> None:
    captions = read_pairs(bench.data, ["test"]).caption
    rows = caption_rows(len(captions), COUNT, 3)
    for index, picture in enumerate(painted):
        save_image(tmp_path / f"{index + 1:04d}_0000.png", picture)
    (tmp_path / "captions.txt").write_text("\n".join(captions[row] for row in rows))
    found = _values(_evaluate(bench, tmp_path, metrics=("fid", "kid", "r-precision", "diversity")))
    expected = _values(whole)
    for metric in ("FID", "KID", "R-precision %"):
        assert found[metric] == pytest.approx(expected[metric], rel=1e-3, abs=1e-5)
    assert found["diversity"] > 0  # of the 60 captions that came twice
    assert _error(lambda: _evaluate(bench, tmp_path, captions=2)) == (
        f"--captions: expected 1 for the folder {tmp_path}, whose pictures are painted, got 2; "
        "leave it out"
    )
    (tmp_path / "captions.txt").write_text("\n".join(["something else"] * COUNT))
    assert _error(lambda: _evaluate(bench, tmp_path)) == (
        f"{tmp_path}: expected captions of the split evaluated, got 'something else'; "
        "paint captions of that split, or choose another --split"
    )


def test_the_parzen_window_is_the_one_of_all_pictures_at_once(bench, painted) -> None:
    def flat(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1) / 255

    result = _evaluate(bench, metrics=("parzen",), judge=None)
    (table,) = result.tables
    assert table.by.kind == "pixels"
    held_out = flat(middle(read_pairs(bench.data, ["val"]).image, SIZE))
    test = flat(middle(read_pairs(bench.data, ["test"]).image, SIZE))
    samples = flat(painted)
    expected = parzen.parzen(
        parzen.log_sums(held_out, samples), parzen.log_sums(test, samples), COUNT, SIZE * SIZE * 3
    )
    assert table.rows[0].estimate.value == pytest.approx(expected.log_likelihood.value, rel=1e-5)
    assert table.rows[0].settings["sigma"] == expected.sigma


def test_two_replicas_measure_what_one_does(bench, whole, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(bench.run, run, ignore=shutil.ignore_patterns("evaluation*"))
    script = f"""
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from pathlib import Path
from t2i.evaluation.evaluate import Request, evaluate
from t2i.compute.strategy import local_strategy
import t2i.evaluation.evaluate as module
strategies = []
module.local_strategy = lambda: strategies.append(local_strategy()) or strategies[0]
evaluate(Path({str(run)!r}), Request(Path({str(bench.data)!r}), "test", {COUNT}, 3,
         judge=Path({str(bench.judge)!r})), lambda *_: None, lambda *_: None)
assert strategies[0].num_replicas_in_sync == 2
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=240)
    assert result.returncode == 0, result.stderr.decode()
    (table,) = read(run / "evaluation.json")
    found = {row.metric: row.estimate.value for row in table.rows}
    assert found == pytest.approx(_values(whole), rel=1e-3, abs=1e-6)


def test_pictures_are_painted_for_the_mean_of_several_captions(bench, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(bench.run, run, ignore=shutil.ignore_patterns("evaluation*"))
    result = _evaluate(bench, run, count=20, captions=3, metrics=("r-precision",))
    assert result.tables[0].protocol["captions"] == (
        "the mean of 3 of one picture, each once the first before one is again"
    )
    # Every picture of the data has three: the mean is of all of them, whichever is the first.
    real = read_pairs(bench.data, ["test"])
    painter = Painter(run)
    first = caption_rows(len(real.caption), 20, 3)
    means = painter.embed(real.caption).reshape(-1, 3, 6).mean(axis=1)
    latents = np.random.default_rng([3, 0, 0]).standard_normal((BLOCK, 5), np.float32)[:20]
    expected = painter.paint_rows(means[first // 3], latents)
    pictures = result.scores.evidence.subject.pictures
    np.testing.assert_allclose(pictures.at(np.arange(20)).astype(int), expected.astype(int), atol=1)
    # What was measured of one caption's is not taken for these.
    one = _evaluate(bench, run, count=20, metrics=("r-precision",)).scores.evidence.subject.pictures
    assert one.fingerprint != pictures.fingerprint


def test_what_can_not_be_computed_is_left_out_unless_asked_for(bench) -> None:
    result = _evaluate(bench, count=25)
    assert result.left_out == {
        "is": "is: expected at least 50 generated pictures (10 splits, 5 classes), got 25; "
        "raise --count",
        "top1": NO_CLASSES,
    }
    reason = result.left_out["is"]
    assert _error(lambda: _evaluate(bench, count=25, metrics=("is",))) == reason


def test_a_generator_of_nan_is_told_whatever_is_asked(bench, tmp_path: Path) -> None:
    spoiled = write_run(tmp_path / "run")
    from t2i.compute.replicas import OnReplicas

    def nan(self: OnReplicas, inputs: object) -> np.ndarray:
        return np.full((BLOCK, SIZE, SIZE, 3), np.nan, np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnReplicas, "__call__", nan)
        message = _error(lambda: _evaluate(bench, spoiled))
    assert message.startswith("generator: expected finite pictures, got nan or infinity for ")


def test_a_generator_that_paints_one_picture_is_measured(bench, tmp_path: Path) -> None:
    result = _evaluate(bench, write_run(tmp_path / "run", weight=0.0))
    found = _values(result)
    assert (found["diversity"], found["recall %"]) == (0.0, 0.0)
    assert np.isfinite(list(found.values())).all()
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text())["tables"]


def test_nothing_to_evaluate(bench, tmp_path: Path) -> None:
    assert _error(lambda: _evaluate(bench, tmp_path / "none")) == (
        f"{tmp_path / 'none'}: expected a run directory or a folder of pictures, got nothing "
        "there; train one with `t2i train`"
    )
    assert _error(lambda: _evaluate(bench, tmp_path)) == (
        f"{tmp_path}: expected a run, or pictures and their metadata.jsonl, got 0 pictures and no "
        "metadata.jsonl; make them with `t2i generate --out FOLDER`"
    )
