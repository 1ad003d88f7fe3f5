import torch
from torch import Tensor

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.sparnet import SPARNet
from idfsr.models.unet import UNet
from idfsr.training.networks.dr2_enhancer.training import (
    ENHANCED_TIMESTEPS,
    enhancer_loss,
    smooth_faces,
)
from tests.methods.tiny import PRIOR, SPARNET

from .tiny import make_batch


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
