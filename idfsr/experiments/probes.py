"""What each condition of IDFSR carries: the fitted model with one of them exchanged or left out.

IDFSR's claims in numbers (its Figs. 5, 6 and 8): z_id carries the person, so another's brings out
that other; the reference gives style and is not copied, so another photo of the person changes
little, and one of another person does not bring out that other. Nothing is trained anew here: a
network that never missed a condition is at a loss without it (see
`PretrainConfig.condition_dropout`).
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.constants import NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.faces.warp import warp_reference
from idfsr.io.degradation import upsample
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.io.images import decode_png, encode_png
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.io.tables import check_once
from idfsr.io.tensors import from_network, to_network
from idfsr.methods.engine.restore import split_examples
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.engine.pairs import batches
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.psnr import psnr
from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import SFace

PROBES_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "scale_factor": pa.int32(),
        "probe": pa.string(),
        "other_identity": pa.string(),
        "psnr": pa.float64(),
        "ids_sface": pa.float64(),
        "ids_other": pa.float64(),
        "model_digest": pa.string(),
    }
)
"""One row for each test image and probe: PSNR in dB and identity distance to the ground truth, and
the mean distance to the test images of `other_identity`, the same person for every probe."""

PROBE_IMAGES_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "scale_factor": pa.int32(),
        "probe": pa.string(),
        "other_identity": pa.string(),
        "sr_image": pa.binary(),
    }
)
"""The restored images themselves, as PNG."""

BATCH_SIZE = 16
"""Faces that the recogniser sees at a time."""


@dataclasses.dataclass(frozen=True)
class Stranger:
    """What stands in the place of a person's own conditions."""

    z_id: Float[Tensor, "512"]
    """Fitted to another person."""
    warped_ref: Float[Tensor, "B 3 S S"]
    """A photograph of that person, warped onto each of the examples."""
    reference_z_id: Float[Tensor, "512"]
    """Of that photograph."""


def read_stranger(
    shards: Sequence[Path],
    other: str,
    z_id: Float[Tensor, "512"],
    examples: IdentityExamples,
) -> Stranger:
    """Warp another person's first fit image onto examples, as the shards hold the own references.

    Args:
        shards: Test shards of one scale factor.
        other: The other person.
        z_id: Fitted to that person.
        examples: Onto whose landmarks it is warped.

    Raises:
        IdfsrError: The shards have no fit image of that person.
    """
    columns = ["image", "gt_image", "landmarks", "z_id"]
    photographs = read_shard(shards, columns, "fit", other).to_pylist()
    if not photographs:
        message = f"{shards[0]}: found no fit image of {other}, wanted one for the probes"
        raise IdfsrError(message)
    photograph = min(photographs, key=lambda row: str(row["image"]))
    image = decode_png(photograph["gt_image"])
    landmarks = np.array(photograph["landmarks"], np.float32).reshape(NUM_LANDMARKS, 2)
    size = examples["gt_image"].shape[-1]
    warped = [
        warp_reference(image, landmarks, target, size)[0]
        for target in examples["lr_landmarks"].numpy()
    ]
    return Stranger(z_id, to_network(np.stack(warped)), torch.tensor(photograph["z_id"]))


def restore_probes(
    method: IdfsrRestorer,
    examples: IdentityExamples,
    z_id: Float[Tensor, "D"],
    stranger: Stranger,
) -> Iterator[tuple[str, UInt8[np.ndarray, "B S S 3"]]]:
    """Restore the images of one person under each of `constants.PROBES`.

    Args:
        method: Its z_id is replaced.
        examples: With two references at least.
        z_id: Fitted to the person.
        stranger: Another person.

    Yields:
        Name of the probe and the images.
    """
    size = examples["gt_image"].shape[-1]
    low = from_network(examples["lr_image"])
    unmasked = to_network(np.stack([upsample(image, size) for image in low]))
    others: IdentityExamples = {**examples, "warped_ref": examples["warped_ref"].roll(-1, dims=1)}
    if "ref_landmarks" in examples:
        others["ref_landmarks"] = examples["ref_landmarks"].roll(-1, dims=1)
    wrong: IdentityExamples = {
        **examples, "warped_ref": stranger.warped_ref[:, None].expand_as(examples["warped_ref"])
    }  # fmt: skip
    fitted, other, photograph, without = (
        dataclasses.replace(method, fitted_z_id=vector)
        for vector in (z_id, stranger.z_id, stranger.reference_z_id, torch.zeros_like(z_id))
    )
    yield "fitted", fitted.restore(examples)
    yield "other-person", other.restore(examples)
    yield "other-reference", fitted.restore(others)
    yield "wrong-reference", fitted.restore(wrong)
    yield "wrong-photograph", photograph.restore(wrong)
    yield "no-id", without.restore(examples)
    yield "no-style", dataclasses.replace(fitted, with_style=False).restore(examples)
    yield "no-mask", fitted.restore({**examples, "masked_lr": unmasked})


@torch.inference_mode()
def score_faces(
    rows: pd.DataFrame, recogniser: SFace, device: torch.device
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, "N D"], Float[np.ndarray, "N D"]]:
    """Return PSNR in dB, and the embeddings of restored images and ground truth.

    Args:
        rows: With PNG images sr_image and gt_image, and landmarks of the latter.
        recogniser: Its embeddings have length 1.
        device: Of the recogniser.
    """
    columns: list[tuple[np.ndarray, ...]] = []
    for pairs in batches(rows, BATCH_SIZE):
        embeddings = (
            recogniser(to_unit(crops).to(device)).cpu().numpy()
            for crops in (pairs.sr.crop, pairs.gt.crop)
        )
        fidelity = psnr(to_unit(pairs.sr.image), to_unit(pairs.gt.image)).numpy()
        columns.append((fidelity, *embeddings))
    fidelity, sr, gt = map(np.concatenate, zip(*columns, strict=True))
    return fidelity, sr, gt


def _restored_frames(
    identity: str,
    examples: IdentityExamples,
    method: IdfsrRestorer,
    z_id: Float[Tensor, "D"],
    stranger: Stranger,
) -> Iterator[pd.DataFrame]:
    """Yield a table for each probe of one person: a row and a PNG for each image."""
    for probe, images in restore_probes(method, examples, z_id, stranger):
        yield pd.DataFrame(
            {
                "identity": identity,
                "image": examples["images"],
                "probe": probe,
                "sr_image": [encode_png(image) for image in images],
            }
        )


def measure_probes(
    shards: Sequence[Path],
    method: IdfsrRestorer,
    z_ids: dict[str, Float[Tensor, "D"]],
    scale_factor: int,
    num_images: int,
    recogniser: SFace,
) -> pd.DataFrame:
    """Restore and measure the first test images of each person under each of `constants.PROBES`.

    The other of each person is the next one in the order of their names.

    Args:
        shards: Test shards of one scale factor.
        method: The network.
        z_ids: Identity to fitted z_id, of two people at least.
        scale_factor: Of the shards.
        num_images: Of each person, at most.
        recogniser: On the network's device.

    Returns:
        The columns of `PROBES_SCHEMA`, and sr_image.

    Raises:
        IdfsrError: There is one person alone, or a shard is not what it should be, or has no test
            images of a person.
    """
    identities = sorted(z_ids)
    if len(identities) == 1:
        message = f"fitted embeddings: found {identities[0]} alone, wanted two people at least"
        raise IdfsrError(message)
    others = dict(zip(identities, identities[1:] + identities[:1], strict=True))
    frames: list[pd.DataFrame] = []
    for identity in tqdm(identities, desc=f"probes x{scale_factor}", unit="identity"):
        examples = next(split_examples(load_identity(shards, identity, "test"), num_images))
        other = others[identity]
        stranger = read_stranger(shards, other, z_ids[other], examples)
        frames += _restored_frames(identity, examples, method, z_ids[identity], stranger)
    truth = read_shard(shards, [*KEY, "gt_image", "landmarks"], "test").to_pandas()
    check_once(truth, "shards")
    rows = pd.concat(frames, ignore_index=True).merge(truth, on=KEY, validate="many_to_one")
    device = next(method.model.parameters()).device
    fidelity, sr, gt = map(torch.from_numpy, score_faces(rows, recogniser, device))
    owners = rows["identity"].to_numpy()
    # the mean of the distances to somebody's images is the distance to the mean of these
    means = {identity: gt[owners == identity].mean(dim=0) for identity in identities}
    other_means = [means[others[owner]] for owner in owners]
    table: pd.DataFrame = rows[[*KEY, "probe", "sr_image"]].assign(
        scale_factor=scale_factor,
        other_identity=[others[owner] for owner in owners],
        psnr=fidelity.double().numpy(),
        ids_sface=identity_distance(sr, gt).numpy(),
        ids_other=identity_distance(sr, torch.stack(other_means)).numpy(),
        model_digest=method.model_digest,
    )
    return pd.DataFrame(table, columns=[*PROBES_SCHEMA.names, "sr_image"])
