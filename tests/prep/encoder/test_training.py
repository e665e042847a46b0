import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import pytest
from flag_samples import CONFIG, changed, interrupted, weights, write_flags

from prep.encoder import training
from prep.encoder.batches import Sampler
from prep.encoder.joint_embedding import contrastive_joint_embedding, structured_joint_embedding
from prep.encoder.step import EncoderTraining, image_side_to_train
from prep.encoder.training import train_encoder
from t2i.encoders.config import (
    ConvolutionConfig,
    EncoderConfig,
    ImageEncoderConfig,
    TextEncoderConfig,
)
from t2i.encoders.pair import image_side, load_image_side
from t2i.encoders.text import TextEncoder, build_text_encoder, load_encoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError
from t2i.pairs.digests import digest
from t2i.pairs.reading import read


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_flags(tmp_path_factory.mktemp("flags") / "flags.h5")


@pytest.fixture(scope="module")
def whole(flags: Path) -> Path:
    """The encoder of a run that nothing interrupted."""
    out = flags.with_name("whole.keras")
    train_encoder(flags, CONFIG, out)
    return out


def refusal(flags: Path, config: EncoderConfig, out: Path) -> str:
    with pytest.raises(InputError) as caught:
        train_encoder(flags, config, out)
    return str(caught.value)


def test_training_learns_to_name_classes_it_never_saw(flags, tmp_path):
    told, losses = [], []
    report = train_encoder(
        flags,
        changed(steps=100),
        tmp_path / "encoder.keras",
        lambda *call: told.append(call),
        losses.append,
    )
    assert told[-1] == ("training the encoder", 100, 100)
    assert len(losses) == len(told)
    assert losses[-1] < 0.5 * losses[0]
    assert report.scores["test"].classes == 3
    assert report.scores["test"].accuracy > 0.8
    assert report.scores["val"].chance == 1.0
    assert report.kind == "char-cnn-gru"
    assert report.captions_per_second > 0
    written = json.loads((tmp_path / "encoder.json").read_text())
    assert written["scores"]["test"]["accuracy"] == report.scores["test"].accuracy
    assert written["parameters"] == report.parameters


def test_the_file_says_what_the_image_side_looks_through(flags, tmp_path, monkeypatch):
    asked = []

    def eyes(image: ImageEncoderConfig) -> tuple[str, ...]:
        asked.append(image)
        return ("efficientnet-lite1",)

    monkeypatch.setattr(training, "looks_through", eyes)
    train_encoder(flags, changed(steps=1), tmp_path / "encoder.keras")
    assert asked == [CONFIG.image]
    assert load_encoder(tmp_path / "encoder.keras").vision == ("efficientnet-lite1",)


def test_a_run_over_word_pieces_resumes_exactly(flags, tmp_path):
    text = CONFIG.text.model_copy(update={"tokenizer": "sentencepiece", "vocabulary_size": 40})
    config = changed(text=text, image=CONFIG.image.model_copy(update={"flip": True}))
    one, resumed = tmp_path / "one.keras", tmp_path / "resumed.keras"
    train_encoder(flags, config, one)
    interrupted(flags, config, resumed, at=22)
    begun = []
    train_encoder(flags, config, resumed, lambda *told: begun.append(told[1]))
    assert begun[0] == 22
    assert weights(resumed) == weights(one)


def test_stopped_before_anything_was_kept_and_killed_later_it_resumes_exactly(
    flags, whole, tmp_path
):
    resumed = tmp_path / "resumed.keras"
    interrupted(flags, CONFIG, resumed, at=10)
    program = f"""
import os, signal
from pathlib import Path
from prep.encoder.training import train_encoder
from t2i.encoders.config import EncoderConfig
config = EncoderConfig.model_validate_json({CONFIG.model_dump_json()!r})
def kill(what, step, steps):
    if step == 22:
        os.kill(os.getpid(), signal.SIGKILL)
train_encoder(Path({str(flags)!r}), config, Path({str(resumed)!r}), kill)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=False
    )
    assert run.returncode == -9
    train_encoder(flags, CONFIG, resumed)
    assert weights(resumed) == weights(whole)


def test_a_finished_run_is_written_again_from_its_state(flags, whole, tmp_path):
    out = tmp_path / "again.keras"
    shutil.copytree(whole.with_name("whole.keras.training"), tmp_path / "again.keras.training")
    report = train_encoder(flags, CONFIG, out, lambda *_: pytest.fail("a step was run"))
    assert weights(out) == weights(whole)
    assert json.loads(json.dumps(asdict(report))) == json.loads(
        whole.with_suffix(".json").read_text()
    )


def test_a_loss_that_is_not_finite_stops(flags, tmp_path):
    out = tmp_path / "encoder.keras"
    # A recurrence of 61 steps whose weights make everything grow.
    text = TextEncoderConfig(
        length=64,
        convolutions=[ConvolutionConfig(filters=16)],
        recurrent="relu",
        recurrent_units=64,
        embedding_size=16,
    )
    message = refusal(flags, changed(text=text, initial_range=1.0), out)
    assert re.sub(r"at step \d+", "at step N", message) == (
        f"{out}.training: expected a finite loss, got nan at step N; "
        "lower learning_rate (the state of step 0 is kept)"
    )
    assert not out.exists()


def test_weights_start_in_the_range_asked_for(flags, tmp_path):
    out = tmp_path / "encoder.keras"
    text = CONFIG.text.model_copy(update={"batch_norm": False})
    train_encoder(flags, changed(text=text, steps=1, learning_rate=1e-9, initial_range=0.08), out)
    model = load_encoder(out).model
    values = np.concatenate([weight.numpy().ravel() for weight in model.trainable_weights])
    assert 0.079 < np.abs(values).max() < 0.0801
    assert abs(values.std() - 0.08 / 3**0.5) < 0.002


def test_both_sides_learn(flags, tmp_path):
    out = tmp_path / "encoder.keras"
    train_encoder(flags, changed(steps=2, linear_decay_share=0.0, initial_range=0.08), out)
    image = keras.saving.load_model(tmp_path / "encoder.image.keras")
    assert {type(layer).__module__.split(".")[0] for layer in image.layers} == {"keras"}
    for model in (load_encoder(out).model, image):
        # Adam's first steps move a weight by the learning rate, 0.01.
        assert 0.085 < np.abs(model.get_layer("embedding").kernel).max() < 0.101


def test_frozen_features_train_too(flags, tmp_path):
    keras.utils.set_random_seed(0)
    frozen = keras.applications.MobileNet(
        include_top=False, weights=None, pooling="avg", input_shape=(32, 32, 3)
    )
    frozen.save_weights(tmp_path / "network.weights.h5")
    image = ImageEncoderConfig(
        network="MobileNet", weights=str(tmp_path / "network.weights.h5"), image_size=32
    )
    out = tmp_path / "encoder.keras"
    train_encoder(flags, changed(image=image, steps=8), out)
    model = keras.saving.load_model(tmp_path / "encoder.image.keras")
    kept = {weight.tobytes() for weight in frozen.get_weights()}
    assert kept <= {weight.tobytes() for weight in model.get_weights()}


def test_a_contrastive_encoder_over_published_weights_learns_and_resumes_exactly(flags, tmp_path):
    text = CONFIG.text.model_copy(
        update={"batch_norm": False, "dropout": 0.0, "recurrent": "none", "normalized": True}
    )
    image = ImageEncoderConfig(
        network="efficientnet-lite0",
        image_size=32,
        dropout=0.3,
        flip=True,
        normalized=True,
    )
    config = changed(
        text=text, image=image, loss="contrastive", instances=0.5, splits=["train", "val"], steps=48
    )
    one, resumed = tmp_path / "one.keras", tmp_path / "resumed.keras"
    losses = []
    report = train_encoder(flags, config, one, watch=losses.append)
    assert losses[-1] < 0.8 * losses[0]
    # Val was trained on.
    assert list(report.scores) == ["test"]
    assert report.scores["test"].accuracy > 0.8
    _, trained_on = load_image_side(image_side(one), load_encoder(one))
    assert trained_on == digest(read(flags, ["train", "val"]))
    interrupted(flags, config, resumed, at=22)
    train_encoder(flags, config, resumed)
    assert weights(resumed) == weights(one)


@pytest.mark.parametrize("loss", ["structured", "contrastive"])
def test_the_loss_is_that_of_the_configuration(flags, loss):
    text = CONFIG.text.model_copy(update={"batch_norm": False, "dropout": 0.0, "normalized": True})
    image = ImageEncoderConfig(image_size=16, width=4, normalized=True)
    config = changed(text=text, image=image, loss=loss, scale=3.0, instances=0.5)
    data, tokenizer = read(flags, ["train"]), CharTokenizer(text.length)
    encoder = TextEncoder(build_text_encoder(text, tokenizer.vocabulary_size), tokenizer, text)
    images = image_side_to_train(config)
    steps = EncoderTraining(config, data, encoder, images)
    draws = Sampler(data, config, tokenizer.encode).draw(0, 1)
    embeddings = (
        images.trained(images.inputs(data.image)[draws.image[0]], training=True),
        encoder.model(draws.text[0]),
    )
    if loss == "contrastive":
        expected = contrastive_joint_embedding(*embeddings, draws.class_id[0], 3.0, 0.5)
    else:
        expected = structured_joint_embedding(*embeddings, draws.class_id[0], 3)
    assert steps.run(0, 1) == pytest.approx([float(expected)], rel=1e-5)


def test_the_output_is_a_keras_file(flags, tmp_path):
    assert refusal(flags, CONFIG, tmp_path / "encoder.h5") == (
        f"{tmp_path}/encoder.h5: expected a name ending in .keras, got 'encoder.h5'; add it"
    )
