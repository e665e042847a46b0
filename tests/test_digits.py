"""From MNIST's files to painted digits: pictures in greys, and no encoder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from idx_samples import write_idx
from PIL import Image

from prep.cli.main import main as prep
from t2i.cli.main import main as t2i
from t2i.config.file import load
from t2i.models.dcgan.config import Config
from t2i.painting.painter import Painter
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer

_TINY = Path(__file__).parent.parent / "configs" / "tiny.yaml"
# So fast that six steps leave the grey of the start.
_FAST = "optimizer.learning_rate=0.02"


def _command(group, *arguments: object) -> Result:
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A pairs file, and a run on it."""
    folder = tmp_path_factory.mktemp("digits")
    data, run = folder / "digits.h5", folder / "run"
    made = _command(
        prep,
        "import",
        "mnist",
        write_idx(folder / "mnist"),
        "--out",
        data,
        "--workers",
        1,
        "--image-size",
        18,
    )
    assert made.exit_code == 0, made.output
    assert f"{data}: 24 train, 0 val, 4 test pictures of 18 pixels, 28 captions" in made.output
    trained = _command(t2i, "train", _TINY, "--data", data, "--run", run, "--set", _FAST)
    assert trained.exit_code == 0, trained.output
    return data, run


def test_the_check_tells_what_is_unusual(line: tuple[Path, Path]) -> None:
    checked = _command(prep, "check", line[0]).output
    assert "pictures: 18 x 18 pixels, in greys, made square by crop\n" in checked
    assert "encoder: imported: one-hot classes of MNIST, 10 numbers, SHA-256 " in checked
    assert "classes in both train and test: 4, zero, three, six and 1 more\n" in checked
    assert "no faults\n" in checked


def test_the_run_has_no_encoder_and_knows_its_data(line: tuple[Path, Path]) -> None:
    data, run = line
    assert not (run / "encoder.keras").exists()
    assert json.loads((run / "record.json").read_text())["pairs"] == str(data)
    with Image.open(run / "samples" / "000006.png") as sheet:
        assert sheet.mode == "RGB"
    # It resumes: the record is read back.
    config = load(_TINY, Config, [_FAST])
    assert Trainer(config, data, Run(run)).done == 6


def test_sentences_are_looked_up_in_the_data_trained_on(
    line: tuple[Path, Path], tmp_path: Path
) -> None:
    data, run = line
    painted = Painter(run).paint(["a handwritten three", "a handwritten six"], count=2, seed=0)
    assert painted.shape == (2, 2, 16, 16, 1)
    assert (painted[0] != painted[1]).any()
    np.testing.assert_array_equal(
        Painter(run).embed(["A handwritten  three"]), np.eye(10, dtype=np.float32)[[3]]
    )
    sheet, strip = tmp_path / "grid.png", tmp_path / "strip.png"
    one = _command(t2i, "generate", run, "a handwritten three", "--count", 1, "--out", sheet)
    assert (one.exit_code, one.output) == (0, f"{sheet}: 1 picture of 1 sentence\n")
    two = _command(
        t2i, "interpolate", run, "a handwritten three", "a handwritten six", "--out", strip
    )
    assert two.exit_code == 0, two.output
    with Image.open(strip) as picture:
        assert picture.mode == "L"
    wrong = _command(t2i, "generate", run, "a handwriten sixx", "--out", tmp_path / "x.png")
    assert (wrong.exit_code, wrong.output) == (
        1,
        f"Error: sentences: expected captions of {data}, as there is no encoder for others, "
        "got 'a handwriten sixx'; the nearest is 'a handwritten six'\n",
    )


def test_the_data_may_have_moved(line: tuple[Path, Path], tmp_path: Path) -> None:
    data, run = line
    moved, away = tmp_path / "moved.h5", tmp_path / "run"
    shutil.copy(data, moved)
    shutil.copytree(run, away)
    record = json.loads((away / "record.json").read_text())
    (away / "record.json").write_text(json.dumps(record | {"pairs": "/nowhere/digits.h5"}))
    lost = _command(t2i, "generate", away, "a handwritten six", "--out", tmp_path / "x.png")
    assert (lost.exit_code, lost.output) == (
        1,
        "Error: /nowhere/digits.h5: expected the pairs file that the run was trained on, "
        "got nothing there; name it with --data\n",
    )
    found = _command(
        t2i, "generate", away, "a handwritten six", "--data", moved, "--out", tmp_path / "x.png"
    )
    assert found.exit_code == 0, found.output
