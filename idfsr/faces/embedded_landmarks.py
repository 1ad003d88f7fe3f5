"""68 landmarks by the small network of the embedded default."""

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.io.images import resize
from idfsr.io.tensors import to_network
from idfsr.models.landmarks68 import Landmarks68Net


class EmbeddedLandmarks:
    """Finds 68 landmarks in aligned faces; every image is taken for a face.

    Args:
        network: In evaluation mode.
    """

    def __init__(self, network: Landmarks68Net) -> None:
        self._network = network

    @torch.no_grad()
    def detect(self, images: UInt8[np.ndarray, "B H W 3"]) -> Float[np.ndarray, "B 68 2"]:
        """Return (x, y) in pixels of each image, which is looked at by itself.

        One after the other: on a CPU sums of other orders would let boxes depend on the batch.
        """
        network, side = self._network, self._network.image_size
        device = next(network.parameters()).device
        points = [
            network(to_network(resize(image, (side, side), "bicubic")).to(device))[0].double()
            for image in images
        ]
        return np.asarray(torch.stack(points).cpu().numpy() * images.shape[2])
