"""Images a second of training, fitting and sampling on a GPU, and the share of its peak.

The peak is measured first: a product of two bfloat16 matrices of 8,192 x 8,192. Operations are
those of the network as it is written, a multiplication with its addition being two. Images are
random. Training is the loop of `idfsr pretrain`, its warm-up steps, which also compile, left out.
Fitting is a whole fit of people of five photographs each, with the looks at five test images.
Sampling restores a batch as `idfsr restore-people` does, the second time.

    python benchmarks/gpu.py train --precision bfloat16 --compile --batch-size 32
    python benchmarks/gpu.py fit --people 4
    python benchmarks/gpu.py sample --batch-size 16
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from idfsr.config.fit import FitConfig
from idfsr.config.pretrain import PretrainConfig
from idfsr.constants import ID_DIM
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.models.device import pick_device
from idfsr.models.idfsr import IDFSR
from idfsr.run.config import load_config
from idfsr.training.batch_slices import own_slices
from idfsr.training.fit import fit_identities
from idfsr.training.frozen import FrozenModel
from idfsr.training.loop import train
from idfsr.training.pretrain import pretrain_loss
from idfsr.training.step import Recipe

DEVICE = pick_device()
NUM_PHOTOGRAPHS = 5


def clock() -> float:
    """Return the seconds once the GPU has nothing left to do."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def measure_peak(size: int, repeats: int = 50) -> float:
    """Return the TFLOP/s of a product of two matrices in bfloat16."""
    a, b = (torch.randn(size, size, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(repeats):
        a @ b
    start = clock()
    for _ in range(repeats):
        a @ b
    return 2 * size**3 * repeats / (clock() - start) / 1e12


def count(function: Callable[[], Any]) -> float:
    """Return the TFLOP of a call."""
    with FlopCounterMode(display=False) as counter:
        function()
    return float(counter.get_total_flops()) / 1e12


def random_examples(num: int, size: int, num_references: int) -> Any:
    """Return what stands for a person's examples, on the CPU as a shard gives them."""
    images = torch.rand(num, 3, size, size) * 2 - 1
    z_id = functional.normalize(torch.randn(num, ID_DIM), dim=1)
    return {
        "keys": [f"{torch.initial_seed()}/{index}/x8" for index in range(num)],
        "gt_image": images,
        "masked_lr": images,
        "warped_ref": images[:, None].expand(-1, num_references, -1, -1, -1),
        "landmarks": torch.zeros(num, 5, 2),
        "z_id": z_id,
        "reference_z_id": z_id[:, None].expand(-1, num_references, -1),
    }


def measure_train(network: IDFSR, args: argparse.Namespace) -> tuple[int, float, float]:
    """Return images, seconds and TFLOP an image of training."""
    config = PretrainConfig(
        num_images=args.batch_size * (args.warmup + args.steps),
        batch_size=args.batch_size,
        precision=args.precision,
        compile=args.compile,
        checkpoint_images=2**40,
    )
    examples = random_examples(args.batch_size, network.config.image_size, 1)
    examples["warped_ref"] = examples["warped_ref"][:, 0]
    batch = {
        name: value.pin_memory() if isinstance(value, Tensor) and DEVICE.type == "cuda" else value
        for name, value in examples.items()
    }
    loss = pretrain_loss(network, config, None)
    single: Any = {name: value[:1] for name, value in examples.items()}

    def differentiate() -> None:
        torch.autograd.backward(loss(single, torch.Generator(DEVICE))[0])

    work = count(differentiate)
    starts: list[float] = []

    def batch_at(_: int, batch_slice: Any) -> Any:
        starts.append(clock())
        return batch | {"batch_slice": batch_slice}

    recipe = Recipe(
        name="pretrain",
        module=network,
        loss=loss,
        batch_at=batch_at,
        slices=own_slices(args.batch_size, 0, 0, 1),
        settings={},
    )
    with TemporaryDirectory() as folder:
        train(recipe, config, 0, Path(folder), DEVICE)
    counted = starts[args.warmup :]
    return args.batch_size * (len(counted) - 1), counted[-1] - counted[0], work


def measure_fit(network: IDFSR, args: argparse.Namespace) -> tuple[int, float, float]:
    """Return images, seconds and TFLOP an image of a fit."""
    people = []
    for seed in range(args.people):
        torch.manual_seed(seed)
        size = network.config.image_size
        people.append(tuple(random_examples(NUM_PHOTOGRAPHS, size, 4) for _ in range(2)))
    config = FitConfig(num_steps=args.steps)
    frozen = FrozenModel(network, people[0][0], 1, "float32")
    z_id = people[0][0]["z_id"][:1].to(DEVICE).requires_grad_()
    work = count(lambda: torch.autograd.backward(frozen.losses(z_id, frozen.draw(0, 1, 0))))
    warm = FitConfig(num_steps=args.warmup, num_evaluations=1)
    fit_identities(network, people, warm, 0)
    start = clock()
    fit_identities(network, people, config, 0)
    return args.people * config.batch_size * args.steps, clock() - start, work


def measure_sample(network: IDFSR, args: argparse.Namespace) -> tuple[int, float, float]:
    """Return images, seconds and TFLOP an image of sampling."""
    method = IdfsrRestorer(
        model=network.eval().requires_grad_(False),
        model_digest="",
        fitted_z_id=None,
        num_inference_steps=args.steps,
        seed=0,
    )
    examples = random_examples(args.batch_size, network.config.image_size, 1)
    single: Any = {name: value[:1] for name, value in examples.items()}
    work = count(lambda: method.restore(single))
    method.restore(examples)
    start = clock()
    method.restore(examples)
    return args.batch_size, clock() - start, work


TASKS = {
    "train": (measure_train, 30),
    "fit": (measure_fit, FitConfig.num_steps),
    "sample": (measure_sample, 20),
}


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("task", choices=TASKS, help="what to measure")
    add("--config", type=Path, default=Path("config/celebref-hq.yaml"), help="a run: its model")
    add("--precision", default="float32", help="of autocast, of training")
    add("--compile", action="store_true", help="torch.compile, of training")
    add("--batch-size", type=int, default=16, help="images, of training and sampling")
    add("--people", type=int, default=1, help="fitted at once")
    add("--steps", type=int, help="counted ones; of sampling and of a fit all")
    add("--warmup", type=int, default=5, help="steps before them")
    add("--peak-size", type=int, default=8192, help="side of the matrices; 256 to try it on a CPU")
    args = parser.parse_args()
    measure, steps = TASKS[args.task]
    args.steps = args.steps or steps
    peak = measure_peak(args.peak_size)
    torch.manual_seed(0)
    network = IDFSR(load_config(args.config).model).to(DEVICE)
    images, seconds, work = measure(network, args)
    rate = images / seconds
    device = torch.cuda.get_device_name() if DEVICE.type == "cuda" else "CPU"
    print(
        f"{args.task} {vars(args)} on {device}: {images} images in {seconds:.2f} s, "
        f"{rate:.1f} images/s of {work:.3f} TFLOP, {rate * work:.0f} TFLOP/s, "
        f"{rate * work / peak:.0%} of {peak:.0f}"
    )


if __name__ == "__main__":
    main()
