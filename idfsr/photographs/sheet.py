"""A photograph before and after, side by side."""

import numpy as np
from jaxtyping import UInt8

from idfsr.io.decoding import to_srgb
from idfsr.io.images import resize
from idfsr.photographs.restore import Restored

GAP = 8
"""Between the two, in pixels."""


def draw_sheet(done: Restored) -> UInt8[np.ndarray, "height width 3"]:
    """Return the photograph, plainly enlarged, on the left of the restored one."""
    assert done.image is not None
    after = done.image.copy()
    if done.original.profile:
        after.info["icc_profile"] = done.original.profile
    right = np.array(to_srgb(after))
    left = resize(done.original.rgb, right.shape[:2], "bicubic")
    gap = np.full((len(right), GAP, 3), 255, np.uint8)
    return np.hstack([left, gap, right])
