"""Networks that see references beside the degraded face: ASFFNet and DMDNet at 64 px.

They learn with the landmarks that the embedded detector finds, in the degraded face and in four
references, as at restoring time. Their authors add perceptual, style and adversarial losses, for
which the embedded default has no networks.
"""

from collections.abc import Sequence
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.faces.guides import mask_and_grid, stack_boxes
from idfsr.faces.landmarks68 import boxes_are_inside, choose_reference
from idfsr.models.asffnet import ASFFNet, AsffNetConfig
from idfsr.models.dmdnet import NUM_LEVELS, DMDNet, DmdNetConfig, Memory
from idfsr.models.landmarks68 import Landmarks68Net
from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.restoration import Loss, Member, measure_restoration, place

ASFFNET64: Final = AsffNetConfig(image_size=64, channels=16)
DMDNET64: Final = DmdNetConfig(
    image_size=64, first_stride=1, channels=12, num_entries=32, eye_size=12, mouth_size=16
)


@torch.no_grad()
def detect(
    detector: nn.Module | None, images: Float[Tensor, "*B 3 S S"]
) -> Float[Tensor, "*B 68 2"]:
    """Return landmarks in pixels, in full precision whatever that of the training is."""
    assert isinstance(detector, Landmarks68Net)
    with torch.autocast(images.device.type, enabled=False):
        found: Tensor = detector(images.flatten(0, -4))
    return found.double().reshape(*images.shape[:-3], *found.shape[1:]) * images.shape[-1]


def restore_asffnet(network: ASFFNet, detector: nn.Module | None, batch: FaceBatch) -> Tensor:
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

    def loss(batch: FaceBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = restore_asffnet(network, detector, batch).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


def find_boxes(
    network: DMDNet, detector: nn.Module | None, batch: FaceBatch
) -> tuple[FaceBatch, Int[Tensor, "B 3 4"], Int[Tensor, "B K 3 4"]]:
    """Find the components of faces and references.

    Returns:
        The faces all of whose components can be cut out, as those of their references, and the
        boxes of both.
    """
    size, coarsest = network.image_size, network.config.stride(NUM_LEVELS - 1)
    images = torch.cat([place(batch.degraded, network)[:, None], batch.ref_image], dim=1)
    landmarks = detect(detector, images)
    boxes = stack_boxes(landmarks.flatten(0, 1), size).reshape(*images.shape[:2], 3, 4)
    usable = [
        all(boxes_are_inside(found.numpy(), size, coarsest) for found in of_face)
        for of_face in boxes
    ]
    kept = FaceBatch(
        gt_image=batch.gt_image[usable],
        degraded=batch.degraded[usable],
        ref_image=batch.ref_image[usable],
    )
    return kept, boxes[usable][:, 0], boxes[usable][:, 1:]


def restore_dmdnet(
    network: DMDNet,
    batch: FaceBatch,
    boxes: Int[Tensor, "B 3 4"],
    ref_boxes: Int[Tensor, "B K 3 4"],
) -> Tensor:
    """Restore with the generic memory, and a specific one of each face's own references."""
    refs = place(batch.ref_image.flatten(0, 1), network)
    shape = ref_boxes.shape[:2]
    specific = {
        found: Memory(
            torch.unflatten(memory.keys[0], 0, shape), torch.unflatten(memory.values[0], 0, shape)
        )
        for found, memory in network.memorise(refs, ref_boxes.flatten(0, 1)).items()
    }
    restored: Tensor = network(place(batch.degraded, network), boxes, specific)
    return restored


def dmdnet_loss(network: DMDNet, detector: nn.Module | None) -> Loss:
    """Return the mean absolute error, of faces restored with and without their references.

    Without, the generic memory is all there is, so that it learns too; its entries are parameters,
    as in the last stage of its authors' training.
    """

    def loss(batch: FaceBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        kept, boxes, ref_boxes = find_boxes(network, detector, batch)
        wanted = place(kept.gt_image, network)
        specific = restore_dmdnet(network, kept, boxes, ref_boxes).float()
        generic = network(place(kept.degraded, network), boxes, None).float()
        errors = {
            "specific": functional.l1_loss(specific, wanted),
            "generic": functional.l1_loss(generic, wanted),
        }
        return errors["specific"] + errors["generic"], errors

    return loss


def measure_dmdnet(
    network: DMDNet, detector: nn.Module | None, batches: Sequence[FaceBatch]
) -> dict[str, str]:
    """Return the PSNR of faces restored with their references."""
    return measure_restoration(
        lambda batch: restore_dmdnet(network, *find_boxes(network, detector, batch)),
        [find_boxes(network, detector, batch)[0] for batch in batches],
    )


@torch.no_grad()
def fill_memory(network: DMDNet, detector: nn.Module | None, batch: FaceBatch) -> None:
    """Begin with components of real faces as the generic memory, as its authors do."""
    kept, boxes, _ = find_boxes(network, detector, batch)
    count = network.config.num_entries
    memories = network.memorise(place(kept.gt_image[:count], network), boxes[:count])
    for found, memory in memories.items():
        generic = network.generic_memory(found)
        generic.keys.copy_(memory.keys)
        generic.values.copy_(memory.values)


ASFFNET: Final = Member(
    title="ASFFNet at 64 px",
    make=ASFFNet,
    sizes=ASFFNET64,
    loss=asffnet_loss,
    measure=lambda network, detector, batches: measure_restoration(
        lambda batch: restore_asffnet(network, detector, batch), batches
    ),
    objective="mean absolute error",
)
DMDNET: Final = Member(
    title="DMDNet at 64 px",
    make=DMDNet,
    sizes=DMDNET64,
    initialise=fill_memory,
    loss=dmdnet_loss,
    measure=measure_dmdnet,
    objective="mean absolute error, with references and without",
)
