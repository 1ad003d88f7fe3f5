"""Recognisers from files of ours and of insightface, and what is said of other files."""

import warnings
from pathlib import Path

import jaxtyping
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from idfsr.errors import IdfsrError
from idfsr.models import id_encoder
from idfsr.models.id_encoder import IdEncoder, load_id_encoder
from idfsr.models.insightface_encoder import load_insightface
from idfsr.models.iresnet import IResNet, IResNetConfig, save_iresnet
from idfsr.models.mobilefacenet import MobileFaceNet
from idfsr.models.weights import halve_precision, model_digest, save_weights

TINY = IResNetConfig((1, 2, 1, 1), (4, 6, 8, 10))


def settle(network: nn.Module) -> nn.Module:
    """Give the batch norms statistics and weights of their own, so that no embedding explodes."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
            nn.init.uniform_(module.bias, -0.5, 0.5)
            if module.weight.requires_grad:
                nn.init.uniform_(module.weight, 0.5, 1.5)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0, 0.5)
    with torch.no_grad():
        network.train()(torch.randn(4, 3, 112, 112))
    return network.eval()


@pytest.fixture
def tiny_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network stands for the published iresnets."""
    monkeypatch.setattr(
        id_encoder, "PUBLISHED", {"tiny": lambda: IResNet(TINY), "mobilefacenet": MobileFaceNet}
    )


def export(network: nn.Module, path: Path) -> Path:
    """Write a graph with the exporter that insightface uses.

    PyTorch calls it old, and the sizes that it traces are none for the shape checks.
    """
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(network, torch.zeros(1, 3, 112, 112), path, dynamo=False)
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    return path


def test_encoder_gives_unit_vectors_and_is_frozen() -> None:
    encoder = IdEncoder(IResNet(TINY), "digest")
    crops = torch.rand(3, 3, 112, 112) * 2 - 1
    z_id = encoder.embed(crops)
    torch.testing.assert_close(z_id.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(z_id, functional.normalize(encoder.network(crops)))
    assert not any(parameter.requires_grad for parameter in encoder.network.parameters())
    # evaluation mode: a face's embedding does not depend on its neighbours
    torch.testing.assert_close(encoder.embed(crops[:1]), z_id[:1], rtol=0, atol=1e-5)


def test_round_trip_in_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "arcface.safetensors"
    network = IResNet(TINY)
    network(torch.randn(4, 3, 112, 112))  # gives the running statistics values
    save_iresnet(path, network)
    halve_precision(path, path, {})
    encoder = load_id_encoder(path, "cpu")
    assert encoder.name == model_digest(path)
    assert encoder.network.config == TINY
    assert load_file(path)["fc.weight"].dtype == torch.float16
    crops = torch.randn(2, 3, 112, 112)
    expected = functional.normalize(network.eval()(crops))
    assert functional.cosine_similarity(encoder.embed(crops), expected).min() > 0.999


def test_settings_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "arcface.safetensors"
    save_weights(path, IResNet(TINY), {"iresnet": '{"depths": [1, 1], "widths": [4, 6, 8, 10]}'})
    with pytest.raises(IdfsrError, match=r"arcface\.safetensors: metadata 'iresnet': depths"):
        load_id_encoder(path)


@pytest.mark.usefixtures("tiny_published")
@pytest.mark.parametrize("kind", ["tiny", "mobilefacenet"])
def test_graph_and_state_dict_agree(tmp_path: Path, kind: str) -> None:
    """The network as PyTorch saves it and as it is exported, batch norms folded."""
    torch.manual_seed(0)
    network = settle(id_encoder.PUBLISHED[kind]())
    torch.save(network.state_dict(), tmp_path / "backbone.pth")
    path = export(network, tmp_path / "backbone.onnx")
    operators = [node.op_type for node in onnx.load(path).graph.node]
    assert operators.count("BatchNormalization") < sum(
        isinstance(module, nn.BatchNorm2d) for module in network.modules()
    )
    of_state, of_graph = (
        load_id_encoder(tmp_path / f"backbone.{suffix}") for suffix in ("pth", "onnx")
    )
    crops = torch.rand(3, 3, 112, 112) * 2 - 1
    wanted = functional.normalize(network(crops))
    assert torch.equal(of_state.embed(crops), wanted)
    cosine = functional.cosine_similarity(of_graph.embed(crops), wanted)
    assert cosine.min() >= 0.9999
    assert of_graph.name == f"{kind}-{model_digest(path)}"
    assert of_state.name != of_graph.name


@pytest.mark.usefixtures("tiny_published")
def test_other_recognisers_are_one_line(tmp_path: Path) -> None:
    wider = IResNet(IResNetConfig((1, 2, 1, 1), (4, 6, 8, 12)))
    torch.save(wider.state_dict(), tmp_path / "wider.pth")
    with pytest.raises(IdfsrError, match=r"wider\.pth: layer4\.0\.conv1\.weight has shape"):
        load_id_encoder(tmp_path / "wider.pth")
    deeper = settle(IResNet(IResNetConfig((1, 2, 2, 1), (4, 6, 8, 10))))
    torch.save(deeper.state_dict(), tmp_path / "deeper.pth")
    with pytest.raises(IdfsrError, match=r"deeper\.pth: found \d+ tensors such as conv1"):
        load_id_encoder(tmp_path / "deeper.pth")


@pytest.mark.usefixtures("tiny_published")
@pytest.mark.filterwarnings("ignore")  # insightface calls what other packages are going to remove
def test_graphs_of_other_networks_run_in_insightface(tmp_path: Path) -> None:
    import insightface  # noqa: PLC0415 - it takes a second

    torch.manual_seed(0)
    deeper = settle(IResNet(IResNetConfig((1, 2, 2, 1), (4, 6, 8, 10))))
    path = export(deeper, tmp_path / "deeper.onnx")
    encoder = load_id_encoder(path)
    assert encoder.name == f"insightface-{model_digest(path)}"
    faces = np.random.default_rng(0).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)
    crops = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
    recogniser = insightface.model_zoo.get_model(str(path), providers=["CPUExecutionProvider"])
    wanted = [recogniser.get_feat([face[..., ::-1].copy()])[0] for face in faces]
    found = encoder.embed(crops)
    torch.testing.assert_close(
        found, functional.normalize(torch.from_numpy(np.stack(wanted))), rtol=1e-4, atol=1e-5
    )
    assert functional.cosine_similarity(found, functional.normalize(deeper(crops))).min() > 0.9999
    with pytest.raises(
        IdfsrError, match=r"deeper\.onnx: read by insightface, which has no gradient"
    ):
        encoder.network(crops.requires_grad_())


@pytest.mark.usefixtures("tiny_published")
@pytest.mark.filterwarnings("ignore")
def test_both_ways_give_one_embedding(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = export(settle(IResNet(TINY)), tmp_path / "tiny.onnx")
    converted = load_id_encoder(path)
    own = IdEncoder(load_insightface(path, "ArcFace"), "own")
    crops = (torch.rand(2, 3, 112, 112) * 255).round() / 127.5 - 1
    cosine = functional.cosine_similarity(converted.embed(crops), own.embed(crops))
    assert cosine.min() > 0.9999


@pytest.mark.filterwarnings("ignore")
def test_graphs_that_are_no_recogniser_are_refused(tmp_path: Path) -> None:
    def write(side: int, channels: int) -> Path:
        graph = helper.make_graph(
            [
                helper.make_node("GlobalAveragePool", ["image"], ["mean"]),
                helper.make_node("Flatten", ["mean"], ["embedding"]),
            ],
            "mean",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", channels])],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, str(tmp_path / "mean.onnx"))
        return tmp_path / "mean.onnx"

    with pytest.raises(IdfsrError, match=r"mean\.onnx: found embeddings of 3 numbers, wanted 512"):
        load_id_encoder(write(112, 3))
    with pytest.raises(IdfsrError, match=r"mean\.onnx: found a graph unknown to insightface, want"):
        load_id_encoder(write(64, 3))


@pytest.mark.usefixtures("tiny_published")
def test_graph_that_normalises_its_image_is_refused(tmp_path: Path) -> None:
    class Normalising(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = settle(IResNet(TINY))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            embedding: torch.Tensor = self.network((x - 127.5) / 128)
            return embedding

    path = export(Normalising().eval(), tmp_path / "old.onnx")
    with pytest.raises(IdfsrError, match=r"old\.onnx: found a graph of other layers, at (Div|Sub)"):
        load_id_encoder(path)


def test_broken_graphs_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "w600k_r50.onnx"
    with pytest.raises(IdfsrError, match=r"w600k_r50\.onnx: no such file, wanted ArcFace"):
        load_id_encoder(path)
    for content in (b"<html>quota exceeded</html>", b""):
        path.write_bytes(content)
        with pytest.raises(IdfsrError, match=r"w600k_r50\.onnx: .*wanted ArcFace of insightface"):
            load_id_encoder(path)
