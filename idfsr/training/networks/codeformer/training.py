"""CodeFormer at 64 px, in two trainings: the codebook, then what looks codes up in it.

Zhou et al. (2022) have three stages. The second, which learns to predict the codes, and the third,
which learns how much of the degraded face to take in, are one training here; none has the
perceptual and adversarial losses, for which the embedded default has no networks.
"""

from collections.abc import Sequence
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.adain import match_statistics
from idfsr.models.codeformer import CodeFormer, CodeFormerConfig
from idfsr.models.vqgan import Vqgan, VqganConfig
from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.restoration import Loss, Member, measure_restoration, place

VQGAN64: Final = VqganConfig(
    image_size=64,
    channels=32,
    channel_mult=(1, 2, 4),
    num_res_blocks=1,
    attention_resolutions=(16,),
    num_codes=512,
    code_channels=64,
)
CODEFORMER64: Final = CodeFormerConfig(
    vqgan=VQGAN64, token_channels=128, num_heads=4, num_layers=4, fused_resolutions=(32, 64)
)

COMMITMENT: Final = 0.25
"""Weight of the pull of the grid to its codes (van den Oord et al. 2017, Eq. 3)."""
CODES_WEIGHT: Final = 0.5
"""Of the cross-entropy of the codes, as its authors'."""
MEASURED_W: Final = 0.5


@torch.no_grad()
def fill_codebook(network: Vqgan, _: nn.Module | None, batch: FaceBatch) -> None:
    """Begin with places of the grids of real faces as codes: random ones would lie far from all."""
    z, _features = network.encoder(place(batch.gt_image, network))
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
def measure_vqgan(
    network: Vqgan, _: nn.Module | None, batches: Sequence[FaceBatch]
) -> dict[str, str]:
    """Return the PSNR of redrawn faces, and how many codes they use."""
    images = [place(batch.gt_image, network) for batch in batches]
    codes = torch.cat([network.quantize.nearest(network.encoder(x)[0]) for x in images])
    redrawn = measure_restoration(
        lambda batch: network.redraw(place(batch.gt_image, network)), batches
    )
    return {
        "codes used": f"{len(torch.unique(codes))} of {network.quantize.embedding.num_embeddings}",
        "PSNR of redrawn faces": redrawn["PSNR"].partition(" (")[0],
    }


def take_vqgan(network: CodeFormer, vqgan: nn.Module | None, _: FaceBatch) -> None:
    """Begin with encoder, codebook and generator of stage I; the latter two stay as they are."""
    assert isinstance(vqgan, Vqgan)
    network.load_state_dict(vqgan.state_dict(), strict=False)
    for part in (network.quantize, network.generator):
        part.requires_grad_(requires_grad=False)


def codeformer_loss(network: CodeFormer, vqgan: nn.Module | None) -> Loss:
    """Return the loss of stages II and III.

    The codes of the sharp face are what the degraded one is to lead to (Zhou et al. 2022, Eq. 4 and
    5); with w = 1 the image is to be the sharp face (section 3.3).
    """
    assert isinstance(vqgan, Vqgan)

    def loss(batch: FaceBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        image = place(batch.gt_image, network)
        with torch.no_grad():
            codes = vqgan.quantize.nearest(vqgan.encoder(image)[0].float())
            wanted = vqgan.quantize(codes)
        z, features = network.encoder(place(batch.degraded, network))
        logits = network.predict_codes(z).float()
        entropy = functional.cross_entropy(logits.flatten(0, 1), codes.flatten())
        distance = functional.mse_loss(z.float(), wanted)
        found = network.quantize(torch.unflatten(logits.argmax(2), 1, z.shape[2:]))
        restored = network.generator(
            match_statistics(found, z), lambda side, drawn: network.fuse(features, side, drawn, 1.0)
        )
        error = functional.l1_loss(restored.float(), image)
        total = CODES_WEIGHT * entropy + distance + error
        return total, {"cross_entropy": entropy, "error": error}

    return loss


VQGAN: Final = Member(
    title="CodeFormer's codebook at 64 px",
    make=Vqgan,
    sizes=VQGAN64,
    initialise=fill_codebook,
    loss=vqgan_loss,
    measure=measure_vqgan,
    objective="mean absolute error, and squared distances of grid and codes",
)
CODEFORMER: Final = Member(
    title="CodeFormer at 64 px",
    make=CodeFormer,
    sizes=CODEFORMER64,
    initialise=take_vqgan,
    loss=codeformer_loss,
    measure=lambda network, _, batches: measure_restoration(
        lambda batch: network(place(batch.degraded, network), MEASURED_W), batches
    ),
    objective="cross-entropy of the codes, squared distance to them, mean absolute error at w = 1",
    continues=True,
)
