import torch

from idfsr.models.codeformer import CodeFormer
from idfsr.models.vqgan import Vqgan
from idfsr.training.members.codeformer import (
    CODEFORMER64,
    COMMITMENT,
    codeformer_loss,
    fill_codebook,
    idle_distance,
    take_vqgan,
    vqgan_loss,
)
from idfsr.training.members.faces import FaceBatch
from idfsr.training.members.member import place
from tests.methods.codeformer.test_restore import SMALL

from .tiny import make_batch


def make_vqgan(batch: FaceBatch) -> Vqgan:
    torch.manual_seed(0)
    network = Vqgan(SMALL.vqgan)
    fill_codebook(network, None, batch)
    return network


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


def test_codeformer_begins_with_the_first_stage_and_keeps_its_generator() -> None:
    batch = make_batch()
    vqgan = make_vqgan(batch).requires_grad_(requires_grad=False)
    network = CodeFormer(SMALL)
    take_vqgan(network, vqgan, batch)
    for name, tensor in vqgan.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor), name
    loss, _ = codeformer_loss(network, vqgan)(batch, torch.Generator())
    loss.backward()
    moved = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert moved == {
        "position_emb", "encoder", "feat_emb", "ft_layers", "idx_pred_layer", "fuse_convs_dict",
    }  # fmt: skip


def test_error_is_that_of_the_network_with_w_1() -> None:
    batch = make_batch()
    vqgan = make_vqgan(batch)
    network = CodeFormer(SMALL)
    take_vqgan(network, vqgan, batch)
    _, parts = codeformer_loss(network, vqgan)(batch, torch.Generator())
    restored = network(batch.degraded, 1.0)
    torch.testing.assert_close(parts["error"], (restored - batch.gt_image).abs().mean())


def test_fused_sizes_are_those_of_the_generator() -> None:
    assert set(CODEFORMER64.fused_resolutions) <= set(CODEFORMER64.vqgan.resolutions)
