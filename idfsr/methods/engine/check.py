"""The contract of `Baseline` as a check that the tests of any package can call."""

import re

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.constants import FFHQ_LANDMARKS_512, ID_DIM
from idfsr.io.examples import IdentityExamples
from idfsr.io.weights_list import read_manifest
from idfsr.methods.engine.contract import NEED_COLUMNS, Baseline, Method, pick_rows


def make_examples(size: int, scale_factor: int, num_images: int) -> IdentityExamples:
    """Make examples of smooth random images, as a shard would give them.

    Args:
        size: Side of the ground truth in pixels.
        scale_factor: How many times smaller the low-resolution images are.
        num_images: How many; every image is another.
    """
    generator = torch.Generator().manual_seed(0)

    def smooth(count: int, side: int) -> Float[Tensor, "_ 3 side side"]:
        coarse = torch.rand((count, 3, 4, 4), generator=generator) * 2 - 1
        return torch.nn.functional.interpolate(coarse, size=side, mode="bilinear")

    def embeddings(*shape: int) -> Tensor:
        vectors = torch.randn((*shape, ID_DIM), generator=generator)
        return torch.nn.functional.normalize(vectors, dim=-1)

    gt_image = smooth(num_images, size)
    lr_image = torch.nn.functional.avg_pool2d(gt_image, scale_factor)
    landmarks = torch.tensor(FFHQ_LANDMARKS_512) * size / 512
    return {
        "keys": [f"someone/{index}/x{scale_factor}" for index in range(num_images)],
        "images": [str(index) for index in range(num_images)],
        "gt_image": gt_image,
        "lr_image": lr_image,
        "masked_lr": torch.nn.functional.interpolate(lr_image, size=size, mode="bicubic"),
        "lr_landmarks": landmarks.expand(num_images, -1, -1).clone(),
        "warped_ref": smooth(2 * num_images, size).reshape(num_images, 2, 3, size, size),
        "ref_image": smooth(2 * num_images, size).reshape(num_images, 2, 3, size, size),
        "z_id": embeddings(num_images),
        "reference_z_id": embeddings(num_images, 2),
    }


def check_class(baseline: type[Baseline]) -> None:
    """Assert that a class says of itself what the contract wants."""
    assert re.fullmatch(r"[a-z0-9-]+", baseline.name), f"name {baseline.name!r}"
    assert set(baseline.needs) <= set(NEED_COLUMNS), f"needs {baseline.needs}"
    if baseline.weights:
        files = read_manifest()
        for name in baseline.weights:
            assert name in files, f"config/weights.yaml has no entry {name}"
            assert baseline.name in files[name].needed_by, f"{name}: needed_by lacks the method"


def check_method(method: Method, examples: IdentityExamples) -> None:
    """Assert that a method restores as the contract wants.

    Args:
        method: Made ready.
        examples: Three images or more that have what it needs, e.g. of `make_examples`.
    """
    assert isinstance(method, Method)
    if isinstance(method, Baseline):
        assert method.native_size is None or method.native_size > 0
    num_images, _, size, _ = examples["gt_image"].shape
    restored = method.restore(examples)
    assert restored.dtype == np.uint8
    assert restored.shape == (num_images, size, size, 3)
    assert len(np.unique(restored.reshape(num_images, -1), axis=0)) == num_images
    np.testing.assert_array_equal(method.restore(examples), restored, "a second call")
    blind: IdentityExamples = {**examples, "gt_image": torch.zeros_like(examples["gt_image"])}
    np.testing.assert_array_equal(method.restore(blind), restored, "ground truth was looked at")
    alone = method.restore(pick_rows(examples, [num_images - 1]))
    np.testing.assert_array_equal(alone[0], restored[-1], "depends on the batch")
