"""The generators that come with the package, by the commands that people type."""

import hashlib
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from evaluation_samples import write_run
from PIL import Image

from prep.synthetic.reader import read_colours
from t2i.cli.main import main
from t2i.files.disk import sha256
from t2i.files.weights import weights_sha256
from t2i.models.catalogue import load_config
from t2i.painting.painter import load_painting
from t2i.runs.shipping import run_named, ship, shipped

# Of the weights; `make birds` and `make ship-demo` make others.
WEIGHTS = {
    "birds": "c0a724b990eab6db9e41c2bd2aac1cf81ee1d8084f222ac0576b85dc98653a12",
    "demo": "2e96d120e725e7424c2944cd930fbbd7aef1bc516844353f346b223f990da935",
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_weights_are_those_that_were_measured(name: str) -> None:
    run = run_named(Path(name))
    record = json.loads((run / "record.json").read_text())
    config = load_config(run / "config.yaml")
    size = record["encoder"]["embedding_size"]
    network, prior = load_painting(run, config, size, record["channels"])
    assert weights_sha256(network) == WEIGHTS[name]
    assert prior.geometry[0] == "turn"
    assert (record["pairs"], record["vision"]) == ("", ["efficientnet-lite0"])
    # What was embedded by the encoder beside it is known to be.
    assert sha256(run / "encoder.keras") == record["encoder"]["sha256"]


def test_they_are_few_bytes() -> None:
    assert shipped() == sorted(WEIGHTS)
    files = [path for name in shipped() for path in run_named(Path(name)).iterdir()]
    assert sum(path.stat().st_size for path in files) < 12_000_000


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
    # In the middle, where birds are, and latent by latent: more of red than of blue, and far more
    # where the bird is no small one.
    middle = {name: images[:, 32:96, 32:96].mean(axis=(1, 2)) for name, images in painted.items()}
    warmth = {name: mean[:, 0] - mean[:, 2] for name, mean in middle.items()}
    warmer = warmth["red"] - warmth["blue"]
    assert warmer.min() > 10
    assert warmer.mean() > 30
    # Four pictures of a sentence are four pictures.
    assert len({hashlib.sha256(image.tobytes()).hexdigest() for image in painted["red"]}) == 4


def test_a_folder_of_ones_own_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_named(Path("birds")).name == "birds"
    assert run_named(Path("birds")) != Path("birds")
    (tmp_path / "birds").mkdir()
    assert run_named(Path("birds")) == Path("birds")


def test_drawn_birds_have_the_colours_of_their_sentences(tmp_path: Path) -> None:
    out = tmp_path / "painted"
    command = ["generate", "demo", "a red bird with blue wings", "--count", "4"]
    done = CliRunner().invoke(main, [*command, "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    painted = np.stack([np.asarray(Image.open(path)) for path in sorted(out.glob("*.png"))])
    seen = read_colours(painted)
    assert list(seen.body) == ["red"] * 4
    assert list(seen.wing) == ["blue"] * 4


def test_what_is_shipped_is_of_half_precision_and_says_no_place(tmp_path: Path) -> None:
    run, out = write_run(tmp_path / "run"), tmp_path / "shipped"
    record = json.loads((run / "record.json").read_text())
    record |= {"pairs": "/home/me/birds.h5", "machine": "mine"}
    (run / "record.json").write_text(json.dumps(record))
    out.mkdir()
    (out / "README.md").write_text("a card")
    ship(run, out)
    assert json.loads((out / "record.json").read_text()) == record | {"pairs": "", "machine": ""}
    for name in ("config.yaml", "encoder.keras"):
        assert (out / name).read_bytes() == (run / name).read_bytes()
    assert (out / "README.md").read_text() == "a card"
    with (
        zipfile.ZipFile(out / "generator.keras") as file,
        zipfile.ZipFile(run / "generator.keras") as own,
    ):
        assert file.namelist() == own.namelist()
    # Small networks are mostly names.
    assert (out / "generator.keras").stat().st_size < (run / "generator.keras").stat().st_size
    # Matrices are rounded to the eleven bits of half precision, vectors are not; all is float32.
    for smaller, weight in zip(*(_weights(path) for path in (out, run)), strict=True):
        assert smaller.dtype == np.float32
        np.testing.assert_array_equal(
            smaller, weight.astype(np.float16) if weight.ndim > 1 else weight
        )


def _weights(run: Path) -> list[np.ndarray]:
    model = keras.models.load_model(run / "generator.keras")
    weights: list[np.ndarray] = model.get_weights()
    return weights
