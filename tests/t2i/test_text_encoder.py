import dataclasses
import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from t2i import configfile, text_encoder
from t2i.captions import CharTokenizer, SentencePieceTokenizer, train_sentencepiece
from t2i.encoder_config import ConvolutionConfig, EncoderConfig, TextEncoderConfig
from t2i.errors import InputError
from t2i.text_encoder import (
    TextEncoder,
    build_text_encoder,
    load_encoder,
    parameter_count,
    save_encoder,
)

CONFIGS = Path(__file__).parents[2] / "configs"
TEXTS = ["a red bird with black wings", "a blue bird", "a red bird with black wings", "Ω\udc80"]
TINY = TextEncoderConfig(
    length=20,
    convolutions=[ConvolutionConfig(filters=6, pool_size=2, pool_stride=2)],
    batch_norm=True,
    dropout=0.2,
    recurrent_units=5,
    embedding_size=4,
)
AGAIN = "train the encoder again"


def tiny_encoder(tokenizer: str = "char", **changes: object) -> TextEncoder:
    config = TINY.model_copy(update={"tokenizer": tokenizer, **changes})
    keras.utils.set_random_seed(3)
    if tokenizer == "char":
        own = CharTokenizer(config.length)
    else:
        own = SentencePieceTokenizer(train_sentencepiece(TEXTS[:2], 40), config.length)
    return TextEncoder(build_text_encoder(config, own.vocabulary_size), own, config)


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


def published(name: str) -> TextEncoderConfig:
    return configfile.load(CONFIGS / name, EncoderConfig).text


def steps(model: keras.Model) -> list[int]:
    """Returns the places left after each convolution and pooling."""
    kinds = (keras.layers.Conv1D, keras.layers.MaxPooling1D)
    return [layer.output.shape[1] for layer in model.layers if isinstance(layer, kinds)]


def trained(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_the_birds_of_icml_2016():
    model = build_text_encoder(published("encoder.yaml"), 71)
    assert steps(model) == [198, 66, 63, 21, 18]
    assert model.input_shape == (None, 201)
    assert model.output_shape == (None, 1024)
    # Published as 4.05 M: Torch's GRU has a second bias of 3 x 512.
    assert trained(model) == 4_043_648


def test_birds_and_flowers_of_cvpr_2016():
    model = build_text_encoder(published("encoder_cvpr2016.yaml"), 71)
    assert steps(model) == [198, 66, 63, 21, 18, 8]
    assert model.get_layer("rnn").activation is keras.activations.relu
    assert model.get_layer("rnn").output.shape == (None, 8, 256)
    assert trained(model) == 1_813_888


def test_the_flowers_of_icml_2016():
    birds = published("encoder_cvpr2016.yaml")
    last = birds.convolutions[-1].model_copy(update={"filters": 512})
    config = birds.model_copy(
        update={"convolutions": [*birds.convolutions[:-1], last], "recurrent_units": 512}
    )
    model = build_text_encoder(config, 71)
    assert steps(model) == [198, 66, 63, 21, 18, 8]
    assert trained(model) == 2_994_048


@pytest.mark.parametrize("name", ["encoder.yaml", "encoder_sentencepiece.yaml"])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("recurrent", ["gru", "relu"])
@pytest.mark.parametrize("separate", [False, True])
def test_parameters_are_counted_before_they_are_made(name, batch_norm, recurrent, separate):
    changes = {"batch_norm": batch_norm, "recurrent": recurrent, "separate_first_step": separate}
    config = published(name).model_copy(update=changes)
    assert parameter_count(config, 71) == trained(build_text_encoder(config, 71))


def test_the_first_convolution_reads_one_hot_characters():
    config = TINY.model_copy(update={"batch_norm": False, "dropout": 0.0})
    model = build_text_encoder(config, 71)
    codes = CharTokenizer(20).encode(["a bird-like \ufffd thing"])
    kernel, bias = model.get_layer("convolution_1").get_weights()
    one_hot = np.zeros((20, 70))
    for place, code in enumerate(codes[0]):
        if code:
            one_hot[place, code - 1] = 1.0
    expected = [
        np.maximum((one_hot[i : i + 4, :, None] * kernel).sum(axis=(0, 1)) + bias, 0)
        for i in range(17)
    ]
    convolution = keras.Model(model.input, model.get_layer("convolution_1").output)
    np.testing.assert_allclose(convolution.predict_on_batch(codes)[0], expected, atol=1e-6)
    assert not model.get_layer("one_hot").trainable


def test_the_embedding_is_projected_from_the_mean_over_time():
    model = build_text_encoder(TINY, 71)
    codes = CharTokenizer(20).encode(TEXTS)
    states = keras.Model(model.input, model.get_layer("gru").output).predict_on_batch(codes)
    kernel, bias = model.get_layer("embedding").get_weights()
    np.testing.assert_allclose(
        model.predict_on_batch(codes), states.mean(axis=1) @ kernel + bias, atol=1e-6
    )


def test_equal_captions_are_encoded_once(monkeypatch):
    encoder = tiny_encoder()
    batches = []
    predict = encoder.model.predict_on_batch
    monkeypatch.setattr(
        encoder.model, "predict_on_batch", lambda codes: (batches.append(codes), predict(codes))[1]
    )
    embeddings = encoder.embed(TEXTS, batch_size=2)
    assert [batch.shape for batch in batches] == [(2, 20), (2, 20)]
    assert embeddings.shape == (4, 4)
    assert embeddings.dtype == np.float32
    assert embeddings[0].tolist() == embeddings[2].tolist()
    expected = predict(CharTokenizer(20).encode(TEXTS))
    np.testing.assert_allclose(embeddings, expected, atol=1e-6)


def test_a_text_has_one_embedding_whatever_stands_beside_it():
    encoder = tiny_encoder()
    alone = encoder.embed(TEXTS[1:2], batch_size=8)
    assert encoder.embed(TEXTS, batch_size=8)[1].tolist() == alone[0].tolist()


def test_embedding_is_traced_once_and_prints_nothing(capfd):
    encoder = tiny_encoder()
    for count in (1, 2, 4):
        encoder.embed(TEXTS[:count], batch_size=3)
    assert encoder.model.predict_function.experimental_get_tracing_count() == 1
    assert capfd.readouterr().out == ""


def test_no_captions_are_no_embeddings():
    assert tiny_encoder().embed([]).shape == (0, 4)


@pytest.mark.parametrize("tokenizer", ["char", "sentencepiece"])
@pytest.mark.parametrize("recurrent", ["gru", "relu"])
@pytest.mark.parametrize("separate", [False, True])
def test_a_saved_encoder_is_loaded_bit_equal(tmp_path, tokenizer, recurrent, separate):
    path = tmp_path / "encoder.keras"
    encoder = tiny_encoder(tokenizer, recurrent=recurrent, separate_first_step=separate)
    save_encoder(path, encoder)
    loaded = load_encoder(path)
    assert loaded.config == encoder.config
    assert loaded.tokenizer == encoder.tokenizer
    assert loaded.kind == f"{tokenizer}-cnn-{'gru' if recurrent == 'gru' else 'rnn'}"
    assert loaded.embed(TEXTS).tobytes() == encoder.embed(TEXTS).tobytes()


@pytest.mark.parametrize("separate", [False, True])
def test_stock_keras_loads_the_file_too(saved, separate):
    save_encoder(saved, tiny_encoder(separate_first_step=separate))
    stock = keras.saving.load_model(saved)
    codes = CharTokenizer(20).encode(TEXTS)
    expected = load_encoder(saved).model.predict_on_batch(codes)
    assert stock.predict_on_batch(codes).tobytes() == expected.tobytes()


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
    assert refusal(path) == f"{path}: expected finite weights, got nan or infinity; make it again"


def test_an_encoder_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny_encoder().config = TINY
