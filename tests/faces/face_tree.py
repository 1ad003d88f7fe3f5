"""A run's files up to the split: 4 people of 3 images each, all made from one public photograph.

The photograph (NASA, public domain) comes with scikit-image. Its landmarks below were found by
RetinaFace at 512 px and looked at; the other images are known shifts, scalings and tints of it, so
their landmarks are exact.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from skimage.data import astronaut

from idfsr.dataset.index import build_manifest
from idfsr.faces.align import align_ffhq, transform, warp_image
from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA
from idfsr.io.tables import write_table

LANDMARKS = np.array(
    [(204.8, 100.8), (247.4, 103.4), (223.6, 129.2), (202.5, 138.1), (244.2, 140.6)]
)
"""Of the photograph of 512 x 512 pixels."""
BOX = np.array([177.9, 56.8, 273.1, 177.2])
PARTS = {"ann": "pretrain", "bob": "pretrain", "cat": "pretrain", "dan": "test"}
SIZE = 128


@dataclass(frozen=True)
class FaceTree:
    root: Path
    manifest: Path
    landmarks: list[Path]
    split: Path
    ground_truth: Path


def photograph() -> np.ndarray:
    return np.ascontiguousarray(astronaut())


def make_face(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return image, landmarks and box of the index-th variation."""
    rng = np.random.default_rng(index)
    aligned, matrix = align_ffhq(photograph(), LANDMARKS, SIZE)
    scale, shift = rng.uniform(0.9, 1.1), rng.uniform(-5, 5, 2)
    vary = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    image = warp_image(aligned, vary, SIZE, (90, 90, 90))
    tinted = (image * rng.uniform(0.7, 1.0, 3)).astype(np.uint8)
    landmarks = transform(vary, transform(matrix, LANDMARKS))
    box = transform(vary, transform(matrix, BOX.reshape(2, 2))).ravel()
    return tinted, landmarks, box


def make_face_tree(folder: Path) -> FaceTree:
    """Write images, manifest, two shards of landmarks, split and ground truth."""
    root = folder / "photos"
    rows, split = [], []
    for person, (identity, part) in enumerate(PARTS.items()):
        (root / identity).mkdir(parents=True)
        for number in range(3):
            image, landmarks, box = make_face(3 * person + number)
            Image.fromarray(image).save(root / identity / f"{number}.png")
            rows.append(
                {
                    "identity": identity,
                    "image": str(number),
                    "num_faces": 1,
                    "score": 0.99,
                    "box": box.astype(np.float32).tolist(),
                    "landmarks": landmarks.astype(np.float32).ravel().tolist(),
                    "sharpness": 100.0,
                    "yaw": 0.0,
                    "z_id": None,
                }
            )
            role = part if part == "pretrain" or number == 2 else "fit"
            split.append((identity, str(number), role, ""))
    tree = FaceTree(
        root, folder / "manifest.parquet",
        [folder / "shard-00000.parquet", folder / "shard-00001.parquet"],
        folder / "split.tsv", folder / "ground_truth.parquet",
    )  # fmt: skip
    write_table(build_manifest(root, 1), tree.manifest, MANIFEST_SCHEMA)
    found = pd.DataFrame(rows)
    write_table(found[:7], tree.landmarks[0], LANDMARKS_SCHEMA)
    write_table(found[7:], tree.landmarks[1], LANDMARKS_SCHEMA)
    columns = ["identity", "image", "part", "reason"]
    pd.DataFrame(split, columns=columns).to_csv(tree.split, sep="\t", index=False)
    truth = found[["identity", "image"]].assign(age_years=31.5, gender="female", expression="happy")
    write_table(truth, tree.ground_truth)
    return tree
