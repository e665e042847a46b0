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
@pytest.mark.parametrize("content", [b"junk", b"", None])
def test_the_newest_whole_state_is_taken_and_the_damaged_one_said(tmp_path, broken, content):
    folder = tmp_path / "[state]"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    for step in (10, 20):
        state.save(step, 1.0)
    damaged = folder / f"ckpt-20.{broken}"
    damaged.write_bytes(content) if content is not None else damaged.unlink()
    # What TensorFlow notes of the newest decides nothing.
    (folder / "checkpoint").unlink(missing_ok=True)
    again, said = EncoderState(folder, CONFIG, "abc"), []
    again.restore(said.append, text=dense())
    assert (again.step, again.seconds) == (10, 1.0)
    gone = broken == "index" and content is None
    assert said == (
        [] if gone else [f"{folder}/ckpt-20: damaged, and left out; going on from an older one"]
    )


def test_damaged_checkpoints_alone_never_begin_again(tmp_path):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    state.save(10, 0.0)
    (folder / "ckpt-10.index").write_bytes(b"junk")
    with pytest.raises(InputError) as caught:
        EncoderState(folder, CONFIG, "abc").restore(text=dense())
    assert str(caught.value) == (
        f"{folder}/ckpt-10: expected a whole checkpoint of this run, got a damaged one, and none "
        f"older that is whole; {ANEW}"
    )


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    state.save(10, 0.0)
    with pytest.raises(InputError):
        EncoderState(folder, CONFIG, "abc").restore(image=dense())


def test_a_state_that_tensorflows_manager_wrote_goes_on(tmp_path):
    """As releases before 0.3 did."""
    folder, model = tmp_path / "state", dense()
    EncoderState(folder, CONFIG, "abc")
    model.layers[0].bias.assign([3, 4])
    checkpoint = tf.train.Checkpoint(
        step=tf.Variable(20, dtype=tf.int64), seconds=tf.Variable(5.0, dtype=tf.float64), text=model
    )
    tf.train.CheckpointManager(checkpoint, str(folder), 2).save(checkpoint_number=20)
    state, restored = EncoderState(folder, CONFIG, "abc"), dense()
    state.restore(text=restored)
    assert (state.step, state.seconds) == (20, 5.0)
    assert restored.layers[0].bias.numpy().tolist() == [3.0, 4.0]


def test_more_steps_go_on_and_are_noted(tmp_path):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG.model_copy(update={"steps": 20}), "abc")
    state.restore(text=dense())
    state.save(20, 1.0)
    more = CONFIG.model_copy(update={"steps": 40, "checkpoint_every": 7})
    for _ in range(2):
        again = EncoderState(folder, more, "abc")
        again.restore(text=dense())
        assert again.step == 20
        assert again.changes == [
            {"step": 20, "key": "steps", "before": 20, "after": 40},
            {"step": 20, "key": "checkpoint_every", "before": 500, "after": 7},
        ]


def test_steps_stay_where_the_learning_rate_ends_with_them(tmp_path):
    folder = tmp_path / "state"
    falling = CONFIG.model_copy(update={"linear_decay_share": 0.5})
    EncoderState(folder, falling, "abc")
    assert refusal(folder, falling.model_copy(update={"steps": 7}), "abc") == (
        f"{folder}: expected the configuration it was begun with, got another steps, at whose end "
        f"the learning rate is 0; {ANEW}"
    )


def test_fewer_steps_than_were_done_are_refused(tmp_path):
    folder = tmp_path / "state"
    state = EncoderState(folder, CONFIG, "abc")
    state.restore(text=dense())
    state.save(20, 1.0)
    with pytest.raises(InputError) as caught:
        EncoderState(folder, CONFIG.model_copy(update={"steps": 19}), "abc").restore(text=dense())
    assert str(caught.value) == (
        f"steps: expected at least 20, which {folder} has reached, got 19; make it larger, {ANEW}"
    )
