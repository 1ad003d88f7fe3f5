import json
from pathlib import Path

import numpy as np
import torch

from idfsr.faces.mls import EPS, mls_affine, mls_grid

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "asffnet.json").read_text())


def literal_mls(p: np.ndarray, q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The formula at one place, sum by sum."""
    w = [1 / sum((p_i[c] - v[c]) ** 2 + EPS for c in range(2)) for p_i in p]
    p_star = sum(w_i * p_i for w_i, p_i in zip(w, p, strict=True)) / sum(w)
    q_star = sum(w_i * q_i for w_i, q_i in zip(w, q, strict=True)) / sum(w)
    a = sum(
        w_i * np.outer(p_i - p_star, q_i - q_star) for w_i, p_i, q_i in zip(w, p, q, strict=True)
    )
    b = sum(w_i * np.outer(p_i - p_star, p_i - p_star) for w_i, p_i in zip(w, p, strict=True))
    return (v - q_star) @ np.linalg.inv(a) @ b + p_star


def test_equals_the_literal_formula_on_random_points() -> None:
    rng = np.random.default_rng(0)
    src = rng.uniform(0, 40, (3, 20, 2))
    dst = src + rng.normal(0, 3, src.shape)
    places = rng.uniform(0, 40, (15, 2))
    places[0] = src[1, 4]  # where a weight is 5e7
    found = mls_affine(*map(torch.from_numpy, (src, dst, places)))
    for p, q, moved in zip(src, dst, found.numpy(), strict=True):
        for v, result in zip(places, moved, strict=True):
            np.testing.assert_allclose(result, literal_mls(p, q, v), rtol=1e-9)


def test_convention_result_looks_up_the_source() -> None:
    src = torch.rand(1, 10, 2, dtype=torch.float64) * 20
    moved = mls_affine(src, src + torch.tensor([3.0, -1.0]), torch.tensor([[8.0, 9.0]]).double())
    torch.testing.assert_close(moved, torch.tensor([[[5.0, 10.0]]]).double())


def test_an_affine_map_is_found_exactly() -> None:
    src = torch.rand(1, 10, 2, dtype=torch.float64) * 20
    matrix = torch.tensor([[1.2, 0.3], [-0.2, 0.9]]).double()
    places = torch.rand(7, 2, dtype=torch.float64) * 20
    moved = mls_affine(src, src @ matrix + 2, places)
    torch.testing.assert_close(moved[0] @ matrix + 2, places)


def points(name: str) -> torch.Tensor:
    return torch.tensor(GOLDEN[f"{name}_landmarks"]).double()[None, 17:] / 4


def test_grid_is_that_of_the_published_program() -> None:
    for ref, name in (("ref", "grid"), ("far", "grid_leaving_the_image")):
        grid, wanted = mls_grid(points(ref), points("lq"), 128), GOLDEN[name]
        flat = grid.flatten()
        assert list(grid.shape) == wanted["shape"]
        torch.testing.assert_close(flat[:8], torch.tensor(wanted["first8"]), rtol=0, atol=1e-6)
        torch.testing.assert_close(
            flat[len(flat) // 2 :][:8], torch.tensor(wanted["mid8"]), rtol=0, atol=1e-6
        )
        np.testing.assert_allclose(flat.mean(), wanted["mean"], atol=1e-6)
        np.testing.assert_allclose(flat.std(), wanted["std"], atol=1e-6)


def test_coordinates_outside_become_the_first_one_by_one() -> None:
    src = torch.rand(1, 10, 2, dtype=torch.float64) * 20
    # column 3 sees column 18.5, and column 4 would see 19.5: neither is at the border of rounding
    grid = mls_grid(src + torch.tensor([15.5, 0.0]), src, 20)
    assert (grid[0, 3, 4:, 0] == -1).all()
    torch.testing.assert_close(grid[0, 3, :, 1], torch.full((20,), 3 / 10 - 1))
    torch.testing.assert_close(grid[0, 3, :4, 0], torch.arange(15.5, 19.0) / 10 - 1)
