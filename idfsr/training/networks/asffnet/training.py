"""ASFFNet at 64 px, which sees the reference that fits best beside the degraded face.

Its authors add perceptual, style and adversarial losses, for which the embedded default has no
networks.
"""

from typing import Final

from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn import functional

from idfsr.faces.guides import mask_and_grid
from idfsr.faces.landmarks68 import choose_reference
from idfsr.models.asffnet import ASFFNet, AsffNetConfig
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.found_landmarks import detect
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration

ASFFNET64: Final = AsffNetConfig(image_size=64, channels=16)


def restore_asffnet(
    network: ASFFNet, detector: nn.Module | None, batch: FaceBatch
) -> Float[Tensor, "B 3 S S"]:
    """Restore with the reference that fits best."""
    degraded = place(batch.degraded, network)
    landmarks, candidates = (
        detect(detector, images) for images in (degraded, batch.ref_image.to(degraded.device))
    )
    chosen = [*map(choose_reference, landmarks.cpu().numpy(), candidates.cpu().numpy())]
    rows = range(len(chosen))
    size = network.image_size
    restored: Tensor = network(
        degraded,
        place(batch.ref_image[rows, chosen], network),
        *mask_and_grid(landmarks, candidates[rows, chosen], size),
    )
    return restored


def asffnet_loss(network: ASFFNet, detector: nn.Module | None) -> Loss:
    """Return the mean absolute error."""

    def loss(batch: FaceBatch, _: Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = restore_asffnet(network, detector, batch).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


def measure_asffnet(network: ASFFNet, detector: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR of restored faces."""
    return measure_restoration(
        lambda batch: restore_asffnet(network, detector, batch), data.held_out()
    )


TRAINING: Final = Training(
    sizes=ASFFNET64,
    make=ASFFNet,
    read=read_face_data,
    loss=asffnet_loss,
    measure=measure_asffnet,
)
