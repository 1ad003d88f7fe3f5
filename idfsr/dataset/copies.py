"""One photograph saved twice: found by a perceptual hash, whatever its format, size and quality.

Copies stay on one side of the split, and count as one photograph (docs/decisions/0024).
"""

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import UInt8
from scipy.fft import dctn

_SIDE = 32
"""To which a photograph is shrunk by averaging."""
_NUM_FREQUENCIES = 8
"""Along each axis, the mean among them."""


def photograph_hash(image: UInt8[np.ndarray, "H W 3"]) -> int:
    """Return the 64 bits of the lowest frequencies of a photograph: those above their mean.

    The hash is OpenCV's PHash, computed here because `cv2.img_hash` is lost wherever pip puts
    another of OpenCV's packages over the one that has it.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lowest = dctn(small.astype(np.float32), norm="ortho")[:_NUM_FREQUENCIES, :_NUM_FREQUENCIES]
    lowest[0, 0] = 0  # the mean says nothing of the content
    return int.from_bytes(np.packbits(lowest > lowest.mean()).tobytes())


def find_copies(hashes: Iterable[tuple[str, int]], max_distance: int) -> dict[str, str]:
    """Find the photographs of a person that are copies of an earlier one.

    Args:
        hashes: Name and hash of each photograph.
        max_distance: Bits in which the hashes of copies may differ.

    Returns:
        Name of each copy -> that of the first one, which is no copy.
    """
    copies: dict[str, str] = {}
    originals: dict[str, int] = {}
    for name, bits in hashes:
        near = [
            other for other, its in originals.items() if (bits ^ its).bit_count() <= max_distance
        ]
        if near:
            copies[name] = near[0]
        else:
            originals[name] = bits
    return copies
