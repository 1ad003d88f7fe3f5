"""DINOv2-FD against timm's own call, with a smaller network of the same file format."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.metrics.dinov2 import FAMILY
from idfsr.metrics.dinov2.network import (
    ARCHITECTURE,
    WEIGHTS,
    DinoV2,
    dinov2_features,
    load_dinov2,
)
from idfsr.metrics.engine.metric import ImageBatch

CPU = torch.device("cpu")
SMALL = {"embed_dim": 64, "depth": 2, "num_heads": 2}


def published_state() -> dict[str, Tensor]:
    """Fill a network from a seed, with the names and shapes of the authors' file.

    That file has the places of 37 x 37 patches, a token for masks, and layer scales "ls1.gamma".
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state: dict[str, Tensor] = timm.create_model(
            ARCHITECTURE, img_size=518, **SMALL
        ).state_dict()
        for name, tensor in state.items():
            if name.endswith("gamma") or tensor.dim() == 1:
                tensor.uniform_(0.2, 0.6)
            else:
                tensor.normal_(0, 0.05)
    return state | {"mask_token": torch.zeros(1, state["cls_token"].shape[-1])}


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    (root / WEIGHTS).parent.mkdir(parents=True)
    torch.save(published_state(), root / WEIGHTS)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> DinoV2:
    return load_dinov2(weights_dir, CPU, **SMALL)


@pytest.fixture(scope="module")
def batch(degraded: list[np.ndarray], textured: np.ndarray) -> ImageBatch:
    images = np.stack([degraded[0], degraded[4], textured])
    return ImageBatch(images, np.zeros((3, 112, 112, 3), np.uint8))


def test_agrees_with_timm(network: DinoV2, weights_dir: Path, batch: ImageBatch) -> None:
    library = timm.create_model(
        ARCHITECTURE,
        pretrained=True,
        pretrained_cfg_overlay={"file": str(weights_dir / WEIGHTS)},
        num_classes=0,
        img_size=224,
        **SMALL,
    ).eval()
    config = timm.data.resolve_data_config({"input_size": (3, 224, 224)}, model=library)
    transform = timm.data.create_transform(**config)
    with torch.inference_mode():
        tokens = [
            library.forward_features(transform(Image.fromarray(image))[None])[0, 0]
            for image in batch.image
        ]
    found = dinov2_features(network, batch)
    torch.testing.assert_close(found, torch.stack(tokens), rtol=1e-4, atol=1e-5)
    assert found.std(dim=0).max() > 1e-3  # the untrained network does tell images apart


def test_images_are_seen_at_224_px_and_normalised(network: DinoV2) -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    seen = network.transform(Image.fromarray(white))
    assert seen.shape == (3, 224, 224)
    wanted = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(seen[:, 100, 100], wanted)


def test_the_published_network_has_1024_features() -> None:
    with torch.device("meta"):
        network = timm.create_model(ARCHITECTURE, img_size=224)
    assert network.num_features == FAMILY.metrics[0].stable_images == 1024
    assert network.cls_token.shape == (1, 1, 1024)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = f"{tmp_path / WEIGHTS}: no such file, wanted the weights of DINOv2"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}$"):
        load_dinov2(tmp_path, CPU)


def test_files_of_other_content(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    path.parent.mkdir(parents=True)
    wanted = rf"^{re.escape(str(path))}: not the weights of DINOv2's ViT-L/14: .+$"

    def refused(write: Callable[[], object]) -> None:
        write()
        with pytest.raises(IdfsrError, match=wanted):
            load_dinov2(tmp_path, CPU, **SMALL)

    for content in (b"<html>Not found</html>", b""):
        refused(lambda content=content: path.write_bytes(content))
    refused(lambda: torch.save(torch.nn.Linear(2, 3).state_dict(), path))
