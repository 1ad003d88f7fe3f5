"""DMDNet at 64 px, which keeps eyes, nose and mouth of references in a memory.

Its authors add perceptual and adversarial losses, for which the embedded default has no networks.
"""

from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.faces.guides import stack_boxes
from idfsr.faces.landmarks68 import boxes_are_inside
from idfsr.models.dmdnet import NUM_LEVELS, DMDNet, DmdNetConfig, Memory
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.found_landmarks import detect
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration

DMDNET64: Final = DmdNetConfig(
    image_size=64, first_stride=1, channels=12, num_entries=32, eye_size=12, mouth_size=16
)


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
) -> Float[Tensor, "B 3 S S"]:
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


def measure_dmdnet(network: DMDNet, detector: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR of faces restored with their references."""
    return measure_restoration(
        lambda batch: restore_dmdnet(network, *find_boxes(network, detector, batch)),
        [find_boxes(network, detector, batch)[0] for batch in data.held_out()],
    )


@torch.no_grad()
def fill_memory(network: DMDNet, detector: nn.Module | None, data: FaceData) -> None:
    """Begin with components of real faces as the generic memory, as its authors do."""
    kept, boxes, _ = find_boxes(network, detector, data.first_faces())
    count = network.config.num_entries
    memories = network.memorise(place(kept.gt_image[:count], network), boxes[:count])
    for found, memory in memories.items():
        generic = network.generic_memory(found)
        generic.keys.copy_(memory.keys)
        generic.values.copy_(memory.values)


TRAINING: Final = Training(
    sizes=DMDNET64,
    make=DMDNet,
    read=read_face_data,
    initialise=fill_memory,
    loss=dmdnet_loss,
    measure=measure_dmdnet,
)
