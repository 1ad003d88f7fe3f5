"""CodeFormer at 64 px, which looks up codes in the codebook that was trained before.

Zhou et al. (2022) have three stages. The second, which learns to predict the codes, and the third,
which learns how much of the degraded face to take in, are one training here; it has none of the
perceptual and adversarial losses, for which the embedded default has no networks.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.adain import match_statistics
from idfsr.models.codeformer import CodeFormer, CodeFormerConfig
from idfsr.models.vqgan import Vqgan
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration
from idfsr.training.networks.vqgan.training import VQGAN64

CODEFORMER64: Final = CodeFormerConfig(
    vqgan=VQGAN64, token_channels=128, num_heads=4, num_layers=4, fused_resolutions=(32, 64)
)

CODES_WEIGHT: Final = 0.5
"""Of the cross-entropy of the codes, as its authors'."""
MEASURED_W: Final = 0.5


def take_vqgan(network: CodeFormer, vqgan: nn.Module | None, _: FaceData) -> None:
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


def measure_codeformer(network: CodeFormer, _: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR of restored faces."""
    return measure_restoration(
        lambda batch: network(place(batch.degraded, network), MEASURED_W), data.held_out()
    )


TRAINING: Final = Training(
    sizes=CODEFORMER64,
    make=CodeFormer,
    read=read_face_data,
    initialise=take_vqgan,
    loss=codeformer_loss,
    measure=measure_codeformer,
)
