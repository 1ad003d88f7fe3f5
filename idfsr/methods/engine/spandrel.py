"""Methods whose networks the package spandrel has: an extra, not a requirement."""

import abc
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import restore_by, weights_digest
from idfsr.models.published import load_published

FACE_SIZE: Final = 512


@dataclass(frozen=True, kw_only=True)
class SpandrelRestorer(Restorer):
    """A method with its network, for aligned faces without a reference."""

    title: ClassVar[str]
    """Of the network, for an error."""

    network: nn.Module
    model_digest: str

    @classmethod
    @abc.abstractmethod
    def make_network(cls) -> nn.Module:
        """Build the network of the published sizes."""

    @abc.abstractmethod
    def run(self, faces: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Restore faces of the network's size in [-1, 1], which the result may leave."""

    @classmethod
    def load(cls, context: Context) -> "SpandrelRestorer":
        """Read the network.

        Raises:
            IdfsrError: The file is not of this network.
        """
        (path,) = context.weights.values()
        network = load_published(cls.make_network(), path, cls.title)
        return cls(
            network=network.to(memory_format=torch.contiguous_format),  # GFPGAN takes no other
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the published networks."""
        return FACE_SIZE

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at 512 px."""
        device = next(self.network.parameters()).device
        return restore_by(self.run, examples, self.native_size, device)
