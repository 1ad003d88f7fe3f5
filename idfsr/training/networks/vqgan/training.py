"""The first stage of CodeFormer (Zhou et al. 2022): a codebook from which faces are redrawn.

It has none of the perceptual and adversarial losses, for which the embedded default has no
networks.
"""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.vqgan import Vqgan, VqganConfig
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration

VQGAN64: Final = VqganConfig(
    image_size=64,
    channels=32,
    channel_mult=(1, 2, 4),
    num_res_blocks=1,
    attention_resolutions=(16,),
    num_codes=512,
    code_channels=64,
)
COMMITMENT: Final = 0.25
"""Weight of the pull of the grid to its codes (van den Oord et al. 2017, Eq. 3)."""


@torch.no_grad()
def fill_codebook(network: Vqgan, _: nn.Module | None, data: FaceData) -> None:
    """Begin with places of the grids of real faces as codes: random ones would lie far from all."""
    z, _features = network.encoder(place(data.first_faces().gt_image, network))
    places = z.permute(0, 2, 3, 1).flatten(0, 2)
    generator = torch.Generator().manual_seed(0)
    codebook = network.quantize.embedding.weight
    chosen = torch.randperm(len(places), generator=generator)[: len(codebook)]
    codebook.copy_(places[chosen.to(places.device)])


def idle_distance(codebook: Float[Tensor, "N C"], z: Float[Tensor, "B C H W"]) -> Float[Tensor, ""]:
    """Return how far codes are from the nearest place of any grid: mean square of a channel.

    A code that no place takes gets no gradient from the distance of grid and codes, and is left
    behind for good as the grids move; this draws it after them.
    """
    places = z.permute(0, 2, 3, 1).flatten(0, 2)
    nearest = places[torch.cdist(codebook.detach(), places).argmin(1)]
    return functional.mse_loss(codebook, nearest)


def vqgan_loss(network: Vqgan, _: nn.Module | None) -> Loss:
    """Return the loss of stage I: the face redrawn from codes, and codes and grid near each other.

    Van den Oord et al. (2017), Eq. 3, and `idle_distance`, without which few codes are used; the
    gradient passes from the code to the grid unchanged.
    """

    def loss(batch: FaceBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        image = place(batch.gt_image, network)
        z = network.encoder(image)[0].float()
        code = network.quantize(network.quantize.nearest(z.detach()))
        drawn = network.generator(z + (code - z).detach()).float()
        error = functional.l1_loss(drawn, image)
        distance = functional.mse_loss(code, z.detach())
        commitment = functional.mse_loss(z, code.detach())
        idle = idle_distance(network.quantize.embedding.weight, z.detach())
        return error + distance + COMMITMENT * commitment + idle, {"error": error}

    return loss


@torch.no_grad()
def measure_vqgan(network: Vqgan, _: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR of redrawn faces, and how many codes they use."""
    batches = data.held_out()
    images = [place(batch.gt_image, network) for batch in batches]
    codes = torch.cat([network.quantize.nearest(network.encoder(x)[0]) for x in images])
    redrawn = measure_restoration(
        lambda batch: network.redraw(place(batch.gt_image, network)), batches
    )
    used = f"{len(torch.unique(codes))} of {network.quantize.embedding.num_embeddings}"
    psnr_of_redrawn = redrawn.figures["PSNR"].partition(" (")[0]
    return Measured({"codes used": used, "PSNR of redrawn faces": psnr_of_redrawn})


TRAINING: Final = Training(
    sizes=VQGAN64,
    make=Vqgan,
    read=read_face_data,
    initialise=fill_codebook,
    loss=vqgan_loss,
    measure=measure_vqgan,
)
