import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from encoder_samples import RECURRENT, TEXTS, TINY, tiny_encoder

from t2i.config.file import load
from t2i.encoders import text as text_encoder
from t2i.encoders.config import EncoderConfig, TextEncoderConfig
from t2i.encoders.phrases import encode
from t2i.encoders.text import build_text_encoder, parameter_count
from t2i.encoders.tokenizers import CharTokenizer

CONFIGS = Path(__file__).parents[3] / "configs"


def published(name: str) -> TextEncoderConfig:
    return load(CONFIGS / name, EncoderConfig).text


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
@pytest.mark.parametrize(("recurrent", "separate"), RECURRENT)
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


@pytest.mark.parametrize("tokenizer", ["char", "sentencepiece"])
@pytest.mark.parametrize("recurrent", ["gru", "none"])
def test_padding_counts_for_nothing_where_the_mean_is_over_the_caption(tokenizer, recurrent):
    short, long = (
        tiny_encoder(
            tokenizer, length=length, recurrent=recurrent, mean_over="caption", batch_norm=False
        )
        for length in (40, 64)
    )
    long.model.set_weights(short.model.get_weights())
    # The last has no code at all.
    texts = ["a red bird", "a red bird with black wings", ""]
    found = short.embed(texts)
    assert np.isfinite(found).all()
    assert np.abs(found[0] - found[1]).max() > 1e-3
    np.testing.assert_allclose(long.embed(texts), found, rtol=2e-5, atol=1e-6)
    codes = long.tokenizer.encode(texts)
    np.testing.assert_allclose(long.model(codes, training=False), found, rtol=2e-5, atol=1e-6)


def test_texts_are_embedded_in_batches_equal_ones_once(monkeypatch):
    encoder = tiny_encoder()
    batches = []

    def spy(model, config, codes):
        batches.append(codes.shape)
        return encode(model, config, codes)

    monkeypatch.setattr(text_encoder, "encode", spy)
    embeddings = encoder.embed(TEXTS, batch_size=3)
    assert [tuple(shape) for shape in batches] == [(3, 20)]
    assert embeddings.shape == (4, 4)
    assert embeddings.dtype == np.float32
    expected = encoder.model.predict_on_batch(CharTokenizer(20).encode(TEXTS))
    np.testing.assert_allclose(embeddings, expected, atol=1e-6)


def test_a_text_has_one_embedding_whatever_stands_beside_it():
    encoder = tiny_encoder()
    alone = encoder.embed(TEXTS[1:2])
    np.testing.assert_allclose(encoder.embed(TEXTS)[1:2], alone, atol=1e-6)


def test_many_texts_are_traced_once_and_nothing_is_printed(monkeypatch, capfd):
    encoder = tiny_encoder()
    traced = []

    def spy(model, config, codes):
        traced.append(codes.shape[0])
        return encode(model, config, codes)

    monkeypatch.setattr(text_encoder, "encode", spy)
    first = encoder.embed(TEXTS, batch_size=2)
    np.testing.assert_array_equal(encoder.embed(TEXTS, batch_size=2), first)
    assert traced == [None]
    expected = encoder.model.predict_on_batch(CharTokenizer(20).encode(TEXTS))
    np.testing.assert_allclose(first, expected, atol=1e-6)
    assert capfd.readouterr().out == ""


def test_no_captions_are_no_embeddings():
    assert tiny_encoder().embed([]).shape == (0, 4)


def test_an_encoder_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        tiny_encoder().config = TINY
