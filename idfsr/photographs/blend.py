"""What a network adds to a photograph: the detail of a face, inside a mask, and nothing else.

The photograph shows the coarse of a face already, with its own light, colour and grain. So only
what is finer is taken from the restored face, and added to the photograph's own values.
"""

import cv2
import numpy as np
from jaxtyping import Float, Num, UInt8

from idfsr.faces.mask import FACE_BOX_512
from idfsr.io.images import resize

INNER, OUTER = 1.0, 1.2
"""The mask is 1 inside the ellipse in the face's box, times the first; 0 outside of it, times the
second."""
NUM_CORRECTIONS = 5
"""After which a restored face, made small, is the photograph's to a level or two."""
ONE_TONE = 3.0
"""Largest deviation from one tone, in levels of 255, of a grey, brown or blue photograph."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def face_mask(size: int) -> Float[np.ndarray, "size size"]:
    """Return the weights of the pixels of an aligned face, 1 on it and 0 around it."""
    x0, y0, x1, y1 = (edge * size / 512 for edge in FACE_BOX_512)
    places = np.arange(size) + 0.5
    x = (places - (x0 + x1) / 2) / ((x1 - x0) / 2)
    y = (places - (y0 + y1) / 2) / ((y1 - y0) / 2)
    radius = np.hypot(x[None], y[:, None])
    weights: Float[np.ndarray, "size size"] = (OUTER - radius) / (OUTER - INNER)
    weights = np.pad(weights[1:-1, 1:-1], 1)  # what is resampled ends inside of the crop
    return weights.clip(0, 1).astype(np.float32)


def blur_to(image: UInt8[np.ndarray, "S S 3"], side: int) -> UInt8[np.ndarray, "S S 3"]:
    """Return an image with the detail of a copy of a smaller side."""
    size = len(image)
    return resize(resize(image, (side, side), "bicubic"), (size, size), "bicubic")


def correct(
    face: UInt8[np.ndarray, "S S 3"], crop: UInt8[np.ndarray, "S S 3"], side: int
) -> UInt8[np.ndarray, "S S 3"]:
    """Make a restored face agree with the photograph, where both are made small.

    Iterative back projection (Irani and Peleg 1991): what the small copies differ by is enlarged
    and added, some times over.

    Args:
        face: Restored.
        crop: The same place of the photograph.
        side: Of the small copies, in pixels.
    """
    wanted = blur_to(crop, side).astype(np.float32)
    corrected = face.astype(np.float32)
    for _ in range(NUM_CORRECTIONS):
        levels = np.rint(corrected).clip(0, 255).astype(np.uint8)
        corrected += wanted - blur_to(levels, side)
    return np.rint(corrected).clip(0, 255).astype(np.uint8)


def keep_tone(
    detail: Float[np.ndarray, "S S C"], crop: Float[np.ndarray, "S S C"], white: float
) -> Float[np.ndarray, "S S C"]:
    """Give detail the tone of a photograph that has only one: grey stays grey, brown brown.

    Args:
        detail: To be added.
        crop: Of the photograph, in its own colours.
        white: Value of white.
    """
    if crop.shape[2] == 1:
        return detail
    luma = crop @ LUMA
    centred = luma - luma.mean()
    slopes = np.array(
        [(channel * centred).mean() for channel in np.moveaxis(crop, 2, 0)], np.float32
    ) / max(float(centred.var()), 1e-6)
    rest = crop - crop.mean(axis=(0, 1)) - centred[..., None] * slopes
    if rest.std() * 255 / white > ONE_TONE:
        return detail
    return (detail @ LUMA)[..., None] * slopes


def add_inside_mask(
    canvas: Num[np.ndarray, "H W channels"],
    layer: Float[np.ndarray, "S S C"],
    matrix: Float[np.ndarray, "2 3"],
    *,
    replace: bool,
) -> None:
    """Add an aligned face to a photograph, in place; outside its mask no value changes.

    Convention: the matrix maps (x, y) of the photograph to (x, y) of the aligned face, as
    `align_ffhq` returns it; (0, 0) is the corner of each.

    Args:
        canvas: Values of the photograph, the colours first; an alpha channel stays.
        layer: What to add, in the same units; or the face itself, to stand in the place of them.
        matrix: A similarity.
        replace: Whether it is the latter.
    """
    size, colours = layer.shape[0], layer.shape[2]
    place = cv2.invertAffineTransform(matrix)
    # Pixel centres stand at (0.5, 0.5) here and at (0, 0) in OpenCV.
    place[:, 2] += 0.5 * place[:, :2].sum(axis=1) - 0.5
    corners = np.array([(0, 0, 1), (size, 0, 1), (size, size, 1), (0, size, 1)]) @ place.T
    height, width = canvas.shape[:2]
    x0, y0 = np.floor(corners.min(axis=0)).astype(int).clip(0, (width, height))
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int).clip(0, (width, height))
    if x1 <= x0 or y1 <= y0:
        return
    place[:, 2] -= (x0, y0)
    area = (int(x1 - x0), int(y1 - y0))
    new = cv2.warpAffine(layer, place, area, borderMode=cv2.BORDER_REPLICATE)
    weights = cv2.warpAffine(face_mask(size), place, area)[..., None]
    old = canvas[y0:y1, x0:x1, :colours]
    change = new.reshape(*new.shape[:2], colours) - (old if replace else 0)
    white = np.iinfo(canvas.dtype).max
    values = np.rint(old + weights * change).clip(0, white).astype(canvas.dtype)
    canvas[y0:y1, x0:x1, :colours] = np.where(weights > 0, values, old)
