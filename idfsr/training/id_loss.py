"""The identity loss: a recogniser compares the clean image that is predicted with the person.

The paper trains with Eq. 1 alone and begins with DiffAE's weights. The embedded network begins with
random ones, and this loss shows it early what in a face is the person (docs/decisions/0013).
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from idfsr.constants import ARCFACE_LANDMARKS_112, ARCFACE_SIZE
from idfsr.faces.align import fit_similarity


def _to_normalised(size: int) -> Float[np.ndarray, "3 3"]:
    """Return the map from (x, y) in pixels of a square image to (x, y) in [-1, 1]."""
    return np.array([[2 / size, 0, -1], [0, 2 / size, -1], [0, 0, 1]])


def crop_grid(
    landmarks: Float[Tensor, "B 5 2"], image_size: int, device: torch.device
) -> Float[Tensor, "B 112 112 2"]:
    """Return where the pixels of ArcFace crops lie in images, for `grid_sample`.

    Convention: (x, y) in [-1, 1], -1 and 1 at the edges of the image (align_corners=False).

    Args:
        landmarks: (x, y) in pixels of the image.
        image_size: Side in pixels.
        device: Where the grid is wanted.
    """
    template = np.array(ARCFACE_LANDMARKS_112)
    maps = []
    for points in landmarks.numpy().astype(np.float64):
        image_to_crop = np.vstack([fit_similarity(points, template), [0, 0, 1]])
        normalised = _to_normalised(ARCFACE_SIZE) @ image_to_crop
        maps.append((_to_normalised(image_size) @ np.linalg.inv(normalised))[:2])
    size = [len(landmarks), 3, ARCFACE_SIZE, ARCFACE_SIZE]
    theta = torch.from_numpy(np.stack(maps)).float().to(device)
    return functional.affine_grid(theta, size, False)


def embed_faces(
    embed: Callable[[Tensor], Tensor],
    images: Float[Tensor, "B 3 S S"],
    landmarks: Float[Tensor, "B 5 2"],
) -> Float[Tensor, "B D"]:
    """Return the embeddings of faces; the gradient goes through the recogniser into the images.

    They are sampled bilinearly: of images much larger than the crop it would see scattered pixels.

    Args:
        embed: The recogniser, frozen.
        images: In [-1, 1] or near it.
        landmarks: Of the faces, (x, y) in pixels of the images.
    """
    grid = crop_grid(landmarks, images.shape[-1], images.device)
    crops = functional.grid_sample(images, grid, mode="bilinear", align_corners=False)
    return embed(crops.contiguous(memory_format=torch.channels_last)).float()


def identity_losses(
    embed: Callable[[Tensor], Tensor],
    images: Float[Tensor, "B 3 S S"],
    landmarks: Float[Tensor, "B 5 2"],
    wanted: Float[Tensor, "B D"],
) -> Float[Tensor, "B"]:
    """Return 1 - cosine of the embedding of each face and what it should be, in [0, 2].

    Args:
        embed: See `embed_faces`.
        images: Likewise.
        landmarks: Likewise.
        wanted: Embeddings of the ground truths.
    """
    found = embed_faces(embed, images, landmarks)
    return 1 - functional.cosine_similarity(found, wanted)
