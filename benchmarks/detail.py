"""How much detail faces are measured to have, in photographs as they are and in enlarged ones.

Reads FOLDER/<person>/*. `idfsr.photographs.detail` takes a face to have no more detail than a copy
if what is lost in it is less than `LOST` of the energy of the octave below. Prints the least and
the largest of these shares in the first smaller copy, and the side that is measured over the true
one, for photographs as they are and made small by a factor and enlarged again.

    python benchmarks/detail.py --photographs photographs --people 00001 00002 00003 00004
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.config.landmarks import LandmarksConfig
from idfsr.dataset.listing import find_images
from idfsr.faces.align import BORDER_FFHQ, ffhq_matrix, warp_image
from idfsr.faces.detector import load_detector
from idfsr.io.images import read_image, resize
from idfsr.photographs.detail import LOST, MAX_SIDE, STEP, ffhq_side, lost_energy, measure_side
from idfsr.photographs.search import search_photograph

FACTORS = (1, 2, 4, 8)
"""By which photographs are made small and enlarged again."""


def lost_share(
    photograph: UInt8[np.ndarray, "H W 3"], landmarks: Float[np.ndarray, "5 2"]
) -> float:
    """Return what a face loses in the next smaller copy over the energy of the octave below."""
    side = min(ffhq_side(landmarks), float(MAX_SIDE))
    crop = warp_image(photograph, ffhq_matrix(landmarks, round(side)), round(side), BORDER_FFHQ)
    smaller = side / STEP
    lost = lost_energy(crop, round(smaller))
    return lost / (lost_energy(crop, round(smaller / 2)) - lost)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="folder of the people's folders")
    add("--people", nargs="+", required=True, help="names of their folders")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(LandmarksConfig(), args.assets, torch.device("cpu"))
    images = [read_image(p) for p in find_images([args.photographs / name for name in args.people])]
    found = [search_photograph(image, detector) for image in images]
    faces = [each.landmarks[each.largest()] for each in found]
    print(f"{len(images)} photographs; a copy is as good below a share of {LOST}")
    print("| enlarged by | share lost | side measured over the true one |")
    print("| --- | --- | --- |")
    for factor in FACTORS:
        shares, sides = [], []
        for image, points in zip(images, faces, strict=True):
            height, width, _ = image.shape
            small = resize(image, (height // factor, width // factor), "bicubic")
            again = resize(small, (height, width), "bicubic") if factor > 1 else image
            shares.append(lost_share(again, points))
            true = min(ffhq_side(points) / factor, MAX_SIDE)
            sides.append(measure_side(again, points) / true)
        print(
            f"| {factor} | {min(shares):.2f} to {max(shares):.2f} | {min(sides):.2f} to "
            f"{max(sides):.2f} |"
        )


if __name__ == "__main__":
    main()
