"""Which networks of others an encoder was trained beside, as its two sides say."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from encoder_samples import tiny_encoder

from t2i.encoders.config import ImageEncoderConfig
from t2i.encoders.image import looks_through
from t2i.encoders.text import load_encoder, save_encoder


@pytest.mark.parametrize(
    ("network", "names"),
    [
        ("convolutional", ()),
        ("efficientnet-lite0", ("efficientnet-lite0",)),
        ("InceptionV3", ("keras.applications InceptionV3",)),
    ],
)
def test_an_image_side_looks_through_what_others_trained(
    network: str, names: tuple[str, ...]
) -> None:
    assert looks_through(ImageEncoderConfig(network=network)) == names


def test_the_text_side_says_so_in_its_file_and_older_files_say_nothing(tmp_path: Path) -> None:
    path, older = tmp_path / "encoder.keras", tmp_path / "older.keras"
    save_encoder(path, replace(tiny_encoder(), vision=("efficientnet-lite0",)))
    assert load_encoder(path).vision == ("efficientnet-lite0",)
    with zipfile.ZipFile(path) as new, zipfile.ZipFile(older, "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "t2i/encoder.json":
                description = json.loads(content)
                del description["vision"]
                content = json.dumps(description).encode()
            old.writestr(name, content)
    assert load_encoder(older).vision == ()
