"""Several processes that train one network: those that torchrun starts, or this one alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor

from idfsr.models.device import pick_device


@contextmanager
def joined_processes() -> Iterator[torch.device]:
    """Join the other processes of torchrun, if it started this one.

    Yields:
        The device of this process: a GPU of its own where there are some.
    """
    if "LOCAL_RANK" not in os.environ:
        yield pick_device()
        return
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("nccl")
    else:
        device = torch.device("cpu")
        dist.init_process_group("gloo")
    try:
        yield device
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """Return the number of this process; 0 writes the files."""
    return dist.get_rank() if dist.is_initialized() else 0


def num_processes() -> int:
    """Return how many there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def num_local_processes() -> int:
    """Return how many of them torchrun started on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def sum_over_processes(values: Float[Tensor, "N"]) -> Float[Tensor, "N"]:
    """Return the sum of every process's values."""
    if dist.is_initialized():
        dist.all_reduce(values)
    return values


def wait_for_all() -> None:
    """Go on when every process is here."""
    if dist.is_initialized():
        dist.barrier()
