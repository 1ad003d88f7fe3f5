"""Scorers: the metrics of this package behind one signature, from a batch of pairs to columns.

Each loads its weights once and then fills the columns of one or more metrics of the registry,
or gives features of which a metric of the whole set is made.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from idfsr.data.tensors import to_network
from idfsr.metrics.attributes import compare_attributes
from idfsr.metrics.brisque import SupportVectorRegression, brisque, load_brisque
from idfsr.metrics.ids import identity_distance, same_identity
from idfsr.metrics.luma import to_luma
from idfsr.metrics.mobilenetv2 import MobileNetV2, load_mobilenetv2, perceptual_distance
from idfsr.metrics.pairs import Pairs
from idfsr.metrics.psnr import psnr
from idfsr.metrics.registry import Metric
from idfsr.metrics.sface import SFace, load_sface
from idfsr.metrics.ssim import ssim
from idfsr.metrics.unit_range import to_unit
from idfsr.models.attributes import AttributeNet, load_attributes

Scorer = Callable[[Pairs], dict[str, np.ndarray]]
"""Gives an array for each column, a row an image."""


@dataclass(frozen=True)
class Resources:
    """What scorers are made of."""

    assets_dir: Path
    """Folder of the asset packages."""
    attributes: Path
    """Weights of the attribute network."""
    idv_threshold: float
    """Largest SFace distance of one person."""
    device: torch.device


def score_psnr(pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns psnr and psnr_y."""
    images = to_unit(pairs.sr_image), to_unit(pairs.gt_image)
    return {"psnr": psnr(*images).numpy(), "psnr_y": psnr(*map(to_luma, images)).numpy()}


def score_ssim(pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns ssim and ssim_y."""
    images = to_unit(pairs.sr_image), to_unit(pairs.gt_image)
    return {"ssim": ssim(*images).numpy(), "ssim_y": ssim(*map(to_luma, images)).numpy()}


def score_mobilenetv2(
    network: MobileNetV2, device: torch.device, pairs: Pairs
) -> dict[str, np.ndarray]:
    """Fill the column mobilenetv2_distance, and give the pooled features of both images."""
    sr, gt = (network(to_unit(images).to(device)) for images in (pairs.sr_image, pairs.gt_image))
    return {
        "mobilenetv2_distance": perceptual_distance(sr, gt).cpu().numpy(),
        "sr_pooled": sr.pooled.cpu().numpy(),
        "gt_pooled": gt.pooled.cpu().numpy(),
    }


def score_brisque(model: SupportVectorRegression, pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the column brisque, of the restored image."""
    return {"brisque": brisque(to_unit(pairs.sr_image), model).numpy()}


def score_ids(network: SFace, resources: Resources, pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns ids_sface and idv_sface."""
    sr, gt = (
        network(to_unit(crops).to(resources.device)).cpu()
        for crops in (pairs.sr_crop, pairs.gt_crop)
    )
    distance = identity_distance(sr, gt)
    passed = same_identity(distance, resources.idv_threshold)
    return {"ids_sface": distance.numpy(), "idv_sface": passed.double().numpy()}


def score_attributes(network: AttributeNet, pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns of the agreement of attributes and of the difference in age."""
    sr, gt = (network.predict(to_network(crops)) for crops in (pairs.sr_crop, pairs.gt_crop))
    return compare_attributes(sr, gt)


SCORERS: Final[dict[str, Callable[[Resources], Scorer]]] = {
    "psnr": lambda _: score_psnr,
    "ssim": lambda _: score_ssim,
    "mobilenetv2": lambda resources: partial(
        score_mobilenetv2,
        load_mobilenetv2(resources.assets_dir, resources.device),
        resources.device,
    ),
    "brisque": lambda resources: partial(score_brisque, load_brisque(resources.assets_dir)),
    "ids": lambda resources: partial(
        score_ids, load_sface(resources.assets_dir, resources.device), resources
    ),
    "attributes": lambda resources: partial(
        score_attributes, load_attributes(resources.attributes, resources.device)
    ),
}
"""Name to what loads the scorer."""


def load_scorers(metrics: Iterable[Metric], resources: Resources) -> list[Scorer]:
    """Load what these metrics need, and nothing else.

    Raises:
        IdfsrError: A file of weights is missing or is not what it should be.
    """
    names = dict.fromkeys(metric.scorer for metric in metrics)
    return [SCORERS[name](resources) for name in names]
