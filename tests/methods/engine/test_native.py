import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from idfsr.io.tensors import from_network
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.check import make_examples
from idfsr.methods.engine.native import resize_faces, to_levels, upsampled_lr, weights_digest


def test_every_method_gets_what_bicubic_gives() -> None:
    examples = make_examples(64, 8, 3)
    upsampled = upsampled_lr(examples)
    assert upsampled.shape == (3, 3, 64, 64)
    np.testing.assert_array_equal(from_network(upsampled), Bicubic().restore(examples))


def test_kernel_is_that_of_pillow() -> None:
    image = make_examples(64, 8, 1)["gt_image"]
    for size in (32, 64, 128):
        channel = Image.fromarray(image[0, 0].numpy())
        expected = np.array(channel.resize((size, size), Image.Resampling.BICUBIC))
        np.testing.assert_allclose(resize_faces(image, size)[0, 0], expected, atol=1e-5)
    assert resize_faces(image, 64) is image


def test_levels_are_clamped_before_the_size_changes() -> None:
    image = torch.zeros(1, 3, 8, 8)
    image[..., 3, 3] = 100
    clamped = functional.interpolate(image.clamp(-1, 1), size=4, mode="bicubic", antialias=True)
    np.testing.assert_array_equal(to_levels(image, 4), from_network(clamped))


def test_digest_names_all_files_in_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_text(path.name)
    digests = "".join(hashlib.sha256(name.encode()).hexdigest() for name in "ab")
    assert weights_digest(paths) == hashlib.sha256(digests.encode()).hexdigest()[:16]
    assert weights_digest(paths[::-1]) != weights_digest(paths)
