import json
from pathlib import Path

import pytest
import torch

from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod, spread_timesteps
from idfsr.errors import IdfsrError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/diffae_samplers.json").read_text())


def test_alphas_cumprod_of_two_steps_by_hand() -> None:
    expected = [1 - 1e-4, (1 - 1e-4) * (1 - 0.02)]
    assert linear_alphas_cumprod(2).tolist() == pytest.approx(expected, rel=1e-12)


def test_timesteps_and_alphas_are_those_of_diffae() -> None:
    timesteps = ddim_timesteps(1000, 20)
    assert timesteps == GOLDEN["timestep_map_ddim20"]
    alphas_cumprod = linear_alphas_cumprod(1000)
    assert alphas_cumprod.dtype == torch.float64
    assert alphas_cumprod[timesteps].tolist() == pytest.approx(
        GOLDEN["alphas_cumprod_ddim20"], rel=1e-9
    )


@pytest.mark.parametrize("num_inference_steps", [0, 3, 2000])
def test_steps_that_no_stride_gives_are_refused(num_inference_steps: int) -> None:
    with pytest.raises(IdfsrError, match=f"found {num_inference_steps}, wanted a divisor of 1000"):
        ddim_timesteps(1000, num_inference_steps)


def test_spread_timesteps_reach_both_ends() -> None:
    assert spread_timesteps(1000, 100)[4:7] == [40, 50, 61]
    assert spread_timesteps(10, 2) == [0, 9]
    assert spread_timesteps(4, 4) == [0, 1, 2, 3]


@pytest.mark.parametrize("num_steps", [1, 1001])
def test_spread_timesteps_that_do_not_fit(num_steps: int) -> None:
    with pytest.raises(IdfsrError, match=f"found {num_steps}, wanted 2 to 1000"):
        spread_timesteps(1000, num_steps)
