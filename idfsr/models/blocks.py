"""Blocks of the guided-diffusion family: residual blocks with AdaGN, attention with an ID branch.

Every block takes `(x, condition)`, so that the U-Net and the style encoder run a list of them
without asking what each is. Names of sub-modules are those of the published checkpoints of DiffAE
(Preechakul et al. 2022) and, before it, guided-diffusion (Dhariwal & Nichol 2021).
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.errors import IdfsrError

MAX_NUM_GROUPS = 32
MIN_GROUP_SIZE = 4
"""Of a group normalisation. DiffAE's networks have 32 groups of 4 channels or more; narrower ones
keep the 4, for with a single channel a group forgets how strong the channel is. DifFace's prior has
32 groups of a single channel on top all the same."""

Resample = Literal["none", "down", "up"]
AnyModule = TypeVar("AnyModule", bound=nn.Module)


@dataclass(frozen=True)
class Condition:
    """What the blocks see beside the image."""

    e_t: Float[Tensor, "B E"]
    """Embedding of the timestep."""
    z_s: Float[Tensor, "B Z"] | None
    """Style embedding; absent in a U-Net without style."""
    id_tokens: Float[Tensor, "B K E"] | None
    """Projected ID embedding; absent in a U-Net without ID attention."""


def unmoved_group_norm(x: Float[Tensor, "B C *S"], norm: nn.GroupNorm) -> Float[Tensor, "B C *S"]:
    """Normalise over groups of channels without moving an image in memory.

    PyTorch copies images whose channels come last into the other order for this, on a GPU. Here
    mean and variance of a group are put together from those of its channels.

    Args:
        x: In float32.
        norm: Its groups, weight, bias and epsilon.
    """
    variances, means = (
        torch.unflatten(each, 1, (norm.num_groups, -1))
        for each in torch.var_mean(x, dim=tuple(range(2, x.ndim)), correction=0)
    )
    variance = variances.mean(2, keepdim=True) + means.var(2, correction=0, keepdim=True)
    weight, bias = (
        torch.unflatten(each, 0, (norm.num_groups, -1)) for each in (norm.weight, norm.bias)
    )
    scale = weight * torch.rsqrt(variance + norm.eps)
    shift = bias - means.mean(2, keepdim=True) * scale
    shape = (*x.shape[:2], *[1 for _ in x.shape[2:]])
    return torch.addcmul(shift.reshape(shape), x, scale.reshape(shape))


class GroupNorm(nn.GroupNorm):
    """Group normalisation in float32, whatever the precision around it."""

    def __init__(self, channels: int, min_group_size: int = MIN_GROUP_SIZE) -> None:
        most = max(1, min(MAX_NUM_GROUPS, channels // min_group_size))
        num_groups = next(count for count in range(most, 0, -1) if channels % count == 0)
        super().__init__(num_groups, channels)

    def forward(self, x: Float[Tensor, "B C *S"]) -> Float[Tensor, "B C *S"]:
        """Normalise over groups of channels."""
        full = x.float()
        found = unmoved_group_norm(full, self) if x.is_cuda else super().forward(full)
        return found.to(x.dtype)


def silu(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
    """Apply SiLU (Hendrycks & Gimpel 2016) to what nobody else reads.

    In place where no gradient is wanted, which takes a third of the time.
    """
    return functional.silu(x, inplace=not torch.is_grad_enabled())


def spare(x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"] | None:
    """Return the memory of what nobody else reads, to put a result of that shape there.

    None where a gradient is wanted. At 256 px new memory takes longer than the sum that goes there.
    """
    return None if torch.is_grad_enabled() else x


class SiLU(nn.Module):
    """`silu` as a layer."""

    def forward(self, x: Float[Tensor, "*S"]) -> Float[Tensor, "*S"]:
        """Apply it."""
        return silu(x)


def zeroed(module: AnyModule) -> AnyModule:
    """Set all parameters to 0, so that a residual branch starts as nothing."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def resample(x: Float[Tensor, "B C H W"], direction: Resample) -> Float[Tensor, "B C h w"]:
    """Halve by the mean of 2 x 2 pixels, double by repeating them, or leave the size."""
    if direction == "down":
        return functional.avg_pool2d(x, 2)
    if direction == "up":
        return functional.interpolate(x, scale_factor=2, mode="nearest")
    return x


class PlainResBlock(nn.Module):
    """Residual block of one convolution and no condition: that of DiffAE's semantic encoder.

    Resampling stands between the activation and the convolution, and on the skip path.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        direction: Resample,
        min_group_size: int = MIN_GROUP_SIZE,
    ) -> None:
        super().__init__()
        self.direction: Resample = direction
        self.in_layers = nn.Sequential(
            GroupNorm(in_channels, min_group_size),
            SiLU(),
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
        )
        self.skip_connection: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.skip_connection = nn.Conv2d(in_channels, out_channels, 1)

    def forward(
        self, x: Float[Tensor, "B C H W"], condition: Condition | None
    ) -> Float[Tensor, "B D h w"]:
        """Normalise, convolve, go on with `residual`, add the skip path."""
        norm, activation, convolution = self.in_layers
        h = convolution(resample(activation(norm(x)), self.direction))
        skip: Tensor = self.skip_connection(resample(x, self.direction))
        residual = self.residual(h, condition)
        return torch.add(skip, residual, out=spare(residual))

    def residual(
        self, h: Float[Tensor, "B D h w"], condition: Condition | None
    ) -> Float[Tensor, "B D h w"]:
        """Go on from the first convolution; nothing is left to do here."""
        assert condition is None
        return h


class ResBlock(PlainResBlock):
    """Residual block of two convolutions with adaptive group normalisation between them.

    IDFSR, Eqs. 2 and 3: time gives a scale and a bias, the style a second scale. Eq. 2 multiplies
    by t_s and z_s themselves; the published weights of DiffAE, which the training starts from, need
    1 + t_s and 1 + z_s (and Eq. 2 would start at 0 for a projection near 0), so both are here.
    With 0 style channels there is time alone, as in guided-diffusion.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        direction: Resample,
        embed_channels: int,
        style_channels: int,
        dropout: float,
        min_group_size: int = MIN_GROUP_SIZE,
    ) -> None:
        super().__init__(in_channels, out_channels, direction, min_group_size)
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embed_channels, 2 * out_channels))
        self.cond_emb_layers: nn.Sequential | None = None
        if style_channels:
            self.cond_emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(style_channels, out_channels))
        self.out_layers = nn.Sequential(
            GroupNorm(out_channels, min_group_size),
            SiLU(),
            nn.Dropout(dropout),
            zeroed(nn.Conv2d(out_channels, out_channels, 3, padding=1)),
        )

    def residual(
        self, h: Float[Tensor, "B D h w"], condition: Condition | None
    ) -> Float[Tensor, "B D h w"]:
        """Normalise, modulate by time and style, convolve again."""
        assert condition is not None
        norm, activation, dropout, convolution = self.out_layers
        t_s, t_b = self.emb_layers(condition.e_t).chunk(2, dim=1)
        scale, bias = 1 + t_s, t_b
        if self.cond_emb_layers is not None:
            # ((1 + t_s) h + t_b) (1 + z_s), the factors of a channel multiplied before the image
            z_s = self.cond_emb_layers(condition.z_s)
            scale, bias = scale * (1 + z_s), bias * (1 + z_s)
        h = norm(h)
        modulated = torch.addcmul(bias[:, :, None, None], h, scale[:, :, None, None], out=spare(h))
        out: Tensor = convolution(dropout(activation(modulated)))
        return out


class Downsample(nn.Module):
    """A convolution that halves the size (Dhariwal & Nichol 2021, without BigGAN's blocks)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(
        self,
        x: Float[Tensor, "B C H W"],
        condition: Condition | None,  # noqa: ARG002 - every block takes it
    ) -> Float[Tensor, "B C h w"]:
        """Halve the size."""
        halved: Tensor = self.op(x)
        return halved


class Upsample(nn.Module):
    """A convolution after each pixel is repeated: the counterpart of `Downsample`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(
        self,
        x: Float[Tensor, "B C H W"],
        condition: Condition | None,  # noqa: ARG002 - every block takes it
    ) -> Float[Tensor, "B C h w"]:
        """Double the size."""
        doubled: Tensor = self.conv(resample(x, "up"))
        return doubled


class Blocks(nn.ModuleList):
    """Blocks that run one after the other under the same condition."""

    def forward(
        self, x: Float[Tensor, "B C H W"], condition: Condition | None
    ) -> Float[Tensor, "B D h w"]:
        """Run the blocks."""
        for block in self:
            x = block(x, condition)
        return x


def attend(
    queries: Float[Tensor, "B H N D"],
    keys: Float[Tensor, "B H K D"],
    values: Float[Tensor, "B H K D"],
) -> Float[Tensor, "B N C"]:
    """Attend in every head and put the heads side by side (Vaswani et al. 2017, Eq. 1)."""
    return functional.scaled_dot_product_attention(queries, keys, values).transpose(1, 2).flatten(2)


def to_tokens(x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B N C"]:
    """List the pixels row by row; a view where channels come last in memory."""
    return x.flatten(2).transpose(1, 2)


def to_image(
    tokens: Float[Tensor, "B N C"], like: Float[Tensor, "B C H W"]
) -> Float[Tensor, "B C H W"]:
    """Put listed pixels back into the rows of an image."""
    return tokens.transpose(1, 2).reshape(like.shape)


class Attention(nn.Module):
    """Self-attention over the pixels."""

    def __init__(self, channels: int, num_heads: int, min_group_size: int = MIN_GROUP_SIZE) -> None:
        super().__init__()
        _check_heads(channels, num_heads, "model.num_heads")
        self.num_heads = num_heads
        self.norm = GroupNorm(channels, min_group_size)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = zeroed(nn.Conv1d(channels, channels, 1))

    def forward(
        self,
        x: Float[Tensor, "B C H W"],
        condition: Condition | None,  # noqa: ARG002 - every block takes it
    ) -> Float[Tensor, "B C H W"]:
        """Attend and add."""
        # convolutions of width 1 in the checkpoints; applied as linear layers, they need no copy
        tokens = to_tokens(self.norm(x))
        qkv = functional.linear(tokens, self.qkv.weight[..., 0], self.qkv.bias)
        # heads are split before queries, keys and values (guided-diffusion's legacy order)
        heads = torch.unflatten(qkv, 2, (self.num_heads, 3, -1)).transpose(1, 2)
        attended = attend(*heads.unbind(3))
        return x + to_image(
            functional.linear(attended, self.proj_out.weight[..., 0], self.proj_out.bias), x
        )


class IdAttention(Attention):
    """Self-attention, then cross-attention from the pixels to the ID tokens (IDFSR, Fig. 2).

    The paper does not say where it stands: here after the self-attention's residual, with a
    normalisation of its own (docs/decisions/0003). The last projection starts at 0, so that at
    first nothing changes.
    """

    def __init__(
        self, channels: int, num_heads: int, token_channels: int, num_id_heads: int
    ) -> None:
        super().__init__(channels, num_heads)
        _check_heads(channels, num_id_heads, "model.num_id_heads")
        self.num_id_heads = num_id_heads
        self.id_norm = GroupNorm(channels)
        self.id_q = nn.Linear(channels, channels)
        self.id_kv = nn.Linear(token_channels, 2 * channels)
        self.id_proj_out = zeroed(nn.Linear(channels, channels))

    def forward(
        self, x: Float[Tensor, "B C H W"], condition: Condition | None
    ) -> Float[Tensor, "B C H W"]:
        """Attend to the pixels and add, attend to the ID tokens and add."""
        assert condition is not None
        assert condition.id_tokens is not None
        x = super().forward(x, condition)
        queries = self.id_q(to_tokens(self.id_norm(x)))
        queries = queries.unflatten(2, (self.num_id_heads, -1)).transpose(1, 2)
        keys_values = self.id_kv(condition.id_tokens).unflatten(2, (2, self.num_id_heads, -1))
        keys, values = keys_values.transpose(1, 3).unbind(2)
        return x + to_image(self.id_proj_out(attend(queries, keys, values)), x)


def _check_heads(channels: int, num_heads: int, name: str) -> None:
    if channels % num_heads:
        message = f"{name}: found {num_heads}, wanted a divisor of {channels} channels"
        raise IdfsrError(message)
