"""The network with which DifFace estimates the clean face: regression without a critic."""

from typing import Final

from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional

from idfsr.models.swinir import SwinIR, SwinIRConfig
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration

SWINIR64: Final = SwinIRConfig(
    channels=60, num_groups=3, blocks_per_group=4, num_heads=6, num_doublings=2
)


def estimate(network: SwinIR, batch: FaceBatch) -> Float[Tensor, "B 3 S S"]:
    """Return SwinIR's estimate as DifFace has it, in [-1, 1] or near it."""
    found: Tensor = network((place(batch.degraded, network) + 1) / 2)
    return found * 2 - 1


def swinir_loss(network: SwinIR, _: nn.Module | None) -> Loss:
    """Return the mean absolute error, as of the published `swinir_restoration512_L1`."""

    def loss(batch: FaceBatch, _: Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = estimate(network, batch).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


def measure_swinir(network: SwinIR, _: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR of the estimates."""
    return measure_restoration(lambda batch: estimate(network, batch), data.held_out())


TRAINING: Final = Training(
    sizes=SWINIR64,
    make=SwinIR,
    read=read_face_data,
    loss=swinir_loss,
    measure=measure_swinir,
)
