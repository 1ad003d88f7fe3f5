"""How fast people are rendered, and whether they can be told apart.

Renders people and prints images per second with one and two workers; cosine similarities of SFace
between images of the same and of different people; and how many faces RetinaFace finds, with the
distance of its landmarks from the true ones.

    OMP_NUM_THREADS=1 python benchmarks/synthref.py --assets .assets --identities 60 --images 6
"""

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int, UInt8
from PIL import Image

from idfsr.assets import find_asset
from idfsr.config import LandmarksConfig, SynthrefConfig
from idfsr.data.synthref.dataset import IMAGES_FOLDER, TRUTH_NAME, render_dataset
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import load_detector

BATCH_SIZE = 16


def time_rendering(config: SynthrefConfig, assets: Path, out_dir: Path, num_workers: int) -> float:
    """Return images per second; the start of the workers is counted."""
    start = time.perf_counter()
    render_dataset(config, 0, assets, out_dir, num_workers)
    return config.num_identities * config.num_images / (time.perf_counter() - start)


def embed(
    images: list[UInt8[np.ndarray, "_ _ 3"]], truth: pd.DataFrame, assets: Path
) -> Float[np.ndarray, "N 128"]:
    """Return the unit SFace embedding of each image, aligned by its true landmarks."""
    network = cv2.FaceRecognizerSF.create(str(find_asset(assets, "sface")), "")
    features = []
    for image, points in zip(images, truth["landmarks"], strict=True):
        crop = align_arcface(image, np.array(points, np.float32).reshape(5, 2))
        features.append(network.feature(np.ascontiguousarray(crop[..., ::-1]))[0])
    table = np.stack(features)
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True))


def compare(
    features: Float[np.ndarray, "N 128"], people: Int[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " S"], Float[np.ndarray, " D"]]:
    """Return the cosines of all pairs of the same person, and of different people."""
    first, second = np.triu_indices(len(people), 1)
    cosines = (features @ features.T)[first, second]
    same = people[first] == people[second]
    return cosines[same], cosines[~same]


def area_under_curve(same: Float[np.ndarray, " S"], different: Float[np.ndarray, " D"]) -> float:
    """Return the chance that a pair of the same person has the larger cosine."""
    below = np.searchsorted(np.sort(different), same)
    return float(below.mean() / len(different))


def measure_detection(
    images: list[UInt8[np.ndarray, "_ _ 3"]], truth: pd.DataFrame, assets: Path
) -> tuple[float, float]:
    """Return the share of images with a face, and the mean error over the eyes' distance."""
    detector = load_detector(LandmarksConfig(), assets, torch.device("cpu"))
    found, errors = 0, []
    points = [np.array(row, np.float32).reshape(5, 2) for row in truth["landmarks"]]
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        for faces, true in zip(
            detector.detect(batch, len(batch[0])), points[start : start + BATCH_SIZE], strict=True
        ):
            if len(faces.scores) == 0:
                continue
            found += 1
            miss = np.linalg.norm(faces.landmarks[faces.largest()] - true, axis=1).mean()
            errors.append(miss / np.linalg.norm(true[1] - true[0]))
    return found / len(images), float(np.mean(errors))


def main() -> None:
    """Render, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, default=Path(".assets"))
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--size", type=int, default=256)
    args = parser.parse_args()
    config = SynthrefConfig(
        num_identities=args.identities, num_images=args.images, image_size=args.size
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for num_workers in (1, 2):
            rate = time_rendering(config, args.assets, root, num_workers)
            print(f"{num_workers} workers: {rate:.1f} images/s at {args.size} px")
        truth = pd.read_parquet(root / TRUTH_NAME)
        names = truth["identity"] + "/" + truth["image"] + ".png"
        images = [np.array(Image.open(root / IMAGES_FOLDER / name)) for name in names]
    features = embed(images, truth, args.assets)
    people = np.unique(truth["identity"], return_inverse=True)[1]
    same, different = compare(features, people)
    print(f"SFace, same person: mean {same.mean():.3f}, min {same.min():.3f}, {len(same)} pairs")
    print(f"SFace, different: mean {different.mean():.3f}, max {different.max():.3f}")
    print(f"AUC {area_under_curve(same, different):.4f}")
    rate, error = measure_detection(images, truth, args.assets)
    print(f"RetinaFace: finds {rate:.1%}; landmarks off by {error:.3f} of the eyes' distance")


if __name__ == "__main__":
    main()
