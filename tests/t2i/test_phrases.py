"""Encoding phrase by phrase gives what the network gives."""

import numpy as np
import pytest
import tensorflow as tf
from encoder_samples import RECURRENT, tiny_encoder

from t2i import phrases
from t2i.encoder_config import ConvolutionConfig, TextEncoderConfig
from t2i.phrases import encode
from t2i.text_encoder import TextEncoder

TEXTS = ["a red bird", "a red bird sings", "", "the red bird, a red bird", "blue"]
# Windows that overlap, a layer without pooling, and windows apart.
LAYERS = [
    ConvolutionConfig(filters=6, kernel_size=3, pool_size=3, pool_stride=2),
    ConvolutionConfig(filters=5, kernel_size=2),
    ConvolutionConfig(filters=4, kernel_size=2, pool_size=2, pool_stride=3),
]


def encoder_of(tokenizer: str = "char", **changes: object) -> TextEncoder:
    encoder = tiny_encoder(tokenizer, length=32, convolutions=LAYERS, **changes)
    random = np.random.default_rng(0)
    for weight in encoder.model.weights:
        # All but the one-hot rows.
        if weight.trainable or weight.name.startswith("moving"):
            values = random.normal(0.0, 0.5, weight.shape)
            weight.assign(np.abs(values) if weight.name == "moving_variance" else values)
    return encoder


@pytest.mark.parametrize("tokenizer", ["char", "sentencepiece"])
@pytest.mark.parametrize(("recurrent", "separate"), RECURRENT)
@pytest.mark.parametrize(("batch_norm", "mean_over"), [(False, "length"), (True, "caption")])
def test_the_embeddings_are_those_of_the_network(
    tokenizer, recurrent, batch_norm, mean_over, separate
):
    encoder = encoder_of(
        tokenizer,
        recurrent=recurrent,
        batch_norm=batch_norm,
        mean_over=mean_over,
        separate_first_step=separate,
    )
    codes = encoder.tokenizer.encode(TEXTS)
    expected = encoder.model(codes, training=False)
    found = encode(encoder.model, encoder.config, tf.constant(codes))
    assert np.ptp(expected, axis=0).min() > 1e-3
    # A sum of some tens of terms in another order: float32 rounds each to one part in 10 million.
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("tokenizer", ["char", "sentencepiece"])
@pytest.mark.parametrize("normalized", [False, True])
def test_training_learns_the_same_from_it(tokenizer, normalized):
    encoder = encoder_of(tokenizer, batch_norm=False, dropout=0.0, normalized=normalized)
    codes = tf.constant(encoder.tokenizer.encode(TEXTS))
    variables = [variable.value for variable in encoder.model.trainable_variables]

    def gradients(embed):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(embed(codes) ** 3)
        return [tf.convert_to_tensor(value) for value in tape.gradient(loss, variables)]

    expected = gradients(lambda codes: encoder.model(codes, training=True))
    found = gradients(lambda codes: encode(encoder.model, encoder.config, codes))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5 * np.abs(other).max())


def test_a_caption_owns_the_steps_that_begin_in_it():
    layers = [
        ConvolutionConfig(filters=1, kernel_size=2, pool_size=3, pool_stride=3),
        ConvolutionConfig(filters=1, kernel_size=2, pool_size=2, pool_stride=2),
    ]
    # Steps begin at codes 0, 6 and 12.
    config = TextEncoderConfig(length=23, convolutions=layers)
    assert (config.steps[-1], config.stride) == (3, 6)
    codes = np.zeros((6, 23), np.int32)
    for row, last in enumerate((5, 6, 11, 12, 22), start=1):
        codes[row, last] = 1
    owned = phrases.own_steps(config, tf.constant(codes)).numpy()
    assert owned.sum(axis=1).tolist() == [1, 1, 2, 2, 3, 3]
    assert owned[:, 0].all()
    assert (np.diff(owned.astype(int), axis=1) <= 0).all()


def test_a_layer_sees_each_window_once(monkeypatch):
    encoder = tiny_encoder()
    seen = []
    convolved = phrases._convolved

    def spy(layer, rows, windows):
        seen.append(windows.numpy())
        return convolved(layer, rows, windows)

    monkeypatch.setattr(phrases, "_convolved", spy)
    codes = encoder.tokenizer.encode(["a red bird", "a red cat", "a red bird"])
    encode(encoder.model, encoder.config, tf.constant(codes))
    # A kernel of 4 and a pool of 2: windows of 5 codes, 2 apart.
    every = np.lib.stride_tricks.sliding_window_view(codes, 5, axis=1)[:, ::2].reshape(-1, 5)
    (windows,) = seen
    assert len(windows) < len(every) / 2
    np.testing.assert_array_equal(np.unique(windows, axis=0), np.unique(every, axis=0))
    assert len(np.unique(windows, axis=0)) == len(windows)
