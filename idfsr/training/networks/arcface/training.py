"""Training of the ID encoder: ArcFace (Deng et al. 2019) on aligned crops."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name everybody uses)
from jaxtyping import Float, Int, Shaped
from scipy.stats import rankdata
from torch import Tensor, nn

from idfsr.config.networks import ArcfaceStage
from idfsr.constants import ID_DIM
from idfsr.io.digests import file_digest
from idfsr.io.tensors import to_network
from idfsr.models.iresnet import EMBEDDED, IResNet
from idfsr.models.weights import count_parameters
from idfsr.training.augment import lose_resolution
from idfsr.training.card import Card
from idfsr.training.loop import Trained, train
from idfsr.training.networks.crops import (
    CropBatch,
    CropReader,
    Crops,
    crop_facts,
    hold_out,
    read_crops,
)
from idfsr.training.order import derive_seed
from idfsr.training.step import Recipe

LOGIT_SCALE = 32.0
"""s. The paper has 64 for 85,000 identities; wanted is more than the logarithm of their number."""
MARGIN = 0.3
"""m in radians, at the end of the ramp; the paper has 0.5."""
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


def arcface_recipe(
    encoder: nn.Module,
    crops: Crops,
    config: ArcfaceStage,
    settings: dict[str, Any],
    device: torch.device,
) -> Recipe:
    """Return what the training loop needs to train an ID encoder.

    Args:
        encoder: Crops in [-1, 1] to embeddings of 512 numbers, not normalised.
        crops: To train on, of identities that are not held out.
        config: Of the run.
        settings: See `Recipe`.
        device: Where it is trained.
    """
    names, classes = np.unique(crops.labels["identity"].to_numpy(dtype=str), return_inverse=True)
    targets = torch.from_numpy(classes.astype(np.int64))
    module = ArcFaceTraining(encoder, len(names))

    def loss(batch: CropBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        truth = batch.targets.to(device)
        cosines = module(batch.images.to(device, memory_format=torch.channels_last)).float()
        logits = margin_logits(cosines, truth, margin_at(batch.images_seen))
        accuracy = (cosines.argmax(dim=1) == truth).float().mean()
        return F.cross_entropy(logits, truth), {"accuracy": accuracy}

    reader = CropReader(
        crops=crops,
        targets=targets,
        batch_size=config.arcface.batch_size,
        seed=config.seed,
        sizes=SIZES,
    )
    return Recipe(name="arcface", module=module, loss=loss, batch_at=reader, settings=settings)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recognition:
    """How well held-out identities are told apart."""

    rank_1: float
    """Share of the crops whose nearest first crop of an identity is of their own."""
    auc: float
    """Probability that two crops of one identity are more similar than two of different ones."""
    num_identities: int


@torch.no_grad()
def embed_crops(
    encoder: nn.Module, crops: Crops, size: int, device: torch.device
) -> Float[Tensor, "N 512"]:
    """Return the normalised embeddings of crops.

    Args:
        encoder: Put into evaluation mode.
        crops: To embed.
        size: Side to which they are made smaller and back before that, in pixels.
        device: Of the encoder.
    """
    encoder.eval()
    generator = torch.Generator()  # one size leaves it nothing to draw
    batches = [
        F.normalize(encoder(lose_resolution(to_network(pixels), (size,), generator).to(device)))
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


def train_arcface(
    config: ArcfaceStage, crops_path: Path, state_dir: Path, device: torch.device
) -> tuple[IResNet, Trained, Card]:
    """Train the embedded ID encoder and measure it on held-out identities.

    Args:
        config: Its sections `seed` and `arcface`.
        crops_path: See `read_crops`.
        state_dir: Of the training loop.
        device: Where it is trained.

    Returns:
        The encoder with averaged weights, what the loop returned, and the card.

    Raises:
        IdfsrError: See `read_crops`, `hold_out` and `train`.
    """
    crops = read_crops(crops_path)
    inside, outside = hold_out(crops, config.seed, crops_path)
    torch.manual_seed(derive_seed(config.seed, "arcface", "weights"))
    encoder = IResNet(EMBEDDED)
    recipe = arcface_recipe(encoder, inside, config, {"crops": file_digest(crops_path)}, device)
    trained = train(recipe, config.arcface, config.seed, state_dir, device)
    recipe.module.load_state_dict(trained.ema)
    identities = outside.labels["identity"].to_numpy(dtype=str)
    figures = {}
    for size in (max(SIZES), min(SIZES)):
        found = measure_recognition(embed_crops(encoder, outside, size, device), identities)
        figures[f"rank 1 among {found.num_identities} at {size} px"] = f"{found.rank_1:.3f}"
        figures[f"area under the ROC curve at {size} px"] = f"{found.auc:.4f}"
    card = Card(
        title="ArcFace, small",
        data=crop_facts(inside, outside, config.seed),
        training={
            "network": f"iresnet of depths {EMBEDDED.depths} and widths {EMBEDDED.widths}",
            "loss": f"ArcFace, s = {LOGIT_SCALE:g}, m = {MARGIN:g}",
            "batch": str(config.arcface.batch_size),
            "learning rate": f"{config.arcface.learning_rate:g}",
        },
        trained=trained,
        device=device,
        num_parameters=count_parameters(encoder),
        figures=figures,
        limits=(
            "Not a recogniser of real people: it has seen rendered faces only.",
            "Not the judge of identity in the tables, which is another network on other data.",
            "Not fit for any decision about a person.",
        ),
    )
    return encoder, trained, card
