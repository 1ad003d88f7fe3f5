"""Cutting the batch of a step into slices: for the processes of torchrun, and for their memory.

A step is the same however it is cut, but for the rounding of sums and for dropout: random numbers
are drawn for the whole batch everywhere, and each slice takes its own.
"""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Shaped
from torch import Tensor

from idfsr.errors import IdfsrError


class BatchSlice(NamedTuple):
    """Images `start` to `stop` - 1 of a batch of `total`."""

    start: int
    stop: int
    total: int

    @property
    def share(self) -> float:
        """Of the batch."""
        return (self.stop - self.start) / self.total

    def draw(self, generate: Callable[[int], Tensor]) -> Shaped[Tensor, "B *shape"]:
        """Return the rows of this slice of what is drawn for the whole batch.

        Args:
            generate: Number of images -> random numbers of each.
        """
        return generate(self.total)[self.start : self.stop]


def own_slices(
    batch_size: int, micro_batch_size: int, rank: int, num_processes: int
) -> tuple[BatchSlice, ...]:
    """Return the slices that one of several processes takes, one after the other.

    Args:
        batch_size: Of all processes together.
        micro_batch_size: Most images of a slice; 0 leaves a process's share whole.
        rank: Of this process.
        num_processes: How many share the batch.

    Raises:
        IdfsrError: The batch cannot be shared equally.
    """
    if batch_size % num_processes:
        message = f"batch_size: found {batch_size}, wanted a multiple of {num_processes} processes"
        raise IdfsrError(message)
    share = batch_size // num_processes
    size = micro_batch_size or share
    first, last = rank * share, (rank + 1) * share
    return tuple(
        BatchSlice(start, min(start + size, last), batch_size) for start in range(first, last, size)
    )
