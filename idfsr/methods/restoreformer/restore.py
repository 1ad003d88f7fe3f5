"""RestoreFormer (Wang et al. 2022): attention from the degraded face to a dictionary of faces."""

from typing import ClassVar

from jaxtyping import Float
from spandrel.architectures.RestoreFormer import RestoreFormer
from torch import Tensor, nn

from idfsr.methods.engine.spandrel import SpandrelRestorer


class RestoreFormerRestorer(SpandrelRestorer):
    """The method with its network."""

    title: ClassVar[str] = "RestoreFormer"

    @classmethod
    def make_network(cls) -> nn.Module:
        """Build it."""
        network: nn.Module = RestoreFormer()
        return network

    def run(self, faces: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Restore."""
        restored: Tensor = self.network(faces)[0]
        return restored
