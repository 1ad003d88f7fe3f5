"""From a high-quality image to its low-resolution counterpart, and the mask over the face.

The paper does not say how images are made smaller. Ours is bicubic with 8-bit levels in between, as
in the earlier public code of its first author (DPI, AAAI 2025): Pillow's kernel, a = -0.5, widened
on the way down (docs/decisions/0018).
"""

import io
from typing import Final, NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.io.images import resize

MASK_VALUE = 0.0
"""Grey in [-1, 1]; -1 would look like dark hair. The paper does not say; docs/decisions/0015."""


def degrade(
    gt_image: UInt8[np.ndarray, "H W 3"], scale_factor: int
) -> UInt8[np.ndarray, "height width 3"]:
    """Make the low-resolution image of a high-quality one.

    Args:
        gt_image: RGB.
        scale_factor: How many times smaller each side becomes.

    Raises:
        IdfsrError: A side is not a multiple of the factor.
    """
    height, width, _ = gt_image.shape
    if height % scale_factor or width % scale_factor:
        message = f"image of {width}x{height} pixels, wanted sides divisible by {scale_factor}"
        raise IdfsrError(message)
    return resize(gt_image, (height // scale_factor, width // scale_factor), "bicubic")


class Damage(NamedTuple):
    """What happens to an image beside being made smaller; nothing by default.

    Attributes:
        blur: Standard deviation of a Gaussian before, in pixels of the high-quality image.
        noise: Standard deviation of normal noise after, in grey levels.
        quality: Of a JPEG file that it is saved to in the end; 0 saves none.
    """

    blur: float = 0.0
    noise: float = 0.0
    quality: int = 0


BLUR_512: Final = (0.2, 10.0)
NOISE: Final = (0.0, 15.0)
QUALITY: Final = (60, 100)
"""From which damage is drawn, the blur at 512 px: the usual training of blind face restoration
(Wang et al. 2021, GFPGAN, Sec. 4.1), whose factor is drawn too while ours is the run's."""


def draw_damage(generator: np.random.Generator, size: int) -> Damage:
    """Draw the damage of an image of blind face restoration.

    Args:
        generator: Source of the draw.
        size: Side of the high-quality image in pixels.
    """
    blur = float(generator.uniform(*BLUR_512)) * size / 512
    noise = float(generator.uniform(*NOISE))
    return Damage(blur, noise, int(generator.integers(*QUALITY, endpoint=True)))


def degrade_blindly(
    gt_image: UInt8[np.ndarray, "H W 3"],
    scale_factor: int,
    damage: Damage,
    generator: np.random.Generator,
) -> UInt8[np.ndarray, "height width 3"]:
    """Blur an image, make it smaller as `degrade` does, add noise, and save it as JPEG.

    Args:
        gt_image: RGB.
        scale_factor: How many times smaller each side becomes.
        damage: How much of each.
        generator: Source of the noise.

    Raises:
        IdfsrError: See `degrade`.
    """
    blurred = gt_image
    if damage.blur:
        blurred = cv2.GaussianBlur(gt_image, (0, 0), damage.blur, borderType=cv2.BORDER_REFLECT)
    lr_image = degrade(np.asarray(blurred), scale_factor)
    if damage.noise:
        noisy = lr_image + generator.normal(scale=damage.noise, size=lr_image.shape)
        lr_image = np.round(noisy).clip(0, 255).astype(np.uint8)
    if damage.quality:
        buffer = io.BytesIO()
        Image.fromarray(lr_image).save(buffer, "JPEG", quality=damage.quality)
        with Image.open(buffer) as saved:
            lr_image = np.array(saved)
    return lr_image


def upsample(lr_image: UInt8[np.ndarray, "H W 3"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Bring a low-resolution image to the size of its ground truth.

    Args:
        lr_image: RGB.
        size: Side wanted, in pixels.
    """
    return resize(lr_image, (size, size), "bicubic")


def fill_box(
    images: Float[Tensor, "*B C H W"], box: tuple[int, int, int, int]
) -> Float[Tensor, "*B C H W"]:
    """Fill a box with `MASK_VALUE` in a copy of images in [-1, 1].

    Convention: the box is (x0, y0, x1, y1) in pixels, half-open: column x0 and row y0 are filled,
    column x1 and row y1 are not. Parts outside the image are ignored.

    Args:
        images: One image or a batch that shares the box.
        box: An empty box (x1 <= x0 or y1 <= y0) fills nothing.
    """
    x0, y0, x1, y1 = (max(0, int(edge)) for edge in box)
    filled = images.clone()
    filled[..., y0:y1, x0:x1] = MASK_VALUE
    return filled
