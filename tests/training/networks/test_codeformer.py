import torch

from idfsr.models.codeformer import CodeFormer
from idfsr.training.networks.codeformer.training import (
    CODEFORMER64,
    codeformer_loss,
    take_vqgan,
)
from tests.methods.codeformer.test_restore import SMALL

from .tiny import FirstFaces, make_batch, make_vqgan


def test_codeformer_begins_with_the_first_stage_and_keeps_its_generator() -> None:
    batch = make_batch()
    vqgan = make_vqgan(batch).requires_grad_(requires_grad=False)
    network = CodeFormer(SMALL)
    take_vqgan(network, vqgan, FirstFaces(batch))
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
    take_vqgan(network, vqgan, FirstFaces(batch))
    _, parts = codeformer_loss(network, vqgan)(batch, torch.Generator())
    restored = network(batch.degraded, 1.0)
    torch.testing.assert_close(parts["error"], (restored - batch.gt_image).abs().mean())


def test_fused_sizes_are_those_of_the_generator() -> None:
    assert set(CODEFORMER64.fused_resolutions) <= set(CODEFORMER64.vqgan.resolutions)
