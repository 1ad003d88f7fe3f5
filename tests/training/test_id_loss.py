import numpy as np
import pytest
import torch
from torch.nn import functional

from idfsr.constants import ARCFACE_LANDMARKS_112, FFHQ_LANDMARKS_512
from idfsr.faces.align import align_arcface
from idfsr.io.tensors import to_network
from idfsr.training.id_loss import crop_grid, identity_losses

from .makers import make_face

CPU = torch.device("cpu")
LANDMARKS = np.array(FFHQ_LANDMARKS_512) * 64 / 512 + [3.0, -2.0]  # not in the middle


def test_convention_crop_is_that_of_align_arcface() -> None:
    image = make_face(3, 0, 64)
    grid = crop_grid(torch.from_numpy(LANDMARKS)[None].float(), 64, CPU)
    crop = functional.grid_sample(to_network(image), grid, align_corners=False)
    wanted = to_network(align_arcface(image, LANDMARKS))
    # OpenCV rounds the places to 1/32 of a pixel
    assert (crop - wanted).abs().mean() < 0.005


def test_points_of_the_template_lie_at_the_landmarks() -> None:
    grid = crop_grid(torch.from_numpy(LANDMARKS)[None].float(), 64, CPU)[0].numpy()
    for (u, v), (x, y) in zip(ARCFACE_LANDMARKS_112, LANDMARKS, strict=True):
        found = (grid[round(v - 0.5), round(u - 0.5)] + 1) * 32
        assert found == pytest.approx([x, y], abs=1.5)  # a similarity cannot meet all five


def test_distance_falls_along_its_gradient() -> None:
    """An embedding that is the mean of each quarter of the crop."""

    def embed(crops: torch.Tensor) -> torch.Tensor:
        quarters = functional.adaptive_avg_pool2d(crops, 2).flatten(1)
        return functional.pad(quarters, (0, 500))

    images = to_network(np.stack([make_face(1, 0, 64), make_face(2, 0, 64)]))
    landmarks = torch.from_numpy(LANDMARKS).float().repeat(2, 1, 1)
    grid = crop_grid(landmarks, 64, CPU)
    own = functional.normalize(embed(functional.grid_sample(images, grid, align_corners=False)))
    assert identity_losses(embed, images, landmarks, own).tolist() == pytest.approx(
        [0, 0], abs=1e-6
    )
    moved = images.clone().requires_grad_()
    before = identity_losses(embed, moved, landmarks, own.flip(0))
    assert (before > 0.01).all()
    (gradient,) = torch.autograd.grad(before.sum(), moved)
    assert gradient[0].any()
    after = identity_losses(embed, (moved - 20 * gradient).detach(), landmarks, own.flip(0))
    assert (after < before).all()
