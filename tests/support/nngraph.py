"""Torch's graphs of modules: built, ordered and run as torch/graph and torch/nngraph do.

Written from what those packages do, and from nothing of ours: tests hold our networks against it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch7_writer import Dict, Instance


def node(data: Dict) -> Instance:
    return Instance(
        "nngraph.Node", {"data": data, "children": Dict(), "visited": False, "marked": False}
    )


def new(**fields: Any) -> Instance:
    data = Dict({**fields, "annotations": Dict({"_debugLabel": "[model.lua]:7"})})
    data.fields["mapindex"] = Dict()
    return node(data)


def children(parent: Instance) -> list[Instance]:
    table = parent.fields["children"].fields
    return [table[i] for i in range(1, len(table) // 2 + 1)]


def add(parent: Instance, child: Instance, mapped: bool = False) -> None:
    for table, thing in (
        (parent.fields["children"], child),
        *([(parent.fields["data"].fields["mapindex"], child.fields["data"])] if mapped else []),
    ):
        if thing not in table.fields:
            count = len(table.fields) // 2 + 1
            table.fields[count] = thing
            table.fields[thing] = count


def call(module: Instance, *inputs: Instance) -> Instance:
    """What `module({inputs})` does in Lua."""
    made = new(module=module)
    for one in inputs:
        add(made, one, mapped=True)
    return made


class Graph:
    def __init__(self) -> None:
        self.nodes: list[Instance] = []
        self.edges: list[tuple[Instance, Instance]] = []

    def add(self, start: Instance, end: Instance) -> None:
        self.edges.append((start, end))
        for one in (start, end):
            if not any(one is known for known in self.nodes):
                self.nodes.append(one)
                one.fields["id"] = len(self.nodes)
        add(start, end)

    def reversed(self) -> tuple["Graph", dict[Instance, Instance]]:
        graph, mirror = Graph(), {}
        for start, end in self.edges:
            for one in (start, end):
                mirror.setdefault(one, node(one.fields["data"]))
            graph.add(mirror[end], mirror[start])
        return graph, mirror

    def roots(self) -> list[Instance]:
        ends = {end for _, end in self.edges}
        return [one for one in self.nodes if one not in ends]

    def sorted(self) -> list[Instance]:
        graph, mirror = self.reversed()
        origin = {copy: one for one, copy in mirror.items()}
        return [origin[one] for root in graph.roots() for one in _depth_first(root, set())]

    def table(self) -> Instance:
        edges = [Instance("graph.Edge", {"from": a, "to": b}) for a, b in self.edges]
        return Instance("graph.Graph", {"nodes": self.nodes, "edges": edges})


def _depth_first(start: Instance, visited: set[Instance]) -> Iterator[Instance]:
    if start not in visited:
        visited.add(start)
        for child in children(start):
            yield from _depth_first(child, visited)
        yield start


def _graph(start: Instance) -> Graph:
    graph, waiting, marked = Graph(), [start], {start}
    while waiting:
        one = waiting.pop(0)
        for child in children(one):
            graph.add(one, child)
            if child not in marked:
                marked.add(child)
                waiting.append(child)
    return graph


def g_module(inputs: list[Instance], output: Instance) -> Instance:
    out, into = new(), new()
    add(out, output, mapped=True)
    if len(inputs) == 1:
        add(inputs[0], into, mapped=True)
    else:
        split = new(nSplitOutputs=len(inputs))
        add(split, into, mapped=True)
        for index, one in enumerate(inputs, 1):
            part = new(selectindex=index)
            add(part, split, mapped=True)
            add(one, part, mapped=True)
    backward = _graph(out)
    forward, _ = backward.reversed()
    ordered = forward.sorted()
    modules = [one.fields["data"].fields.get("module") for one in ordered]
    return Instance(
        "nn.gModule",
        {
            "bg": backward.table(),
            "fg": forward.table(),
            "innode": forward.roots()[0],
            "outnode": out,
            "forwardnodes": ordered,
            "backwardnodes": backward.sorted(),
            "modules": [module for module in modules if module],
            "nInputs": len(inputs),
            "verbose": False,
            "train": True,
        },
    )


def run(graph: Instance, value: Any, module: Callable[[Instance, Any], Any]) -> Any:
    """Returns the graph's output, node by node in the order of the file."""
    inputs: dict[Dict, dict[int, Any]] = {graph.fields["innode"].fields["data"]: {1: value}}
    result: Any = None
    for one in graph.fields["forwardnodes"]:
        data = one.fields["data"]
        own = [inputs[data][i] for i in range(1, len(inputs[data]) + 1)]
        result = own[0] if len(own) == 1 else own
        if "selectindex" in data.fields:
            result = result[data.fields["selectindex"] - 1]
        elif "module" in data.fields:
            result = module(data.fields["module"], result)
        for child in children(one):
            to = child.fields["data"]
            inputs.setdefault(to, {})[to.fields["mapindex"].fields[data]] = result
    return result


def forward(module: Instance, value: Any) -> Any:
    """Returns what a module makes of its input, [batch, time, channels] in double precision."""
    own = module.fields
    kind = module.class_name.removeprefix("nn.")
    if kind == "gModule":
        return run(module, value, forward)
    if kind == "Sequential":
        for part in own["modules"]:
            value = forward(part, value)
        return value
    if kind == "TemporalConvolution":
        steps = range(value.shape[1] - own["kW"] + 1)
        windows = [value[:, k : k + own["kW"]].reshape(len(value), -1) for k in steps]
        return np.stack([w @ own["weight"].T + own["bias"] for w in windows], 1)
    if kind == "TemporalMaxPooling":
        steps = range(0, value.shape[1] - own["kW"] + 1, own["dW"])
        return np.stack([value[:, k : k + own["kW"]].max(1) for k in steps], 1)
    simple: dict[str, Callable[[Any], Any]] = {
        "Identity": lambda x: x,
        "Dropout": lambda x: x,
        "SplitTable": lambda x: [x[:, k] for k in range(x.shape[1])],
        "Threshold": lambda x: np.where(x > own["threshold"], x, own["val"]),
        "ReLU": lambda x: np.where(x > 0, x, 0),
        "Linear": lambda x: x @ own["weight"].T + own["bias"],
        "CAddTable": sum,
        "CMulTable": lambda x: x[0] * x[1],
        "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "Tanh": np.tanh,
        "AddConstant": lambda x: x + own["constant_scalar"],
        "MulConstant": lambda x: x * own["constant_scalar"],
    }
    return simple[kind](value)
