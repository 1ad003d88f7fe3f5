import torch
from torch import Tensor

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.rrdb import TimedRestorer
from idfsr.models.sparnet import SPARNet
from idfsr.models.swinir import SwinIR
from idfsr.models.unet import UNet
from idfsr.training.networks.difface_swinir.training import (
    ENHANCED_TIMESTEPS,
    enhancer_loss,
    estimate,
    restorer_loss,
    smooth_faces,
    swinir_loss,
    timed_inputs,
)
from tests.methods.tiny import PRIOR, RESTORER, SPARNET, SWINIR

from .tiny import make_batch


def test_swinir_sees_and_gives_0_to_1() -> None:
    torch.manual_seed(0)
    network, batch = SwinIR(SWINIR), make_batch()
    found = estimate(network, batch)
    torch.testing.assert_close((found + 1) / 2, network((batch.degraded + 1) / 2))
    loss, _ = swinir_loss(network, None)(batch, torch.Generator())
    torch.testing.assert_close(loss, (found - batch.gt_image).abs().mean())


def test_restorer_sees_the_noised_face_beside_the_degraded_one() -> None:
    torch.manual_seed(0)
    network, batch = TimedRestorer(RESTORER), make_batch()
    x_t, degraded, t = timed_inputs(network, batch, torch.Generator().manual_seed(3))
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)[t][:, None, None, None]
    noise = (x_t - alphas_cumprod.sqrt() * batch.gt_image) / (1 - alphas_cumprod).sqrt()
    assert 0.9 < noise.std() < 1.1
    assert torch.equal(degraded, batch.degraded)
    loss, _ = restorer_loss(network, None)(batch, torch.Generator().manual_seed(3))
    wanted = (network(x_t, degraded, t) - batch.gt_image).square().mean()
    torch.testing.assert_close(loss, wanted)


class Oracle(UNet):
    """Knows the clean image and gives the noise exactly."""

    def __init__(self, clean: Tensor) -> None:
        super().__init__(PRIOR)
        self.clean = clean
        self.timesteps: list[int] = []

    def forward(self, x_t: Tensor, t: Tensor, *_: Tensor) -> Tensor:  # type: ignore[override]
        self.timesteps += t.tolist()
        at_t = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)[t][:, None, None, None].float()
        eps = (x_t - at_t.sqrt() * self.clean) / (1 - at_t).sqrt()
        return torch.cat([eps, eps], dim=1)


def test_enhancer_sees_what_the_prior_makes_of_the_noised_face() -> None:
    batch = make_batch()
    oracle = Oracle(batch.gt_image)
    smooth = smooth_faces(oracle, batch, torch.Generator().manual_seed(0))
    torch.testing.assert_close(smooth, batch.gt_image, atol=1e-4, rtol=0)
    assert all(ENHANCED_TIMESTEPS[0] <= t < ENHANCED_TIMESTEPS[1] for t in oracle.timesteps)
    network = SPARNet(SPARNET).eval()
    loss, _ = enhancer_loss(network, oracle)(batch, torch.Generator().manual_seed(0))
    torch.testing.assert_close(loss, (network(smooth) - batch.gt_image).abs().mean())
