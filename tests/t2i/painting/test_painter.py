"""Painting from a run directory alone."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from sentence_samples import SHAPE, install, sentence_encoder

from t2i.config.file import dump
from t2i.config.run import TextConfig
from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.text import TextEncoder, build_text_encoder, save_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError
from t2i.models.dcgan.config import Config, NetworksConfig
from t2i.models.dcgan.generator import build_generator
from t2i.models.whitening import Whitening
from t2i.painting.painter import Painter, load_painting
from t2i.painting.variety import VARIETY
from t2i.runs.record import Record

CONFIG = Config(
    image_size=8,
    networks=NetworksConfig(generator_width=4, latent_size=5, text_size=3),
    text=TextConfig(whitened_components=2),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose generator's batch statistics are not those of any batch."""
    path = tmp_path_factory.mktemp("runs") / "run"
    path.mkdir()
    text = TextEncoderConfig(
        length=20,
        convolutions=[ConvolutionConfig(filters=4)],
        recurrent_units=4,
        embedding_size=6,
    )
    tokenizer = CharTokenizer(20)
    keras.utils.set_random_seed(0)
    model = build_text_encoder(text, tokenizer.vocabulary_size)
    save_encoder(path / "encoder.keras", TextEncoder(model, tokenizer, text))
    random = np.random.default_rng(0)
    whitening = Whitening(
        random.standard_normal((6, 2)).astype(np.float32),
        random.standard_normal(2).astype(np.float32),
    )
    generator = build_generator(CONFIG.networks, 8, 6, whitening=whitening)
    for weight in generator.weights:
        value = 0.5 * random.standard_normal(weight.shape).astype(np.float32)
        weight.assign(np.abs(value) + 0.1 if "variance" in weight.path else value)
    generator.save(path / "generator.keras")
    (path / "config.yaml").write_text(dump(CONFIG))
    record = Record(data="", precision="float32")
    (path / "record.json").write_text(record.model_dump_json())
    return path


def test_a_bounded_generator_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    kernel = random.standard_normal((6, 2)).astype(np.float32)
    bound = np.asarray([0.5, 0.25], np.float32)
    saved = build_generator(
        CONFIG.networks, 8, 6, whitening=Whitening(kernel, np.zeros(2, np.float32), bound)
    )
    saved.save(tmp_path / "generator.keras")
    text = TextConfig(whitened_components=2, whitened_bound=1.0)
    loaded = load_painting(tmp_path, CONFIG.model_copy(update={"text": text}), 6, 3).network
    # Along each component far beyond its bound: twice as far is the same.
    far = 100 * random.standard_normal((4, 6)).astype(np.float32)
    latent = random.standard_normal((4, 5)).astype(np.float32)
    first, further, expected = (
        np.asarray(model({"embedding": rows, "latent": latent}, training=False))
        for model, rows in ((loaded, far), (loaded, 2 * far), (saved, far))
    )
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_allclose(further, first, atol=1e-5)


def test_pictures_for_every_sentence(run: Path) -> None:
    painter = Painter(run)
    painted = painter.paint(["a red bird", "a blue bird"], count=3, seed=1)
    assert painted.shape == (2, 3, 8, 8, 3)
    assert painted.dtype == np.uint8
    assert (painted[0] != painted[1]).any()
    assert (painted[0, 0] != painted[0, 1]).any()


def test_the_same_seed_paints_the_same_and_another_does_not(run: Path) -> None:
    painter = Painter(run)
    first = painter.paint(["a red bird"], 2, seed=1)
    np.testing.assert_array_equal(painter.paint(["a red bird"], 2, seed=1), first)
    assert (painter.paint(["a red bird"], 2, seed=2) != first).any()


def test_variety_is_how_far_latents_are_from_the_middle(run: Path) -> None:
    painter = Painter(run)
    drawn = painter.prior.draw(3, 1)
    np.testing.assert_array_equal(painter.latents(3, 1), np.float32(VARIETY) * drawn)
    np.testing.assert_array_equal(painter.latents(3, 1, 0.5), 0.5 * drawn)
    near = painter.paint(["a red bird"], 3, 1, variety=0.0)[0]
    np.testing.assert_array_equal(near[0], near[1])
    assert (painter.paint(["a red bird"], 3, 1, variety=0.5)[0] != near).any()


def test_a_picture_does_not_depend_on_its_neighbours(run: Path) -> None:
    """Batch normalisation in inference mode: alone or among others, the same picture."""
    painter = Painter(run)
    among = painter.paint(["a red bird", "a blue bird", "nothing at all"], 4, seed=1)
    alone = painter.paint(["a blue bird"], 1, seed=1)
    assert np.abs(among[1, 0].astype(int) - alone[0, 0]).max() <= 1


def test_a_run_can_be_moved(run: Path, tmp_path: Path) -> None:
    expected = Painter(run).paint(["a red bird"], 2, seed=1)
    shutil.copytree(run, tmp_path / "elsewhere")
    moved = Painter(tmp_path / "elsewhere").paint(["a red bird"], 2, seed=1)
    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "config.yaml",
            "{run}: expected a run directory, got no config.yaml there; train one with `t2i train`",
        ),
        (
            "generator.keras",
            "{run}: expected a checkpoint, got none yet; "
            "train on until training.checkpoint_every steps",
        ),
        (
            "encoder.keras",
            "{run}/encoder.keras: expected an encoder, got nothing there; "
            "make one with `t2i-prep train-encoder`",
        ),
    ],
)
def test_what_is_missing_is_an_error_never_random_weights(
    run: Path, tmp_path: Path, missing: str, message: str
) -> None:
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / missing).unlink()
    with pytest.raises(InputError) as error:
        Painter(tmp_path / "run")
    assert str(error.value) == message.format(run=tmp_path / "run")


def test_weights_of_another_generator_are_refused(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    other = build_generator(NetworksConfig(generator_width=8), 8, 6)
    other.save(tmp_path / "run" / "generator.keras")
    with pytest.raises(InputError) as error:
        Painter(tmp_path / "run")
    assert str(error.value) == (
        f"{tmp_path / 'run' / 'generator.keras'}: expected the weights of a generator, "
        "got others; make it again"
    )


def test_weights_that_are_not_numbers_are_refused(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    whitening = Whitening(np.zeros((6, 2), np.float32), np.full(2, np.nan, np.float32))
    build_generator(CONFIG.networks, 8, 6, whitening=whitening).save(
        tmp_path / "run" / "generator.keras"
    )
    with pytest.raises(InputError) as error:
        Painter(tmp_path / "run")
    assert str(error.value) == (
        f"{tmp_path / 'run' / 'generator.keras'}: expected the weights of a generator, "
        "got nan or infinity; make it again"
    )


def test_a_sentence_without_a_word_is_refused_above_a_frozen_network_too(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    shutil.copytree(run, tmp_path / "run")
    encoder = sentence_encoder(SHAPE.model_copy(update={"embedding_size": 6}))
    save_encoder(tmp_path / "run" / "encoder.keras", encoder)
    painter = Painter(tmp_path / "run")
    assert painter.paint(["a red bird"], 2, 0).shape == (1, 2, 8, 8, 3)
    with pytest.raises(InputError, match="captions: expected words, got ''; describe"):
        painter.paint([" "], 1, 0)


def test_a_sentence_that_says_nothing(run: Path) -> None:
    with pytest.raises(InputError) as error:
        Painter(run).paint(["\u9ce5"], 1, 0)
    assert str(error.value) == (
        "captions: expected words, got '\u9ce5'; describe a picture in English"
    )


def test_a_newer_checkpoint_is_taken_and_a_damaged_one_is_not(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    painter = Painter(tmp_path / "run")
    identity, first = painter.identity, painter.paint(["a red bird"], 2, 0)
    assert not painter.refresh()
    other = Painter(tmp_path / "run")
    for weight in other.network.weights:
        weight.assign(1.5 * weight)
    whole = (tmp_path / "run" / "generator.keras").read_bytes()
    for damaged in (b"", whole[:-100]):
        (tmp_path / "run" / "generator.keras").write_bytes(damaged)
        assert not painter.refresh()
        np.testing.assert_array_equal(painter.paint(["a red bird"], 2, 0), first)
    (tmp_path / "run" / "generator.keras").unlink()
    assert not painter.refresh()
    other.network.save(tmp_path / "run" / "generator.keras")
    assert painter.refresh()
    assert painter.identity == Painter(tmp_path / "run").identity != identity
    found = painter.paint(["a red bird"], 2, 0)
    np.testing.assert_array_equal(found, other.paint(["a red bird"], 2, 0))
    assert (found != first).any()
