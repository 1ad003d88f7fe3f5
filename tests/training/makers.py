"""Small tables of the kinds that the trainings read."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from idfsr.config.model import ModelConfig
from idfsr.constants import EXPRESSIONS, FFHQ_LANDMARKS_512, GENDERS
from idfsr.io.images import encode_png, resize
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.models.idfsr import IDFSR

TINY_MODEL = ModelConfig(
    image_size=32,
    model_channels=8,
    channel_mult=(1, 2),
    num_res_blocks=1,
    attention_resolutions=(16,),
    embed_channels=16,
    style_channels=16,
    encoder_channel_mult=(1, 2),
    dropout=0.1,
    num_id_heads=2,
)


def make_network() -> IDFSR:
    """Make a network in evaluation mode none of whose branches is 0, as they are at first."""
    torch.manual_seed(0)
    model = IDFSR(TINY_MODEL).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
    return model


def make_face(identity: int, image: int, size: int) -> np.ndarray:
    """Make a smooth pattern that belongs to an identity, with some noise of the image."""
    pattern = np.random.default_rng(identity).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    noise = np.random.default_rng([identity, image]).normal(0, 6, (size, size, 3))
    smooth = resize(pattern, (size, size), "bicubic").astype(float)
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def write_crops(path: Path, num_identities: int = 20, num_images: int = 3) -> Path:
    """Write crops of patterns with labels."""
    rows = [
        {
            "identity": f"{identity:05d}",
            "image": str(image),
            "crop": encode_png(make_face(identity, image, 112)),
            "age_years": np.float32(20 + identity),
            "gender": GENDERS[identity % 2],
            "expression": EXPRESSIONS[image % 7],
        }
        for identity in range(num_identities)
        for image in range(num_images)
    ]
    write_table(pd.DataFrame(rows), path)
    return path


def unit(seed: Sequence[int]) -> np.ndarray:
    """Draw a unit vector of 512 numbers."""
    vector = np.random.default_rng(seed).normal(size=512)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def make_row(
    identity: int, image: int, part: str, references: Sequence[int], scale_factor: int, size: int
) -> dict[str, Any]:
    """Make a row of a shard; the references are images of the identity."""
    gt_image = make_face(identity, image, size)
    small = size // scale_factor
    landmarks = (np.array(FFHQ_LANDMARKS_512) * size / 512).ravel().tolist()
    return {
        "identity": f"{identity:05d}",
        "image": str(image),
        "part": part,
        "scale_factor": scale_factor,
        "gt_image": encode_png(gt_image),
        "lr_image": encode_png(resize(gt_image, (small, small), "bicubic")),
        "landmarks": landmarks,
        "lr_landmarks": landmarks,
        "lr_detected": True,
        "mask_box": [size // 4, size // 4, 3 * size // 4, 3 * size // 4],
        "z_id": unit([identity, image]).tolist(),
        "references": [
            {
                "image": str(reference),
                "warped_ref": encode_png(make_face(identity, reference, size)),
                "affine": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
                "well_conditioned": True,
                "z_id": unit([identity, reference]).tolist(),
            }
            for reference in references
        ],
    }


def write_pretrain_shard(path: Path, scale_factor: int = 8, size: int = 32) -> Path:
    """Write pretraining rows: four identities of three images with two references each."""
    rows = [
        make_row(
            identity, image, "pretrain", [i for i in range(3) if i != image], scale_factor, size
        )
        for identity in range(4)
        for image in range(3)
    ]
    write_shard(rows, path, {"image_size": str(size), "scale_factor": str(scale_factor)})
    return path


def write_test_shard(path: Path, scale_factor: int = 8, size: int = 32) -> Path:
    """Write fit images 0, 1, 2 and test images 3, 4 of identities 7 and 8."""
    rows = []
    for identity in (7, 8):
        for image in range(3):
            others = [i for i in range(3) if i != image]
            rows.append(make_row(identity, image, "fit", others, scale_factor, size))
        rows += [make_row(identity, image, "test", [1, 0], scale_factor, size) for image in (3, 4)]
    write_shard(rows, path, {"image_size": str(size), "scale_factor": str(scale_factor)})
    return path


def write_landmarks_68(path: Path, identities: Iterable[int]) -> Path:
    """Write random 68 landmarks of images 0 to 4 of identities."""
    rows = [
        {
            "identity": f"{identity:05d}",
            "image": str(image),
            "landmarks_68": np.random.default_rng([identity, image]).random(136, np.float32),
        }
        for identity in identities
        for image in range(5)
    ]
    write_table(pd.DataFrame(rows), path)
    return path
