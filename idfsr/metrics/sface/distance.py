"""Identity distance and verification with SFace: IDS and IDV of the embedded default.

The paper's IDS and IDV come from DeepFace's VGG-Face. Distances of the two networks have other
distributions, so neither column can be compared with the paper's.
"""

from jaxtyping import Bool, Float
from torch import Tensor


def identity_distance(
    sr_embedding: Float[Tensor, "B D"], gt_embedding: Float[Tensor, "B D"]
) -> Float[Tensor, "B"]:
    """Return 1 - cosine of the embeddings, which is IDS: lower is better.

    Args:
        sr_embedding: Vectors of length 1.
        gt_embedding: Likewise.

    Returns:
        In [0, 2].
    """
    return 1 - (sr_embedding.double() * gt_embedding.double()).sum(dim=1).clamp(-1, 1)


def same_identity(distance: Float[Tensor, "B"], threshold: float) -> Bool[Tensor, "B"]:
    """Return whether two faces pass as one person; the share of those that do is IDV.

    Args:
        distance: Of `identity_distance`.
        threshold: The largest distance of one person, itself included.
    """
    return distance <= threshold
