"""GFPGAN and RestoreFormer, whose networks the package spandrel has: an extra, not a requirement.

Wang et al. (2021), Wang et al. (2022). Both restore aligned faces without a reference.
"""

import abc
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Baseline, Context
from idfsr.methods.engine.native import restore_by, weights_digest
from idfsr.models.published import load_published
from idfsr.run.plugins import missing_packages

FACE_SIZE: Final = 512


@dataclass(frozen=True, kw_only=True)
class SpandrelMethod(Baseline):
    """A method with its network, for aligned faces."""

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
    def load(cls, context: Context) -> "SpandrelMethod":
        """Read the network.

        Raises:
            IdfsrError: The package or the file is missing, or it is not of this network.
        """
        if missing := missing_packages([cls.name]):
            raise IdfsrError(missing[0])
        (path,) = context.weights.values()
        network = load_published(cls.make_network(), path, cls.name)
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


class Gfpgan(SpandrelMethod):
    """A face prior, StyleGAN2, that features of the degraded face steer."""

    name: ClassVar[str] = "gfpgan"
    weights: ClassVar[tuple[str, ...]] = ("gfpgan",)

    @classmethod
    def make_network(cls) -> nn.Module:
        """Build version 1.4, which is "clean": without compiled operators."""
        from spandrel.architectures.GFPGAN import GFPGAN  # noqa: PLC0415 - an extra

        network: nn.Module = GFPGAN()
        return network

    def run(self, faces: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Restore with the noise that is stored with the weights, the same for all faces."""
        restored: Tensor = self.network(faces, return_rgb=False, randomize_noise=False)[0]
        return restored


class RestoreFormer(SpandrelMethod):
    """Attention from the degraded face to a dictionary of sharp faces."""

    name: ClassVar[str] = "restoreformer"
    weights: ClassVar[tuple[str, ...]] = ("restoreformer",)

    @classmethod
    def make_network(cls) -> nn.Module:
        """Build it."""
        from spandrel.architectures.RestoreFormer import (  # noqa: PLC0415 - an extra
            RestoreFormer as Network,
        )

        network: nn.Module = Network()
        return network

    def run(self, faces: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Restore."""
        restored: Tensor = self.network(faces)[0]
        return restored
