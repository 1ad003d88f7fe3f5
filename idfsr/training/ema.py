"""Exponential moving average of a network, the one that is evaluated (Song and Ermon 2020)."""

import torch
from torch import Tensor, nn


def decay_at(num_updates: int, ema_decay: float) -> float:
    """Return the decay of one update: min(ema_decay, (1 + n) / (10 + n)).

    The ramp of TensorFlow's ExponentialMovingAverage. Without it an average over
    1 / (1 - ema_decay) updates would remember the first weights through a short training. The paper
    does not say; docs/decisions/0019.

    Args:
        num_updates: n, updates made before this one.
        ema_decay: The decay it rises to.
    """
    return min(ema_decay, (1 + num_updates) / (10 + num_updates))


def start_ema(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the state of a network: parameters and buffers."""
    return {key: tensor.detach().clone() for key, tensor in module.state_dict().items()}


@torch.no_grad()
def update_ema(ema: dict[str, Tensor], module: nn.Module, decay: float) -> None:
    """Move an average towards a network in place: ema <- decay * ema + (1 - decay) * module.

    Args:
        ema: See `start_ema`. Integer buffers, such as a count of batches, are copied.
        module: The network in training.
        decay: In [0, 1).
    """
    state = module.state_dict()
    averaged = [key for key, tensor in ema.items() if tensor.is_floating_point()]
    # The batched call that the optimisers use: one launch on a GPU, not one a tensor.
    torch._foreach_lerp_(
        [ema[key] for key in averaged], [state[key] for key in averaged], 1 - decay
    )
    for key, tensor in ema.items():
        if not tensor.is_floating_point():
            tensor.copy_(state[key])
