"""How fast people are rendered, and whether they can be told apart.

Renders people and prints images per second with one and two workers; cosine similarities of SFace
between images of the same and of different people; and how many faces RetinaFace finds, with the
distance of its landmarks from the true ones. Also how much faster the compiled shading is than the
same formulas in numpy.

    OMP_NUM_THREADS=1 python benchmarks/synthref.py --assets .assets --identities 60 --images 6
"""

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image

from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.synthref import SynthrefConfig
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import load_detector
from idfsr.io.assets import find_asset
from idfsr.synthref import render
from idfsr.synthref.dataset import IMAGES_FOLDER, TRUTH_NAME, render_dataset
from idfsr.synthref.identity import sample_identity
from idfsr.synthref.illumination import basis
from idfsr.synthref.lighting import (
    ENVIRONMENT,
    RIM,
    SCATTER,
    SHADOW_TINT,
    SHEEN,
    SHINE,
    SKY_TINT,
    SMOOTHED,
    Lighting,
)
from idfsr.synthref.mesh import load_head
from idfsr.synthref.pose import sample_photo
from idfsr.synthref.render import prepare_person
from idfsr.synthref.shading import (
    BORDER_ROWS,
    FREE,
    LIT,
    MOUTH,
    NORMAL,
    POSITION,
    SKIN,
    SKIN_POWER,
    SKIN_WRAP,
    SKY_GAIN,
    SKY_LEAST,
    SKY_POWER,
    TEXEL,
    TURNED_AWAY,
    Hits,
    Paint,
    Surface,
    shade_pixels,
)

BATCH_SIZE = 16
REPEATS = 5


def shade_skin(
    hits: Hits, surface: Surface, paint: Paint, lighting: Lighting, camera: float
) -> tuple[Float[np.ndarray, "P 3"], Bool[np.ndarray, "H W"]]:
    """Light the skin as `shade_pixels` does, with one numpy pass an operation.

    Returns:
        Linear RGB of the pixels of skin, and which these are.
    """
    inside = hits.face_ids >= 0
    inside[inside] = surface.parts[hits.face_ids[inside]] == SKIN
    corners = surface.triangles[hits.face_ids[inside]]
    shares = hits.weights[inside]
    shares = np.column_stack([shares, 1 - shares.sum(axis=1)])

    values = np.einsum("pk,pkc->pc", shares, surface.vertices[corners])
    where = np.zeros((2, *inside.shape), np.float32)
    where[:, inside] = values[:, TEXEL : TEXEL + 2].T - 0.5
    bottom = len(paint.layers) - 1
    over = np.maximum(where[1] - bottom, 0) % (2 * BORDER_ROWS)
    folded = bottom - np.minimum(over, 2 * BORDER_ROWS - over)
    where[1] = np.where(where[1] > bottom, folded, where[1])
    layers, slopes = (
        cv2.remap(texture, where[0], where[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[
            inside
        ]
        for texture in (paint.layers, paint.slopes)
    )
    mouth = values[:, MOUTH, None]
    albedo = layers[:, :3] * (1 - mouth) + np.array([0.16, 0.028, 0.024]) * mouth
    normal, light = values[:, NORMAL : NORMAL + 3], lighting.rows
    around = np.cross(light[2], normal)
    around /= np.linalg.norm(around, axis=1, keepdims=True) + 1e-9
    smooth = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    normal = smooth
    tilt = paint.relief * slopes
    normal = normal - tilt[:, :1] * around + tilt[:, 1:] * np.cross(normal, around)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    view = np.array([0, 0, camera]) - values[:, POSITION : POSITION + 3]
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    free = np.clip(values[:, FREE, None], 0, 1) * (1 - mouth) + 0.35 * mouth
    free = np.where(normal[:, 2:] < TURNED_AWAY, 0.3 * free, free)
    sky = np.minimum(1, SKY_LEAST + SKY_GAIN * free) ** SKY_POWER
    lit = np.clip(values[:, LIT, None], 0, 1)
    key, fill = ((normal @ light[row])[:, None] for row in range(2))
    back = np.maximum(normal @ light[7], 0)[:, None]
    cosine = (normal * view).sum(axis=1)[:, None]
    facing = np.maximum(cosine, 0)
    half_way = light[0] + view
    half_way /= np.linalg.norm(half_way, axis=1, keepdims=True)
    half = np.maximum((normal * half_way).sum(axis=1), 0)[:, None]
    soft, smoothed = SKIN_WRAP * np.array(SCATTER), np.array(SMOOTHED)
    keyed, filled = (
        value + smoothed * ((smooth @ light[row])[:, None] - value)
        for row, value in enumerate((key, fill))
    )
    diffuse = np.maximum((keyed + soft) / (1 + soft), 0) / (1 + 0.5 * soft)
    filled = np.maximum((filled + soft) / (1 + soft), 0) * (0.4 + 0.6 * sky)
    around, mirrored = (
        np.maximum(basis(toward) @ light[ENVIRONMENT:], 0)
        for toward in (normal, 2 * cosine * normal - view)
    )
    color = albedo * (
        light[3] * diffuse * lit ** [SHADOW_TINT, 1, 1]
        + light[4] * filled
        + light[5] * back * sky
        + around * sky ** [SKY_TINT, 1, 1]
    )
    lobes = 0.5 * half ** (SKIN_POWER * 0.35) + 0.75 * half**SKIN_POWER
    sheen = layers[:, 3:] * SHEEN * (0.03 + 0.97 * (1 - facing) ** 5) * sky
    color += light[3] * layers[:, 3:] * lobes * SHINE * lit * (key > 0) + mirrored * sheen
    return color + light[5] * back * sky * RIM * (1 - facing) ** 2, inside


def compare_shading(assets: Path, size: int) -> tuple[float, float]:
    """Return how many times faster the compiled shading is, and the largest difference."""
    head = load_head(assets)
    person = prepare_person(head, sample_identity("demo", 0, 1, head.target_names))
    photo = sample_photo("demo", 0, 1, 0)
    with patch.object(render, "shade_pixels", wraps=shade_pixels) as recorded:
        render.render_linear(head, person, photo, size * render.SUPERSAMPLING)
    hits, surface, paint, eyes, lighting, camera, _ = recorded.call_args.args
    image = np.zeros((*hits.face_ids.shape, 4), np.float32)
    start = time.perf_counter()
    for _ in range(REPEATS):
        shade_pixels(hits, surface, paint, eyes, lighting, camera, image)
    compiled = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(REPEATS):
        color, inside = shade_skin(hits, surface, paint, lighting, camera)
    plain = time.perf_counter() - start
    return plain / compiled, float(np.abs(color - image[inside][:, :3]).max())


def time_rendering(
    config: SynthrefConfig, assets: Path, out_dir: Path, num_workers: int
) -> tuple[float, float]:
    """Return images per second, and images per second of this process's CPU time.

    The second is what an idle machine would do, and has a meaning for one worker only, which is
    this process. The start of workers is counted.
    """
    wall, cpu = time.perf_counter(), time.process_time()
    render_dataset(config, 0, assets, out_dir, num_workers)
    count = config.num_identities * config.num_images
    return count / (time.perf_counter() - wall), count / (time.process_time() - cpu)


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
    ratio, difference = compare_shading(args.assets, args.size)
    print(f"compiled shading: {ratio:.1f} times as fast as numpy, differs by {difference:.1e}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for num_workers in (1, 2):
            rate, cpu_rate = time_rendering(config, args.assets, root, num_workers)
            print(f"{num_workers} workers: {rate:.1f} images/s at {args.size} px")
            if num_workers == 1:
                print(f"{cpu_rate:.1f} images per second of CPU time")
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
