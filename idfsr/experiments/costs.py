"""What a method takes for one image: parameters, operations, time and memory."""

import gc
import resource
import time
from typing import Any, Final

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Restorer

NUM_TIMED: Final = 3
"""Restorations of which the fastest counts, after one that does not."""
FLOPS_PER_MAC: Final = 2
"""As `torch.utils.flop_counter` counts products of matrices and convolutions."""


def count_parameters() -> int:
    """Count the parameters of all networks that this process holds, each once."""
    # `isinstance` would ask objects that warn when they are asked
    networks = [found for found in gc.get_objects() if issubclass(type(found), nn.Module)]
    parameters = {id(p): p for network in networks for p in network.parameters()}
    return sum(p.numel() for p in parameters.values())


def _restore(restorer: Restorer, example: IdentityExamples) -> None:
    restorer.restore(restorer.examine(example)[0])
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure_cost(restorer: Restorer, example: IdentityExamples) -> dict[str, Any]:
    """Restore one image several times and measure it.

    Args:
        restorer: A method made ready; no other network is held by this process.
        example: The image.

    Returns:
        num_parameters; macs, of products of matrices and convolutions, as they are computed;
        seconds; memory_mb, the largest memory of the process, or of the GPU where there is one,
        and device, "cpu" or the name of the GPU.
    """
    _restore(restorer, example)
    with FlopCounterMode(display=False) as counter:
        _restore(restorer, example)
    seconds = []
    for _ in range(NUM_TIMED):
        begin = time.perf_counter()
        _restore(restorer, example)
        seconds.append(time.perf_counter() - begin)
    on_gpu = torch.cuda.is_available()
    kilobytes = (
        torch.cuda.max_memory_allocated() / 1024
        if on_gpu
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    )
    return {
        "num_parameters": count_parameters(),
        "macs": counter.get_total_flops() // FLOPS_PER_MAC,
        "seconds": min(seconds),
        "memory_mb": round(kilobytes / 1024),
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
    }
