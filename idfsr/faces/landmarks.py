"""The landmarks stage: the largest face of each photograph, with what the quality filter needs."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import Detections, FaceDetector, fit_into_square
from idfsr.io.images import read_copy
from idfsr.io.schemas import KEY, LANDMARKS_SCHEMA, OK
from idfsr.io.tensors import to_network

Embed = Callable[[Tensor], Tensor]
"""From ArcFace crops "B 3 112 112" in [-1, 1] to z_id "B D" of unit length."""

EYES_PER_NOSE = 1.6
"""Distance of the eyes divided by how far the tip of the nose stands before the plane of eyes and
mouth; fitted on 500 rendered heads of known pose, where it errs by 3 degrees (one sigma)."""


def estimate_yaw(landmarks: Float[np.ndarray, "5 2"]) -> float:
    """Estimate how far a head is turned, from how far the nose is off the middle of the face.

    With the head turned by yaw, eyes e apart stand e cos(yaw) apart in the image, and a nose d
    before the face moves by d sin(yaw).

    Args:
        landmarks: (x, y) of the five points.

    Returns:
        Degrees in [-90, 90]; positive if the nose points to the right side of the image.
    """
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    down = (mouth - eyes) / max(float(np.linalg.norm(mouth - eyes)), 1e-6)
    across = np.array([down[1], -down[0]])
    eye_distance = float(across @ (landmarks[1] - landmarks[0]))
    nose_offset = float(across @ (landmarks[2] - eyes))
    angle = math.degrees(math.atan2(EYES_PER_NOSE * nose_offset, abs(eye_distance)))
    return float(np.clip(angle, -90, 90))


def measure_sharpness(image: UInt8[np.ndarray, "H W 3"]) -> float:
    """Return the variance of the Laplacian of the grey image, in grey levels squared.

    Pech-Pacheco et al. (2000), "LAPV".
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def describe(faces: Detections, sharpness: float) -> dict[str, Any]:
    """Make the row of an image: its largest face, nulls if it shows none."""
    row: dict[str, Any] = {
        "num_faces": len(faces.scores),
        "score": None,
        "box": None,
        "landmarks": None,
        "sharpness": sharpness,
        "yaw": None,
    }
    if len(faces.scores):
        index = faces.largest()
        row |= {
            "score": float(faces.scores[index]),
            "box": faces.boxes[index].tolist(),
            "landmarks": faces.landmarks[index].ravel().tolist(),
            "yaw": estimate_yaw(faces.landmarks[index]),
        }
    return row


def embed_largest(
    faces: Detections, copy: UInt8[np.ndarray, "_ _ 3"], embed: Embed
) -> list[float] | None:
    """Return z_id of the largest face in a copy that was searched; None if it shows none."""
    if not len(faces.scores):
        return None
    crop = align_arcface(copy, faces.landmarks[faces.largest()])
    z_id: list[float] = embed(to_network(crop))[0].tolist()
    return z_id


def select_shard(manifest: pd.DataFrame, images_per_shard: int, shard: int) -> pd.DataFrame:
    """Return the rows of one shard: the readable images in the manifest's order, in equal lots.

    Raises:
        IdfsrError: There is no such shard.
    """
    readable = manifest[manifest["status"] == OK]
    num_shards = max(1, math.ceil(len(readable) / images_per_shard))
    if not 0 <= shard < num_shards:
        message = f"shard {shard} of the manifest, wanted 0 to {num_shards - 1}"
        raise IdfsrError(message)
    return readable.iloc[shard * images_per_shard : (shard + 1) * images_per_shard]


def detect_landmarks(
    rows: pd.DataFrame,
    root: Path,
    detector: FaceDetector,
    config: LandmarksConfig,
    threads: int,
    embed: Embed | None = None,
) -> pd.DataFrame:
    """Search the photographs of some rows of the manifest.

    Args:
        rows: With columns identity, image, path and sha256.
        root: Folder to which the paths are relative.
        detector: Its network runs once for each `config.batch_size` photographs.
        config: Size of the copies that are searched, and of the batches.
        threads: Photographs decoded at the same time.
        embed: Of the ID encoder; without it z_id stays empty.

    Returns:
        A row of `LANDMARKS_SCHEMA` for each photograph, in pixels of the upright original.

    Raises:
        IdfsrError: A photograph cannot be read, or has changed since the index.
    """

    def read_fitted(
        path: str, sha256: str
    ) -> tuple[UInt8[np.ndarray, "height width 3"], tuple[float, float]]:
        copy = read_copy(root / path, sha256, config.image_size)
        fitted, _ = fit_into_square(copy.image, config.image_size)
        return fitted, (copy.width / fitted.shape[1], copy.height / fitted.shape[0])

    paths, digests = rows["path"].tolist(), rows["sha256"].tolist()
    described: list[dict[str, Any]] = []
    with ThreadPoolExecutor(threads) as pool, tqdm(total=len(paths), unit="image") as progress:
        for start in range(0, len(paths), config.batch_size):
            batch = slice(start, start + config.batch_size)
            fitted = list(pool.map(read_fitted, paths[batch], digests[batch]))
            copies = [copy for copy, _ in fitted]
            found = detector.detect(copies, config.image_size)
            described += [
                describe(faces.scaled(factor), measure_sharpness(copy))
                | {"z_id": embed_largest(faces, copy, embed) if embed else None}
                for faces, (copy, factor) in zip(found, fitted, strict=True)
            ]
            progress.update(len(copies))
    keys = rows[KEY].reset_index(drop=True)
    columns = [name for name in LANDMARKS_SCHEMA.names if name not in KEY]
    return keys.join(pd.DataFrame(described, columns=columns))
