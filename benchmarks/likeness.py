"""At which similarity a face is taken for a person's, on pairs of photographs and at all sizes.

Reads FOLDER/<person>/*, people of two photographs or more. Each photograph is made so small that
its face has a given height, its face is found again, and SFace compares it with the mean of
the person's other photographs made as small, and with that of the photographs of each other person.

Prints a table in Markdown with a row for each height: faces found, and the share of a person's own
photographs that are refused and of other people's that are taken, at several thresholds. Draws both
shares over the threshold.

    python benchmarks/likeness.py --photographs photographs --people 00001 00002 00003 00004 \
        --figure likeness.png
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import UInt8
from torchvision.ops import box_iou

from idfsr.config.landmarks import LandmarksConfig
from idfsr.dataset.listing import find_images
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import Detections, FaceDetector, load_detector
from idfsr.io.images import read_image, resize
from idfsr.metrics.sface.network import SFace, load_sface
from idfsr.photographs.likeness import arcface_side, compare_faces
from idfsr.photographs.search import search_photograph
from idfsr.report.style import write_figure

HEIGHTS = (0, 100, 50, 35, 25, 18, 12)
"""Of the face in pixels; 0 leaves the photograph as it is."""
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
CPU = torch.device("cpu")

Key = tuple[str, str]
"""Person and photograph."""


class Crop(NamedTuple):
    """A face that was found.

    Attributes:
        image: ArcFace crop.
        side: See `arcface_side`.
    """

    image: UInt8[np.ndarray, "112 112 3"]
    side: float


def cut(image: UInt8[np.ndarray, "H W 3"], found: Detections, index: int) -> Crop:
    """Cut a face out."""
    landmarks = found.landmarks[index]
    return Crop(align_arcface(image, landmarks), arcface_side(landmarks))


def find_again(
    image: UInt8[np.ndarray, "H W 3"], found: Detections, height: int, detector: FaceDetector
) -> Crop | None:
    """Find the largest face of a photograph in a copy in which it has a height; None if lost."""
    x0, y0, x1, y1 = found.boxes[found.largest()]
    factor = height / float(y1 - y0)
    size = (max(1, round(image.shape[0] * factor)), max(1, round(image.shape[1] * factor)))
    small = resize(image, size, "bicubic")
    again = search_photograph(small, detector)
    wanted = torch.tensor([[x0, y0, x1, y1]]) * factor
    overlaps = box_iou(torch.from_numpy(again.boxes), wanted)[:, 0].numpy()
    if not (overlaps > 0.4).any():
        return None
    return cut(small, again, int(overlaps.argmax()))


def compare(
    small: Mapping[Key, Crop], full: Mapping[Key, Crop], recogniser: SFace
) -> tuple[list[float], list[float]]:
    """Return the likeness of each face to its own person, and to each other person."""
    own: list[float] = []
    strange: list[float] = []
    for key, face in small.items():
        for person in sorted({name for name, _ in full}):
            others = [crop.image for name, crop in full.items() if name[0] == person]
            if person == key[0]:
                others = [
                    crop.image for name, crop in full.items() if name[0] == person and name != key
                ]
            likeness = compare_faces(face.image[None], [face.side], np.stack(others), recogniser)
            (own if person == key[0] else strange).append(float(likeness[0]))
    return own, strange


def draw(values: Mapping[int, tuple[list[float], list[float]]], path: Path) -> None:
    """Draw both shares over the threshold, a panel for each height."""
    figure, axes = plt.subplots(1, len(values), figsize=(2.4 * len(values), 2.6), sharey=True)
    thresholds = np.linspace(-0.2, 1, 241)
    for axis, (height, (own, strange)) in zip(axes, values.items(), strict=True):
        refused = [np.mean(np.array(own) < each) for each in thresholds]
        taken = [np.mean(np.array(strange) >= each) for each in thresholds]
        axis.plot(thresholds, refused, label="own, refused")
        axis.plot(thresholds, taken, label="others, taken")
        axis.set_title(f"face of {height} px" if height else "photograph as it is")
        axis.set_xlabel("threshold")
    axes[0].set_ylabel("share of the photographs")
    axes[0].legend(fontsize="small")
    figure.tight_layout()
    write_figure(figure, path, "Likeness", "Shares of photographs refused and taken.")


def main() -> None:
    """Embed, compare, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--photographs", type=Path, required=True, help="folder of the people's folders")
    add("--people", nargs="+", required=True, help="names of their folders")
    add("--figure", type=Path, required=True, help="PNG to draw")
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(LandmarksConfig(), args.assets, CPU)
    recogniser = load_sface(args.assets, CPU)
    paths = find_images([args.photographs / person for person in args.people])
    images = {(path.parent.name, path.name): read_image(path) for path in paths}
    searched = {key: search_photograph(image, detector) for key, image in images.items()}
    full = {key: cut(images[key], found, found.largest()) for key, found in searched.items()}
    values = {}
    titles = " | ".join(f"{threshold}" for threshold in THRESHOLDS)
    print(f"| height | found | own, lowest | others, highest | {titles} |")
    print("| --- " * (4 + len(THRESHOLDS)) + "|")
    for height in HEIGHTS:
        again = {
            key: find_again(image, searched[key], height, detector) if height else full[key]
            for key, image in images.items()
        }
        small = {key: crop for key, crop in again.items() if crop is not None}
        own, strange = values[height] = compare(small, full, recogniser)
        shares = " | ".join(
            f"{np.mean(np.array(own) < each):.0%} / {np.mean(np.array(strange) >= each):.0%}"
            for each in THRESHOLDS
        )
        name = f"{height} px" if height else "as it is"
        print(
            f"| {name} | {len(small)} of {len(images)} | {min(own):.2f} | {max(strange):.2f} | "
            f"{shares} |"
        )
    draw(values, args.figure)


if __name__ == "__main__":
    main()
