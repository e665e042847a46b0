"""What is written beside an encoder takes the place of nothing of others."""

import json
import zipfile
from pathlib import Path

import pytest

from prep.encoder.training import train_encoder
from t2i.encoders.config import ConvolutionConfig, EncoderConfig, TextEncoderConfig
from t2i.errors import InputError

CONFIG = EncoderConfig(
    text=TextEncoderConfig(length=30, convolutions=[ConvolutionConfig(filters=4)])
)


def _error(tmp_path: Path) -> str:
    with pytest.raises(InputError) as error:
        train_encoder(tmp_path / "no.h5", CONFIG, tmp_path / "e.keras")
    return str(error.value)


@pytest.mark.parametrize("name", ["e.json", "e.image.keras", "e.keras.training/mine.txt"])
def test_a_file_of_others_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('["mine"]')
    assert _error(tmp_path) == (
        f"{tmp_path}/e.keras: expected nothing of others where its image side, scores and "
        f"checkpoints go, got {name.split('/')[0]}; choose another --out"
    )
    assert path.read_text() == '["mine"]'


def test_what_a_training_left_is_taken(tmp_path: Path) -> None:
    report = {"kind": "char", "parameters": 1, "steps": 2, "scores": {}}
    (tmp_path / "e.json").write_text(json.dumps(report))
    with zipfile.ZipFile(tmp_path / "e.image.keras", "w") as archive:
        archive.writestr("t2i/image_encoder.json", "{}")
    (tmp_path / "e.keras.training").mkdir()
    for name in (None, "data.sha256", "config.yaml", "ckpt-7.index"):
        if name:
            (tmp_path / "e.keras.training" / name).touch()
        assert _error(tmp_path).startswith(f"{tmp_path}/no.h5: expected a pairs file, got nothing")


def test_the_encoder_itself_takes_the_place_of_no_other_file(tmp_path: Path) -> None:
    mine = tmp_path / "e.keras"
    with zipfile.ZipFile(mine, "w") as archive:
        archive.writestr("config.json", "{}")
    assert _error(tmp_path) == (
        f"{mine}: expected an encoder to replace, or nothing there, got another file; move it "
        "away, or choose another output"
    )
    with zipfile.ZipFile(mine, "a") as archive:
        archive.writestr("t2i/encoder.json", "{}")
    assert _error(tmp_path).startswith(f"{tmp_path}/no.h5: expected a pairs file, got nothing")
