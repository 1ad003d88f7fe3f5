"""FID by pytorch-fid's own calls, for `metrics.engine: library`; KID on the same features.

The package reads files, so each image is written as a PNG, which loses nothing.
"""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from pytorch_fid import fid_score, inception
from torch import Tensor

from idfsr.metrics.engine.metric import GT_SET, SR_SET, Columns, OfPairs, Pairs, Resources
from idfsr.metrics.engine.own_calls import own_file
from idfsr.metrics.inception.kid import kernel_distance
from idfsr.metrics.inception.network import WEIGHTS

DIMS = 2048
"""Of the features, by which the package names the place where they are taken."""


def load_own(resources: Resources) -> OfPairs:
    """Load the package's network.

    Raises:
        IdfsrError: Its file is missing or refused.
    """
    with own_file(resources.weights_dir, WEIGHTS, "pytorch-fid's Inception"):
        network = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[DIMS]])

    def features(images: UInt8[np.ndarray, "B H W 3"]) -> np.ndarray:
        with TemporaryDirectory() as folder:
            files = [Path(folder) / f"{row}.png" for row in range(len(images))]
            for file, image in zip(files, images, strict=True):
                Image.fromarray(image).save(file)
            found: np.ndarray = fid_score.get_activations(
                files, network, batch_size=1, dims=DIMS, num_workers=0
            )
        return found

    def score(pairs: Pairs) -> Columns:
        return {SR_SET: features(pairs.sr.image), GT_SET: features(pairs.gt.image)}

    return OfPairs(score, {"fid": own_distance, "kid": kernel_distance})


def own_distance(sr: Tensor, gt: Tensor) -> float:
    """Return the package's Frechet distance of two sets of features."""
    statistics = [
        part
        for rows in (sr.numpy(), gt.numpy())
        for part in (np.mean(rows, axis=0), np.cov(rows, rowvar=False))
    ]
    with warnings.catch_warnings():
        # Of scipy: it is going to remove sqrtm(disp=), and with fewer images than features the root
        # is of a singular matrix, to which the package answers by itself.
        warnings.simplefilter("ignore")
        return float(fid_score.calculate_frechet_distance(*statistics))
