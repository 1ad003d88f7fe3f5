"""Scorers: the metrics of this package behind two signatures, loaded by the name in the registry.

A scorer of pairs looks at both images at once. A comparison is made of what a network says of each
image by itself, which is kept (see `idfsr.metrics.engine.features`). Each loads its weights once, and
fills the columns of one or more metrics, or gives features of which a metric of the whole set is
made.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from idfsr.io.weights_list import missing_files
from idfsr.metrics.engine.comparisons import COMPARISONS, Comparison, Resources
from idfsr.metrics.engine.luma import to_luma
from idfsr.metrics.engine.pairs import Pairs
from idfsr.metrics.engine.registry import Metric
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.lpips.network import load_lpips, lpips_distance
from idfsr.metrics.mobilenetv2.network import MobileNetV2, load_mobilenetv2, perceptual_distance
from idfsr.metrics.psnr import psnr
from idfsr.metrics.ssim import ssim

logger = logging.getLogger(__name__)

PairScorer = Callable[[Pairs], dict[str, np.ndarray]]
"""Gives an array for each column, a row an image."""


@dataclass(frozen=True)
class Scorers:
    """What computes some metrics."""

    of_pairs: list[PairScorer]
    comparisons: list[Comparison]


def score_psnr(pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns psnr and psnr_y."""
    images = to_unit(pairs.sr_image), to_unit(pairs.gt_image)
    return {"psnr": psnr(*images).numpy(), "psnr_y": psnr(*map(to_luma, images)).numpy()}


def score_ssim(pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the columns ssim and ssim_y."""
    images = to_unit(pairs.sr_image), to_unit(pairs.gt_image)
    return {"ssim": ssim(*images).numpy(), "ssim_y": ssim(*map(to_luma, images)).numpy()}


def score_lpips(network: torch.nn.Module, pairs: Pairs) -> dict[str, np.ndarray]:
    """Fill the column lpips."""
    distance = lpips_distance(network, to_unit(pairs.sr_image), to_unit(pairs.gt_image))
    return {"lpips": distance.cpu().numpy()}


def score_mobilenetv2(
    network: MobileNetV2, device: torch.device, pairs: Pairs
) -> dict[str, np.ndarray]:
    """Fill the column mobilenetv2_distance, and give the pooled features of both images."""
    sr, gt = (network(to_unit(images).to(device)) for images in (pairs.sr_image, pairs.gt_image))
    return {
        "mobilenetv2_distance": perceptual_distance(sr, gt).cpu().numpy(),
        "sr_mobilenetv2": sr.pooled.cpu().numpy(),
        "gt_mobilenetv2": gt.pooled.cpu().numpy(),
    }


PAIR_SCORERS: Final[dict[str, Callable[[Resources], PairScorer]]] = {
    "psnr": lambda _: score_psnr,
    "ssim": lambda _: score_ssim,
    "lpips": lambda resources: partial(
        score_lpips, load_lpips(resources.weights_dir, resources.device)
    ),
    "mobilenetv2": lambda resources: partial(
        score_mobilenetv2,
        load_mobilenetv2(resources.assets_dir, resources.device),
        resources.device,
    ),
}
"""Name to what loads the scorer."""


def load_scorers(metrics: Iterable[Metric], resources: Resources) -> Scorers:
    """Load what these metrics need, and nothing else.

    Raises:
        IdfsrError: A file of weights is missing or is not what it should be.
    """
    names = list(dict.fromkeys(metric.scorer for metric in metrics))
    return Scorers(
        [PAIR_SCORERS[name](resources) for name in names if name in PAIR_SCORERS],
        [COMPARISONS[name](resources) for name in names if name in COMPARISONS],
    )


def drop_missing(metrics: Iterable[Metric], weights_dir: Path) -> tuple[list[Metric], list[str]]:
    """Leave out metrics whose published weights are not there, and log a line for each.

    Args:
        metrics: What is wanted.
        weights_dir: Folder of the published weights.

    Returns:
        The metrics that can be computed, and the names of the others.
    """
    wanted = list(metrics)
    missing = missing_files([metric.name for metric in wanted], weights_dir)
    for name, file in missing.items():
        logger.warning("%s: not computed, its column stays empty: no %s", name, file)
    return [metric for metric in wanted if metric.name not in missing], list(missing)
