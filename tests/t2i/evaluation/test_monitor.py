"""A run measured while it trains."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_samples import text_encoder, write_data, write_judge
from tiny_runs import TINY_PROJECTED, config_of

from t2i.compute import replicas
from t2i.config.file import parse
from t2i.encoders.text import save_encoder
from t2i.errors import InputError
from t2i.evaluation import evidence, subject
from t2i.evaluation.measuring import measured
from t2i.models.dcgan.config import Config
from t2i.painting.painter import Painter
from t2i.pairs.reading import read
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import write_embeddings
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer

# Twenty pictures in batches of 4: 15 steps, checkpoints after 4, 8, 12 and 15.
TINY = """
image_size: 8
networks: {generator_width: 4, discriminator_width: 4, latent_size: 5, text_size: 3}
optimizer: {learning_rate: 1e-2, decay: none}
training: {splits: [train], epochs: 3, batch_size: 4, precision: float32, steps_per_launch: 4,
           checkpoint_every: 4, log_every: 4, sample_every: 8, samples: 2, evaluate_every: 4,
           evaluate_metrics: [kid, diversity], evaluate_count: 40, evaluate_split: test}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("monitored")
    path = write_data(folder / "birds.h5")
    encoder = text_encoder(0)
    save_encoder(folder / "encoder.keras", encoder)
    content = (folder / "encoder.keras").read_bytes()
    blocks = {split: [encoder.embed(read(path, [split]).caption)] for split in SPLITS}
    write_embeddings(path, blocks, content, encoder.kind, encoder.embedding_size)
    write_judge(folder / "judge.keras", path)
    return path


def _config(*overrides: str) -> Config:
    config: Config = parse(TINY, Config, "tiny.yaml", overrides)
    return config


def test_the_best_generator_is_kept_and_paints_and_real_pictures_are_looked_at_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[str] = []

    def counted(*arguments: Any) -> Any:
        passes.append(arguments[3])
        return measured(*arguments)

    monkeypatch.setattr(evidence, "measured", counted)
    config = _config("training.evaluate_metrics=[kid, diversity, copying]")
    run, judge = Run(tmp_path / "run"), data.with_name("judge.keras")
    Trainer(config, data, run, judge).train(lambda *_: None)
    # Paintings before the first step, and after 4, 8 and 12.
    assert sorted(passes) == [
        "measuring the reference", "measuring the training pictures",
        *["painting and measuring"] * 4, *["painting variations"] * 4,
    ]  # fmt: skip
    points = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    found = {
        point["step"]: (point["evaluation/KID"], point["evaluation/diversity"])
        for point in points
        if "evaluation/KID" in point
    }
    assert sorted(found) == [4, 8, 12]
    best = json.loads((run.path / "best/best.json").read_text())
    lowest = min(found, key=lambda step: found[step][0])
    assert best == {"step": lowest, "metric": "KID", "value": found[lowest][0]}
    assert Painter(run.path / "best").paint(["a red bird"], 1, 0).shape == (1, 1, 8, 8, 3)
    # The last checkpoint is another one, whatever was the best.
    same = (run.path / "best/generator.keras").read_bytes() == run.generator.read_bytes()
    assert not same


def test_a_worse_one_does_not_replace_it(data: Path, tmp_path: Path) -> None:
    run, judge = Run(tmp_path / "run"), data.with_name("judge.keras")
    trainer = Trainer(_config("training.epochs=1"), data, run, judge)
    (run.path / "best").mkdir(parents=True)
    note = run.path / "best/best.json"
    note.write_text('{"step": 1, "metric": "KID", "value": -1e9}')
    trainer.train(lambda *_: None)
    assert json.loads(note.read_text())["step"] == 1
    assert not (run.path / "best/generator.keras").exists()


def test_a_network_by_name_watches_without_captions(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "VARIED_CAPTIONS", 2)
    monkeypatch.setattr(replicas, "BATCH", 10)
    config = _config(
        "training.evaluate_every=12", "training.evaluate_metrics=[variety,top1]",
        "training.evaluate_classes=birds", "training.evaluate_split=train",
        "training.evaluate_count=10",
    )  # fmt: skip
    run, told = Run(tmp_path / "run"), []
    trainer = Trainer(config, data, run, Path("efficientnet-lite0"))
    trainer.train(lambda _, means: told.append(means))
    names = {
        "evaluation/variety", "evaluation/variety of layout", "evaluation/top-1 is of birds %",
    }  # fmt: skip
    # What is measured is told as well: a command may warn of it.
    (measured,) = [means for means in told if "evaluation/variety" in means]
    assert set(measured) == names
    points = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    assert [point for point in points if names <= point.keys()] == [{"step": 12, **measured}]
    best = json.loads((run.path / "best/best.json").read_text())
    assert best == {"step": 12, "metric": "variety", "value": measured["evaluation/variety"]}


def test_the_network_that_a_model_looks_through_does_not_watch_it(
    data: Path, tmp_path: Path
) -> None:
    config = config_of(
        tmp_path, "training.evaluate_every=2", "training.evaluate_metrics=[variety]",
        text=TINY_PROJECTED,
    )  # fmt: skip
    run = Run(tmp_path / "run")
    trainer = Trainer(config, data, run, Path("efficientnet-lite0"))
    with pytest.raises(InputError) as error:
        trainer.train(lambda *_: pytest.fail("a step was made"))
    assert str(error.value) == (
        f"--judge: expected a network that took no part in training {run.path}, got "
        "efficientnet-lite0; choose one of efficientnet-lite1, efficientnet-lite2"
    )


def test_what_can_not_be_measured_is_told_before_the_first_step(data: Path, tmp_path: Path) -> None:
    config = _config("training.evaluate_count=10")
    trainer = Trainer(config, data, Run(tmp_path / "run"), data.with_name("judge.keras"))
    with pytest.raises(InputError) as error:
        trainer.train(lambda *_: pytest.fail("a step was made"))
    assert str(error.value).startswith("kid: expected at least 20 generated pictures ")


@pytest.mark.parametrize(
    ("every", "judge", "got"), [(4, None, "None and 4"), (0, Path("j.keras"), "j.keras and 0")]
)
def test_a_judge_and_something_to_do_for_it(
    data: Path, tmp_path: Path, every: int, judge: Path | None, got: str
) -> None:
    config = _config(f"training.evaluate_every={every}")
    with pytest.raises(InputError) as error:
        Trainer(config, data, Run(tmp_path / "run"), judge)
    assert str(error.value) == (
        "--judge: expected an encoder where training.evaluate_every is not 0, and only there, "
        f"got {got}; give both or neither"
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "training.evaluate_every=6",
            "tiny.yaml: training.evaluate_every: expected a multiple of checkpoint_every, 4, "
            "got 6; change one of them",
        ),
        (
            "training.evaluate_metrics=[fit]",
            "tiny.yaml: training.evaluate_metrics: expected some of fid, fid64, kid, is, "
            "manifold, top1, variety, diversity, copying, r-precision, zero-shot, parzen, got "
            "'fit'",
        ),
    ],
)
def test_wrong_settings(override: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        _config(override)
    assert str(error.value) == message
