"""What is not exported, and what is not written over."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from export_samples import write_run
from sentence_samples import SHAPE, install, sentence_encoder

from t2i.cli.main import main
from t2i.encoders.text import save_encoder
from t2i.pairs.reading import IMPORTED, read_header

WORDS = ["a", "red", "BLUE", "bird,", "with", "(white)", "wings;", "Kİ", "鳥", "7"]
SENTENCES = [
    " ".join(np.random.default_rng(i).choice(WORDS, 1 + i % 20)) + " bird" for i in range(64)
]


def _error(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["export", *arguments])
    assert result.exit_code == 1
    return result.output


def test_quantize_is_for_onnx(tmp_path: Path) -> None:
    assert _error("birds", str(tmp_path / "a.html"), "--format", "page", "--quantize") == (
        "Error: --quantize: expected --format onnx with it, got page; leave one of them out\n"
    )


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    for kind in ("onnx", "keras", "saved-model"):
        pytest.importorskip("onnx", reason='no onnx: pip install ".[onnx]"')
        assert _error("birds", str(tmp_path), "--format", kind) == (
            f"Error: {tmp_path}: expected a folder that is not there yet, got one that is; "
            "choose another OUT\n"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_runs_whose_sentences_nobody_else_can_read_are_refused(tmp_path: Path) -> None:
    from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
    from t2i.encoders.text import TextEncoder, build_text_encoder
    from t2i.encoders.tokenizers import SentencePieceTokenizer, train_sentencepiece

    run = write_run(tmp_path / "run", "projected")
    tokenizer = SentencePieceTokenizer(train_sentencepiece(SENTENCES, 60), 20)
    config = TextEncoderConfig(
        tokenizer="sentencepiece",
        length=20,
        convolutions=[ConvolutionConfig(filters=4)],
        recurrent="none",
        embedding_size=6,
    )
    model = build_text_encoder(config, tokenizer.vocabulary_size)
    save_encoder(run / "encoder.keras", TextEncoder(model, tokenizer, config))
    assert _error(str(run), str(tmp_path / "out"), "--format", "keras") == (
        f"Error: {run}: expected an encoder that reads characters, got one of sentencepiece, "
        "whose pieces other programs can't tell apart without its library; train with "
        "tokenizer: char\n"
    )
    assert not (tmp_path / "out").exists()


def test_runs_whose_encoder_stands_on_a_frozen_network_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    run = write_run(tmp_path / "run", "projected")
    save_encoder(
        run / "encoder.keras", sentence_encoder(SHAPE.model_copy(update={"embedding_size": 6}))
    )
    assert _error(str(run), str(tmp_path / "out"), "--format", "keras") == (
        f"Error: {run}: expected an encoder that reads characters, got all-minilm-l6-v2, whose "
        "network and word pieces are not the run's; train with an encoder whose text.network is "
        "convolutional\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_run_of_imported_embeddings_is_refused(tmp_path: Path, pairs_file: Path) -> None:
    run = write_run(tmp_path / "run", "projected")
    size = read_header(pairs_file).encoder.embedding_size
    encoder = {"sha256": "ab", "kind": f"{IMPORTED}a file", "embedding_size": size}
    with h5py.File(pairs_file, "r+") as file:
        file.attrs["encoder"] = json.dumps(encoder)
        del file["encoder"]
    record = json.loads((run / "record.json").read_text())
    (run / "record.json").write_text(
        json.dumps(record | {"pairs": str(pairs_file), "encoder": encoder})
    )
    assert _error(str(run), str(tmp_path / "out.html"), "--format", "page") == (
        f"Error: {run}: expected a run with a text encoder of its own, got one trained on "
        "imported embeddings; sentences can't be read elsewhere: train on a pairs file that "
        "`t2i-prep embed` made\n"
    )
