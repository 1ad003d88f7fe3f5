"""Random numbers that belong to an image, not to a batch."""

import hashlib
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

DrawNoise = Callable[[], Tensor]
"""Gives standard normal noise of the shape of the images, another at each call."""


class NoiseStream:
    """Standard normal noise for a batch, drawn again and again, a generator an image.

    What an image gets depends on its key, the seed and how often was drawn, not on the batch that
    it is in.
    """

    def __init__(
        self,
        keys: Sequence[str],
        seed: int,
        shape: tuple[int, int, int],
        device: torch.device | str = "cpu",
    ) -> None:
        """Prepare to draw.

        Args:
            keys: What names each image, e.g. "00082/3/x16".
            seed: Of the run.
            shape: (channels, height, width).
            device: Where the noise is wanted; it is drawn on the CPU and the same everywhere.
        """
        self._shape = shape
        self._device = device
        self._generators = []
        for key in keys:
            digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
            state = int.from_bytes(digest[:8]) >> 1
            self._generators.append(torch.Generator().manual_seed(state))

    def __call__(self) -> Float[Tensor, "B C H W"]:
        """Draw for all images."""
        images = [torch.randn(self._shape, generator=each) for each in self._generators]
        return torch.stack(images).to(self._device)
