"""Convolutions of 3 x 3 pixels with a quarter of the multiplications, for sampling on a CPU.

Winograd's minimal filtering F(4 x 4, 3 x 3) (Lavin & Gray 2016): each tile of 6 x 6 pixels, which
overlap by two, is mapped to 36 other numbers a channel; these are multiplied by as many of the
kernel and summed over the channels; the sums are mapped to 4 x 4 pixels. The maps are linear, and
act on rows and columns one after the other. In exact arithmetic the result is that of the
convolution; in float32 the rounding errors are some four times as large.

The work goes from stripe to stripe of the image, so that what lies between the maps stays in the
processor's cache.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.blocks import AnyModule

TILE = 4
"""Side of a tile of the result in pixels; the tile it is made of has two more."""
POINTS = (0, 3 / 4, -3 / 4, 3 / 2, -3 / 2)
"""Where the maps evaluate polynomials, beside infinity. With Lavin & Gray's 0, 1, -1, 2, -2 the
rounding errors are twice as large, and the largest ones five times."""
MIN_CHANNELS = 128
"""Below, the maps take what the multiplications spare."""
MIN_TILES = 16
"""Below, reading the 36 matrices of the kernel takes what the multiplications spare."""
TILES_AT_ONCE = 128
"""Of one row or several. A sixth of their numbers, with 128 channels, is 400 KB."""


def _powers(num: int) -> Float64[Tensor, "6 n"]:
    """Return 1, p, p^2, ... of each point; at infinity only the highest power counts."""
    return torch.from_numpy(np.vstack([np.vander(POINTS, num, increasing=True), np.eye(num)[-1]]))


KERNEL_MAP = _powers(3)
INPUT_MAP = torch.linalg.inv(_powers(TILE + 2)).T.float().contiguous()
OUTPUT_MAP = _powers(TILE).T.float().contiguous()
"""G, B^T and A^T of Lavin & Gray (2016), section 4, for these points."""


class WinogradConv2d(nn.Conv2d):
    """A convolution of 3 x 3 pixels, stride 1 and padding 1, whose weights do not change any more.

    Where a gradient is wanted, there are few tiles, or the image is not in float32 on a CPU, it is
    the ordinary convolution.

    Args:
        convolution: Whose weights it shares.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__(
            convolution.in_channels, convolution.out_channels, 3, padding=1, device="meta"
        )
        self.weight, self.bias = convolution.weight, convolution.bias
        self._kernel: Float[Tensor, "6 6 C D"] | None = None

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D H W"]:
        """Convolve."""
        num, _, height, width = x.shape
        bottom, right = -height % TILE, -width % TILE
        if (
            torch.is_grad_enabled()
            or num * (height + bottom) * (width + right) < MIN_TILES * TILE**2
            or x.dtype != torch.float32
            or x.device.type != "cpu"
        ):
            return super().forward(x)
        if self._kernel is None:
            self._kernel = map_kernel(self.weight)
        assert self.bias is not None
        whole = functional.pad(x, (0, right, 0, bottom)) if bottom or right else x
        return convolve(whole, self._kernel, self.bias)[..., :height, :width]


def map_kernel(weight: Float[Tensor, "D C 3 3"]) -> Float[Tensor, "6 6 C D"]:
    """Return the matrices of a kernel (Lavin & Gray 2016, Eq. 8: G g G^T), row by row."""
    mapped = torch.einsum("iy,jx,dcyx->ijcd", KERNEL_MAP, KERNEL_MAP, weight.double())
    return mapped.float().contiguous()


def convolve(
    x: Float[Tensor, "B C H W"], kernel: Float[Tensor, "6 6 C D"], bias: Float[Tensor, "D"]
) -> Float[Tensor, "B D H W"]:
    """Convolve images whose sides are multiples of `TILE`; the result has channels last.

    Args:
        x: In float32.
        kernel: See `map_kernel`.
        bias: Is added.
    """
    num, in_channels, height, width = x.shape
    out_channels, side = len(bias), TILE + 2
    down, across = height // TILE, width // TILE
    stripes = num * down
    at_once = min(max(1, TILES_AT_ONCE // across), stripes)
    rows = x.permute(0, 2, 3, 1).reshape(num * height, width * in_channels)
    y = x.new_empty(stripes, TILE, across, TILE, out_channels)

    line = (width + 2) * in_channels  # with a pixel of padding on either side, which stays 0
    by_row = x.new_zeros(at_once, side, line)
    columns = by_row.as_strided(
        (side, side, at_once, across, in_channels),
        (line, in_channels, side * line, TILE * in_channels, 1),
    )
    gathered = x.new_empty(columns.shape[1:])
    mapped = x.new_empty(side, at_once * across, in_channels)
    products = x.new_empty(side, at_once * across, out_channels)
    half = x.new_empty(side, TILE, at_once * across * out_channels)
    pixels = x.new_empty(TILE, TILE, at_once, across, out_channels)
    for start in range(0, stripes, at_once):
        first = min(start, stripes - at_once)
        for index, target in enumerate(by_row, first):
            # the padding above and below the image is left out of the sum
            above, below = int(index % down == 0), int(index % down == down - 1)
            top = TILE * index - 1
            torch.mm(
                INPUT_MAP[:, above : side - below],
                rows[top + above : top + side - below],
                out=target[:, in_channels:-in_channels],
            )
        for patch, matrices, target in zip(columns, kernel, half, strict=True):
            gathered.copy_(patch)
            torch.mm(INPUT_MAP, gathered.view(side, -1), out=mapped.view(side, -1))
            torch.bmm(mapped, matrices, out=products)
            torch.mm(OUTPUT_MAP, products.view(side, -1), out=target)
        torch.mm(OUTPUT_MAP, half.view(side, -1), out=pixels.view(TILE, -1))
        torch.add(pixels.permute(2, 0, 3, 1, 4), bias, out=y[first : first + at_once])
    return y.view(num, height, width, out_channels).permute(0, 3, 1, 2)


def is_wide(convolution: nn.Conv2d) -> bool:
    """Tell whether a convolution is one that `WinogradConv2d` can be, and is better as that."""
    return (
        convolution.kernel_size == (3, 3)
        and convolution.stride == convolution.padding == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.bias is not None
        and min(convolution.in_channels, convolution.out_channels) >= MIN_CHANNELS
    )


def speed_up(network: AnyModule) -> AnyModule:
    """Turn the wide convolutions of a network into those of this module, and return it.

    At the first image that is large enough a convolution makes its matrices, which take four times
    the memory of its weights: a gigabyte in DiffAE's network at 256 px.

    Args:
        network: Its weights do not change any more.
    """
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Conv2d and is_wide(child):
                setattr(module, name, WinogradConv2d(child))
    return network
