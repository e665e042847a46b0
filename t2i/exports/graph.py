"""A network of stock Keras layers as a list of steps: what other runtimes are told to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from t2i.errors import InputError

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Step:
    """One operation. Shapes are a row's: without the batch.

    Attributes:
        kind: what is done; `_LAYERS` and `_FUNCTIONS` have them all.
        inputs: names of values, of earlier steps or of the network's inputs.
        output: name of the value.
        shape: of the value.
        options: numbers and words that say how.
        weights: arrays by their roles, in Keras' layouts.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    shape: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Graph:
    """A network.

    Attributes:
        inputs: shapes of its inputs by their names.
        steps: in an order in which each finds its inputs done.
        output: name of the value that is returned.
    """

    inputs: Mapping[str, tuple[int, ...]]
    steps: tuple[Step, ...]
    output: str


# What a layer, or a function of `keras.ops`, is called, with its options and weights.
_Reading = tuple[str, dict[str, Any], dict[str, Array]]


def read_graph(model: keras.Model, prefix: str, fold: bool = True) -> Graph:
    """Returns the steps of a functional model in inference.

    Args:
        model: of stock layers and functions of `keras.ops`, with one output.
        prefix: of the names of values, so that two graphs can be joined.
        fold: batch normalisations into the kernels before them; else a kernel with a
            normalisation behind it has its `scale` and `shift` beside it.

    Raises:
        InputError: a layer is none that can be told to others.
    """
    names: dict[int, str] = {}
    steps: list[Step] = []

    def value(tensor: Any) -> str:
        """Returns the name of a tensor's value, once the steps that make it are in the list."""
        if id(tensor) in names:
            return names[id(tensor)]
        if not isinstance(tensor, keras.KerasTensor):
            constant = np.asarray(tensor, np.float32)
            name = f"{prefix}{len(steps)}"
            steps.append(Step("constant", (), name, constant.shape, {}, {"value": constant}))
            # Constants are kept alive by the model; numbers may share an identity, and are alike.
            names[id(tensor)] = name
            return name
        operation, node_index, _ = tensor._keras_history
        node = operation._inbound_nodes[node_index]
        sources = [value(source) for source in _operands(operation, node)]
        kind, options, weights = _read(operation, node, tensor)
        if kind == "same":
            names[id(tensor)] = sources[0]
            return sources[0]
        name = f"{prefix}{len(steps)}"
        shape = tuple(tensor.shape[1:])
        steps.append(Step(kind, tuple(sources), name, shape, options, weights))
        names[id(tensor)] = name
        return name

    for source in model.inputs:
        names[id(source)] = source.name
    output = value(model.outputs[0])
    inputs = {source.name: tuple(source.shape[1:]) for source in model.inputs}
    return Graph(inputs, tuple(_normalised(steps, output, fold)), output)


def _operands(operation: Any, node: Any) -> list[Any]:
    """Returns what an operation is applied to: tensors of the graph, and numbers beside them."""
    arguments = node.arguments
    mask = arguments.kwargs.get("mask")
    first = arguments.args[0]
    if isinstance(operation, keras.Layer) or type(operation).__name__ == "GetItem":
        tensors = list(first) if isinstance(first, list | tuple) else [first]
        tensors += [state for state in [arguments.kwargs.get("initial_state")] if state is not None]
        return tensors + ([mask] if isinstance(mask, keras.KerasTensor) else [])
    return list(arguments.args)


def _read(operation: Any, node: Any, output: Any) -> _Reading:
    name = type(operation).__name__
    if isinstance(operation, keras.Layer):
        if name in _LAYERS:
            return _LAYERS[name](operation)
        if name in ("Add", "Multiply"):
            return name.lower(), {}, {}
    elif name in _FUNCTIONS:
        return _FUNCTIONS[name], {}, {}
    elif name == "GetItem":
        _, columns = node.arguments.args[1]
        stop = columns.start + output.shape[-1]
        return "columns", {"start": columns.start, "stop": stop}, {}
    elif name == "Max" and operation.axis in (1, (1,), [1]):
        return "largest", {}, {}
    raise InputError(
        f"export: expected a network of known stock layers, got {name} in it; "
        "export it with --format keras"
    )


def _weights(layer: Any, *names: str) -> dict[str, Array]:
    found = {name: getattr(layer, name, None) for name in names}
    return {name: np.asarray(value) for name, value in found.items() if value is not None}


def _activation(layer: Any) -> str:
    name: str = layer.activation.__name__
    if name not in ("linear", "relu", "tanh", "sigmoid"):
        raise InputError(f"export: expected a known activation of {layer.name}, got {name}")
    return name


def _convolution(layer: Any) -> _Reading:
    if set(layer.strides) | set(layer.dilation_rate) != {1} or layer.groups != 1:
        raise InputError(f"export: expected {layer.name} to move by 1, got another convolution")
    options = {"padding": layer.padding, "activation": _activation(layer)}
    return "convolution", options, _weights(layer, "kernel", "bias")


def _transposed(layer: Any) -> _Reading:
    sizes = (layer.kernel_size, layer.strides, layer.padding, _activation(layer))
    if sizes != ((4, 4), (2, 2), "same", "linear"):
        raise InputError(f"export: expected {layer.name} to double a map, got another convolution")
    return "transposed", {}, _weights(layer, "kernel", "bias")


def _enlarged(layer: Any) -> _Reading:
    if (layer.size, layer.interpolation) != ((2, 2), "nearest"):
        raise InputError(f"export: expected {layer.name} to double a map, got another enlargement")
    return "enlarged", {}, {}


def _averaged(layer: Any) -> _Reading:
    if (layer.pool_size, layer.strides, layer.padding) != ((2, 2), (1, 1), "same"):
        raise InputError(f"export: expected {layer.name} to smooth a map, got another pooling")
    return "smoothed", {}, {}


def _normalisation(layer: Any) -> _Reading:
    own = _weights(layer, "gamma", "beta", "moving_mean", "moving_variance")
    scale = own.get("gamma", np.float32(1)) / np.sqrt(own["moving_variance"] + layer.epsilon)
    shift = own.get("beta", np.float32(0)) - own["moving_mean"] * scale
    return "channels", {}, {"scale": scale.astype(np.float32), "shift": shift.astype(np.float32)}


def _recurrent(layer: Any) -> _Reading:
    gated = type(layer).__name__ == "GRU"
    if gated and layer.reset_after:
        raise InputError(f"export: expected {layer.name} as published, got reset_after")
    kind = "gated" if gated else "recurrent"
    return kind, {}, _weights(layer.cell, "kernel", "recurrent_kernel", "bias")


_LAYERS: dict[str, Callable[[Any], _Reading]] = {
    "Dense": lambda layer: (
        "dense",
        {"activation": _activation(layer)},
        _weights(layer, "kernel", "bias"),
    ),
    "Embedding": lambda layer: ("rows", {}, _weights(layer, "embeddings")),
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "Conv2DTranspose": _transposed,
    "UpSampling2D": _enlarged,
    "AveragePooling2D": _averaged,
    "MaxPooling1D": lambda layer: (
        "pooled",
        {"size": layer.pool_size[0], "stride": layer.strides[0]},
        {},
    ),
    "BatchNormalization": _normalisation,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "GlobalAveragePooling1D": lambda _: ("mean", {}, {}),
    "UnitNormalization": lambda _: ("unit", {}, {}),
    "Rescaling": lambda layer: ("scaled", {"by": float(layer.scale)}, {}),
    "Concatenate": lambda layer: ("joined", {"axis": layer.axis}, {}),
    "Reshape": lambda _: ("reshaped", {}, {}),
    "Cropping1D": lambda layer: ("cropped", {"start": layer.cropping[0]}, {}),
    "LeakyReLU": lambda layer: ("leaky", {"slope": float(layer.negative_slope)}, {}),
    "ReLU": lambda _: ("relu", {}, {}),
    "Activation": lambda layer: (_activation(layer), {}, {}),
    "Dropout": lambda _: ("same", {}, {}),
}
_FUNCTIONS = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Sin": "sin",
    "Cos": "cos",
    "Exp": "exp",
    "Sign": "sign",
    "NotEqual": "differs",
    "LessEqual": "at_most",
    "Where": "chosen",
}


def _normalised(steps: list[Step], output: str, fold: bool) -> list[Step]:
    """Returns the steps with channels scaled and shifted by the convolution before, where one is.

    A convolution whose activation comes between, or that others read too, keeps its own weights.
    """
    readers: dict[str, int] = {output: 1}
    for step in steps:
        for name in step.inputs:
            readers[name] = readers.get(name, 0) + 1
    done: dict[str, Step] = {}
    for step in steps:
        before = done.get(step.inputs[0]) if step.kind == "channels" else None
        if (
            before is not None
            and before.kind in ("convolution", "transposed", "dense")
            and before.options.get("activation", "linear") == "linear"
            and readers[before.output] == 1
        ):
            weights = {**before.weights, **step.weights}
            weights = _folded(weights, before.kind) if fold else weights
            del done[before.output]
            step = Step(
                before.kind, before.inputs, step.output, step.shape, before.options, weights
            )
        done[step.output] = step
    return list(done.values())


def _folded(weights: Mapping[str, Array], kind: str) -> dict[str, Array]:
    """Returns a kernel and bias that do what kernel, bias, scale and shift did."""
    scale = weights["scale"]
    # Of a transposed convolution, the channels that come out are the last but one.
    by = scale[:, None] if kind == "transposed" else scale
    bias = weights.get("bias", np.float32(0)) * scale + weights["shift"]
    return {"kernel": weights["kernel"] * by, "bias": bias}
