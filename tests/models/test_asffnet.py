from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from idfsr.faces.landmarks68 import landmark_mask
from idfsr.faces.mls import mls_grid
from idfsr.models.asffnet import FEATURE_STRIDE, ASFFNet, AsffNetConfig, FeatureFusion
from idfsr.models.spectral import fold_spectral_norm

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

GOLDEN = golden("asffnet")


@pytest.fixture(scope="module")
def published() -> ASFFNet:
    network = ASFFNet(AsffNetConfig())
    fill_by_name(network)
    fold_spectral_norm(network)
    return network.eval()


def guides(size: int) -> tuple[Tensor, Tensor]:
    """Mask and grid of the stored landmarks for images of a smaller size."""
    lq, ref = (np.array(GOLDEN[f"{name}_landmarks"]) for name in ("lq", "ref"))
    step = 512 // size
    mask = torch.from_numpy(landmark_mask(lq, 512)[None, None, ::step, ::step].astype(np.float32))
    ref, lq = (torch.from_numpy(points[None, 17:] / (512 / size * FEATURE_STRIDE))
               for points in (ref, lq))  # fmt: skip
    return mask, mls_grid(ref, lq, size // FEATURE_STRIDE)


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = ASFFNet(AsffNetConfig())
    assert shapes(network) == golden_keys("asffnet512")
    assert sum(parameter.numel() for parameter in network.parameters()) == 23_625_939


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("size128", 1),
        ("size128_amplified", 1000),  # there the reference counts
        pytest.param("size512", 1, marks=pytest.mark.slow),
    ],
)
@torch.no_grad()
def test_gives_the_published_programs_numbers(published: ASFFNet, name: str, factor: float) -> None:
    wanted = GOLDEN[name]
    size = wanted["out"]["shape"][-1]
    seen: dict[str, Tensor] = {}

    def keep(_module: nn.Module, _inputs: Any, output: Tensor, module_name: str) -> None:
        seen[module_name] = output

    hooks = [
        published.get_submodule(module_name).register_forward_hook(
            partial(keep, module_name=module_name)
        )
        for module_name in wanted["modules"]
    ]
    images = (factor * uniform_image(seed, size) for seed in (0, 1))
    restored = published(*images, *guides(size))
    for hook in hooks:
        hook.remove()
    assert_golden(restored, wanted["out"])
    for module_name, numbers in wanted["modules"].items():
        assert_golden(seen[module_name], numbers)


@torch.no_grad()
def test_reference_mask_and_grid_all_count() -> None:
    network = ASFFNet(AsffNetConfig(channels=4)).eval()
    fill_by_name(network)
    image, reference, other = (100 * uniform_image(seed, 32) for seed in range(3))
    mask, grid = torch.zeros(1, 1, 32, 32), torch.zeros(1, 8, 8, 2)
    restored = network(image, reference, mask, grid)
    for changed in (
        network(image, other, mask, grid),
        network(image, reference, mask + 1, grid),
        network(image, reference, mask, grid + 0.5),
    ):
        assert (changed - restored).abs().max() > 1e-3


def test_fusion_goes_from_the_face_to_the_reference() -> None:
    fusion = FeatureFusion(4, normalised_mask=False).eval()
    x, reference, mask = torch.randn(3, 1, 4, 6, 6)
    with torch.no_grad():
        fusion.MaskModel[2].weight.zero_()
        torch.testing.assert_close(fusion(x, reference, mask), fusion.DegradedModel(x))
        wanted = fusion.RefModel(reference)
        fusion.MaskModel[2] = Constant(1.0)
        torch.testing.assert_close(fusion(x, reference, mask), wanted)


class Constant(nn.Module):
    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return torch.full_like(x, self.value)
