"""3 x 3 convolutions with a quarter of the multiplications, for a CPU.

Winograd's minimal filtering F(4 x 4, 3 x 3): Lavin and Gray (2016), section 4.3. An image is cut
into tiles of 6 x 6 pixels, four apart; tiles and kernels are transformed, multiplied place by place
(36 products of matrices over the channels), and transformed back to 4 x 4 pixels. It pays where
many channels meet few pixels. PyTorch has it for GPUs, where cuDNN picks it, and not for CPUs.
"""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

STEP: Final = 4
"""Pixels of the result that a tile gives, along each side."""
TILE: Final = 6

IMAGES_AT_ONCE: Final = 4
"""More of them no longer fit a CPU's cache, and take twice the time."""

INPUT: Final = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
KERNEL: Final = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
OUTPUT: Final = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
"""B^T, G and A^T of Lavin and Gray (2016), section 4.3."""


class WinogradConv2d(nn.Module):
    """A convolution of 3 x 3 with a border of one pixel of zeros."""

    input_transform: Tensor
    output_transform: Tensor
    kernel: Tensor
    bias: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        """Take over the weights of a convolution.

        Args:
            convolution: Of 3 x 3, stride 1, padding 1, one group, with a bias.
        """
        super().__init__()
        assert (convolution.kernel_size, convolution.padding) == ((3, 3), (1, 1))
        assert (convolution.stride, convolution.groups) == ((1, 1), 1)
        assert convolution.bias is not None
        transforms = [torch.tensor(matrix, dtype=torch.float64) for matrix in (INPUT, OUTPUT)]
        G = torch.tensor(KERNEL, dtype=torch.float64)
        weight = convolution.weight.detach()
        kernel = torch.einsum("ia,kcab,jb->ijck", G, weight.double(), G).flatten(0, 1)
        for name, matrix in zip(("input_transform", "output_transform"), transforms, strict=True):
            # of rows and columns at once
            self.register_buffer(name, torch.kron(matrix, matrix).to(weight.dtype))
        self.register_buffer("kernel", kernel.to(weight.dtype).contiguous())
        self.register_buffer("bias", convolution.bias.detach())

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K H W"]:
        """Convolve, a few images at a time."""
        return torch.cat([self._convolve(images) for images in torch.split(x, IMAGES_AT_ONCE)])

    def _convolve(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K H W"]:
        num_images, channels, height, width = x.shape
        rows, columns = -(-height // STEP), -(-width // STEP)
        bottom, right = STEP * rows + 1 - height, STEP * columns + 1 - width
        padded = functional.pad(x.permute(0, 2, 3, 1), (0, 0, 1, right, 1, bottom))
        tiles = torch.stack(
            [
                padded[:, i : i + STEP * rows : STEP, j : j + STEP * columns : STEP]
                for i in range(TILE)
                for j in range(TILE)
            ]
        )  # 36 x B x rows x columns x C
        transformed = (self.input_transform @ tiles.flatten(1)).view(TILE**2, -1, channels)
        products = transformed @ self.kernel  # Eq. 12
        result = (self.output_transform @ products.flatten(1)).view(
            STEP, STEP, num_images, rows, columns, -1
        )
        image = result.permute(2, 3, 0, 4, 1, 5).reshape(
            num_images, STEP * rows, STEP * columns, -1
        )
        return (image[:, :height, :width] + self.bias).permute(0, 3, 1, 2)
