"""The generator that comes with the package, by the command that people type."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from t2i.cli.main import main
from t2i.files.weights import weights_sha256
from t2i.models.catalogue import load_config
from t2i.painting.painter import load_painting
from t2i.runs.shipping import run_named, shipped, without_paths

# Of the weights; `make birds` makes others.
BIRDS = "8c455d9b943be22de8453a5024da8a24bd9a6e77652a8abbfb3d250517c8b1ec"


def test_the_weights_are_those_that_were_measured() -> None:
    assert shipped() == ["birds"]
    run = run_named(Path("birds"))
    network, prior = load_painting(run, load_config(run / "config.yaml"), 128, 3)
    assert weights_sha256(network) == BIRDS
    assert prior.geometry[0] == "turn"
    assert sum(path.stat().st_size for path in run.iterdir()) < 12_000_000
    record = json.loads((run / "record.json").read_text())
    assert (record["pairs"], record["vision"]) == ("", ["efficientnet-lite0"])


def test_a_sentence_becomes_a_bird_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    painted = {}
    for name, sentence in (("red", "a bright red bird"), ("blue", "a blue bird")):
        command = ["generate", "birds", sentence, "--count", "4", "--out", name]
        done = CliRunner().invoke(main, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        files = sorted((tmp_path / name).glob("*.png"))
        painted[name] = np.stack([np.asarray(Image.open(path)) for path in files]).astype(float)
    assert painted["red"].shape == (4, 128, 128, 3)
    # In the middle, where birds are, and latent by latent: far more of red than of blue.
    middle = {name: images[:, 32:96, 32:96].mean(axis=(1, 2)) for name, images in painted.items()}
    warmth = {name: mean[:, 0] - mean[:, 2] for name, mean in middle.items()}
    assert (warmth["red"] > warmth["blue"] + 30).all()
    # Four pictures of a sentence are four pictures.
    assert len({hashlib.sha256(image.tobytes()).hexdigest() for image in painted["red"]}) == 4


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_named(Path("birds")).name == "birds"
    assert run_named(Path("birds")) != Path("birds")
    (tmp_path / "birds").mkdir()
    assert run_named(Path("birds")) == Path("birds")


def test_a_shipped_record_says_no_place(tmp_path: Path) -> None:
    record, out = tmp_path / "record.json", tmp_path / "out.json"
    record.write_text(json.dumps({"pairs": "/home/me/birds.h5", "machine": "mine", "data": "x"}))
    without_paths(record, out)
    assert json.loads(out.read_text()) == {"pairs": "", "machine": "", "data": "x"}
