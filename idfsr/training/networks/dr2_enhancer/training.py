"""The network that sharpens the faces that DR2's prior leaves smooth."""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.process import q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.sparnet import SPARNet, SPARNetConfig
from idfsr.models.unet import UNet
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place

SPARNET64: Final = SPARNetConfig(image_size=64, widths=(16, 32, 64, 128), num_blocks=3)

ENHANCED_TIMESTEPS: Final = (100, 450)
"""Between these DR2 stops, at tau of 10 to 45 steps of 100."""


@torch.no_grad()
def smooth_faces(
    prior: UNet, batch: FaceBatch, generator: torch.Generator
) -> Float[Tensor, "B 3 S S"]:
    """Return clean faces as the prior sees them through noise: smooth, as DR2 leaves them.

    What DR2 gives its enhancer is the prior's prediction at step tau (Wang et al. 2023); here of
    the noised ground truth, so that the sharp face is known.
    """
    x_0 = place(batch.gt_image, prior)
    t = torch.randint(*ENHANCED_TIMESTEPS, (len(x_0),), generator=generator).to(x_0.device)
    noise = place(torch.randn(x_0.shape, generator=generator), prior)
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(x_0.device)
    x_t = q_sample(x_0, t, noise, alphas_cumprod)
    eps: Tensor = prior(x_t, t)[:, :3].float()
    at_t = alphas_cumprod[t][:, None, None, None].float()
    smooth = (x_t - (1 - at_t).sqrt() * eps) / at_t.sqrt()
    return smooth.clamp(-1, 1)


def enhancer_loss(network: SPARNet, prior: nn.Module | None) -> Loss:
    """Return the mean absolute error of sharpened faces."""
    assert isinstance(prior, UNet)

    def loss(batch: FaceBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = network(smooth_faces(prior, batch, generator)).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


def measure_nothing(_network: SPARNet, _: nn.Module | None, _data: FaceData) -> Measured:
    """Return no figures: the faces that it sees at restoring time have no sharp ones."""
    return Measured({})


TRAINING: Final = Training(
    sizes=SPARNET64,
    make=SPARNet,
    read=read_face_data,
    loss=enhancer_loss,
    measure=measure_nothing,
)
