"""A frozen sentence network small enough for a test, installed as its package would be."""

import dataclasses
import hashlib
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from t2i.encoders.config import TextEncoderConfig
from t2i.encoders.sentence_networks import SENTENCE_NETWORKS, SentenceNetwork
from t2i.encoders.text import TextEncoder, build_text_encoder, frozen_network
from t2i.encoders.tokenizers import WordPieceTokenizer

NAME = "all-minilm-l6-v2"
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
PIECES = ["a", "red", "blue", "bird", "flag", "with", "black", "wings", "##s", "is", "green"]
PIECES += ["number", ",", *"01234567"]
SHAPE = TextEncoderConfig(
    network="all-minilm-l6-v2", taps=[0, 2], length=8, dropout=0.2, embedding_size=5
)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SentenceNetwork:
    """Puts a network of two layers, 16 wide, in the place of the published one; returns it."""
    pytest.importorskip("safetensors", reason='no safetensors: pip install ".[sentences]"')
    pytest.importorskip("tokenizers", reason='no tokenizers: pip install ".[sentences]"')
    from safetensors.numpy import save

    package = folder / "tiny_sentences"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('code of theirs')\n")
    network = SentenceNetwork(
        NAME,
        "tiny-sentences==1.0",
        *("model/weights.safetensors", "", "model/tokenizer.json", ""),
        vocabulary_size=len(MARKS + PIECES),
        positions=12,
        width=16,
        layers=2,
        heads=4,
        inner=24,
    )
    contents = {network.weights: save(tensors(network)), network.tokenizer: _word_pieces()}
    for file, content in contents.items():
        (package / file).write_bytes(content)
    hashes = [hashlib.sha256(content).hexdigest() for content in contents.values()]
    network = dataclasses.replace(network, weights_sha256=hashes[0], tokenizer_sha256=hashes[1])
    monkeypatch.setitem(SENTENCE_NETWORKS, NAME, network)
    monkeypatch.syspath_prepend(folder)
    return network


def sentence_encoder(shape: TextEncoderConfig = SHAPE) -> TextEncoder:
    """Returns an encoder above the network that is installed."""
    keras.utils.set_random_seed(4)
    tokenizer = WordPieceTokenizer(shape.frozen, shape.length)
    model = build_text_encoder(shape, tokenizer.vocabulary_size)
    return TextEncoder(model, tokenizer, shape, frozen=frozen_network(shape))


def tensors(network: SentenceNetwork) -> dict[str, np.ndarray]:
    """Returns random weights, by the names that BERT's have."""
    rng = np.random.default_rng(0)
    width, inner = network.width, network.inner
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (network.vocabulary_size, width),
        "embeddings.position_embeddings.weight": (network.positions, width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    dense = {f"attention.self.{part}": (width, width) for part in ("query", "key", "value")}
    dense |= {"attention.output.dense": (width, width), "intermediate.dense": (inner, width)}
    dense |= {"output.dense": (width, inner)}
    norms = ["embeddings.LayerNorm"]
    for index in range(network.layers):
        layer = f"encoder.layer.{index}"
        for name, shape in dense.items():
            shapes |= {f"{layer}.{name}.weight": shape, f"{layer}.{name}.bias": shape[:1]}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name in norms:
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return {name: rng.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def _word_pieces() -> bytes:
    """Returns a tokenizer that would pad and cut by itself, as the published one would."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {word: code for code, word in enumerate(MARKS + PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=9)
    return json.dumps(json.loads(tokenizer.to_str())).encode()
