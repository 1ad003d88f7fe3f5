"""The network and the inputs behind the samplers' numbers in tests/golden."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.diffusion.schedule import linear_alphas_cumprod

ALPHAS_CUMPROD = linear_alphas_cumprod(1000)


def golden(name: str) -> dict[str, Any]:
    numbers: dict[str, Any] = json.loads(
        (Path(__file__).parents[1] / f"golden/{name}_samplers.json").read_text()
    )
    return numbers


def predict(x_t: Tensor, t: Tensor) -> Tensor:
    eps = 0.5 * torch.tanh(x_t) + 0.1 * t[:, None, None, None] / 1000
    return torch.cat([eps, 0.5 * torch.tanh(-x_t)], dim=1)


def denoise(x_t: Tensor, t: Tensor) -> Tensor:
    return predict(x_t, t).chunk(2, dim=1)[0]


def uniform_image(seed: int, size: int) -> Tensor:
    values = np.random.RandomState(seed).uniform(-1, 1, (1, 3, size, size))
    return torch.tensor(values, dtype=torch.float32)


def normal_image(seed: int, size: int) -> Tensor:
    values = np.random.RandomState(seed).standard_normal((1, 3, size, size))
    return torch.tensor(values, dtype=torch.float32)


def assert_golden(found: Tensor, wanted: dict[str, Any]) -> None:
    assert list(found.shape) == wanted["shape"]
    atol = 1e-4 * wanted["std"]
    assert found.flatten()[:8].tolist() == pytest.approx(wanted["first8"], abs=atol)
    assert found.mean().item() == pytest.approx(wanted["mean"], abs=atol)
    assert found.std().item() == pytest.approx(wanted["std"], rel=1e-4)
