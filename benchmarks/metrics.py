"""What the metrics cost: the libraries asked of one file after the other, and ours.

Makes 64 pairs of 256 px and networks filled at random, runs both ways over the same files in the
same process, and prints a table in Markdown with the largest relative difference of any value.
Seconds are those of the processor on one thread, so that other work on the machine counts little.
Loading is not timed; with us the prompts of CLIPIQA belong to it, which pyiqa reads for each image.

DeepFace's part measures all columns that it fills (IDS, IDV, gender, emotion, race, age) for eight
methods that share their ground truth: the library by `verify` and two `analyze` for each pair, ours
with every image seen once. It also prints the floor, which is the time of the networks alone. The
library takes some five seconds a pair, so it has --face-pairs of its own.

    OMP_NUM_THREADS=1 python benchmarks/metrics.py --only clipiqa --only faces --face-pairs 2
"""

import argparse
import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

import lpips
import numpy as np
import skimage.data
import torch
import torchvision
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor, nn

from idfsr.config.scores import DeepfaceStage
from idfsr.io.degradation import degrade, upsample
from idfsr.io.images import decode_png, encode_png, resize
from idfsr.metrics.clipiqa.network import WEIGHTS as CLIP_WEIGHTS
from idfsr.metrics.clipiqa.network import clipiqa, load_clipiqa
from idfsr.metrics.engine import deepface
from idfsr.metrics.engine.frechet import frechet_distance
from idfsr.metrics.engine.metric import Features, ImageBatch, OfImages, Pairs, Resources
from idfsr.metrics.engine.registry import find_families
from idfsr.metrics.engine.scoring import extract_features, score_pairs
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.lpips.network import WEIGHTS as ALEXNET_WEIGHTS
from idfsr.metrics.lpips.network import load_lpips, lpips_distance
from idfsr.metrics.musiq.network import WEIGHTS as MUSIQ_WEIGHTS
from idfsr.metrics.musiq.network import load_musiq, musiq
from idfsr.metrics.ssim import ssim

NUM_PAIRS: Final = 64
SIZE: Final = 256
BATCH_SIZE: Final = 16
NUM_TEST_IMAGES: Final = 586
"""Of the paper's test set."""
NUM_FEATURES: Final = 2048
"""Of Inception."""
NUM_METHODS: Final = 8
FACE_METRICS: Final = ("ids", "idv", "acc_gender", "acc_emotion", "acc_race", "age_diff")
CPU: Final = torch.device("cpu")

Files = list[tuple[Path, Path]]
"""Restored image and ground truth."""


class Task(NamedTuple):
    """The same values in two ways."""

    naive: Callable[[Files], list[float]]
    ours: Callable[[Files], list[float]]


def make_pairs(folder: Path) -> Files:
    """Write photographs of nothing, with detail at every size, and their copies after x8."""
    rng = np.random.default_rng(0)
    files = []
    for index in range(NUM_PAIRS):
        gt_image = np.full((SIZE, SIZE, 3), 128.0)
        for cells in (4, 16, 64, 256):
            coarse = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
            smooth = resize(coarse, (SIZE, SIZE), "bicubic").astype(np.float64)
            gt_image += (smooth - 128) * 1.2 / cells**0.5
        gt = gt_image.clip(0, 255).astype(np.uint8)
        sr = upsample(degrade(gt, 8), SIZE)
        pair = folder / f"{index}-sr.png", folder / f"{index}-gt.png"
        for path, image in zip(pair, (sr, gt), strict=True):
            path.write_bytes(encode_png(image))
        files.append(pair)
    return files


def read_batches(files: Files) -> Iterator[tuple[Tensor, Tensor]]:
    """Decode pairs, `BATCH_SIZE` at a time."""
    for start in range(0, len(files), BATCH_SIZE):
        sides = zip(*files[start : start + BATCH_SIZE], strict=True)
        sr, gt = ([decode_png(path.read_bytes()) for path in paths] for paths in sides)
        yield to_unit(np.stack(sr)), to_unit(np.stack(gt))


def library_metric(name: str, **options: str) -> nn.Module:
    """Make a metric of pyiqa, which takes paths."""
    import pyiqa  # noqa: PLC0415 - it reads the environment when imported

    with contextlib.redirect_stdout(sys.stderr):
        metric: nn.Module = pyiqa.create_metric(name, device=CPU, **options)
    return metric


def make_ssim(_: Path) -> Task:
    """SSIM of the colours."""
    metric = library_metric("ssimc")

    def ours(files: Files) -> list[float]:
        return torch.cat([ssim(*batch) for batch in read_batches(files)]).tolist()

    return Task(lambda files: [metric(str(sr), str(gt)).item() for sr, gt in files], ours)


def make_lpips(weights_dir: Path) -> Task:
    """LPIPS with AlexNet."""
    path = weights_dir / ALEXNET_WEIGHTS
    path.parent.mkdir(parents=True)
    torch.save(torchvision.models.alexnet(weights=None).state_dict(), path)
    metric = lpips.LPIPS(net="alex", verbose=False)
    network = load_lpips(weights_dir, CPU)

    def read(path: Path) -> Tensor:
        image: Tensor = lpips.im2tensor(lpips.load_image(str(path)))
        return image

    @torch.inference_mode()
    def library(files: Files) -> list[float]:
        return [metric(read(sr), read(gt)).item() for sr, gt in files]

    def ours(files: Files) -> list[float]:
        distances = [lpips_distance(network, *batch) for batch in read_batches(files)]
        return torch.cat(distances).tolist()

    return Task(library, ours)


def without_code(module: nn.Module) -> nn.Module:
    """Return the weights of a module in empty modules of the same names."""
    copy = nn.Module()
    for name, parameter in module.named_parameters(recurse=False):
        copy.register_parameter(name, parameter)
    for name, buffer in module.named_buffers(recurse=False):
        copy.register_buffer(name, buffer)
    for name, child in module.named_children():
        copy.add_module(name, without_code(child))
    return copy


def make_clipiqa(weights_dir: Path) -> Task:
    """CLIPIQA with ResNet-50."""
    from pyiqa.archs.clip_model import CLIP  # noqa: PLC0415 - see library_metric

    path = weights_dir / CLIP_WEIGHTS
    path.parent.mkdir(parents=True)
    clip = CLIP(1024, 224, (3, 4, 6, 3), 64, None, 77, 49408, 512, 8, 12)
    torch.jit.save(torch.jit.script(without_code(clip.half())), path)
    metric = library_metric("clipiqa", backbone=str(path))
    network = load_clipiqa(weights_dir, CPU)

    def ours(files: Files) -> list[float]:
        return torch.cat([clipiqa(network, sr) for sr, _ in read_batches(files)]).tolist()

    return Task(lambda files: [metric(str(sr)).item() for sr, _ in files], ours)


def make_musiq(weights_dir: Path) -> Task:
    """MUSIQ for KonIQ-10k."""
    from pyiqa.archs.musiq_arch import MUSIQ  # noqa: PLC0415 - see library_metric

    path = weights_dir / MUSIQ_WEIGHTS
    path.parent.mkdir(parents=True)
    torch.save(MUSIQ(pretrained=False).state_dict(), path)
    metric = library_metric("musiq", pretrained_model_path=str(path))
    network = load_musiq(weights_dir, CPU)

    def ours(files: Files) -> list[float]:
        return torch.cat([musiq(network, sr) for sr, _ in read_batches(files)]).tolist()

    return Task(lambda files: [metric(str(sr)).item() for sr, _ in files], ours)


def make_frechet(_: Path) -> Task:
    """The Frechet distance of features, which are made here: pytorch-fid's has no other input."""
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(NUM_FEATURES, NUM_FEATURES)) / NUM_FEATURES**0.5
    x, y = (
        np.maximum(rng.normal(size=(NUM_TEST_IMAGES, NUM_FEATURES)) @ mixing + shift, 0)
        for shift in (0.0, 0.1)
    )

    def library(_: Files) -> list[float]:
        (m_x, c_x), (m_y, c_y) = ((rows.mean(axis=0), np.cov(rows.T)) for rows in (x, y))
        return [float(calculate_frechet_distance(m_x, c_x, m_y, c_y))]

    return Task(library, lambda _: [frechet_distance(torch.from_numpy(x), torch.from_numpy(y))])


def write_deepface(weights_dir: Path) -> None:
    """Write files of DeepFace's networks, filled so that activations keep their scale."""
    (weights_dir / deepface.FOLDER).mkdir(parents=True, exist_ok=True)
    for kind in deepface.KINDS.values():
        network = kind.build()
        for name, tensor in network.state_dict().items():
            if name.endswith("weight"):
                nn.init.kaiming_normal_(tensor)
            else:
                tensor.zero_()
        torch.save(network.state_dict(), weights_dir / deepface.FOLDER / kind.file)


def make_portraits(folder: Path, num_pairs: int) -> list[Files]:
    """Write crops of scikit-image's astronaut, and for each method a copy after x4, darker."""
    astronaut = skimage.data.astronaut()
    methods: list[Files] = [[] for _ in range(NUM_METHODS)]
    for index in range(num_pairs):
        gt = np.ascontiguousarray(astronaut[index : index + SIZE, 96 : 96 + SIZE])
        gt_path = folder / f"portrait-{index}.png"
        gt_path.write_bytes(encode_png(gt))
        sr = upsample(degrade(gt, 4), SIZE)
        for number, files in enumerate(methods):
            sr_path = folder / f"portrait-{index}-{number}.png"
            sr_path.write_bytes(encode_png(sr - np.minimum(sr, 4 * number)))
            files.append((sr_path, gt_path))
    return methods


def naive_faces(sr: Path, gt: Path) -> list[float]:
    """Ask DeepFace of one pair: the columns of `FACE_METRICS`."""
    from deepface import DeepFace  # noqa: PLC0415 - it reads the environment when imported

    verdict = DeepFace.verify(str(gt), str(sr), enforce_detection=False)
    found = []
    for path in (sr, gt):
        faces = DeepFace.analyze(str(path), enforce_detection=False, silent=True)
        found.append(max(faces, key=lambda face: face["region"]["w"] * face["region"]["h"]))
    agreements = [
        float(found[0][name] == found[1][name])
        for name in ("dominant_gender", "dominant_emotion", "dominant_race")
    ]
    age_diff = abs(found[0]["age"] - found[1]["age"])
    return [verdict["distance"], float(verdict["verified"]), *agreements, float(age_diff)]


def batches_of(files: Files) -> Iterator[Pairs]:
    """Decode pairs."""
    for start in range(0, len(files), BATCH_SIZE):
        sides = zip(*files[start : start + BATCH_SIZE], strict=True)
        sr, gt = (np.stack([decode_png(path.read_bytes()) for path in one]) for one in sides)
        crops = np.zeros((len(sr), 112, 112, 3), np.uint8)  # DeepFace cuts its own
        yield Pairs(sr=ImageBatch(sr, crops), gt=ImageBatch(gt, crops))


def ask_truth(scorers: dict[str, OfImages], files: Files) -> dict[str, Features]:
    """Ask of the ground truths, once for all methods."""
    return {
        name: extract_features(scorer, (pairs.gt for pairs in batches_of(files)), len(files))
        for name, scorer in scorers.items()
    }


def our_faces(
    scorers: dict[str, OfImages], truth: dict[str, Features], files: Files
) -> list[float]:
    """Ask for the same, of all pairs at once."""
    scores = score_pairs(scorers, batches_of(files), len(files), truth).values()
    columns = {name: values for one in scores for name, values in one.columns.items()}
    return np.stack([columns[name] for name in FACE_METRICS], axis=1).ravel().tolist()


def measure_faces(folder: Path, num_pairs: int, others: Files) -> None:
    """Measure eight methods that share their ground truth, and the networks alone."""
    os.environ |= {"DEEPFACE_HOME": str(folder), "DEEPFACE_LOG_LEVEL": "40"}
    os.environ["DEEPFACE_BACKEND_ENGINE"] = "pytorch"
    write_deepface(folder)
    methods = make_portraits(folder, num_pairs)
    naive_faces(*methods[0][0])  # loads
    start = process_time()
    wanted = [value for files in methods for pair in files for value in naive_faces(*pair)]
    before = process_time() - start

    resources = Resources(
        folder, folder, None, CPU, DeepfaceStage(engine="fast", enforce_detection=False)
    )
    loaded = {name: one.load(resources) for name, one in find_families(FACE_METRICS).items()}
    scorers = {name: one for name, one in loaded.items() if isinstance(one, OfImages)}
    our_faces(scorers, ask_truth(scorers, others[:1]), others[:1])  # touches their memory
    start = process_time()
    truth = ask_truth(scorers, methods[0])
    found = [value for files in methods for value in our_faces(scorers, truth, files)]
    after = process_time() - start
    print_row(f"DeepFace, {NUM_METHODS} methods x {num_pairs} pairs", before, after, wanted, found)

    crops = np.random.default_rng(0).random((BATCH_SIZE, 224, 224, 3), np.float32)
    networks = {name: deepface.load_network(folder, name, CPU) for name in deepface.KINDS}
    for name, network in networks.items():
        deepface.run_network(network, name, crops)  # touches its memory
    start = process_time()
    for name, network in networks.items():
        deepface.run_network(network, name, crops)
    floor = (process_time() - start) / BATCH_SIZE * (NUM_METHODS + 1) * num_pairs
    print(f"| the networks alone |  | {floor:.1f} |  |  |", flush=True)


TASKS: Final = {
    "ssim": ("SSIM, RGB", make_ssim),
    "lpips": ("LPIPS", make_lpips),
    "clipiqa": ("CLIPIQA", make_clipiqa),
    "musiq": ("MUSIQ", make_musiq),
    "frechet": (f"Frechet distance, {NUM_TEST_IMAGES} x {NUM_FEATURES}", make_frechet),
}


def measure(values: Callable[[Files], list[float]], files: Files) -> tuple[list[float], float]:
    """Return the values and the seconds, after a call with one pair."""
    values(files[:1])
    start = process_time()
    return values(files), process_time() - start


def print_row(
    title: str, before: float, after: float, wanted: list[float], found: list[float]
) -> None:
    """Print a line of the table."""
    difference = np.abs(np.array(found) - wanted) / np.maximum(np.abs(wanted), 1e-3)
    row = f"{before:.2f} | {after:.3f} | {before / after:.1f} | {difference.max():.1e}"
    print(f"| {title} | {row} |", flush=True)


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--only", action="append", choices=[*TASKS, "faces"], help="a part; may be repeated")
    add("--pairs", type=int, default=NUM_PAIRS, help="pairs of images")
    add("--face-pairs", type=int, default=NUM_PAIRS, help="pairs of each method for DeepFace")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of the packages about each other
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("| metric | library, s | ours, s | ratio | relative difference |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        os.environ["TORCH_HOME"] = name  # where the packages look for weights
        files = make_pairs(folder)[: args.pairs]
        for key in args.only or (*TASKS, "faces"):
            if key == "faces":
                measure_faces(folder, args.face_pairs, files)
                continue
            title, make = TASKS[key]
            task = make(folder)
            wanted, before = measure(task.naive, files)
            found, after = measure(task.ours, files)
            print_row(f"{title}, {len(files)} pairs", before, after, wanted, found)


if __name__ == "__main__":
    main()
