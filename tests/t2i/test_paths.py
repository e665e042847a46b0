"""The library's public doors take a path as text, as they take one of pathlib."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from miniature import write_pairs

from prep.encoder.embedding import embed_pairs
from prep.encoder.training import train_encoder
from t2i.config.file import load
from t2i.encoders.config import EncoderConfig
from t2i.encoders.text import load_encoder
from t2i.errors import InputError
from t2i.evaluation.evaluate import Request, evaluate
from t2i.images.pixels import save_image
from t2i.models.catalogue import load_config
from t2i.models.dcgan.config import Config
from t2i.painting.folder import write_folder
from t2i.painting.painter import Painter
from t2i.pairs.checking import check
from t2i.pairs.reading import read, read_encoder, read_header
from t2i.runs.directory import Run
from t2i.training.trainer import Trainer

ENCODER = EncoderConfig.model_validate({"text": {"length": 30, "convolutions": [{"filters": 4}]}})


def _silent(*_: object) -> None:
    pass


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize(
    "door",
    [
        lambda path: Trainer(Config(), path("no.h5"), path("run"), path("judge.keras")),
        lambda path: Trainer(Config(), path("no.h5"), Run(path("run")), start=path("birds")),
        lambda path: Painter(path("no"), path("no.h5")),
        lambda path: evaluate(path("no"), Request(path("no.h5"), "test", 1, 0), _silent, _silent),
        lambda path: train_encoder(path("no.h5"), ENCODER, path("e.keras")),
        lambda path: embed_pairs(path("no.h5"), path("e.keras")),
        lambda path: load_encoder(path("e.keras")),
        lambda path: load_config(path("no.yaml")),
        lambda path: load(path("no.yaml"), EncoderConfig),
        lambda path: read(path("no.h5"), ["train"]),
        lambda path: read_header(path("no.h5")),
        lambda path: read_encoder(path("no.h5")),
        lambda path: check(path("no.h5")),
    ],
)
def test_a_door_takes_a_text(
    door: Callable[[Any], object], kind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        door(kind)


def test_what_is_written_and_read_by_texts(tmp_path: Path) -> None:
    data = str(write_pairs(tmp_path / "birds.h5"))
    assert read_header(data).image_size == check(data).header.image_size
    assert len(read(data, ["train"]).name) == 21
    save_image(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    write_folder(str(tmp_path / "out"), ["a"], [[(tmp_path / "a.png").read_bytes()]])
    assert Run(str(tmp_path)).config == tmp_path / "config.yaml"
