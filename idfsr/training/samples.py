"""Sheets of restored test images, made while the network is trained."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from idfsr.config.pretrain import PretrainStage
from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.sampling import sample_images
from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.io.shards import read_shard
from idfsr.io.tensors import from_network
from idfsr.models.idfsr import IDFSR

NUM_PEOPLE = 4
"""Of each scale factor."""
NUM_INFERENCE_STEPS = 20


def load_people(shard: Path) -> list[IdentityExamples]:
    """Return the test images of the first few people of a shard.

    Raises:
        IdfsrError: There is none.
    """
    names = read_shard([shard], ["identity"], part="test")["identity"].to_pylist()
    if not names:
        message = f"{shard}: found no image of the part test, wanted a test shard"
        raise IdfsrError(message)
    return [
        load_identity([shard], name, "test") for name in list(dict.fromkeys(names))[:NUM_PEOPLE]
    ]


def lay_out(
    examples: IdentityExamples, restored: Float[Tensor, "1 3 S S"]
) -> UInt8[np.ndarray, "S _ 3"]:
    """Put what goes into the first of the examples, what came out and the truth side by side."""
    size = restored.shape[-1]
    shown = (
        functional.interpolate(examples["lr_image"][:1], size=(size, size), mode="nearest"),
        examples["masked_lr"][:1],
        examples["warped_ref"][:1, 0],
        restored.cpu(),
        examples["gt_image"][:1],
    )
    return np.concatenate(from_network(torch.cat(shown)), axis=1)


def sample_sheet(
    config: PretrainStage, shards: Sequence[Path], device: torch.device
) -> Callable[[dict[str, Tensor]], UInt8[np.ndarray, "H W 3"]]:
    """Return what makes a sheet: averaged state of an IDFSR -> picture.

    A row for the first test image of each of a few people, restored as before a fit: z_id is the
    reference's. From left to right: low resolution, the same masked, the warped reference, the
    restored image, the ground truth. Nothing is drawn from the global random numbers.

    Args:
        config: Its sections `seed` and `model`.
        shards: Test shards, one of each scale factor.
        device: Where to sample.

    Raises:
        IdfsrError: See `load_people`; or there is no shard.
    """
    if not shards:
        message = "pretrain.sample_images: found no test shard to sample, wanted one at least"
        raise IdfsrError(message)
    people = [examples for shard in shards for examples in load_people(shard)]
    with torch.random.fork_rng(devices=[]):
        model = IDFSR(config.model).to(device).eval()

    @torch.no_grad()
    def draw(ema: dict[str, Tensor]) -> UInt8[np.ndarray, "H W 3"]:
        model.load_state_dict(ema)
        rows = []
        for examples in people:
            masked_lr = examples["masked_lr"][:1].to(device)
            z_s = model.encode_style(examples["warped_ref"][:1, 0].to(device))
            z_id = examples["reference_z_id"][:1, 0].to(device)
            size = masked_lr.shape[-1]
            restored = sample_images(
                partial(model, masked_lr=masked_lr, z_s=z_s, z_id=z_id),
                config.model.prediction,
                seeded_noise(examples["keys"][:1], config.seed, (3, size, size)).to(device),
                NUM_INFERENCE_STEPS,
                "ddim",
            )
            rows.append(lay_out(examples, restored))
        return np.concatenate(rows)

    return draw
