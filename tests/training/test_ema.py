import torch
from torch import nn

from idfsr.training.ema import decay_at, start_ema, update_ema


def test_decay_rises_to_the_wanted_one() -> None:
    assert decay_at(0, 0.9999) == 0.1
    assert decay_at(10, 0.9999) == 0.55
    assert decay_at(10**6, 0.9999) == 0.9999
    assert decay_at(0, 0.0) == 0.0


def test_update_literal() -> None:
    module = nn.BatchNorm1d(1)
    with torch.no_grad():
        module.weight.fill_(2.0)
    ema = start_ema(module)
    with torch.no_grad():
        module.weight.fill_(6.0)
        module.running_mean.fill_(10.0)
        module.num_batches_tracked.fill_(7)
    update_ema(ema, module, 0.75)
    assert ema["weight"].item() == 0.75 * 2 + 0.25 * 6
    assert ema["running_mean"].item() == 2.5
    assert ema["num_batches_tracked"].item() == 7


def test_average_does_not_share_memory_with_the_network() -> None:
    module = nn.Linear(2, 1)
    ema = start_ema(module)
    before = ema["weight"].clone()
    with torch.no_grad():
        module.weight.add_(1)
    assert torch.equal(ema["weight"], before)
