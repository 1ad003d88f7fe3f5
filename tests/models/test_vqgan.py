import numpy as np
import torch

from idfsr.models.vqgan import VQGAN_512, Codebook, Downsample, Vqgan, VqganConfig

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

SMALL = VqganConfig(
    image_size=32,
    channels=32,
    channel_mult=(1, 2, 2),
    num_res_blocks=1,
    attention_resolutions=(16,),
    num_codes=16,
    code_channels=24,
)


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = Vqgan(VQGAN_512)
    assert shapes(network) == golden_keys("codeformer_vqgan_code1024")
    assert sum(parameter.numel() for parameter in network.parameters()) == 63_740_099


@torch.no_grad()
def test_small_network_gives_the_published_programs_numbers() -> None:
    network = Vqgan(SMALL).eval()
    fill_by_name(network)
    wanted = golden("codeformer")["vqgan_small"]
    z, _ = network.encoder(uniform_image(0, 32))
    assert_golden(z, wanted["encoder"])
    values = np.random.RandomState(1).standard_normal((1, 24, 8, 8))
    assert_golden(network.generator(torch.tensor(values, dtype=torch.float32)), wanted["generator"])
    assert_golden(network.redraw(uniform_image(0, 32)), wanted["out"])


def test_features_stand_at_the_ends_of_levels() -> None:
    network = Vqgan(SMALL)
    _, features = network.encoder(uniform_image(0, 32))
    assert {side: tuple(x.shape) for side, x in features.items()} == {
        32: (1, 32, 32, 32), 16: (1, 64, 16, 16), 8: (1, 64, 8, 8),
    }  # fmt: skip


def test_generator_takes_what_fuse_returns_at_each_level() -> None:
    generator = Vqgan(SMALL).generator
    seen = []

    def fuse(side: int, x: torch.Tensor) -> torch.Tensor:
        seen.append((side, x.shape[-1]))
        return torch.zeros_like(x)

    z = torch.randn(1, 24, 8, 8)
    assert torch.equal(generator(z, fuse), generator(2 * z, fuse))
    assert seen[:3] == [(8, 8), (16, 16), (32, 32)]


def test_convention_halving_pads_right_and_below() -> None:
    halve = Downsample(1)
    torch.nn.init.zeros_(halve.conv.bias)
    halve.conv.weight.data = torch.arange(9.0).reshape(1, 1, 3, 3)
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = 1
    # the first pixel is under the first weight, nothing stands before it
    assert halve(x)[0, 0].tolist() == [[0, 0], [0, 0]]
    x[0, 0, 0, 1] = 1
    assert halve(x)[0, 0].tolist() == [[1, 0], [0, 0]]


@torch.no_grad()
def test_nearest_code_is_the_one_at_the_least_distance() -> None:
    codebook = Codebook(7, 3)
    z = torch.randn(2, 3, 4, 5)
    codes = codebook.nearest(z)
    for b, row, column in np.ndindex(2, 4, 5):
        distances = [(z[b, :, row, column] - code).norm() for code in codebook.embedding.weight]
        assert codes[b, row, column] == int(torch.tensor(distances).argmin())
    assert torch.equal(codebook(codes)[1, :, 2, 3], codebook.embedding.weight[codes[1, 2, 3]])
