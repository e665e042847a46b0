import keras
import numpy as np
import pytest

from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.text import build_text_encoder
from t2i.encoders.tokenizers import CharTokenizer

TEXTS = ["a red bird with black wings", "a blue bird"]


@pytest.mark.parametrize("recurrent", ["gru", "relu"])
def test_a_first_step_of_its_own_has_no_gates_and_leaves_its_state(recurrent):
    config = TextEncoderConfig(
        length=20,
        convolutions=[ConvolutionConfig(filters=6, pool_size=2, pool_stride=2)],
        recurrent=recurrent,
        separate_first_step=True,
        recurrent_units=5,
        embedding_size=4,
    )
    model = build_text_encoder(config, 71)
    codes = CharTokenizer(20).encode(TEXTS)

    def output(name: str) -> np.ndarray:
        return keras.Model(model.input, model.get_layer(name).output).predict_on_batch(codes)

    frames, states = output("max_pool_1"), output("states")
    kernel, bias = model.get_layer("first_step").get_weights()
    activation = np.tanh if recurrent == "gru" else lambda x: np.maximum(x, 0)
    first = activation(frames[:, 0] @ kernel + bias)
    layer = model.get_layer("gru" if recurrent == "gru" else "rnn")
    np.testing.assert_allclose(states[:, 0], first, atol=1e-6)
    later = layer(frames[:, 1:], initial_state=keras.ops.convert_to_tensor(first))
    np.testing.assert_allclose(states[:, 1:], later, atol=1e-6)


def test_a_first_step_of_its_own_needs_a_second():
    with pytest.raises(ValueError, match="expected 2 or more steps left of length 5, got 1"):
        TextEncoderConfig(
            length=5,
            separate_first_step=True,
            convolutions=[ConvolutionConfig(filters=2, pool_size=2, pool_stride=2)],
        )


def test_there_is_no_first_step_where_nothing_recurs():
    with pytest.raises(ValueError, match="separate_first_step: expected false where recurrent is"):
        TextEncoderConfig(
            convolutions=[ConvolutionConfig(filters=3)], recurrent="none", separate_first_step=True
        )


def test_there_is_no_stride_without_pooling():
    with pytest.raises(ValueError, match="pool_stride: expected 1 where pool_size is 1, got 2"):
        ConvolutionConfig(filters=3, pool_stride=2)
