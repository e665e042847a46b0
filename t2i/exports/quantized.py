"""An ONNX model whose weights take 8 bits: a quarter of the size, the same arithmetic.

Kernels become whole numbers from -127 to 127 with one scale an output channel, and are turned back
as the model is loaded: what is promised is size, not speed.
"""

from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Which inputs of an operation are kernels, and the axis of their output channels.
_KERNELS = {
    "Conv": ((1,), 0),
    "ConvTranspose": ((1,), 1),
    "MatMul": ((1,), 1),
    "GRU": ((1, 2), 1),
    "RNN": ((1, 2), 1),
}
# Numbers of a kernel that is worth it: another node costs some bytes too.
_FEWEST = 512


def quantized(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model, its larger kernels as int8 behind a DequantizeLinear each."""
    arrays = {array.name: array for array in model.graph.initializer}
    kept = dict(arrays)
    nodes: list[Any] = []
    for original in model.graph.node:
        node = onnx.NodeProto()
        node.CopyFrom(original)
        places, axis = _KERNELS.get(node.op_type, ((), 0))
        for place in places:
            name = node.input[place]
            if name in arrays and np.prod(arrays[name].dims) >= _FEWEST:
                del kept[name]
                whole, scale = _scaled(numpy_helper.to_array(arrays[name]), axis)
                for role, array in (("int8", whole), ("scale", scale)):
                    kept[f"{name}_{role}"] = numpy_helper.from_array(array, f"{name}_{role}")
                parts = [f"{name}_int8", f"{name}_scale"]
                nodes.append(helper.make_node("DequantizeLinear", parts, [name], name, axis=axis))
        nodes.append(node)
    graph = helper.make_graph(
        nodes, model.graph.name, model.graph.input, model.graph.output, list(kept.values())
    )
    smaller = helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version
    )
    onnx.checker.check_model(smaller, full_check=True)
    return smaller


def _scaled(kernel: Any, axis: int) -> tuple[Any, Any]:
    """Returns a kernel as int8, and what each of its channels is multiplied by."""
    others = tuple(i for i in range(kernel.ndim) if i != axis)
    largest = np.abs(kernel).max(axis=others, keepdims=True)
    scale = (np.maximum(largest, np.finfo(np.float32).tiny) / 127).astype(np.float32)
    return np.rint(kernel / scale).astype(np.int8), scale.ravel()
