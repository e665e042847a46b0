"""Both sides of an encoder, bound to each other and to what they were trained on."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import NoReturn

import keras
import numpy as np
import pytest
from evaluation_samples import text_encoder, write_data, write_judge

from t2i.encoder_config import ImageEncoderConfig
from t2i.encoder_pair import digest, image_side, load_image_side, save_image_side
from t2i.errors import InputError
from t2i.image_encoder import build_image_encoder, resized
from t2i.keras_files import weights_sha256
from t2i.pairs import read
from t2i.text_encoder import load_encoder
from t2i.vision import lite


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judge")
    return write_judge(folder / "judge.keras", write_data(folder / "birds.h5"))


def _message(path: Path, text: Path) -> str:
    with pytest.raises(InputError) as error:
        load_image_side(path, load_encoder(text))
    return str(error.value)


def test_the_image_side_comes_back_with_what_it_was_trained_on(judge: Path) -> None:
    images, trained_on = load_image_side(image_side(judge), load_encoder(judge))
    train = read(judge.with_name("birds.h5"), ["train"])
    assert trained_on == digest(train)
    network = images.measuring
    found = network(images.inputs(train.image).astype(np.float32), training=False)
    np.testing.assert_allclose(found["embedding"], images.embed(train.image), atol=1e-5)
    # What the last layer reads: 4 channels, doubled once.
    kernel, bias = images.model.get_layer("embedding").get_weights()
    assert found["features"].shape == (20, 8)
    np.testing.assert_allclose(
        np.asarray(found["features"]) @ kernel + bias, found["embedding"], atol=1e-5
    )


def test_an_image_side_over_published_weights_brings_them_along(
    judge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ImageEncoderConfig(
        network="efficientnet-lite0", image_size=32, crop=4, flip=True, normalized=True
    )
    text, path = load_encoder(judge), judge.with_name("lite.image.keras")
    images = build_image_encoder(config, text.embedding_size)
    pictures = read(judge.with_name("birds.h5"), ["train"]).image
    save_image_side(path, images, config, text, "somewhere")
    expected = images.embed(pictures)
    assert np.ptp(expected, axis=0).min() > 0.01

    def missing(_: object) -> NoReturn:
        raise AssertionError("weights were looked for")

    monkeypatch.setattr(lite, "published_weights", missing)
    loaded, trained_on = load_image_side(path, text)
    assert trained_on == "somewhere"
    np.testing.assert_allclose(loaded.embed(pictures), expected, atol=1e-6)
    # Any Keras loads it, without a line of ours.
    anyones = keras.saving.load_model(path).predict_on_batch(resized(pictures, 36))
    np.testing.assert_allclose(anyones, expected, atol=1e-5)


def test_another_text_side_is_refused(judge: Path, tmp_path: Path) -> None:
    other = write_judge(tmp_path / "other.keras", judge.with_name("birds.h5"), seed=2)
    assert _message(image_side(judge), other) == (
        f"{image_side(judge)}: expected the image side trained with this text side, got "
        "another's; train the pair with `t2i-prep train-encoder`"
    )


def test_a_missing_or_other_file_is_refused(judge: Path, tmp_path: Path) -> None:
    path = tmp_path / "judge.image.keras"
    assert _message(path, judge) == (
        f"{path}: expected the image side of an encoder, got nothing there, or more than "
        "1073741824 bytes; train the pair with `t2i-prep train-encoder`"
    )
    shutil.copy(judge, path)
    assert _message(path, judge) == (
        f"{path}: expected one t2i/image_encoder.json inside, got 0; make it again"
    )


def test_a_description_that_asks_for_a_huge_network_builds_none(
    judge: Path, tmp_path: Path
) -> None:
    path = tmp_path / "judge.image.keras"
    with zipfile.ZipFile(image_side(judge)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "t2i/image_encoder.json":
                description = json.loads(content)
                description["config"]["width"] = 1 << 30
                content = json.dumps(description).encode()
            new.writestr(name, content)
    assert " bytes for its configuration, got " in _message(path, judge)


def test_the_digest_tells_any_change(judge: Path) -> None:
    one = digest(read(judge.with_name("birds.h5"), ["train"]))
    assert one == digest(read(judge.with_name("birds.h5"), ["train"]))
    changed = [read(judge.with_name("birds.h5"), ["train"]) for _ in range(3)]
    changed[0].image[2, 1, 1, 0] ^= 1
    changed[1].class_id[0] += 1
    changed[2].caption[3] = "another"
    assert len({one, *map(digest, changed)}) == 4


def test_a_hash_of_weights_is_not_one_of_files() -> None:
    assert weights_sha256(text_encoder(0).model) == weights_sha256(text_encoder(0).model)
    assert weights_sha256(text_encoder(0).model) != weights_sha256(text_encoder(1).model)
