from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import skimage.data
import torch
from onnx import TensorProto, helper

from idfsr.io.assets import find_asset
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.sface.network import SFace, dequantise, load_sface


@pytest.fixture(scope="module")
def network(assets_dir: Path) -> SFace:
    return load_sface(assets_dir, torch.device("cpu"))


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    photograph = skimage.data.astronaut()
    corners = [(40, 170), (52, 176), (60, 160), (300, 20)]
    return np.stack([photograph[y : y + 112, x : x + 112] for y, x in corners])


@torch.inference_mode()
def embed(network: SFace, crops: np.ndarray) -> np.ndarray:
    embedding: np.ndarray = network(to_unit(crops)).numpy()
    return embedding


def test_agrees_with_opencv(network: SFace, crops: np.ndarray, assets_dir: Path) -> None:
    recogniser = cv2.FaceRecognizerSF.create(str(find_asset(assets_dir, "sface")), "")
    wanted = np.concatenate(
        [recogniser.feature(np.ascontiguousarray(crop[..., ::-1])) for crop in crops]
    )
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    cosines = (embed(network, crops) * wanted).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_unit_length_and_independent_of_the_batch(network: SFace, crops: np.ndarray) -> None:
    together = embed(network, crops)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(embed(network, crops[1:2])[0], together[1], atol=1e-5)


def test_the_order_of_the_channels_matters(network: SFace, crops: np.ndarray) -> None:
    swapped = np.ascontiguousarray(crops[..., ::-1])
    assert (embed(network, crops) * embed(network, swapped)).sum(axis=1).max() < 0.99


def test_blocks_are_dequantised_by_hand() -> None:
    tensors = {
        "w_quantized": (TensorProto.INT8, [2, 3], [1, 2, 3, 4, 5, 6]),
        "w_scales": (TensorProto.FLOAT, [2, 2], [1.0, 10.0, 100.0, 1000.0]),
        "w_zero_point": (TensorProto.INT8, [2, 2], [0, 1, 2, 3]),
        "w_shape": (TensorProto.INT64, [2], [3, 2]),
        "gamma": (TensorProto.FLOAT, [1], [7.0]),
    }
    node = helper.make_node(
        "DequantizeLinear", ["w_quantized", "w_scales", "w_zero_point"], ["w"], axis=1, block_size=2
    )
    graph: onnx.GraphProto = helper.make_graph(
        [node], "g", [], [], [helper.make_tensor(name, *rest) for name, rest in tensors.items()]
    )
    weights = dequantise(graph)
    # Row 0: (1 - 0) * 1, (2 - 0) * 1, (3 - 1) * 10; row 1: (4 - 2) * 100, 300, (6 - 3) * 1000.
    assert weights["w"].tolist() == [[1, 2], [20, 200], [300, 3000]]
    assert weights["gamma"].tolist() == [7]
