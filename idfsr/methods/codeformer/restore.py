"""CodeFormer (Zhou et al. 2022): no reference, a codebook of sharp faces."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import restore_by, weights_digest
from idfsr.models.codeformer import CODEFORMER_512, CodeFormer
from idfsr.models.published import load_network


@dataclass(frozen=True, kw_only=True)
class CodeFormerRestorer(Restorer):
    """The method with its network, for aligned faces."""

    network: CodeFormer
    w: float
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "CodeFormerRestorer":
        """Read the network."""
        path = context.weights["codeformer"]
        return cls(
            network=load_network(CodeFormer, CODEFORMER_512, path, "CodeFormer"),
            w=context.settings.w,
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the network."""
        return self.network.config.vqgan.image_size

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at the network's size."""
        device = next(self.network.parameters()).device
        return restore_by(
            lambda faces: self.network(faces, self.w), examples, self.native_size, device
        )
