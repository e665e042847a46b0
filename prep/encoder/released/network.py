"""A char-CNN-RNN of Reed et al. in a Torch file -> its shape and its weights.

The recurrent part was saved as a graph, step by step. It is read by what feeds what, never by the
position of a module: the update and the reset gate have weights of the same shape.

Source: reedscot/cvpr2016 and reedscot/icml2016, modules/{HybridCNN,HybridCNNLong,FixedRNN,
    FixedGRU}.lua; torch/nngraph, gmodule.lua and node.lua.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydantic

from prep.encoder.released.parts import Part
from prep.formats.torch7 import Table, load
from t2i.encoders.config import ConvolutionConfig, TextEncoderConfig
from t2i.encoders.tokenizers import ALPHABET

Floats = npt.NDArray[np.float32]

# Each step of the recurrent part: a module and what feeds it. `x` is the step's input, `h` the
# state before it; a name without `nn.` is a linear layer, the same one wherever the name stands.
_UPDATE = ("nn.Sigmoid", ("nn.CAddTable", ("update_in", "x"), ("update_back", "h")))
_RESET = ("nn.Sigmoid", ("nn.CAddTable", ("reset_in", "x"), ("reset_back", "h")))
_CANDIDATE = (
    "nn.Tanh",
    ("nn.CAddTable", ("in", "x"), ("back", ("nn.CMulTable", _RESET, "h"))),
)
_KEPT = ("nn.CMulTable", ("nn.AddConstant", ("nn.MulConstant", _UPDATE)), "h")
_GRU = ("nn.CAddTable", ("nn.CMulTable", _UPDATE, _CANDIDATE), _KEPT)
_RELU = ("nn.ReLU", ("nn.CAddTable", ("in", "x"), ("back", "h")))
_FIRST_AND_LATER = {
    "gru": (("nn.Tanh", ("in", "x")), _GRU),
    "relu": (("nn.ReLU", ("in", "x")), _RELU),
}
# 1 - update is made of these two.
_CONSTANTS = {"nn.AddConstant": 1.0, "nn.MulConstant": -1.0}
# Torch's Threshold keeps what is larger than this and drops the rest.
_MAX_THRESHOLD = 1e-6


@dataclass(frozen=True, eq=False)
class Affine:
    """A layer's weights.

    Attributes:
        weight: [out, in]; a convolution's is [out, width x in], frame by frame.
        bias: [out].
    """

    weight: Floats
    bias: Floats

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Affine) and (
            np.array_equal(self.weight, other.weight) and np.array_equal(self.bias, other.bias)
        )


@dataclass(frozen=True)
class TorchEncoder:
    """A text encoder as it stands in a file.

    Attributes:
        config: its shape.
        convolutions: from the codes up.
        recurrent: `in` and `back`, and for a GRU `update_in`, `update_back`, `reset_in` and
            `reset_back` too.
        projection: to the embedding.
    """

    config: TextEncoderConfig
    convolutions: Sequence[Affine]
    recurrent: Mapping[str, Affine]
    projection: Affine


def read_torch_encoder(path: Path) -> TorchEncoder:
    """Returns the text encoder in a checkpoint of Reed's training, or in a file of its own.

    Raises:
        InputError: the file can't be read, or holds another network.
    """
    value = load(path)
    root = Part(path, "the file", value if isinstance(value, Table) else Table())
    net = root.part("protos").part("enc_doc") if root.has("protos") else root
    _expect(net, "nn.gModule")
    projection, node = _next(_output(net), "nn.Linear")
    dropout, node = _next(node, "nn.Dropout")
    if dropout.number("p") and dropout.table.fields.get("v2") is not True:
        raise dropout.error("a dropout that does nothing in use", f"p {dropout.number('p')}")
    recurrent, node = _next(node, "nn.gModule")
    _, node = _next(node, "nn.SplitTable")
    trunk, node = _next(node, "nn.Sequential")
    _expect(node.part("module"), "nn.Identity")

    layers, convolutions = _convolutions(trunk)
    units = layers[-1].filters
    kind, steps, weights = _recurrent(recurrent, units)
    last = _affine(projection, -1, units)
    try:
        config = TextEncoderConfig(
            length=root.part("opt").count("doc_length") if root.has("opt") else 201,
            convolutions=layers,
            recurrent=kind,
            separate_first_step=True,
            recurrent_units=units,
            embedding_size=len(last.bias),
        )
    except pydantic.ValidationError as error:
        raise trunk.error("a shape that can be built", error.errors()[0]["msg"]) from error
    if config.steps[-1] != steps:
        raise recurrent.error(f"{config.steps[-1]} steps of {config.length} characters", steps)
    return TorchEncoder(config, convolutions, weights, last)


def _convolutions(trunk: Part) -> tuple[list[ConvolutionConfig], list[Affine]]:
    layers: list[ConvolutionConfig] = []
    weights: list[Affine] = []
    channels = len(ALPHABET)
    modules = trunk.parts("modules")
    while modules:
        convolution = _expect(modules.pop(0), "nn.TemporalConvolution")
        width = convolution.count("kW")
        if convolution.number("dW") != 1:
            raise convolution.error("a stride of 1", convolution.number("dW"))
        weights.append(_affine(convolution, -1, channels * width))
        channels = len(weights[-1].bias)
        threshold = modules.pop(0) if modules else convolution
        if threshold.kind != "nn.ReLU":
            _expect(threshold, "nn.Threshold")
        if not 0 <= threshold.number("threshold") <= _MAX_THRESHOLD or threshold.number("val"):
            raise threshold.error("a ReLU in effect", threshold.number("threshold"))
        pool, stride = 1, 1
        if modules and modules[0].kind == "nn.TemporalMaxPooling":
            pooling = modules.pop(0)
            pool, stride = pooling.count("kW"), pooling.count("dW")
        layers.append(
            ConvolutionConfig(
                filters=channels, kernel_size=width, pool_size=pool, pool_stride=stride
            )
        )
    if not layers:
        raise trunk.error("convolutions", "none")
    return layers, weights


def _recurrent(graph: Part, units: int) -> tuple[Any, int, dict[str, Affine]]:
    """Returns the kind, the steps and the weights, found equal at every step."""
    scale, node = _next(_output(graph), "nn.MulConstant")
    share = scale.number("constant_scalar")
    steps = round(1 / share) if 1e-4 < share <= 0.5 else 0
    if abs(share * steps - 1) > 1e-6:
        raise scale.error("the mean over the steps", f"a factor of {share}")
    states: list[Part] = []
    for _ in range(steps - 1):
        _expect(node.part("module"), "nn.CAddTable")
        node, state = _inputs(node, 2)
        states.insert(0, state)
    states.insert(0, node)
    kind = "relu" if node.part("module").kind == "nn.ReLU" else "gru"
    first, later = _FIRST_AND_LATER[kind]
    found: dict[str, Affine] = {}
    _match(node, first, _Step(1, node, units, found))
    for step, (before, state) in enumerate(pairwise(states), 2):
        _match(state, later, _Step(step, before, units, found))
    return kind, steps, found


@dataclass(frozen=True)
class _Step:
    number: int
    before: Part
    units: int
    found: dict[str, Affine]


def _match(node: Part, pattern: Any, step: _Step) -> None:
    """Checks that a node and what feeds it are as the pattern says, and keeps its weights."""
    if pattern == "h":
        if node.table is not step.before.table:
            raise node.error(f"the state before step {step.number}", "another node")
        return
    if pattern == "x":
        _, select = _next(node, "nn.Identity")
        if select.number("selectindex") != step.number:
            raise select.error(f"input {step.number}", select.number("selectindex"))
        return
    name, *feeding = pattern
    module = node.part("module")
    if name.startswith("nn."):
        _expect(module, name)
        if name in _CONSTANTS and module.number("constant_scalar") != _CONSTANTS[name]:
            raise module.error(f"a constant of {_CONSTANTS[name]:g}", "another")
    else:
        layers = module.parts("modules") if module.kind == "nn.Sequential" else [module]
        if len(layers) != 1:
            raise module.error("one layer", len(layers))
        weights = _affine(_expect(layers[0], "nn.Linear"), step.units, step.units)
        if step.found.setdefault(name, weights) != weights:
            raise module.error("the weights of the steps before", "others")
    for fed, inner in zip(_inputs(node, len(feeding)), feeding, strict=True):
        _match(fed, inner, step)


def _affine(layer: Part, outputs: int, inputs: int) -> Affine:
    weight = layer.array("weight", outputs, inputs)
    return Affine(weight, layer.array("bias", len(weight)))


def _expect(module: Part, kind: str) -> Part:
    if module.kind != kind:
        raise module.error(kind, module.kind)
    return module


def _output(graph: Part) -> Part:
    """Returns the node that makes a graph's output."""
    return _inputs(graph.part("outnode").part("data"), 1)[0]


def _inputs(node: Part, count: int) -> list[Part]:
    """Returns the nodes that feed a node, in the order of its inputs."""
    feeding = node.parts("mapindex")
    if len(feeding) != count:
        raise node.error(f"{count} inputs", len(feeding))
    return feeding


def _next(node: Part, kind: str) -> tuple[Part, Part]:
    """Returns the module of a node, of that kind, and the one node that feeds it."""
    return _expect(node.part("module"), kind), _inputs(node, 1)[0]
