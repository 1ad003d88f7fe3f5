import torch

from idfsr.models.swinir import SwinIR
from idfsr.training.networks.difface_swinir.training import estimate, swinir_loss
from tests.methods.tiny import SWINIR

from .tiny import make_batch


def test_swinir_sees_and_gives_0_to_1() -> None:
    torch.manual_seed(0)
    network, batch = SwinIR(SWINIR), make_batch()
    found = estimate(network, batch)
    torch.testing.assert_close((found + 1) / 2, network((batch.degraded + 1) / 2))
    loss, _ = swinir_loss(network, None)(batch, torch.Generator())
    torch.testing.assert_close(loss, (found - batch.gt_image).abs().mean())
