"""The text side's head, trained above a frozen sentence network."""

import numpy as np
from flag_samples import changed, interrupted, weights, write_flags
from sentence_samples import SHAPE, install, tensors

from prep.encoder.training import train_encoder
from t2i.encoders.text import load_encoder


def test_a_run_above_a_frozen_network_trains_its_head_and_resumes_exactly(tmp_path, monkeypatch):
    flags = write_flags(tmp_path / "flags.h5")
    network = install(tmp_path, monkeypatch)
    config = changed(text=SHAPE.model_copy(update={"embedding_size": 16}), steps=60)
    one, resumed = tmp_path / "one.keras", tmp_path / "resumed.keras"
    told, losses = [], []
    report = train_encoder(flags, config, one, lambda *call: told.append(call), losses.append)
    assert told[0] == ("reading captions", 48, 48)
    assert losses[-1] < 0.8 * losses[0]
    assert (report.kind, report.parameters) == ("all-minilm-l6-v2", 33 * 16)
    frozen = load_encoder(one).frozen.model.get_layer("pieces").get_weights()[0]
    np.testing.assert_array_equal(frozen, tensors(network)["embeddings.word_embeddings.weight"])
    interrupted(flags, config, resumed, at=22)
    train_encoder(flags, config, resumed)
    assert weights(resumed) == weights(one)
