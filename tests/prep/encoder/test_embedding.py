from pathlib import Path

import numpy as np
import pytest

from prep.encoder import embedding
from prep.encoder.embedding import embed_pairs
from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.text import TextEncoder, build_text_encoder, load_encoder, save_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError
from t2i.files.disk import sha256
from t2i.pairs.checking import check
from t2i.pairs.reading import read, read_encoder, read_header
from t2i.pairs.structure import SPLITS
from t2i.pairs.writing import writing

CONFIG = TextEncoderConfig(
    length=30, convolutions=[ConvolutionConfig(filters=4)], recurrent_units=4, embedding_size=7
)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    path = tmp_path / "encoder.keras"
    save_encoder(path, TextEncoder(build_text_encoder(CONFIG, 71), CharTokenizer(20), CONFIG))
    return path


def test_every_caption_is_embedded(pairs_file, encoder, monkeypatch):
    monkeypatch.setattr(embedding, "_BLOCK", 10)
    done = []
    summary = embed_pairs(pairs_file, encoder, lambda *numbers: done.append(numbers))
    assert (summary.kind, summary.embedding_size, summary.captions) == ("char-cnn-gru", 7, 84)
    assert summary.captions_per_second > 0
    assert done == [
        ("embedding", number, 84)
        for number in [*(min(10 * i, 63) for i in range(1, 8)), 72, 82, 84]
    ]
    header, faults, _ = check(pairs_file)
    assert faults == []
    assert header.encoder is not None
    assert header.encoder.sha256 == sha256(encoder)
    assert read_encoder(pairs_file) == encoder.read_bytes()
    loaded = load_encoder(encoder)
    for split in SPLITS:
        pairs = read(pairs_file, [split])
        # Other batches, other shapes of the products: alike to a few roundings of their sums.
        expected = loaded.embed(pairs.caption)
        np.testing.assert_allclose(
            pairs.embedding, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
        )


def test_a_split_without_pictures_is_passed_over(tmp_path, encoder):
    path = tmp_path / "train_only.h5"
    with writing(path, 4, "a test") as writer:
        writer.add("train", np.zeros((4, 4, 3), np.uint8), ["a bird"], 1, "one")
    assert embed_pairs(path, encoder).captions == 1
    assert read(path, ["train"]).embedding.shape == (1, 7)


def test_an_interrupted_run_leaves_the_old_file_whole(pairs_file, encoder):
    before = pairs_file.read_bytes()

    def interrupt(_: str, done: int, __: int | None) -> None:
        if done > 70:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_pairs(pairs_file, encoder, interrupt)
    assert pairs_file.read_bytes() == before
    assert sorted(path.name for path in pairs_file.parent.iterdir()) == [
        "birds.h5",
        "encoder.keras",
    ]


def test_a_missing_encoder_leaves_the_old_file_whole(pairs_file, tmp_path):
    before = read_header(pairs_file)
    with pytest.raises(InputError) as caught:
        embed_pairs(pairs_file, tmp_path / "none.keras")
    assert str(caught.value) == (
        f"{tmp_path}/none.keras: expected an encoder, got nothing there; "
        "make one with `t2i-prep train-encoder`"
    )
    assert read_header(pairs_file) == before
