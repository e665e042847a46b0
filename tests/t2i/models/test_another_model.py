"""Another model needs its own file and a line in the catalogue: all commands then know it."""

import json
from pathlib import Path

import linear_model
import numpy as np
import pytest
from click.testing import CliRunner, Result
from encoder_samples import tiny_encoder
from miniature import EMBEDDING_SIZE, write_pairs
from PIL import Image

from t2i.cli.main import main
from t2i.encoders.text import save_encoder
from t2i.models.catalogue import MODELS, Entry

CONFIG = """
model: linear
image_size: 8
optimizer: {learning_rate: 1e-2}
training: {splits: [train], epochs: 20, batch_size: 4, precision: float32, steps_per_launch: 5,
  log_every: 5, sample_every: 50, checkpoint_every: 25, samples: 2}
"""


@pytest.fixture(autouse=True)
def _catalogued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "linear", Entry(linear_model.Config, "linear_model"))


def _run(*words: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result


def test_a_linear_generator_trains_resumes_paints_and_is_measured(tmp_path: Path) -> None:
    run, whole, encoder = tmp_path / "run", tmp_path / "whole", tmp_path / "encoder.keras"
    save_encoder(encoder, tiny_encoder(embedding_size=EMBEDDING_SIZE))
    pairs = write_pairs(tmp_path / "birds.h5", encoder=encoder.read_bytes())
    config = tmp_path / "linear.yaml"
    config.write_text(CONFIG)
    _run("train", config, "--data", pairs, "--run", whole)
    _run("train", config, "--data", pairs, "--run", run, "--set", "training.epochs=10")
    _run("train", config, "--data", pairs, "--run", run)
    lines = (whole / "metrics.jsonl").read_text().splitlines()
    curve = [point["g/squared"] for point in map(json.loads, lines) if "g/squared" in point]
    assert curve[-1] < 0.8 * curve[0]
    painted = []
    for path in (whole, run):
        _run("generate", path, "a red bird", "--out", path / "b.png")
        painted.append(np.asarray(Image.open(path / "b.png")))
    np.testing.assert_array_equal(*painted)
    words = ("--split", "train", "--metrics", "parzen", "--count", "40")
    _run("evaluate", run, "--data", pairs, *words)
    assert list(run.glob("evaluation*.json"))
