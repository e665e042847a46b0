from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from reed_encoders import Weights, embed, encoder, encoder_bytes
from torch7_writer import Instance, save

from prep.cli.main import main
from prep.encoder.released.importing import import_encoder
from t2i.encoders.text import load_encoder
from t2i.encoders.tokenizers import ALPHABET
from t2i.errors import InputError

# The published shapes, narrowed: the convolutions, the recurrent part and its steps.
BIRDS_OF_ICML_2016 = ([(6, 4, 3, 3), (5, 4, 3, 3), (7, 4, 0, 0)], "gru", 18)
CVPR_2016 = ([(6, 4, 3, 3), (5, 4, 3, 3), (4, 4, 3, 2)], "relu", 8)
# Three steps of 16 characters.
SMALL_GRU = ([(4, 3, 4, 4), (5, 1, 0, 0)], "gru", 3)
TEXTS = ["a small bird with a red head, and grey wings.", "x", "", "blue ~ [wing] 90% a-b" * 11]
ADVICE = "only text encoders in the shape that Reed et al. released can be read"


def checkpoint(net: Instance, length: int = 201) -> dict[str, Any]:
    return {"protos": {"enc_image": None, "enc_doc": net}, "opt": {"doc_length": length}}


def small(change: Callable[[Any], None], folder: Path, length: int = 16) -> Path:
    """Writes a small encoder that something was done to."""
    weights = Weights()
    net = encoder(weights, *SMALL_GRU, embedding_size=6)
    change(net.fields["modules"])
    return saved(folder, checkpoint(net, length), weights)


def saved(folder: Path, value: Any, weights: Weights) -> Path:
    path = folder / "encoder.t7"
    path.write_bytes(encoder_bytes(value, weights))
    return path


def unchanged(modules: Any) -> None:
    pass


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        import_encoder(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert said.endswith(f"; {ADVICE}")
    return said.removeprefix(f"{path}: ").removesuffix(f"; {ADVICE}")


@pytest.mark.parametrize("shape", [BIRDS_OF_ICML_2016, CVPR_2016])
@pytest.mark.parametrize("wrap", [checkpoint, lambda net: net])
def test_an_imported_encoder_is_the_function_that_lua_computes(tmp_path, shape, wrap):
    weights = Weights()
    net = encoder(weights, *shape, embedding_size=9)
    imported = import_encoder(saved(tmp_path, wrap(net), weights))
    expected = embed(net, TEXTS, 201, ALPHABET)
    np.testing.assert_allclose(imported.embed(TEXTS), expected, atol=1e-5)
    assert expected.std(axis=0).mean() > 0.03


def test_the_modules_stand_where_readers_of_the_released_file_found_them():
    """What was published about its positions holds for the graphs that the tests build."""
    net = encoder(Weights(), *BIRDS_OF_ICML_2016, embedding_size=9)
    modules = net.fields["modules"]
    assert [modules[1].fields["modules"][i].class_name for i in (0, 3, 6)] == [
        "nn.TemporalConvolution"
    ] * 3
    assert modules[5].class_name == "nn.Linear"
    recurrent = modules[3].fields["modules"]
    weights = [recurrent[i].fields["modules"][0].fields["weight"] for i in (1, 4, 5, 9, 10, 14)]
    # In the order that `gru` takes them: update, reset and candidate, of the input and the state.
    places = np.argsort([weight.ctypes.data for weight in weights])
    assert places.tolist() == [1, 3, 0, 2, 4, 5]


def test_the_command_writes_an_encoder_that_loads(tmp_path):
    path = small(unchanged, tmp_path)
    out = tmp_path / "encoder.keras"
    result = CliRunner().invoke(main, ["import-encoder", str(path), "--out", str(out)])
    assert (result.exit_code, result.output) == (
        0,
        f"{out}: char-cnn-gru, 1,100 parameters, reads 16 characters, 6 numbers an embedding\n",
    )
    loaded = load_encoder(out)
    assert loaded.embed(TEXTS).tobytes() == import_encoder(path).embed(TEXTS).tobytes()


def first_layer(modules: Any) -> dict[str, Any]:
    return modules[1].fields["modules"][0].fields


def recurrent(modules: Any) -> list[Instance]:
    return modules[3].fields["modules"]


def put(fields: dict[str, Any], **changes: Any) -> None:
    fields.update(changes)


NODE = "the file.protos.enc_doc.outnode.data.mapindex.1"
RNN = f"{NODE}.mapindex.1.mapindex.1"
TRUNK = f"{RNN}.mapindex.1.mapindex.1.module"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda m: put(m[5].__dict__, class_name="nn.LogSoftMax"),
            f"expected nn.Linear at {NODE}.module, got nn.LogSoftMax",
        ),
        (
            lambda m: put(m[5].fields, weight=m[5].fields["weight"][:, 1:]),
            f"expected n x 5 numbers in weight at {NODE}.module, got 6 x 4",
        ),
        (
            lambda m: put(m[4].fields, p=0.5, v2=False),
            f"expected a dropout that does nothing in use at {NODE}.mapindex.1.module, got p 0.5",
        ),
        (
            lambda m: put(first_layer(m), dW=2),
            f"expected a stride of 1 at {TRUNK}.modules.1, got 2.0",
        ),
        (
            lambda m: put(first_layer(m), kW=2.5),
            f"expected a whole number of at least 1 in kW at {TRUNK}.modules.1, got 2.5",
        ),
        (
            lambda m: put(first_layer(m), bias="text"),
            f"expected 4 numbers in bias at {TRUNK}.modules.1, got text",
        ),
        (
            lambda m: put(m[1].fields["modules"][1].fields, threshold=0.1),
            f"expected a ReLU in effect at {TRUNK}.modules.2, got 0.1",
        ),
        (
            lambda m: m[1].fields["modules"].pop(1),
            f"expected nn.Threshold at {TRUNK}.modules.2, got nn.TemporalMaxPooling",
        ),
        (
            lambda m: m[1].fields["modules"].clear(),
            f"expected convolutions at {TRUNK}, got none",
        ),
        (
            lambda m: put(recurrent(m)[-1].fields, constant_scalar=0.3),
            f"expected the mean over the steps at {RNN}.module.outnode.data.mapindex.1.module, "
            "got a factor of 0.3",
        ),
    ],
)
def test_another_network_is_refused(tmp_path, change, said):
    assert refusal(small(change, tmp_path)) == said


def feeding(node: Any) -> dict[int, Any]:
    return node.fields["mapindex"].fields


def last_state(modules: Any) -> tuple[dict[int, Any], dict[int, Any]]:
    """What feeds the last sum, of the states before and the last one, and that last one."""
    mean = feeding(modules[3].fields["outnode"].fields["data"])[1]
    total = feeding(feeding(mean)[1])
    return total, feeding(total[2])


def swap_operands(modules: Any) -> None:
    _, state = last_state(modules)
    state[1], state[2] = state[2], state[1]


def skip_a_state(modules: Any) -> None:
    total, state = last_state(modules)
    feeding(state[2])[2] = feeding(total[1])[1]


def feed_the_first_input(modules: Any) -> None:
    total, state = last_state(modules)
    update = feeding(feeding(feeding(state[1])[1])[1])
    feeding(update[1])[1] = feeding(feeding(feeding(total[1])[1])[1])[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (swap_operands, "expected nn.Sigmoid at "),
        (skip_a_state, "expected the state before step 3 at "),
        (feed_the_first_input, "expected input 3 at "),
        (
            lambda m: put(recurrent(m)[18].fields, constant_scalar=1),
            "expected a constant of -1 at ",
        ),
        (
            lambda m: put(recurrent(m)[7].__dict__, class_name="nn.Tanh"),
            "expected nn.Sigmoid at ",
        ),
        (lambda m: recurrent(m)[5].fields["modules"].clear(), "expected one layer at "),
        (
            lambda m: put(
                recurrent(m)[24].fields["modules"][0].fields,
                weight=recurrent(m)[5].fields["modules"][0].fields["weight"],
            ),
            "expected the weights of the steps before at ",
        ),
    ],
)
def test_another_recurrence_is_refused(tmp_path, change, said):
    assert refusal(small(change, tmp_path)).startswith(said)


def test_steps_that_the_text_does_not_make_are_refused(tmp_path):
    assert refusal(small(unchanged, tmp_path, length=20)) == (
        f"expected 4 steps of 20 characters at {RNN}.module, got 3"
    )


@pytest.mark.parametrize("length", [2, 5000])
def test_a_shape_that_cannot_be_built_is_refused(tmp_path, length):
    said = refusal(small(unchanged, tmp_path, length))
    assert said.startswith(f"expected a shape that can be built at {TRUNK}, got ")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    weights = Weights()
    weights.storage[3] = np.inf
    net = encoder(weights, *SMALL_GRU, embedding_size=6)
    path = saved(tmp_path, net, weights)
    assert refusal(path).startswith("expected finite numbers in weight at the file.outnode.")


@pytest.mark.parametrize(
    "value", [3.0, np.zeros(3), {}, {"protos": 1}, {"protos": {"enc_doc": []}}]
)
def test_a_file_of_something_else_is_refused(tmp_path, value):
    assert refusal(save(tmp_path / "value.t7", value)).startswith("expected ")
