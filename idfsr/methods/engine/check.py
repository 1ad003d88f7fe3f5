"""The contract as checks that the tests of any package can call."""

import re

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.constants import FFHQ_LANDMARKS_512, ID_DIM
from idfsr.io.examples import IdentityExamples
from idfsr.io.weights_list import read_manifest
from idfsr.methods.engine.contract import NEED_COLUMNS, Method, Restorer
from idfsr.methods.engine.restore import pick_rows


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
        "mean_z_id": embeddings(num_images),
    }


def check_method(method: Method) -> None:
    """Assert that a method says of itself what the contract wants."""
    assert re.fullmatch(r"[a-z0-9-]+", method.name), f"name {method.name!r}"
    assert method.label, "label is empty"
    assert re.fullmatch(r"(#[0-9a-f]{6})?", method.colour), f"colour {method.colour!r}"
    assert set(method.needs) <= set(NEED_COLUMNS), f"needs {method.needs}"
    if method.settings is not None:
        method.settings()  # each has a default
    if method.weights:
        files = read_manifest()
        for name in method.weights:
            assert name in files, f"config/weights.yaml has no entry {name}"
            assert method.name in files[name].needed_by, f"{name}: needed_by lacks the method"


def check_restorer(restorer: Restorer, examples: IdentityExamples) -> None:
    """Assert that a method restores as the contract wants.

    Args:
        restorer: The method made ready.
        examples: Three images or more that have what it needs, e.g. of `make_examples`.
    """
    assert restorer.native_size is None or restorer.native_size > 0
    num_images, _, size, _ = examples["gt_image"].shape
    restored = restorer.restore(examples)
    assert restored.dtype == np.uint8
    assert restored.shape == (num_images, size, size, 3)
    assert len(np.unique(restored.reshape(num_images, -1), axis=0)) == num_images
    np.testing.assert_array_equal(restorer.restore(examples), restored, "a second call")
    blind: IdentityExamples = {**examples, "gt_image": torch.zeros_like(examples["gt_image"])}
    np.testing.assert_array_equal(restorer.restore(blind), restored, "ground truth was looked at")
    alone = restorer.restore(pick_rows(examples, [num_images - 1]))
    np.testing.assert_array_equal(alone[0], restored[-1], "depends on the batch")
