"""Training of the ID encoder: ArcFace (Deng et al. 2019) on aligned crops."""

import dataclasses
import math
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name everybody uses)
from jaxtyping import Float, Int, Shaped
from scipy.stats import rankdata
from torch import Tensor, nn

from idfsr.config.networks import NetworkStage
from idfsr.constants import ID_DIM
from idfsr.io.digests import file_digest
from idfsr.io.tensors import to_network
from idfsr.models.iresnet import EMBEDDED, IResNet, save_iresnet
from idfsr.training.augment import lose_resolution
from idfsr.training.networks.arcface import LOGIT_SCALE, MARGIN
from idfsr.training.networks.crops import CropBatch, CropData, Crops, hold_out, read_crops
from idfsr.training.networks.record import Files, Loss, Measured, Training, place

MARGIN_RAMP_IMAGES = 30_000
"""Images over which the margin rises from 0: from random weights the full one does not start."""
SIZES = (48, 64, 80, 112)
"""Resolutions of the augmentation: the faces of the demo are 50 px wide."""


def margin_at(images_seen: int) -> float:
    """Return the margin in radians after so many images."""
    return MARGIN * min(1.0, images_seen / MARGIN_RAMP_IMAGES)


def margin_logits(
    cosines: Float[Tensor, "B C"], classes: Int[Tensor, "B"], margin: float
) -> Float[Tensor, "B C"]:
    """Return the logits with the additive angular margin.

    Deng et al. (2019), Eq. 3: s cos(theta_y + m) for the true class, s cos(theta_j) for others.
    Beyond theta_y = pi - m, where the cosine would rise again, s (cos(theta_y) - m sin(m)) instead,
    as in the authors' code.

    Args:
        cosines: Between embeddings and class centres.
        classes: The true ones.
        margin: m, in radians.
    """
    cosine = cosines.gather(1, classes[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    sine = (1 - cosine.square()).sqrt()
    with_margin = torch.where(
        cosine > math.cos(math.pi - margin),
        cosine * math.cos(margin) - sine * math.sin(margin),
        cosine - margin * math.sin(margin),
    )
    return LOGIT_SCALE * cosines.scatter(1, classes[:, None], with_margin)


class ArcFaceTraining(nn.Module):
    """An encoder and the class centres, which are thrown away after the training."""

    def __init__(self, encoder: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.centres = nn.Parameter(torch.randn(num_classes, ID_DIM) / ID_DIM**0.5)

    def forward(self, images: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B C"]:
        """Return the cosines between embeddings and class centres."""
        embeddings = F.normalize(self.encoder(images).float())
        return embeddings @ F.normalize(self.centres).T


def arcface_loss(module: ArcFaceTraining, _: nn.Module | None) -> Loss:
    """Return the cross-entropy of the logits, whose margin follows `margin_at`."""

    def loss(batch: CropBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        cosines = module(place(batch.images, module)).float()
        truth = batch.targets.to(cosines.device)
        logits = margin_logits(cosines, truth, margin_at(batch.images_seen))
        accuracy = (cosines.argmax(dim=1) == truth).float().mean()
        return F.cross_entropy(logits, truth), {"accuracy": accuracy}

    return loss


def read_people(files: Files, config: NetworkStage) -> CropData:
    """Read crops to learn from, of which each identity is a class, and crops of others.

    Raises:
        IdfsrError: See `read_crops` and `hold_out`.
    """
    (path,) = files["crops"]
    inside, outside = hold_out(read_crops(path), config.seed, path)
    _, classes = np.unique(inside.labels["identity"].to_numpy(dtype=str), return_inverse=True)
    return CropData(
        inside=inside,
        outside=outside,
        targets=torch.from_numpy(classes.astype(np.int64)),
        sizes=SIZES,
        seed=config.seed,
        digest=file_digest(path),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recognition:
    """How well held-out identities are told apart."""

    rank_1: float
    """Share of the crops whose nearest first crop of an identity is of their own."""
    auc: float
    """Probability that two crops of one identity are more similar than two of different ones."""
    num_identities: int


@torch.no_grad()
def embed_crops(encoder: nn.Module, crops: Crops, size: int) -> Float[Tensor, "N 512"]:
    """Return the normalised embeddings of crops.

    Args:
        encoder: Put into evaluation mode.
        crops: To embed.
        size: Side to which they are made smaller and back before that, in pixels.
    """
    encoder.eval()
    generator = torch.Generator()  # one size leaves it nothing to draw
    batches = [
        F.normalize(
            encoder(place(lose_resolution(to_network(pixels), (size,), generator), encoder))
        )
        for pixels in np.array_split(crops.pixels, math.ceil(len(crops) / 64))
    ]
    return torch.cat(batches).cpu()


def measure_recognition(
    embeddings: Float[Tensor, "N 512"], identities: Shaped[np.ndarray, "N"]
) -> Recognition:
    """Measure identification and verification on embeddings.

    Args:
        embeddings: Normalised.
        identities: Of at least two people, and of one at least two embeddings.
    """
    similarities = (embeddings @ embeddings.T).numpy()
    _, gallery = np.unique(identities, return_index=True)
    probes = np.setdiff1d(np.arange(len(identities)), gallery)
    nearest = identities[gallery][similarities[np.ix_(probes, gallery)].argmax(axis=1)]
    pairs = np.triu_indices(len(identities), k=1)
    same = identities[pairs[0]] == identities[pairs[1]]
    # The AUC is the Mann-Whitney U statistic as a share of all combinations.
    ranks = rankdata(similarities[pairs])
    excess = ranks[same].sum() - same.sum() * (same.sum() + 1) / 2
    return Recognition(
        rank_1=float((nearest == identities[probes]).mean()),
        auc=float(excess / (same.sum() * (~same).sum())),
        num_identities=len(gallery),
    )


def measure_arcface(encoder: IResNet, _: nn.Module | None, data: CropData) -> Measured:
    """Return how well people are told apart at the largest and the smallest resolution."""
    identities = data.outside.labels["identity"].to_numpy(dtype=str)
    figures = {}
    for size in (max(SIZES), min(SIZES)):
        found = measure_recognition(embed_crops(encoder, data.outside, size), identities)
        figures[f"rank 1 among {found.num_identities} at {size} px"] = f"{found.rank_1:.3f}"
        figures[f"area under the ROC curve at {size} px"] = f"{found.auc:.4f}"
    return Measured(figures)


TRAINING: Final = Training(
    sizes=EMBEDDED,
    make=IResNet,
    read=read_people,
    learner=lambda encoder, data: ArcFaceTraining(encoder, int(data.targets.max()) + 1),
    loss=arcface_loss,
    measure=measure_arcface,
    save=lambda path, encoder, _: save_iresnet(path, encoder),
)
