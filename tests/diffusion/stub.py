"""The denoiser and the inputs behind tests/golden/diffae_samplers.json."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/diffae_samplers.json").read_text())


def denoise(x_t: Tensor, t: Tensor) -> Tensor:
    return 0.5 * torch.tanh(x_t) + 0.1 * t[:, None, None, None] / 1000


def uniform_image(seed: int) -> Tensor:
    values = np.random.RandomState(seed).uniform(-1, 1, (1, 3, 8, 8))
    return torch.tensor(values, dtype=torch.float32)


def normal_image(seed: int) -> Tensor:
    values = np.random.RandomState(seed).standard_normal((1, 3, 8, 8))
    return torch.tensor(values, dtype=torch.float32)
