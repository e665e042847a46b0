"""A run as one ONNX model: codes and latents in, pictures out: `--format onnx`.

Built node by node from what `graph` reads: names are clean, the batch is free, and TensorFlow's
converter, which breaks encoders that average over a caption's own steps, is not asked.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from t2i.exports.graph import Array, Graph, Step

OPSET = 18
# The file format that came with the opset: older runtimes refuse newer ones.
_IR_VERSION = 9
_UNARY = {
    **{name: name.capitalize() for name in ("tanh", "sigmoid", "sin", "cos", "exp", "sign")},
    "relu": "Relu",
}
_BINARY = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "at_most": "LessOrEqual"}


class _Builder:
    """Nodes and weights so far."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def weight(self, name: str, array: Array) -> str:
        """Adds an array that is a constant; returns its name."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Adds a node of one output; returns its name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def add(self, step: Step) -> None:
        """Adds what a step does."""
        if step.kind in _UNARY:
            self.node(_UNARY[step.kind], step.inputs, step.output)
        elif step.kind in _BINARY:
            self.node(_BINARY[step.kind], step.inputs, step.output)
        else:
            _STEPS[step.kind](self, step)

    def activated(self, step: Step, value: str) -> None:
        """Ends a step by its activation."""
        name = step.options.get("activation", "linear")
        self.node(_UNARY.get(name, "Identity"), [value], step.output)

    def sides(self, name: str, *numbers: int) -> str:
        """Adds whole numbers, as shapes and axes are given."""
        return self.weight(name, np.array(numbers, np.int64))


def build_onnx(encoder: Graph, generator: Graph, opset: int = OPSET) -> onnx.ModelProto:
    """Returns the model {codes int32 [n, length], latent [n, z]} -> image [n, s, s, C], tanh.

    Args:
        encoder: codes to embeddings.
        generator: embeddings and latents to pictures.
        opset: of the operations.
    """
    builder = _Builder()
    ((codes, length),) = encoder.inputs.items()
    builder.node("Cast", ["codes"], codes + "_number", to=TensorProto.FLOAT)
    for step in (*encoder.steps, *generator.steps):
        # Compared as numbers; looked up as they are.
        known = {"embedding": encoder.output}
        if step.kind != "rows":
            known[codes] = codes + "_number"
        inputs = tuple(known.get(name, name) for name in step.inputs)
        builder.add(Step(step.kind, inputs, step.output, step.shape, step.options, step.weights))
    builder.node("Identity", [generator.output], "image")
    image = generator.steps[-1].shape
    given = helper.make_tensor_value_info
    graph = helper.make_graph(
        builder.nodes,
        "t2i",
        [
            given("codes", TensorProto.INT32, ["n", *length]),
            given("latent", TensorProto.FLOAT, ["n", *generator.inputs["latent"]]),
        ],
        [given("image", TensorProto.FLOAT, ["n", *image])],
        builder.initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=_IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _constant(builder: _Builder, step: Step) -> None:
    builder.weight(step.output, step.weights["value"])


def _rows(builder: _Builder, step: Step) -> None:
    table = builder.weight(f"{step.output}_table", step.weights["embeddings"])
    builder.node("Gather", [table, *step.inputs], step.output)


def _channels_first(builder: _Builder, step: Step) -> str:
    """Adds a map's turn to [n, channels, ...], as convolutions and poolings want it."""
    sides = range(1, len(step.shape))
    turn = [0, len(step.shape), *sides]
    return builder.node("Transpose", step.inputs[:1], f"{step.output}_in", perm=turn)


def _channels_last(builder: _Builder, step: Step, value: str, output: str) -> str:
    turn = [0, *range(2, len(step.shape) + 1), 1]
    return builder.node("Transpose", [value], output, perm=turn)


def _convolution(builder: _Builder, step: Step) -> None:
    kernel = step.weights["kernel"]
    sides = kernel.ndim - 2
    turn = (3, 2, 0, 1) if step.kind == "transposed" else (sides + 1, sides, *range(sides))
    if step.kind == "transposed":
        # Keras keeps [high, wide, out, in]; asked for is [in, out, high, wide].
        how = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
        kind = "ConvTranspose"
    else:
        same = step.options["padding"] == "same"
        before = [(size - 1) // 2 if same else 0 for size in kernel.shape[:sides]]
        after = [size // 2 if same else 0 for size in kernel.shape[:sides]]
        kind, how = "Conv", {"pads": [*before, *after]}
    inputs = [
        _channels_first(builder, step),
        builder.weight(f"{step.output}_kernel", kernel.transpose(turn)),
    ]
    if "bias" in step.weights:
        inputs.append(builder.weight(f"{step.output}_bias", step.weights["bias"]))
    convolved = builder.node(kind, inputs, f"{step.output}_map", **how)
    builder.activated(step, _channels_last(builder, step, convolved, f"{step.output}_out"))


def _dense(builder: _Builder, step: Step) -> None:
    kernel = builder.weight(f"{step.output}_kernel", step.weights["kernel"])
    value = builder.node("MatMul", [step.inputs[0], kernel], f"{step.output}_product")
    if "bias" in step.weights:
        bias = builder.weight(f"{step.output}_bias", step.weights["bias"])
        value = builder.node("Add", [value, bias], f"{step.output}_sum")
    builder.activated(step, value)


def _pooled(builder: _Builder, step: Step) -> None:
    value = _channels_first(builder, step)
    if step.kind == "pooled":
        how = {"kernel_shape": [step.options["size"]], "strides": [step.options["stride"]]}
        value = builder.node("MaxPool", [value], f"{step.output}_map", **how)
    else:
        how = {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]}
        value = builder.node("AveragePool", [value], f"{step.output}_map", **how)
    _channels_last(builder, step, value, step.output)


def _enlarged(builder: _Builder, step: Step) -> None:
    scales = builder.weight(f"{step.output}_scales", np.array([1, 2, 2, 1], np.float32))
    builder.node(
        "Resize",
        [step.inputs[0], "", scales],
        step.output,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _channels(builder: _Builder, step: Step) -> None:
    scale = builder.weight(f"{step.output}_scale", step.weights["scale"])
    shift = builder.weight(f"{step.output}_shift", step.weights["shift"])
    value = builder.node("Mul", [step.inputs[0], scale], f"{step.output}_scaled")
    builder.node("Add", [value, shift], step.output)


def _mean(builder: _Builder, step: Step) -> None:
    axis = builder.sides(f"{step.output}_axis", 1)
    if len(step.inputs) == 1:
        builder.node("ReduceMean", [step.inputs[0], axis], step.output, keepdims=0)
        return
    value, mask = step.inputs
    own = builder.node("Cast", [mask], f"{step.output}_own", to=TensorProto.FLOAT)
    last = builder.sides(f"{step.output}_last", 2)
    own = builder.node("Unsqueeze", [own, last], f"{step.output}_weight")
    kept = builder.node("Mul", [value, own], f"{step.output}_kept")
    sums = builder.node("ReduceSum", [kept, axis], f"{step.output}_sum", keepdims=0)
    count = builder.node("ReduceSum", [own, axis], f"{step.output}_count", keepdims=0)
    builder.node("Div", [sums, count], step.output)


def _unit(builder: _Builder, step: Step) -> None:
    axis = builder.sides(f"{step.output}_axis", -1)
    length = builder.node("ReduceL2", [step.inputs[0], axis], f"{step.output}_length", keepdims=1)
    least = builder.weight(f"{step.output}_least", np.array(1e-12, np.float32))
    length = builder.node("Max", [length, least], f"{step.output}_divisor")
    builder.node("Div", [step.inputs[0], length], step.output)


def _sliced(builder: _Builder, step: Step) -> None:
    start = step.options["start"]
    if step.kind == "columns":
        stop, axis = step.options["stop"], -1
    else:
        stop, axis = start + step.shape[0], 1
    names = [
        builder.sides(f"{step.output}_{name}", number)
        for name, number in (("start", start), ("stop", stop), ("axis", axis))
    ]
    builder.node("Slice", [step.inputs[0], *names], step.output)


def _recurrent(builder: _Builder, step: Step) -> None:
    """Adds a GRU or plain layer, whose gates ONNX keeps in Keras' order: update, reset, new."""
    kernel, recurrent = step.weights["kernel"], step.weights["recurrent_kernel"]
    bias = step.weights["bias"]
    weights = [
        builder.weight(f"{step.output}_{role}", array)
        for role, array in (
            ("kernel", kernel.T[None]),
            ("recurrent", recurrent.T[None]),
            ("bias", np.concatenate([bias, np.zeros_like(bias)])[None]),
        )
    ]
    inputs = [
        builder.node("Transpose", step.inputs[:1], f"{step.output}_steps", perm=[1, 0, 2]),
        *weights,
    ]
    if len(step.inputs) > 1:
        axis = builder.sides(f"{step.output}_first", 0)
        first = builder.node("Unsqueeze", [step.inputs[1], axis], f"{step.output}_initial")
        inputs += ["", first]
    how = {"linear_before_reset": 0} if step.kind == "gated" else {"activations": ["Relu"]}
    states = builder.node(
        "GRU" if step.kind == "gated" else "RNN",
        inputs,
        f"{step.output}_states",
        hidden_size=len(recurrent),
        **how,
    )
    axis = builder.sides(f"{step.output}_direction", 1)
    states = builder.node("Squeeze", [states, axis], f"{step.output}_forward")
    builder.node("Transpose", [states], step.output, perm=[1, 0, 2])


def _scaled(builder: _Builder, step: Step) -> None:
    by = builder.weight(f"{step.output}_by", np.array(step.options["by"], np.float32))
    builder.node("Mul", [*step.inputs, by], step.output)


def _differs(builder: _Builder, step: Step) -> None:
    builder.node("Not", [builder.node("Equal", step.inputs, f"{step.output}_same")], step.output)


_STEPS: dict[str, Callable[[_Builder, Step], Any]] = {
    "constant": _constant,
    "rows": _rows,
    "convolution": _convolution,
    "transposed": _convolution,
    "dense": _dense,
    "pooled": _pooled,
    "smoothed": _pooled,
    "enlarged": _enlarged,
    "channels": _channels,
    "mean": _mean,
    "unit": _unit,
    "columns": _sliced,
    "cropped": _sliced,
    "gated": _recurrent,
    "recurrent": _recurrent,
    "differs": _differs,
    "chosen": lambda builder, step: builder.node("Where", step.inputs, step.output),
    "leaky": lambda builder, step: builder.node(
        "LeakyRelu", step.inputs, step.output, alpha=step.options["slope"]
    ),
    "scaled": _scaled,
    "joined": lambda builder, step: builder.node(
        "Concat", step.inputs, step.output, axis=step.options["axis"]
    ),
    "reshaped": lambda builder, step: builder.node(
        "Reshape",
        [*step.inputs, builder.sides(f"{step.output}_shape", -1, *step.shape)],
        step.output,
    ),
    "largest": lambda builder, step: builder.node(
        "ReduceMax",
        [*step.inputs, builder.sides(f"{step.output}_axis", 1)],
        step.output,
        keepdims=1,
    ),
}
