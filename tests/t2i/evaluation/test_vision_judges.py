"""Networks that others trained, as what measures: chosen by name, and refused where they trained.

On eight-pixel noise: the numbers say nothing, and are those of the network called by itself.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from evaluation_samples import SIZE, text_encoder, write_judge

from t2i.compute import replicas
from t2i.compute.strategy import local_strategy
from t2i.encoders.config import ImageEncoderConfig
from t2i.encoders.image import resized
from t2i.encoders.text import save_encoder
from t2i.errors import InputError
from t2i.evaluation import scores, subject
from t2i.evaluation.evaluate import Request, Result, evaluate, require_fair
from t2i.evaluation.measurers import load_judge
from t2i.evaluation.metrics.agreement import load_classes
from t2i.evaluation.metrics.estimate import Estimate
from t2i.evaluation.metrics.fid import fid, halves, principal
from t2i.evaluation.metrics.variety import spread
from t2i.evaluation.subject import Sampling, open_subject
from t2i.images.pixels import middle
from t2i.pairs.reading import read
from t2i.pairs.stored import OpenPairs
from t2i.runs.record import Record
from t2i.vision.lite import build_lite
from t2i.vision.networks import LITE_NETWORKS

LITE0 = Path("efficientnet-lite0")
COUNT = 80
METRICS = ("fid64", "top1", "variety", "is")


@pytest.fixture(autouse=True, scope="module")
def few_pictures() -> Iterator[None]:
    """Variations of two sentences, and batches that hold no more than there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject, "VARIED_CAPTIONS", 2)
        patch.setattr(replicas, "BATCH", 20)
        yield


def _evaluate(bench, path: Path, **changes: object) -> Result:
    request = Request(bench.data, "test", COUNT, 3, **changes)
    return evaluate(path, request, lambda *_: None, lambda *_: None)


def _error(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        call()
    return str(error.value)


def _seen(pictures: np.ndarray) -> dict[str, np.ndarray]:
    network = build_lite(LITE_NETWORKS[LITE0.name], 128)
    outputs = network(resized(pictures, 128).astype(np.float32), training=False)
    return {name: np.asarray(values) for name, values in outputs.items()}


def test_a_network_by_name_measures_as_it_does_by_itself(
    bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of 1000 classes it asks for 10,000 pictures.
    monkeypatch.setattr(scores, "inception_score", lambda rows: Estimate(float(rows.sum()), 0, 0))
    classes = tmp_path / "some.txt"
    classes.write_text("\n".join(map(str, range(0, 1000, 2))))
    result = _evaluate(
        bench, bench.run, metrics=METRICS, features=LITE0, classes=load_classes(str(classes))
    )
    (table,) = result.tables
    assert (table.by.kind, table.by.name) == ("vision", "efficientnet-lite0")
    assert table.by.resize == "area or bilinear to 128"
    rows = {row.metric: row for row in table.rows}
    painted, own = result.scores.evidence.subject, read(bench.data, ["test"])
    ours = _seen(painted.pictures.at(np.arange(COUNT)))
    theirs = _seen(middle(own.image, SIZE))

    axes = principal(theirs["features"])
    frechet = rows["FID, 64 directions"]
    expected = fid(ours["features"] @ axes, theirs["features"] @ axes).value
    assert frechet.estimate.value == pytest.approx(expected, rel=1e-3)
    assert frechet.real == pytest.approx(halves(theirs["features"] @ axes), rel=1e-3)

    even = rows["top-1 is of some %"]
    assert even.settings == {"classes": "some", "number": 500}
    share = 100 * (ours["logits"].argmax(axis=1) % 2 == 0).mean()
    assert even.estimate.value == pytest.approx(share)
    assert even.real == pytest.approx(100 * (theirs["logits"].argmax(axis=1) % 2 == 0).mean())

    varied = _seen(painted.varied.at(np.arange(2 * subject.VARIATIONS)))
    # A map of 8 x 8 brought down to 4 x 4 by the means of its quarters.
    layout, real_layout = (
        seen["16"].reshape(len(seen["16"]), 4, 2, 4, 2, -1).mean(axis=(2, 4)).reshape(-1, 1792)
        for seen in (varied, theirs)
    )
    centre = real_layout.mean(axis=0)
    ratio = spread(layout, painted.varied_caption, centre).mean()
    ratio /= spread(real_layout, own.class_id, centre).mean()
    assert rows["variety of layout"].estimate.value == pytest.approx(ratio, rel=1e-3)
    ratio = spread(varied["features"], painted.varied_caption).mean()
    ratio /= spread(theirs["features"], own.class_id).mean()
    assert rows["variety"].estimate.value == pytest.approx(ratio, rel=1e-3)
    inception = rows["Inception Score"]
    assert inception.settings["classes"] == "of ImageNet"
    assert (inception.estimate.value, inception.real) == pytest.approx((COUNT, len(own.name)))


def test_only_a_network_that_tells_classes_is_asked_for_them(bench) -> None:
    message = _error(
        lambda: _evaluate(
            bench, bench.run, metrics=("top1",), judge=bench.judge, classes=load_classes("birds")
        )
    )
    assert message == (
        "top1: expected a network that tells ImageNet's 1000 classes, got own image encoder "
        "judge.keras; give --features efficientnet-lite1, for example"
    )


def test_what_is_no_name_and_no_file(bench) -> None:
    message = _error(lambda: _evaluate(bench, bench.run, features=Path("efficientnet-lite9")))
    assert message == (
        "efficientnet-lite9: expected efficientnet-lite0, efficientnet-lite1, efficientnet-lite2 "
        "or the weights of an Inception, got nothing there; choose one, or leave --features out"
    )


def _looked_through(bench, tmp_path: Path, network: str = LITE0.name) -> Path:
    """A run that looked through lite0, or another network, in training."""
    run = tmp_path / "run"
    shutil.copytree(bench.run, run, ignore=shutil.ignore_patterns("evaluation*"))
    record = Record(data="", precision="float32", vision=[network])
    (run / "record.json").write_text(record.model_dump_json())
    return run


def test_a_network_that_took_part_does_not_measure(bench, tmp_path: Path) -> None:
    run = _looked_through(bench, tmp_path)
    assert _error(lambda: _evaluate(bench, run, features=LITE0)) == (
        f"--features: expected a network that took no part in training {run}, got "
        "efficientnet-lite0; choose one of efficientnet-lite1, efficientnet-lite2"
    )


def test_a_judge_that_looks_through_it_does_not_either(bench, tmp_path: Path) -> None:
    run, judge = _looked_through(bench, tmp_path), tmp_path / "judge.keras"
    through = ImageEncoderConfig(network=LITE0.name, image_size=32)
    write_judge(judge, bench.data, image=through)
    assert _error(lambda: _evaluate(bench, run, judge=judge)) == (
        f"{judge}: expected a network that took no part in training {run}, got "
        "efficientnet-lite0; choose one of efficientnet-lite1, efficientnet-lite2"
    )
    # It judges what was trained without it.
    looking = load_judge(judge, local_strategy())
    assert looking.vision == {LITE0.name}
    data, real = OpenPairs(bench.data), read(bench.data, ["test"])
    opened = open_subject(bench.run, data, real, Sampling(2, 0), local_strategy())
    require_fair(looking, opened, data, judge)


def test_nor_what_the_text_encoder_was_trained_beside(bench, tmp_path: Path) -> None:
    run = _looked_through(bench, tmp_path)
    save_encoder(run / "encoder.keras", replace(text_encoder(0), vision=("efficientnet-lite1",)))
    for name in (LITE0.name, "efficientnet-lite1"):
        assert _error(lambda name=name: _evaluate(bench, run, features=Path(name))) == (
            f"--features: expected a network that took no part in training {run}, got {name}; "
            "choose one of efficientnet-lite2"
        )


def test_a_judge_through_a_network_of_keras_is_known_by_its_name(bench, tmp_path: Path) -> None:
    weights, judge = tmp_path / "eyes.weights.h5", tmp_path / "judge.keras"
    keras.applications.MobileNet(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3)
    ).save_weights(weights)
    through = ImageEncoderConfig(network="MobileNet", weights=str(weights), image_size=32)
    write_judge(judge, bench.data, image=through)
    run = _looked_through(bench, tmp_path, "keras.applications MobileNet")
    assert _error(lambda: _evaluate(bench, run, judge=judge)) == (
        f"{judge}: expected a network that took no part in training {run}, got "
        "keras.applications MobileNet; choose one of efficientnet-lite0, efficientnet-lite1, "
        "efficientnet-lite2"
    )
