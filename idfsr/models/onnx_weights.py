"""Weights of a network of ours out of an ONNX graph of the same network.

An export keeps no names: batch norms are folded into the convolutions before them, equal tensors
are stored once, slopes get axes. But it keeps the order of the layers, which is that of their
calls; so the layers of the network and the nodes of the graph are walked side by side.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from jaxtyping import Float
from onnx import numpy_helper
from torch import Tensor, nn

from idfsr.errors import IdfsrError

BATCH_NORM_EPS = 1e-5
"""PyTorch's default, which all networks here have."""

_LAYERS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv2d: ("Conv",),
    nn.BatchNorm2d: ("BatchNormalization",),
    nn.BatchNorm1d: ("BatchNormalization",),
    nn.PReLU: ("PRelu",),
    nn.Linear: ("Gemm", "MatMul"),
}
"""Layers with weights, and the nodes they become."""

_WITHOUT_WEIGHTS = (
    "Add", "Flatten", "Reshape", "Shape", "Gather", "Unsqueeze", "Concat", "Constant", "Identity",
)  # fmt: skip
"""Nodes of sums and of flattening."""


def read_graph(path: Path, wanted: str) -> onnx.GraphProto:
    """Read an ONNX file.

    Raises:
        IdfsrError: It is missing or not such a file.
    """
    if not path.is_file():
        message = f"{path}: no such file, wanted {wanted}"
        raise IdfsrError(message)
    try:
        graph = onnx.load(path).graph
    except DecodeError:
        message = f"{path}: cut short, or not an ONNX file; wanted {wanted}"
        raise IdfsrError(message) from None
    if not graph.node:
        message = f"{path}: found a graph without nodes, wanted {wanted}"
        raise IdfsrError(message)
    return graph


def count_nodes(graph: onnx.GraphProto, kind: str) -> int:
    """Return how many nodes of one kind a graph has."""
    return sum(node.op_type == kind for node in graph.node)


def identity_batch_norm(bias: Float[Tensor, "C"]) -> dict[str, Tensor]:
    """Return the state of a batch norm that adds `bias` and does nothing else."""
    return {
        "weight": torch.ones_like(bias),
        "bias": bias,
        "running_mean": torch.zeros_like(bias),
        "running_var": torch.full_like(bias, 1 - BATCH_NORM_EPS),
        "num_batches_tracked": torch.tensor(0),
    }


def called_layers(
    network: nn.Module, image: Float[Tensor, "B C H W"]
) -> list[tuple[str, nn.Module]]:
    """Return the layers with weights by name, in the order in which they are called."""
    called: list[tuple[str, nn.Module]] = []
    handles = [
        module.register_forward_hook(
            lambda module, _in, _out, name=name: called.append((name, module))
        )
        for name, module in network.named_modules()
        if type(module) in _LAYERS
    ]
    with torch.no_grad():
        network.eval()(image)
    for handle in handles:
        handle.remove()
    return called


class _Tensors:
    """The tensors of a graph by name; equal ones are stored once, under the first name."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._aliases = {
            node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"
        }

    def __getitem__(self, name: str) -> Tensor:
        while name in self._aliases:
            name = self._aliases[name]
        return torch.from_numpy(numpy_helper.to_array(self._stored[name]).copy())


def _attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    found = [onnx.helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return found[0] if found else default


def _layer_state(node: onnx.NodeProto, tensors: _Tensors) -> dict[str, Tensor]:
    """Return the state of the layer that a node was made of."""
    values = [tensors[name] for name in node.input[1:]]
    if node.op_type == "BatchNormalization":
        weight, bias, mean, variance = values
        eps = _attribute(node, "epsilon", BATCH_NORM_EPS)
        return {
            "weight": weight,
            "bias": bias,
            "running_mean": mean,
            "running_var": variance + (eps - BATCH_NORM_EPS),
            "num_batches_tracked": torch.tensor(0),
        }
    weight = values[0]
    if node.op_type == "PRelu":
        return {"weight": weight.flatten()}
    if node.op_type == "MatMul" or (node.op_type == "Gemm" and not _attribute(node, "transB", 0)):
        weight = weight.T
    return {"weight": weight, **({"bias": values[1]} if len(values) > 1 else {})}


def _walk(
    layers: list[tuple[str, nn.Module]], nodes: list[onnx.NodeProto], tensors: _Tensors
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Pair layers and nodes; a batch norm without a node was folded into the layer before it.

    Raises:
        LookupError: They are not those of one network.
    """
    remaining = iter(nodes)
    node = next(remaining, None)
    folded: Tensor | None = None
    for name, layer in layers:
        if isinstance(layer, nn.BatchNorm2d) and folded is not None:
            state, folded = identity_batch_norm(folded), None
        elif node is not None and node.op_type in _LAYERS[type(layer)]:
            state = _layer_state(node, tensors)
            # none of our convolutions has a bias of its own
            folded = state.pop("bias", None) if isinstance(layer, nn.Conv2d) else None
            node = next(remaining, None)
        else:
            raise LookupError(node.op_type if node else "its end")
        yield name, state
    if node is not None:
        raise LookupError(node.op_type)


def read_onnx_state(
    graph: onnx.GraphProto, network: nn.Module, image: Tensor, source: str
) -> Mapping[str, Tensor]:
    """Return the state of a network from a graph of it.

    Args:
        graph: From `read_graph`.
        network: On any device, "meta" included; its weights do not matter.
        image: An input of it, on the same device.
        source: What to call the graph in an error.

    Raises:
        IdfsrError: The graph has other layers than the network.
    """
    nodes = [node for node in graph.node if node.op_type not in _WITHOUT_WEIGHTS]
    layers = called_layers(network, image)
    try:
        states = list(_walk(layers, nodes, _Tensors(graph)))
    except LookupError as error:
        message = (
            f"{source}: found a graph of other layers, at {error}, "
            f"wanted those of {type(network).__name__}"
        )
        raise IdfsrError(message) from None
    return {f"{name}.{part}": value for name, state in states for part, value in state.items()}
