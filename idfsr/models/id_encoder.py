"""The recogniser behind z_id, from a file of ours or one that insightface published.

Its name stands in every shard and network that was made with it: z_id of one recogniser means
nothing to a network trained with another.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import onnxruntime
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import ARCFACE_SIZE, ID_DIM
from idfsr.errors import IdfsrError
from idfsr.io.id_encoders import DLIB_DIM, DLIB_NAME
from idfsr.models.dlib_resnet import DlibResNet
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.insightface_encoder import load_insightface
from idfsr.models.iresnet import IRESNET50, IRESNET100, METADATA_NAME, IResNet, IResNetConfig
from idfsr.models.mobilefacenet import MobileFaceNet
from idfsr.models.onnx_weights import count_nodes, read_graph, read_onnx_state
from idfsr.models.weights import (
    check_state,
    model_digest,
    read_metadata,
    read_settings,
    read_weights,
)

PUBLISHED: Final[dict[str, Callable[[], nn.Module]]] = {
    "iresnet50": lambda: IResNet(IRESNET50),
    "iresnet100": lambda: IResNet(IRESNET100),
    "mobilefacenet": MobileFaceNet,
}
"""Networks whose weights insightface published (recognition/arcface_torch), by kind."""

MIN_COSINE: Final = 0.9999
"""Between the embeddings of a converted network and of the graph it comes from."""

_WANTED: Final = f"ArcFace of insightface: {', '.join(PUBLISHED)}"


class IdEncoder:
    """A frozen recogniser that says which it is."""

    def __init__(self, network: nn.Module, name: str, dim: int = ID_DIM) -> None:
        self.network = network.eval().requires_grad_(False)
        self.dim = dim
        self.name = name
        """Kind of network and digest of its file; for a file of ours, which says the rest itself,
        the digest alone."""

    @torch.no_grad()
    def embed(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B D"]:
        """Return z_id of aligned faces in [-1, 1], on the network's device; of unit norm."""
        device = next(self.network.parameters()).device
        return functional.normalize(self.network(crops.to(device)))


def _on_no_device(kind: str) -> nn.Module:
    with torch.device("meta"):
        return PUBLISHED[kind]()


def _build(kind: str, state: dict[str, Tensor], source: str) -> nn.Module:
    network = PUBLISHED[kind]()
    check_state(state, network.state_dict(), source)
    network.load_state_dict(state)
    return network.eval()


def _read_pth(path: Path) -> tuple[str, nn.Module]:
    state = {
        name.removeprefix("module."): tensor
        for name, tensor in read_torch_tensors(path, _WANTED).items()
    }
    for kind in PUBLISHED:
        if state.keys() == _on_no_device(kind).state_dict().keys():
            return kind, _build(kind, state, str(path))
    message = (
        f"{path}: found {len(state)} tensors such as {next(iter(state), '')}, wanted {_WANTED}"
    )
    raise IdfsrError(message)


def _check_against_graph(path: Path, network: nn.Module) -> None:
    """Run graph and network on the same noise."""
    noise = torch.randn(
        1, 3, ARCFACE_SIZE, ARCFACE_SIZE, generator=torch.Generator().manual_seed(0)
    ).clamp(-1, 1)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: noise.numpy()})[0])
    with torch.no_grad():
        cosine = functional.cosine_similarity(network(noise), wanted).item()
    if not cosine >= MIN_COSINE:
        message = f"{path}: converted, embeddings agree by a cosine of {cosine:.4f}, wanted 1"
        raise IdfsrError(message)


def _read_onnx(path: Path) -> tuple[str, nn.Module]:
    graph = read_graph(path, _WANTED)
    num_convolutions = count_nodes(graph, "Conv")
    for kind in PUBLISHED:
        empty = _on_no_device(kind)
        if num_convolutions == sum(isinstance(module, nn.Conv2d) for module in empty.modules()):
            image = torch.empty(1, 3, ARCFACE_SIZE, ARCFACE_SIZE, device="meta")
            state = read_onnx_state(graph, empty, image, str(path))
            network = _build(kind, dict(state), str(path))
            _check_against_graph(path, network)
            return kind, network
    return "insightface", load_insightface(path, _WANTED)


def load_id_encoder(path: Path, device: torch.device | str = "cpu") -> IdEncoder:
    """Read a recogniser.

    Args:
        path: A file of ours (.safetensors), of ArcFace or of dlib's network, or one of insightface:
            a graph of its model packs (.onnx) or a state dict (any other suffix). A graph of
            another network is run by insightface itself, on the CPU.
        device: Where it is to compute.

    Raises:
        IdfsrError: The file is missing, cut short, or not of such a network.
    """
    if path.suffix == ".safetensors":
        if DLIB_NAME in read_metadata(path):
            dlib = DlibResNet()
            read_weights(path, dlib)
            return IdEncoder(dlib.to(device), model_digest(path), DLIB_DIM)
        network = IResNet(read_settings(path, METADATA_NAME, IResNetConfig))
        read_weights(path, network)
        return IdEncoder(network.to(device), model_digest(path))
    kind, published = _read_onnx(path) if path.suffix == ".onnx" else _read_pth(path)
    return IdEncoder(published.to(device), f"{kind}-{model_digest(path)}")
