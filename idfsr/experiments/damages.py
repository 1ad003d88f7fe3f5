"""Restoring under more damage than a network was trained with: scale, blur, noise and JPEG.

One kind of damage at a time, from none upwards, on an image of each of a few people. Landmarks are
searched anew in each damaged image, and the reference is warped onto them. What does not come from
the image stays what it is: reference, z_id and noise.
"""

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.constants import NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.experiments.probes import score_faces
from idfsr.faces.detector import Detector
from idfsr.faces.low_resolution import detect_low_resolution, landmarks_or_template
from idfsr.faces.mask import face_box
from idfsr.faces.prepare import seeded_generator
from idfsr.faces.warp import warp_reference
from idfsr.io.degradation import Damage, degrade_blindly, fill_box, upsample
from idfsr.io.examples import IdentityExamples
from idfsr.io.images import decode_png, encode_png
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard, scale_factor_of
from idfsr.io.tensors import to_network
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import SFace

NUM_PEOPLE: Final = 10
SCALE: Final = "scale"
LEVELS: Final[dict[str, tuple[float, ...]]] = {
    SCALE: (4.0, 8.0, 16.0, 32.0),
    "blur": (0.0, 0.5, 1.0, 2.0),
    "noise": (0.0, 5.0, 10.0, 20.0, 40.0),
    "jpeg": (0.0, 80.0, 60.0, 40.0, 20.0),
}
"""Of each kind of damage: times smaller; standard deviations in low-resolution pixels and in grey
levels; qualities of JPEG. The first of each but the scale is none."""
BICUBIC, BEFORE, AFTER = "bicubic", "idfsr-pt", "idfsr-ft"

DAMAGES_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "damage": pa.string(),
        "level": pa.float64(),
        "scale_factor": pa.int32(),
        "method": pa.string(),
        "lr_detected": pa.bool_(),
        "sr_image": pa.binary(),
        "psnr": pa.float64(),
        "ids_sface": pa.float64(),
        "model_digest": pa.string(),
    }
)
"""A row for each restored image; the distance is to its own ground truth."""


class Case(NamedTuple):
    """An image to damage and its first reference; landmarks are (x, y) in pixels."""

    identity: str
    image: str
    gt_image: UInt8[np.ndarray, "S S 3"]
    ref_image: UInt8[np.ndarray, "S S 3"]
    ref_landmarks: Float[np.ndarray, "5 2"]
    ref_z_id: Float[Tensor, "512"]


def read_cases(shards: Sequence[Path], people: Collection[str]) -> list[Case]:
    """Read the first test image of each of the first of some people by name.

    Raises:
        IdfsrError: The shards have a test image of none of them.
    """
    columns = [*KEY, "part", "gt_image", "landmarks", "references"]
    rows = read_shard(shards, columns).to_pylist()
    known = {(row["identity"], row["image"]): row for row in rows}
    first: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["identity"], row["image"])):
        if row["part"] == "test" and row["identity"] in people:
            first.setdefault(row["identity"], row)
    if not first:
        message = f"{shards[0]}: found no test image of the people with a fitted embedding"
        raise IdfsrError(message)
    cases = []
    for identity, row in list(first.items())[:NUM_PEOPLE]:
        reference = row["references"][0]
        shown = known[identity, reference["image"]]
        points = np.asarray(shown["landmarks"], np.float32).reshape(NUM_LANDMARKS, 2)
        cases.append(
            Case(
                identity, row["image"], decode_png(row["gt_image"]), decode_png(shown["gt_image"]),
                points, torch.tensor(reference["z_id"]),
            )
        )  # fmt: skip
    return cases


def list_damages(size: int, scale_factor: int) -> list[tuple[str, float, int, Damage]]:
    """Return kind, level, scale factor and damage of each restoration.

    Args:
        size: Side of the ground truth in pixels; scales that do not divide it are passed over.
        scale_factor: Of all but those of the kind `SCALE`.
    """
    scales = [
        (SCALE, float(scale), int(scale), Damage())
        for scale in LEVELS[SCALE]
        if size % int(scale) == 0
    ]
    blurs = [("blur", float(b), scale_factor, Damage(b * scale_factor)) for b in LEVELS["blur"]]
    noises = [("noise", float(n), scale_factor, Damage(noise=n)) for n in LEVELS["noise"]]
    jpegs = [("jpeg", float(q), scale_factor, Damage(quality=int(q))) for q in LEVELS["jpeg"]]
    return [*scales, *blurs, *noises, *jpegs]


def make_example(
    case: Case,
    lr_image: UInt8[np.ndarray, "_ _ 3"],
    detector: Detector,
    search_size: int,
    scale_factor: int,
) -> tuple[IdentityExamples, bool]:
    """Return what is restored from, and whether the face was found in the image."""
    size = len(case.gt_image)
    (face,) = detect_low_resolution(detector, [lr_image], search_size, size)
    landmarks, detected = landmarks_or_template(face, size)
    warped, _, _ = warp_reference(case.ref_image, case.ref_landmarks, landmarks, size)
    enlarged = to_network(upsample(lr_image, size))
    examples: IdentityExamples = {
        "keys": [f"{case.identity}/{case.image}/x{scale_factor}"],
        "images": [case.image],
        "gt_image": to_network(case.gt_image),
        "lr_image": to_network(lr_image),
        "lr_landmarks": torch.from_numpy(landmarks)[None],
        "masked_lr": fill_box(enlarged, face_box(landmarks, size, scale_factor)),
        "warped_ref": to_network(warped)[None],
        "z_id": case.ref_z_id[None],
        "reference_z_id": case.ref_z_id[None, None],
    }
    return examples, detected


def _restore(
    case: Case,
    methods: Mapping[str, IdfsrRestorer],
    detector: Detector,
    search_size: int,
    nominal: int,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a case; the same undamaged image is restored once."""
    done: dict[tuple[int, Damage], tuple[dict[str, bytes], bool]] = {}
    seed = next(iter(methods.values())).seed
    for kind, level, scale_factor, damage in list_damages(len(case.gt_image), nominal):
        if (scale_factor, damage) not in done:
            generator = seeded_generator(seed, "damages", case.identity, case.image, kind)
            lr_image = degrade_blindly(case.gt_image, scale_factor, damage, generator)
            examples, detected = make_example(case, lr_image, detector, search_size, scale_factor)
            images = {BICUBIC: encode_png(upsample(lr_image, len(case.gt_image)))}
            images |= {
                name: encode_png(method.restore(examples)[0]) for name, method in methods.items()
            }
            done[scale_factor, damage] = images, detected
        images, detected = done[scale_factor, damage]
        for name, png in images.items():
            yield {
                "identity": case.identity, "image": case.image, "damage": kind, "level": level,
                "scale_factor": scale_factor, "method": name, "lr_detected": detected,
                "sr_image": png,
            }  # fmt: skip


def restore_damaged(
    shards: Sequence[Path],
    method: IdfsrRestorer,
    z_ids: Mapping[str, Float[Tensor, "512"]],
    detector: Detector,
    search_size: int,
    recogniser: SFace,
) -> pd.DataFrame:
    """Restore and measure an image of each of a few people under each damage.

    Args:
        shards: Test shards of one scale factor.
        method: The network.
        z_ids: Identity to z_id, fitted at that scale factor.
        detector: Of low-resolution images.
        search_size: Side to which they are enlarged for it, in pixels.
        recogniser: On the network's device.

    Returns:
        The columns of `DAMAGES_SCHEMA`.
    """
    nominal = scale_factor_of(shards[0])
    made = []
    for case in tqdm(read_cases(shards, z_ids), desc="damages", unit="identity"):
        methods = {BEFORE: dataclasses.replace(method, num_references=1)}
        methods[AFTER] = dataclasses.replace(methods[BEFORE], fitted_z_id=z_ids[case.identity])
        made += list(_restore(case, methods, detector, search_size, nominal))
    truth = read_shard(shards, [*KEY, "gt_image", "landmarks"], "test").to_pandas()
    rows = pd.DataFrame(made).merge(truth, on=KEY, validate="many_to_one")
    device = next(method.model.parameters()).device
    fidelity, sr, gt = map(torch.from_numpy, score_faces(rows, recogniser, device))
    table: pd.DataFrame = rows.assign(
        psnr=fidelity.double().numpy(),
        ids_sface=identity_distance(sr, gt).numpy(),
        model_digest=method.model_digest,
    )[DAMAGES_SCHEMA.names]
    return table
