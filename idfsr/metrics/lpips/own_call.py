"""LPIPS by the package's own call, for `metrics.engine: library`."""

import lpips
import numpy as np
import torch

from idfsr.metrics.engine.metric import Columns, OfPairs, Pairs, Resources
from idfsr.metrics.engine.own_calls import own_file
from idfsr.metrics.lpips.network import WEIGHTS


def load_own(resources: Resources) -> OfPairs:
    """Load the package's metric.

    Raises:
        IdfsrError: AlexNet's file is missing or refused.
    """
    with own_file(resources.weights_dir, WEIGHTS, "AlexNet"):
        metric = lpips.LPIPS(net="alex", verbose=False)

    @torch.no_grad()
    def score(pairs: Pairs) -> Columns:
        images = zip(pairs.sr.image, pairs.gt.image, strict=True)
        values = [metric(lpips.im2tensor(sr), lpips.im2tensor(gt)).item() for sr, gt in images]
        return {"lpips": np.array(values)}

    return OfPairs(score)
