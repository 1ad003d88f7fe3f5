"""A file laid out as dlib publishes its recogniser."""

from pathlib import Path

import numpy as np
from torch import nn

from idfsr.io.id_encoders import DLIB_DIM
from idfsr.models.dlib_resnet import DlibResNet


def write_integer(value: int) -> bytes:
    length = max(1, (value.bit_length() + 7) // 8)
    return bytes([length]) + value.to_bytes(length, "little")


def write_layer(name: bytes, values: np.ndarray, *before: int) -> bytes:
    """Return a layer as dlib writes it: its name, integers, and a tensor with its version 2."""
    sides = (*before, 2, values.size, 1, 1, 1)
    integers = b"".join(write_integer(side) for side in sides)
    return bytes([1, len(name)]) + name + integers + values.astype("<f4").tobytes()


def write_published(path: Path) -> Path:
    """Write a file of seeded values."""
    rng = np.random.default_rng(7)
    parts = [b"\x01\x01\x01\x0dloss_metric_2"]
    for module in DlibResNet().modules():
        if isinstance(module, nn.Conv2d):
            width, num = module.out_channels, module.weight.numel()
            fan_in = num // width
            values = np.concatenate(
                [rng.standard_normal(num) / fan_in**0.5, rng.standard_normal(width)]
            )
            parts.append(write_layer(b"con_4", values))
            parts.append(write_layer(b"affine_", 0.5 + rng.random(2 * width)))
    parts.append(write_layer(b"fc_2", rng.standard_normal(256 * DLIB_DIM) / 16, DLIB_DIM, 256))
    path.write_bytes(b"".join(parts))
    return path
