from pathlib import Path

import keras
import pytest
import tensorflow as tf

from prep.encoder.state import EncoderState
from t2i.encoders.config import ConvolutionConfig, EncoderConfig, TextEncoderConfig
from t2i.errors import InputError

CONFIG = EncoderConfig(
    text=TextEncoderConfig(length=20, convolutions=[ConvolutionConfig(filters=4)])
)
ANEW = "remove the folder to start anew, or choose another --out"


def refusal(folder: Path, config: EncoderConfig, digest: str) -> str:
    with pytest.raises(InputError) as caught:
        EncoderState(folder, config, digest)
    return str(caught.value)


def dense() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])


def test_the_newest_state_is_restored_and_two_are_kept(tmp_path):
    folder = tmp_path / "state"
    state, model = EncoderState(folder, CONFIG, "abc"), dense()
    state.restore(text=model)
    assert (state.step, state.seconds) == (0, 0.0)
    for step in (10, 20, 30):
        model.layers[0].bias.assign([step, -step])
        state.save(step, seconds=1.5)
    again, restored = EncoderState(folder, CONFIG, "abc"), dense()
    again.restore(text=restored)
    assert (again.step, again.seconds) == (30, 4.5)
    assert restored.layers[0].bias.numpy().tolist() == [30.0, -30.0]
    assert sorted(path.name for path in folder.glob("*.index")) == [
        "ckpt-20.index",
        "ckpt-30.index",
    ]


def test_an_optimizer_is_restored_too(tmp_path):
    def parts() -> tuple[keras.Model, keras.optimizers.Optimizer]:
        model, optimizer = dense(), keras.optimizers.Adam()
        optimizer.build(model.trainable_variables)
        return model, optimizer

    model, optimizer = parts()
    state = EncoderState(tmp_path / "state", CONFIG, "abc")
    state.restore(text=model, optimizer=optimizer)
    optimizer.apply([tf.ones((3, 2)), tf.ones(2)], model.trainable_variables)
    state.save(1, 0.0)
    again, resumed = parts()
    EncoderState(tmp_path / "state", CONFIG, "abc").restore(text=again, optimizer=resumed)
    saved = [variable.numpy().tolist() for variable in optimizer.variables]
    assert [variable.numpy().tolist() for variable in resumed.variables] == saved


def test_a_changed_configuration_refuses_and_names_the_keys(tmp_path):
    folder = tmp_path / "state"
    EncoderState(folder, CONFIG, "abc")
    text = CONFIG.text.model_copy(update={"dropout": 0.1})
    changed = CONFIG.model_copy(update={"learning_rate": 0.02, "text": text})
    assert refusal(folder, changed, "abc") == (
        f"{folder}: expected the configuration it was begun with, "
        f"got another text.dropout, learning_rate; {ANEW}"
    )


def test_other_pairs_refuse(tmp_path):
    folder = tmp_path / "state"
    EncoderState(folder, CONFIG, "abc")
    assert refusal(folder, CONFIG, "abd") == (
        f"{folder}: expected the pairs it was begun with, got others; {ANEW}"
    )


@pytest.mark.parametrize("broken", ["index", "data-00000-of-00001"])
def test_a_broken_checkpoint_is_named(tmp_path, broken):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    state.save(10, 0.0)
    (folder / f"ckpt-10.{broken}").write_bytes(b"junk")
    with pytest.raises(InputError) as caught:
        EncoderState(folder, CONFIG, "abc").restore(text=dense())
    assert str(caught.value) == (
        f"{folder}/ckpt-10: expected a checkpoint of this training, got one that can't be "
        "restored; remove the folder to start anew"
    )


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    state.save(10, 0.0)
    with pytest.raises(InputError):
        EncoderState(folder, CONFIG, "abc").restore(image=dense())
