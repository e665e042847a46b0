"""Exports that are folders, each against our own pictures, without anything of ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from export_samples import RUNS, write_run
from PIL import Image

from t2i.cli.main import main
from t2i.encoders.legibility import plain
from t2i.encoders.tokenizers import CharTokenizer
from t2i.images.pixels import to_uint8
from t2i.painting.painter import Painter
from t2i.pairs.reading import IMPORTED, read_header
from t2i.runs.shipping import run_named

# Of tanh pictures. Waves magnify rounding: our own network, one row at a time or 64, differs by
# 1e-5 for birds and 2e-5 with random weights. All other pixels are far nearer.
TOLERANCE, USUAL = 1e-4, 2e-6
WORDS = ["a", "red", "BLUE", "bird,", "with", "(white)", "wings;", "Kİ", "鳥", "7"]
SENTENCES = [
    " ".join(np.random.default_rng(i).choice(WORDS, 1 + i % 20)) + " bird" for i in range(64)
]
# Loads, and paints 64 rows, then one; nothing of ours can be imported.
LOADING = """
import sys
sys.modules["t2i"] = None
import numpy as np, tensorflow as tf
folder, inputs, out = sys.argv[1:]
with np.load(inputs) as given:
    sentence = tf.constant([text.encode() for text in given["sentence"]])
    latent = tf.constant(given["latent"])
model = tf.saved_model.load(folder + "/1")
paint, latents = model.signatures["serving_default"], model.signatures["latents"]
floats = model.signatures["floats"]
image = floats(sentence=sentence, latent=latent)["image"]
pixels = latents(sentence=sentence, latent=latent)["image"]
seed = tf.constant([0, 7, 2**31 - 1], tf.int64)
seeded = paint(sentence=sentence[:3], seed=seed)["image"]
try:
    paint(sentence=sentence[:1], seed=seed[2:] + 1)
except tf.errors.InvalidArgumentError as error:
    refused = str(error)
one = floats(sentence=sentence[5:6], latent=latent[5:6])["image"]
np.savez(out, image=image, pixels=pixels, one=one, seeded=seeded, refused=refused)
"""


CONVERTING = """
import sys
from t2i.painting.painter import Painter
painter = Painter(sys.argv[1])
# Keras exports what was called.
painter.paint(["a bird"], 1, 0)
painter.network.export(sys.argv[2], format="onnx", opset_version=18, verbose=False)
"""


def export(run: str | Path, out: Path, kind: str, *options: str) -> Path:
    result = CliRunner().invoke(
        main, ["export", str(run), str(out), "--format", kind, *options], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return out


def agree(found: Any, image: Any) -> None:
    np.testing.assert_allclose(found, image, atol=TOLERANCE, rtol=0)
    assert np.sqrt(np.mean((found - image) ** 2)) < USUAL


def expected(painter: Painter) -> tuple[Any, Any]:
    latent = painter.latents(64, 1)
    inputs = {"embedding": painter.sentences.embed(SENTENCES), "latent": latent}
    image = painter.network(inputs, training=False).numpy()
    assert image.std() > 0.02
    return latent, image


@pytest.mark.parametrize("name", [*RUNS, "birds"])
def test_an_onnx_model_paints_what_the_run_paints(tmp_path: Path, name: str) -> None:
    onnx = pytest.importorskip("onnx", reason='no onnx: pip install ".[onnx]"')
    runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install onnxruntime")
    run = write_run(tmp_path / "run", name) if name in RUNS else run_named(Path("birds"))
    painter, out = Painter(run), export(run, tmp_path / "out", "onnx")
    assert sorted(path.name for path in out.iterdir()) == [
        "model.onnx",
        "paint.py",
        "tokenizer.json",
    ]
    session = runtime.InferenceSession(out / "model.onnx", providers=["CPUExecutionProvider"])
    assert [given.name for given in session.get_inputs()] == ["codes", "latent"]
    assert [given.name for given in session.get_outputs()] == ["image"]
    assert onnx.load(out / "model.onnx").opset_import[0].version == 18
    latent, image = expected(painter)
    length = json.loads((out / "tokenizer.json").read_text())["length"]
    codes = CharTokenizer(length).encode(SENTENCES)
    for rows in (slice(64), slice(5, 6), slice(0, 7)):
        (found,) = session.run(None, {"codes": codes[rows], "latent": latent[rows]})
        agree(found, image[rows])


@pytest.mark.parametrize("name", [*RUNS, "birds"])
def test_eight_bits_a_weight_are_a_quarter_of_the_size(tmp_path: Path, name: str) -> None:
    onnx = pytest.importorskip("onnx", reason='no onnx: pip install ".[onnx]"')
    runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime: pip install onnxruntime")
    run = write_run(tmp_path / "run", name) if name in RUNS else run_named(Path("birds"))
    out = export(run, tmp_path / "out", "onnx", "--quantize")
    painter, path = Painter(run), out / "model.onnx"
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    latent, image = expected(painter)
    length = json.loads((out / "tokenizer.json").read_text())["length"]
    (found,) = session.run(
        None, {"codes": CharTokenizer(length).encode(SENTENCES), "latent": latent}
    )
    # A hundredth of what pictures differ by, as pixels are 2/255 apart.
    assert 0 < np.sqrt(np.mean((found - image) ** 2)) < 0.03
    if name == "birds":
        whole = (export(run, tmp_path / "whole", "onnx") / "model.onnx").stat().st_size
        assert path.stat().st_size < 0.35 * whole
    types = {array.data_type for array in onnx.load(path).graph.initializer}
    assert onnx.TensorProto.INT8 in types


def test_quantize_is_for_onnx(tmp_path: Path) -> None:
    assert _error("birds", str(tmp_path / "a.html"), "--format", "page", "--quantize") == (
        "Error: --quantize: expected --format onnx with it, got page; leave one of them out\n"
    )


@pytest.mark.parametrize("name", ["dcgan-modulated-greys", "projected"])
def test_another_converter_makes_a_generator_that_paints_alike(tmp_path: Path, name: str) -> None:
    """By tf2onnx, as Keras asks it; in a process of its own, as it patches others' modules."""
    for module in ("onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(module, reason=f"no {module}: pip install {module}")
    run = write_run(tmp_path / "run", name)
    path = str(tmp_path / "theirs.onnx")
    subprocess.run([sys.executable, "-c", CONVERTING, str(run), path], check=True)
    import onnxruntime

    painter = Painter(run)
    latent, image = expected(painter)
    theirs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {"embedding": painter.sentences.embed(SENTENCES), "latent": latent}
    (found,) = theirs.run(None, inputs)
    ours = onnxruntime.InferenceSession(
        export(run, tmp_path / "out", "onnx") / "model.onnx", providers=["CPUExecutionProvider"]
    )
    codes = CharTokenizer(painter.sentences.config.length).encode(SENTENCES)
    (own,) = ours.run(None, {"codes": codes, "latent": latent})
    # Two converters round in other places: of 196,608 numbers one was seen 3.5e-4 apart.
    for one, other in ((own, found), (found, image)):
        np.testing.assert_allclose(one, other, atol=1e-3, rtol=0)
        assert np.sqrt(np.mean((one - other) ** 2)) < USUAL


def test_the_program_beside_an_onnx_model_paints_from_it(tmp_path: Path) -> None:
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"no {name}: pip install {name}")
    out, picture = export("birds", tmp_path / "out", "onnx"), tmp_path / "a.png"
    program = (out / "paint.py").read_text(encoding="utf-8")
    assert program in Path("docs/exports.md").read_text(encoding="utf-8")
    command = [sys.executable, str(out / "paint.py"), "a RED bird", str(picture), "7"]
    subprocess.run(command, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    painted = Painter(run_named(Path("birds"))).paint(["a RED bird"], 1, 7)[0, 0]
    with Image.open(picture) as found:
        assert np.abs(np.asarray(found).astype(int) - painted).max() <= 1


@pytest.mark.parametrize("name", ["dcgan-modulated-greys", "projected"])
def test_a_saved_model_takes_strings_and_needs_nothing_of_ours(tmp_path: Path, name: str) -> None:
    run = write_run(tmp_path / "run", name)
    out, (latent, image) = export(run, tmp_path / "out", "saved-model"), expected(Painter(run))
    np.savez(tmp_path / "in.npz", sentence=SENTENCES, latent=latent)
    files = [str(tmp_path / name) for name in ("in.npz", "out.npz")]
    command = [sys.executable, "-c", LOADING, str(out), *files]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    with np.load(tmp_path / "out.npz") as found:
        agree(found["image"], image)
        agree(found["one"], image[5:6])
        assert np.abs(found["pixels"].astype(int) - to_uint8(image)).max() <= 1
        painter = Painter(run)
        for row, seed in enumerate((0, 7, 2**31 - 1)):
            embedding = painter.sentences.embed(SENTENCES[row : row + 1])
            painted = painter.paint_rows(embedding, painter.latents(1, seed)).astype(int)
            assert np.abs(found["seeded"][row] - painted[0]).max() <= 1
        assert "seed: expected 0 to 2147483647, got" in str(found["refused"])


def test_every_character_has_the_code_that_the_encoder_learned() -> None:
    import tensorflow as tf

    from t2i.exports.saved_model import _codes
    from t2i.exports.source import code_table

    texts = [chr(i) for i in range(1, 0x30000) if not 0xD800 <= i < 0xE000]
    texts += ["a\t b \n", "ab" * 30, "\u0130" * 30, "\u212a\u0130Z\u1e9e", ""]
    found = _codes(tf.constant([text.encode() for text in texts]), tf.constant(code_table()), 20)
    np.testing.assert_array_equal(
        found.numpy(), CharTokenizer(20).encode([plain(text) for text in texts])
    )


def test_keras_files_are_stock(tmp_path: Path) -> None:
    import keras

    run = write_run(tmp_path / "run", "projected")
    out, (latent, image) = export(run, tmp_path / "out", "keras"), expected(Painter(run))
    encoder = keras.models.load_model(out / "encoder.keras")
    generator = keras.models.load_model(out / "generator.keras")
    codes = CharTokenizer(encoder.input.shape[1]).encode(SENTENCES)
    inputs = {"embedding": encoder(codes), "latent": keras.ops.convert_to_tensor(latent)}
    agree(generator(inputs, training=False).numpy(), image)


def _error(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["export", *arguments])
    assert result.exit_code == 1
    return result.output


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
    from t2i.encoders.text import TextEncoder, build_text_encoder, save_encoder
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
