"""More of what the conditions carry: another person's z_id without a fit, and other references.

The probes give another person's fitted z_id (IDFSR, Fig. 5). Here stand beside it the z_id of one
photograph of that person and the mean of several; and one low-resolution image restored with each
of several references of its person (IDFSR, Fig. 6).
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.errors import IdfsrError
from idfsr.experiments.probes import score_faces
from idfsr.io.examples import IdentityExamples, load_identity, load_mean_z_id
from idfsr.io.images import encode_png
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.methods.engine.restore import pick_rows, split_examples
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.metrics.sface.distance import identity_distance
from idfsr.metrics.sface.network import SFace

OTHER_PHOTOGRAPH, OTHER_MEAN, STYLE = "other-photograph", "other-mean", "style"
"""z_id of one photograph of another person; the mean of that person's; another reference."""

MAX_STYLES = 4
"""References of an image that are tried, the first ones."""


def restore_with_other(
    method: IdfsrRestorer,
    examples: IdentityExamples,
    photograph: Float[Tensor, "D"],
    mean: Float[Tensor, "D"],
) -> Iterator[tuple[str, UInt8[np.ndarray, "B S S 3"]]]:
    """Restore images with another person's z_id; see `OTHER_PHOTOGRAPH` and `OTHER_MEAN`."""
    for name, z_id in ((OTHER_PHOTOGRAPH, photograph), (OTHER_MEAN, mean)):
        yield name, dataclasses.replace(method, fitted_z_id=z_id).restore(examples)


def restore_with_each(
    method: IdfsrRestorer, example: IdentityExamples
) -> Iterator[UInt8[np.ndarray, "S S 3"]]:
    """Restore one image with each of its references, `MAX_STYLES` at most.

    Args:
        method: With the person's fitted z_id.
        example: The image.
    """
    for number in range(min(MAX_STYLES, example["warped_ref"].shape[1])):
        alone: IdentityExamples = {
            **example,
            "warped_ref": example["warped_ref"][:, number : number + 1],
        }
        alone.pop("ref_landmarks", None)
        yield method.restore(alone)[0]


def _row(
    identity: str, image: str, exchange: str, other: str, reference: str, png: bytes
) -> dict[str, str | bytes]:
    return {
        "identity": identity,
        "image": image,
        "exchange": exchange,
        "other_identity": other,
        "reference": reference,
        "sr_image": png,
    }


def exchange_person(
    shards: Sequence[Path],
    method: IdfsrRestorer,
    z_id: Float[Tensor, "D"],
    identity: str,
    other: str,
    num_images: int,
) -> list[dict[str, str | bytes]]:
    """Make the rows of one person.

    Args:
        shards: Test shards of one scale factor.
        method: The network.
        z_id: Fitted to the person.
        identity: The person.
        other: Whose z_id takes its place.
        num_images: Of the person, at most; the references change in the first one alone.
    """
    examples = next(split_examples(load_identity(shards, identity, "test"), num_images))
    photographs = load_identity(shards, other, "fit")
    mean = load_mean_z_id(shards, other)
    rows = [
        _row(identity, image, exchange, other, photographs["images"][0], encode_png(restored))
        for exchange, images in restore_with_other(method, examples, photographs["z_id"][0], mean)
        for image, restored in zip(examples["images"], images, strict=True)
    ]
    fitted = dataclasses.replace(method, fitted_z_id=z_id)
    first = pick_rows(examples, [0])
    (image,) = first["images"]
    table = read_shard(shards, ["image", "part", "references"], "test", identity).to_pylist()
    names = [
        reference["image"]
        for row in table
        if row["image"] == image
        for reference in row["references"]
    ]
    return rows + [
        _row(identity, image, STYLE, "", name, encode_png(restored))
        for name, restored in zip(names, restore_with_each(fitted, first), strict=False)
    ]


def make_exchanges(
    shards: Sequence[Path],
    method: IdfsrRestorer,
    z_ids: Mapping[str, Float[Tensor, "D"]],
    num_images: int,
    recogniser: SFace,
) -> pd.DataFrame:
    """Restore and measure the first test images of each person; the other is the next by name.

    Args:
        shards: Test shards of one scale factor.
        method: The network.
        z_ids: Identity to fitted z_id, of two people at least.
        num_images: Of each person, at most.
        recogniser: On the network's device.

    Returns:
        The columns of `EXCHANGES_SCHEMA` but those of the expressions, with gt_image, landmarks
        and the PNG of the warped reference, warped_ref.

    Raises:
        IdfsrError: There is one person alone, or a shard is not what it should be.
    """
    identities = sorted(z_ids)
    if len(identities) == 1:
        message = f"fitted embeddings: found {identities[0]} alone, wanted two people at least"
        raise IdfsrError(message)
    others = dict(zip(identities, identities[1:] + identities[:1], strict=True))
    made = [
        row
        for identity in tqdm(identities, desc="exchanges", unit="identity")
        for row in exchange_person(
            shards, method, z_ids[identity], identity, others[identity], num_images
        )
    ]
    columns = [*KEY, "scale_factor", "gt_image", "landmarks", "references"]
    truth = read_shard(shards, columns, "test").to_pandas()
    rows = pd.DataFrame(made).merge(truth, on=KEY, validate="many_to_one")
    rows["warped_ref"] = [
        next((one["warped_ref"] for one in references if one["image"] == name), None)
        for name, references in zip(rows["reference"], rows.pop("references"), strict=True)
    ]
    device = next(method.model.parameters()).device
    fidelity, sr, gt = map(torch.from_numpy, score_faces(rows, recogniser, device))
    owners = rows["identity"].to_numpy()
    means = {identity: gt[owners == identity].mean(dim=0) for identity in identities}
    towards = torch.stack([means[others[owner]] for owner in owners])
    return rows.assign(
        psnr=fidelity.double().numpy(),
        ids_sface=identity_distance(sr, gt).numpy(),
        ids_other=identity_distance(sr, towards).numpy(),
        model_digest=method.model_digest,
    )
