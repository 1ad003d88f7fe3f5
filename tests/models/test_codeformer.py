import pytest
import torch

from idfsr.models.codeformer import CODEFORMER_512, CodeFormer, CodeFormerConfig, FeatureFusion
from idfsr.models.vqgan import VqganConfig

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

SMALL = CodeFormerConfig(
    vqgan=VqganConfig(
        image_size=16,
        channels=32,
        channel_mult=(1, 2, 2),
        num_res_blocks=1,
        attention_resolutions=(4,),
        num_codes=8,
        code_channels=24,
    ),
    token_channels=16,
    num_heads=2,
    num_layers=2,
    fused_resolutions=(8, 16),
)


@pytest.fixture
def small() -> CodeFormer:
    network = CodeFormer(SMALL).eval()
    fill_by_name(network)
    return network


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = CodeFormer(CODEFORMER_512)
    assert shapes(network) == golden_keys("codeformer")
    assert sum(parameter.numel() for parameter in network.parameters()) == 94_112_707


@pytest.mark.slow
@torch.no_grad()
def test_gives_the_published_programs_numbers() -> None:
    network = CodeFormer(CODEFORMER_512).eval()
    fill_by_name(network)
    wanted = golden("codeformer")["codeformer"]
    image = uniform_image(0, 512)
    z, _ = network.encoder(image)
    logits = network.predict_codes(z)
    assert_golden(logits, wanted["logits"])
    assert logits.argmax(2).flatten().tolist() == wanted["codes"]
    for w in (0.0, 0.5, 1.0):
        assert_golden(network(image, w), wanted[f"w{w:g}"])


@torch.no_grad()
def test_w_takes_the_features_in(small: CodeFormer) -> None:
    image = uniform_image(0, 16)
    restored = {w: small(image, w) for w in (0.0, 0.5, 1.0)}
    assert (restored[0.5] - restored[0.0]).std() > 0.1 * restored[0.0].std()
    assert (restored[1.0] - restored[0.5]).std() > 0.1 * restored[0.0].std()


@torch.no_grad()
def test_without_features_the_codes_and_the_statistics_decide(small: CodeFormer) -> None:
    image = uniform_image(0, 16)
    z, _ = small.encoder(image)
    codes = small.predict_codes(z).argmax(2).reshape(1, 4, 4)
    quantised = small.quantize(codes)
    std, mean = torch.std_mean(quantised, dim=(2, 3), keepdim=True)
    wanted_std, wanted_mean = torch.std_mean(z, dim=(2, 3), keepdim=True)
    z_restored = (quantised - mean) / (std**2 + 1e-5) ** 0.5
    z_restored = z_restored * (wanted_std**2 + 1e-5) ** 0.5 + wanted_mean
    torch.testing.assert_close(small(image, 0.0), small.generator(z_restored))


@torch.no_grad()
def test_an_image_does_not_depend_on_its_neighbours(small: CodeFormer) -> None:
    images = torch.cat([uniform_image(seed, 16) for seed in range(3)])
    torch.testing.assert_close(small(images, 0.5)[1:2], small(images[1:2], 0.5))


def test_fusion_adds_w_times_scale_and_shift() -> None:
    fusion = FeatureFusion(32)
    encoded, drawn = torch.randn(2, 1, 32, 4, 4)
    both = fusion.encode_enc(torch.cat([encoded, drawn], dim=1))
    wanted = drawn + 0.3 * (drawn * fusion.scale(both) + fusion.shift(both))
    torch.testing.assert_close(fusion(encoded, drawn, 0.3), wanted)
