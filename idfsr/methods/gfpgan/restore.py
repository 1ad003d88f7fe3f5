"""GFPGAN (Wang et al. 2021): a face prior, StyleGAN2, that features of the degraded face steer."""

from typing import ClassVar

from jaxtyping import Float
from spandrel.architectures.GFPGAN import GFPGAN
from torch import Tensor, nn

from idfsr.methods.engine.spandrel import SpandrelRestorer


class GfpganRestorer(SpandrelRestorer):
    """The method with its network."""

    title: ClassVar[str] = "GFPGAN"

    @classmethod
    def make_network(cls) -> nn.Module:
        """Build version 1.4, which is "clean": without compiled operators."""
        network: nn.Module = GFPGAN()
        return network

    def run(self, faces: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Restore with the noise that is stored with the weights, the same for all faces."""
        restored: Tensor = self.network(faces, return_rgb=False, randomize_noise=False)[0]
        return restored
