import torch

from idfsr.training.networks.record import place
from idfsr.training.networks.vqgan.training import COMMITMENT, idle_distance, vqgan_loss

from .tiny import make_batch, make_vqgan


@torch.no_grad()
def test_codes_begin_with_places_of_grids() -> None:
    batch = make_batch()
    network = make_vqgan(batch)
    places = network.encoder(place(batch.gt_image, network))[0].permute(0, 2, 3, 1).flatten(0, 2)
    codes = network.quantize.embedding.weight
    assert (codes[:, None] == places).all(dim=2).any(dim=1).all()
    assert len(torch.unique(network.quantize.nearest(network.encoder(batch.gt_image)[0]))) == 16


def test_codes_and_grid_are_drawn_to_each_other() -> None:
    batch = make_batch()
    network = make_vqgan(batch)
    with torch.no_grad():
        network.quantize.embedding.weight += 0.1
        z, _ = network.encoder(batch.gt_image)
        code = network.quantize(network.quantize.nearest(z))
        error = (network.generator(code) - batch.gt_image).abs().mean()
        places = z.permute(0, 2, 3, 1).flatten(0, 2)
        distances = (network.quantize.embedding.weight[:, None] - places).square().mean(dim=2)
        wanted = error + (1 + COMMITMENT) * (code - z).square().mean()
        wanted += distances.min(dim=1).values.mean()
    loss, parts = vqgan_loss(network, None)(batch, torch.Generator())
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(parts["error"], error)
    loss.backward()
    assert network.quantize.embedding.weight.grad is not None
    assert network.encoder.blocks[0].weight.grad.abs().sum() > 0, "not through the codes"


def test_codes_that_no_place_takes_follow_the_grids() -> None:
    z = torch.rand(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    codebook = torch.nn.Parameter(torch.tensor([[0.5] * 4, [9.0] * 4]))
    idle_distance(codebook, z).backward()
    assert codebook.grad is not None
    assert (codebook.grad[1] > 1).all()
    assert codebook.grad[0].abs().max() < 1
