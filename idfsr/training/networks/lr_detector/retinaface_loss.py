"""The loss of RetinaFace (Deng et al. 2020, Eq. 1) for images that show one face each.

Priors that overlap the face learn to give "face", its box and its landmarks. Of the others, those
with the highest scores for a face learn to give "background". Weights and thresholds are those of
the public PyTorch implementation (biubug6/Pytorch_Retinaface).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional
from torchvision.ops import box_iou

from idfsr.faces.priors import encode_boxes, encode_landmarks
from idfsr.faces.retinaface import Heads

MATCH_THRESHOLD = 0.35
"""Intersection over union from which a prior is the face's."""

NEGATIVES_PER_POSITIVE = 7
"""Background priors that count, for each prior of the face; the hardest ones."""

BOX_WEIGHT = 2.0
"""Of the box term; score and landmarks weigh 1."""


class Losses(NamedTuple):
    """Terms of the loss, each a mean over the face's priors."""

    box: Float[Tensor, ""]
    score: Float[Tensor, ""]
    landmarks: Float[Tensor, ""]

    def total(self) -> Float[Tensor, ""]:
        """Return the weighted sum."""
        return BOX_WEIGHT * self.box + self.score + self.landmarks


def match_priors(boxes: Float[Tensor, "B 4"], priors: Float[Tensor, "P 4"]) -> Bool[Tensor, "B P"]:
    """Tell which priors are those of each image's face: at least the one that overlaps it best.

    Args:
        boxes: (x0, y0, x1, y1) of the face in each image, in pixels.
        priors: (centre x, centre y, width, height) in pixels.
    """
    half = priors[:, 2:] / 2
    corners = torch.cat((priors[:, :2] - half, priors[:, :2] + half), dim=1)
    overlaps: Tensor = box_iou(boxes, corners)
    matched = overlaps >= MATCH_THRESHOLD
    return matched.scatter(1, overlaps.argmax(dim=1, keepdim=True), value=True)


def hardest_negatives(
    score_loss: Float[Tensor, "B P"], matched: Bool[Tensor, "B P"]
) -> Bool[Tensor, "B P"]:
    """Tell which background priors count: in each image those of the largest loss."""
    background = score_loss.detach().masked_fill(matched, -1)
    rank = background.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    wanted = NEGATIVES_PER_POSITIVE * matched.sum(dim=1, keepdim=True)
    return (rank < wanted) & ~matched


def multibox_loss(
    heads: Heads,
    boxes: Float[Tensor, "B 4"],
    landmarks: Float[Tensor, "B 5 2"],
    priors: Float[Tensor, "P 4"],
) -> Losses:
    """Compare the network's output with the one face in each image.

    Args:
        heads: Output of the network.
        boxes: (x0, y0, x1, y1) of the faces, in pixels.
        landmarks: (x, y) of their five points, in pixels.
        priors: Of the images' size.
    """
    matched = match_priors(boxes, priors)
    image, prior = matched.nonzero(as_tuple=True)
    box_loss = functional.smooth_l1_loss(
        heads.boxes[matched], encode_boxes(boxes[image], priors[prior]), reduction="sum"
    )
    landmark_loss = functional.smooth_l1_loss(
        heads.landmarks[matched],
        encode_landmarks(landmarks[image], priors[prior]),
        reduction="sum",
    )
    score_loss = functional.cross_entropy(
        heads.logits.transpose(1, 2), matched.long(), reduction="none"
    )
    counted = matched | hardest_negatives(score_loss, matched)
    num_matched = len(image)
    return Losses(
        box_loss / num_matched, score_loss[counted].sum() / num_matched, landmark_loss / num_matched
    )
