"""CMMD (Jayasumana et al. 2024, section 4): maximum mean discrepancy on embeddings of CLIP.

The network and what brings an image to it, a square of 336 px made by bicubic resizing, are those
of OpenAI's package `clip`.
"""

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights
from idfsr.metrics.engine.discrepancy import mean_discrepancy
from idfsr.metrics.engine.metric import ImageBatch

WEIGHTS: Final = "hub/clip/ViT-L-14-336px.pt"
"""Below the folder of published weights."""
SIGMA: Final = 10.0
SCALE: Final = 1000.0
"""Width of the kernel, and by what the authors multiply the value so that it is easier to read."""

_SIGNS_OF_OTHER_CONTENT = (
    RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError, AttributeError,
)  # fmt: skip
"""What the package raises on another file."""


class Clip(NamedTuple):
    """CLIP and what brings an image to it."""

    network: Any
    transform: Callable[[Image.Image], Tensor]


def load_clip(weights_dir: Path, device: torch.device) -> Clip:
    """Load CLIP.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "CLIP with ViT-L/14 at 336 px")
    with warnings.catch_warnings():
        # the package imports pkg_resources, and torch.jit.load is deprecated
        warnings.simplefilter("ignore")
        import clip

        try:
            network, transform = clip.load(str(path), device="cpu")
        except _SIGNS_OF_OTHER_CONTENT as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            message = f"{path}: not OpenAI's TorchScript archive of CLIP: {first}"
            raise IdfsrError(message) from None
    if not isinstance(network.visual, clip.model.VisionTransformer):
        message = f"{path}: found CLIP with {type(network.visual).__name__}, wanted ViT-L/14"
        raise IdfsrError(message)
    return Clip(network.eval().to(device), transform)


@torch.inference_mode()
def clip_embeddings(loaded: Clip, batch: ImageBatch) -> Float[Tensor, "B D"]:
    """Return the embeddings of whole images, of unit length, on the network's device."""
    images = torch.stack([loaded.transform(Image.fromarray(image)) for image in batch.image])
    device = next(loaded.network.parameters()).device
    embeddings: Tensor = loaded.network.encode_image(images.to(device))
    return functional.normalize(embeddings)


def cmmd(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> float:
    """Return 1000 times the unbiased estimate of the squared maximum mean discrepancy.

    Jayasumana et al. (2024), section 4, with `gaussian_kernel`. The
    authors' program counts the pairs of an image with itself too, a bias that few images have most.

    Args:
        x: Embeddings of unit length, one image a row.
        y: Likewise, of the other set.

    Returns:
        Lower is better; around 0, and on either side of it, for sets of one distribution.

    Raises:
        ValueError: A set has fewer than two images.
    """
    return SCALE * mean_discrepancy(x, y, gaussian_kernel)


def gaussian_kernel(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> Float[Tensor, "N M"]:
    """Return exp(-|x - y|^2 / (2 sigma^2)) of every two rows (Jayasumana et al. 2024)."""
    # differences themselves: products of rows would lose the digits that the scale brings up
    squares = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()
    return torch.exp(-squares / (2 * SIGMA**2))
