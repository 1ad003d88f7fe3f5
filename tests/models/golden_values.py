"""Filling networks and comparing them with the numbers in tests/golden."""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

GOLDEN = Path(__file__).parents[1] / "golden"


def fill_by_name(module: nn.Module, prefix: str = "") -> None:
    """Fill the parameters with numbers drawn from the CRC-32 of their names, as in tests/golden.

    The vectors of a spectral norm are those that 50 power iterations find.
    """
    state = {}
    for name, tensor in module.state_dict().items():
        if name.endswith(("weight_u", "weight_v")):
            continue
        stream = np.random.RandomState(zlib.crc32((prefix + name).encode()))
        values = stream.standard_normal(tensor.numel())
        if tensor.ndim >= 2:
            values /= np.sqrt(np.prod(tensor.shape[1:]))
        elif name.endswith("weight"):
            values = 1 + 0.1 * values
        else:
            values *= 0.05
        state[name] = torch.tensor(values.reshape(tensor.shape), dtype=torch.float32)
        if name.endswith("weight_orig"):
            u, v = singular_vectors(values.reshape(len(tensor), -1))
            base = name.removesuffix("orig")
            state[f"{base}u"], state[f"{base}v"] = (
                torch.tensor(vector, dtype=torch.float32) for vector in (u, v)
            )
    module.load_state_dict(state)


def singular_vectors(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    u = np.ones(len(matrix)) / np.sqrt(len(matrix))
    v = u
    for _ in range(50):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return u, v


def golden(name: str) -> dict[str, Any]:
    """Return the stored numbers of a published program."""
    numbers: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text())
    return numbers


def golden_keys(name: str) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a published network."""
    lines = (GOLDEN / f"{name}.keys.txt").read_text().splitlines()
    pairs = [line.split() for line in lines]
    return {
        key: () if shape == "-" else tuple(int(size) for size in shape.split("x"))
        for key, shape in pairs
    }


def shapes(module: nn.Module, prefix: str = "") -> dict[str, tuple[int, ...]]:
    return {prefix + name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


def assert_golden(found: Tensor, wanted: Mapping[str, Any]) -> None:
    """Compare with stored values, relative to their standard deviation."""
    assert list(found.shape) == wanted["shape"]
    values, half = found.flatten(), found.numel() // 2
    for part, name in ((values[:8], "first8"), (values[half : half + 8], "mid8")):
        torch.testing.assert_close(
            part, torch.tensor(wanted[name]), rtol=0, atol=1e-4 * wanted["std"]
        )
    assert found.mean().item() == pytest.approx(wanted["mean"], abs=1e-4 * wanted["std"])
    assert found.std().item() == pytest.approx(wanted["std"], rel=1e-4)
    assert found.abs().max().item() == pytest.approx(wanted["absmax"], rel=1e-4)


def uniform_image(seed: int, size: int = 64) -> Tensor:
    values = np.random.RandomState(seed).uniform(-1, 1, (1, 3, size, size))
    return torch.tensor(values, dtype=torch.float32)


def normal_vector(length: int, seed: int) -> Tensor:
    """Return a row of standard normal numbers."""
    values = np.random.RandomState(seed).standard_normal((1, length))
    return torch.tensor(values, dtype=torch.float32)
