"""Whether faces are found in larger scenes, once each, and how long the search takes.

Cuts heads out of FOLDER/<person>/*, the largest face of each photograph, and puts copies of them
into flat grey scenes that are far larger: 6 faces of 160 px into 4032 x 3024, and 3 of 16 px into
640 x 480, at places drawn from a seed. A face is found if a box overlaps it by 0.3 (intersection
over union); found twice if two do. Prints a table in Markdown with a row for each scene and search:
the search of `idfsr restore`, and that of one copy of 512 px for comparison.

    python benchmarks/scenes.py --photographs photographs --people 00001 00002 00003 00004
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torchvision.ops import box_iou

from idfsr.config.landmarks import LandmarksConfig
from idfsr.dataset.listing import find_images
from idfsr.faces.detector import Detections, FaceDetector, load_detector
from idfsr.io.images import read_image, resize
from idfsr.photographs.search import search_photograph

SCENES = ((4032, 3024, 6, 160), (640, 480, 3, 16))
"""Width, height, number of faces and height of a face in pixels."""
AROUND = 0.6
"""Of a face's height is shown around it."""
OVERLAP = 0.3
NUM_RUNS = 5
GREY = 90

Search = Callable[[UInt8[np.ndarray, "H W 3"], FaceDetector], Detections]


def search_512(image: UInt8[np.ndarray, "H W 3"], detector: FaceDetector) -> Detections:
    """Search one copy."""
    return detector.detect([image], 512)[0]


def cut_head(
    image: UInt8[np.ndarray, "H W 3"], box: Float[np.ndarray, "4"], height: int
) -> tuple[UInt8[np.ndarray, "h w 3"], Float[np.ndarray, "4"]]:
    """Cut a head out, so small that its face has a height; return it and the face's box in it."""
    x0, y0, x1, y1 = box
    margin = AROUND * (y1 - y0)
    left, top = max(0, int(x0 - margin)), max(0, int(y0 - margin))
    head = image[top : int(y1 + margin), left : int(x1 + margin)]
    factor = height / float(y1 - y0)
    size = (round(head.shape[0] * factor), round(head.shape[1] * factor))
    inside = (box - np.array([left, top, left, top])) * factor
    return resize(head, size, "bicubic"), inside.astype(np.float32)


def make_scene(
    heads: Sequence[tuple[UInt8[np.ndarray, "_ _ 3"], Float[np.ndarray, "4"]]],
    width: int,
    height: int,
    generator: np.random.Generator,
) -> tuple[UInt8[np.ndarray, "H W 3"], Float[np.ndarray, "N 4"]]:
    """Put heads into a scene, each in a column of its own; return it and the boxes of the faces."""
    scene = np.full((height, width, 3), GREY, np.uint8)
    column, boxes = width // len(heads), []
    for index, (head, box) in enumerate(heads):
        rows, columns, _ = head.shape
        x = index * column + int(generator.integers(0, column - columns))
        y = int(generator.integers(0, height - rows))
        scene[y : y + rows, x : x + columns] = head
        boxes.append(box + np.array([x, y, x, y], np.float32))
    return scene, np.stack(boxes)


def count(
    scene: UInt8[np.ndarray, "H W 3"],
    boxes: Float[np.ndarray, "N 4"],
    search: Search,
    detector: FaceDetector,
) -> str:
    """Return the cells of a row: found, found twice, found elsewhere, seconds."""
    seconds = []
    for _ in range(NUM_RUNS):
        start = time.perf_counter()
        found = search(scene, detector)
        seconds.append(time.perf_counter() - start)
    overlaps = box_iou(torch.from_numpy(boxes), torch.from_numpy(found.boxes)) > OVERLAP
    hits = overlaps.sum(dim=1)
    elsewhere = int((~overlaps.any(dim=0)).sum())
    return (
        f"{int((hits > 0).sum())} of {len(boxes)} | {int((hits > 1).sum())} | {elsewhere} | "
        f"{np.median(seconds):.2f}"
    )


def main() -> None:
    """Cut, put, search, print."""
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
    searched = [search_photograph(image, detector) for image in images]
    faces = [found.boxes[found.largest()] for found in searched]
    searches: dict[str, Search] = {"restore": search_photograph, "one of 512 px": search_512}
    print("| scene | faces of | search | found | twice | elsewhere | seconds |")
    print("| --- " * 7 + "|")
    for width, height, num_faces, face in SCENES:
        generator = np.random.default_rng(0)
        places = [len(images) * index // num_faces for index in range(num_faces)]
        heads = [cut_head(images[index], faces[index], face) for index in places]
        scene, boxes = make_scene(heads, width, height, generator)
        for name, search in searches.items():
            cells = count(scene, boxes, search, detector)
            print(f"| {width} x {height} | {face} px | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
