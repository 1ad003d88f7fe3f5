import json
import math

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.models.blocks import Attention
from idfsr.models.unet import BlockPlan, Sinusoids, UNet, UNetConfig, plan_descent

from .golden_values import (
    GOLDEN,
    assert_golden,
    fill_by_name,
    golden_keys,
    normal_vector,
    shapes,
    uniform_image,
)

CHANNEL_MULT = {128: (1, 1, 2, 3, 4), 256: (1, 1, 2, 2, 4, 4)}


def make_diffae(image_size: int) -> UNet:
    """Return the U-Net of DiffAE's ffhq128_autoenc or ffhq256_autoenc."""
    return UNet(
        UNetConfig(
            image_size=image_size,
            in_channels=3,
            model_channels=128,
            channel_mult=CHANNEL_MULT[image_size],
            num_res_blocks=2,
            attention_resolutions=(16,),
            num_heads=1,
            embed_channels=512,
            style_channels=512,
            dropout=0.1,
            num_id_heads=0,
        )
    )


def make_tiny(**changes: object) -> UNet:
    settings = {
        "image_size": 16,
        "in_channels": 3,
        "model_channels": 16,
        "channel_mult": (1, 2),
        "num_res_blocks": 1,
        "attention_resolutions": (8,),
        "num_heads": 1,
        "embed_channels": 24,
        "style_channels": 20,
        "dropout": 0.0,
        "num_id_heads": 0,
    }
    return UNet(UNetConfig(**(settings | changes)))


@pytest.mark.parametrize(("image_size", "num_parameters"), [(128, 103_871_619), (256, 138_341_891)])
def test_names_and_shapes_are_those_of_diffae(image_size: int, num_parameters: int) -> None:
    with torch.device("meta"):
        network = make_diffae(image_size)
    keys = golden_keys(f"diffae_ffhq{image_size}_autoenc")
    assert shapes(network) == {
        name: shape for name, shape in keys.items() if not name.startswith("encoder.")
    }
    assert sum(parameter.numel() for parameter in network.parameters()) == num_parameters


@pytest.mark.parametrize("image_size", [128, pytest.param(256, marks=pytest.mark.slow)])
def test_output_is_that_of_diffae(image_size: int) -> None:
    network = make_diffae(image_size).eval()
    fill_by_name(network)
    golden = json.loads((GOLDEN / "diffae_models.json").read_text())
    with torch.no_grad():
        eps = network(uniform_image(0), torch.tensor([437]), normal_vector(512, 0))
    assert_golden(eps, golden[f"diffae_ffhq{image_size}_autoenc"]["unet"]["out"])


def test_plan_places_attention_by_resolution() -> None:
    plan = plan_descent(64, 32, (1, 2, 3), 1, (16,))
    assert plan == [
        BlockPlan(32, 32, "none", attention=False),
        BlockPlan(32, 32, "down", attention=False),
        BlockPlan(32, 64, "none", attention=False),
        BlockPlan(64, 64, "down", attention=False),
        BlockPlan(64, 96, "none", attention=True),
    ]


def test_attention_can_stand_at_16_and_8_px_of_a_64_px_network() -> None:
    network = make_tiny(
        image_size=64, channel_mult=(1, 1, 2, 3), attention_resolutions=(16, 8), num_id_heads=8
    )
    sites = [
        name.removesuffix(".id_q") for name, _ in network.named_modules() if name.endswith(".id_q")
    ]
    assert sites == [
        "input_blocks.5.1", "input_blocks.7.1", "middle_block.1",
        "output_blocks.0.1", "output_blocks.1.1", "output_blocks.2.1", "output_blocks.3.1",
    ]  # fmt: skip
    assert sites == [
        name for name, module in network.named_modules() if isinstance(module, Attention)
    ]


def test_size_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(IdfsrError, match="image_size: found 20, wanted a multiple of 8"):
        plan_descent(20, 32, (1, 1, 1, 1), 1, ())


def test_convention_time_embedding_is_cosines_then_sines() -> None:
    found = Sinusoids(4)(torch.tensor([0, 7]))
    assert found[0].tolist() == [1, 1, 0, 0]
    expected = [math.cos(7), math.cos(0.07), math.sin(7), math.sin(0.07)]
    assert found[1].tolist() == pytest.approx(expected, abs=1e-6)


def test_fresh_network_predicts_no_noise() -> None:
    eps = make_tiny()(torch.randn(2, 3, 16, 16), torch.tensor([1, 2]), torch.randn(2, 20))
    assert eps.abs().max() == 0


def test_every_parameter_gets_a_gradient() -> None:
    network = make_tiny()
    fill_by_name(network)
    network(torch.randn(2, 3, 16, 16), torch.tensor([1, 2]), torch.randn(2, 20)).sum().backward()
    without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert without == []


def test_bfloat16_autocast_stays_near_float32() -> None:
    network = make_tiny(num_id_heads=4).eval()
    fill_by_name(network)
    inputs = (
        torch.randn(2, 3, 16, 16), torch.tensor([1, 900]), torch.randn(2, 20),
        torch.randn(2, 3, 24),
    )  # fmt: skip
    exact = network(*inputs)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(*inputs)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).std() < 0.03 * exact.std()
    rough.float().sum().backward()


def test_memory_format_does_not_matter() -> None:
    network = make_tiny(num_id_heads=4).eval()
    fill_by_name(network)
    inputs = (torch.tensor([1, 900]), torch.randn(2, 20), torch.randn(2, 3, 24))
    x = torch.randn(2, 3, 16, 16)
    expected = network(x, *inputs)
    network.to(memory_format=torch.channels_last)
    found = network(x.to(memory_format=torch.channels_last), *inputs)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * expected.std().item())
