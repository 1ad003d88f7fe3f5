import pytest
import torch
from torch import nn
from torch.nn import functional

from idfsr.errors import IdfsrError
from idfsr.models.blocks import (
    Attention,
    Condition,
    GroupNorm,
    IdAttention,
    PlainResBlock,
    ResBlock,
    resample,
    silu,
    unmoved_group_norm,
)

from .golden_values import fill_by_name


def make_condition(num_tokens: int = 3) -> Condition:
    return Condition(torch.randn(2, 6), torch.randn(2, 5), torch.randn(2, num_tokens, 6))


@pytest.mark.parametrize(
    ("channels", "num_groups"),
    [(512, 32), (384, 32), (128, 32), (96, 24), (48, 12), (32, 8), (144, 24), (3, 1)],
)
def test_group_norm_has_32_groups_or_groups_of_four(channels: int, num_groups: int) -> None:
    assert GroupNorm(channels).num_groups == num_groups


def test_group_norm_computes_in_float32() -> None:
    x = torch.randn(2, 8, 4, 4).to(torch.bfloat16) + 100
    norm = GroupNorm(8)
    expected = functional.group_norm(x.float(), 2).to(torch.bfloat16)
    found = norm(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 8, 5, 4), (3, 8, 7), (1, 384, 6, 6)])
def test_unmoved_group_norm_is_group_norm(shape: tuple[int, ...]) -> None:
    x = (torch.randn(shape) * 3 + 20).requires_grad_()
    x_last = x.detach().movedim(1, -1).contiguous().movedim(-1, 1).requires_grad_()
    norm = GroupNorm(shape[1])
    fill_by_name(norm)
    wanted, found = nn.GroupNorm.forward(norm, x), unmoved_group_norm(x_last, norm)
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-5)
    assert found.stride() == x_last.stride()
    direction = torch.randn(shape)
    torch.autograd.backward([wanted, found], [direction, direction])
    torch.testing.assert_close(x_last.grad, x.grad, rtol=0, atol=2e-5)


def test_resample_means_and_repeats() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert resample(x, "down").tolist() == [[[[3.0]]]]
    assert resample(x, "up")[0, 0].tolist() == [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 6, 6],
        [3, 3, 6, 6],
    ]
    assert resample(x, "none") is x


def test_plain_block_is_one_convolution_after_the_norm() -> None:
    block = PlainResBlock(8, 12, "down")
    fill_by_name(block)
    x = torch.randn(2, 8, 4, 4)
    norm, _, convolution = block.in_layers
    activated = functional.silu(functional.group_norm(x, 2, norm.weight, norm.bias))
    branch = functional.conv2d(
        functional.avg_pool2d(activated, 2), convolution.weight, convolution.bias, padding=1
    )
    skip = block.skip_connection(functional.avg_pool2d(x, 2))
    torch.testing.assert_close(block(x, None), skip + branch)


def test_adagn_is_time_then_style_each_with_one_plus() -> None:
    block = ResBlock(8, 8, "none", embed_channels=6, style_channels=5, dropout=0.5).eval()
    fill_by_name(block)
    x, condition = torch.randn(2, 8, 4, 4), make_condition()
    h = block.in_layers(x)
    norm, _, _, convolution = block.out_layers
    t_s, t_b = functional.linear(
        functional.silu(condition.e_t), block.emb_layers[1].weight, block.emb_layers[1].bias
    ).split(8, dim=1)
    z_s = functional.linear(
        functional.silu(condition.z_s),
        block.cond_emb_layers[1].weight,
        block.cond_emb_layers[1].bias,
    )
    h = functional.group_norm(h, 2, norm.weight, norm.bias)
    h = h * (1 + t_s[:, :, None, None]) + t_b[:, :, None, None]
    h = h * (1 + z_s[:, :, None, None])
    expected = x + convolution(functional.silu(h))
    torch.testing.assert_close(block(x, condition), expected)


def test_residual_block_starts_as_its_skip_path() -> None:
    block = ResBlock(8, 8, "up", embed_channels=6, style_channels=5, dropout=0.0)
    x = torch.randn(2, 8, 4, 4)
    assert torch.equal(block(x, make_condition()), resample(x, "up"))


def test_convention_heads_are_split_before_queries_keys_values() -> None:
    attention = Attention(8, 2)
    fill_by_name(attention)
    x = torch.randn(1, 8, 2, 3)
    qkv = attention.qkv(functional.group_norm(x, 2, attention.norm.weight, attention.norm.bias)
                        .flatten(2))[0]  # fmt: skip
    heads = []
    for rows in (qkv[:12], qkv[12:]):  # 2 heads of (4 q, 4 k, 4 v)
        query, key, value = rows[:4], rows[4:8], rows[8:]
        weights = (query.T @ key / 2).softmax(dim=1)  # sqrt of 4 channels
        heads.append((weights @ value.T).T)
    expected = x + attention.proj_out(torch.cat(heads)[None]).reshape(x.shape)
    torch.testing.assert_close(attention(x, None), expected)


def make_id_attention() -> IdAttention:
    return IdAttention(8, num_heads=1, token_channels=6, num_id_heads=2)


def test_id_attention_agrees_with_torchs_multi_head_attention() -> None:
    attention = make_id_attention()
    fill_by_name(attention)
    x, condition = torch.randn(2, 8, 3, 4), make_condition()
    after_self = Attention.forward(attention, x, condition)
    queries = functional.group_norm(
        after_self, 2, attention.id_norm.weight, attention.id_norm.bias
    ).flatten(2)
    assert condition.id_tokens is not None
    expected, _ = functional.multi_head_attention_forward(
        queries.permute(2, 0, 1),
        condition.id_tokens.transpose(0, 1),
        condition.id_tokens.transpose(0, 1),
        embed_dim_to_check=8,
        num_heads=2,
        in_proj_weight=None,
        in_proj_bias=torch.cat([attention.id_q.bias, attention.id_kv.bias]),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=attention.id_proj_out.weight,
        out_proj_bias=attention.id_proj_out.bias,
        use_separate_proj_weight=True,
        q_proj_weight=attention.id_q.weight,
        k_proj_weight=attention.id_kv.weight[:8],
        v_proj_weight=attention.id_kv.weight[8:],
    )
    torch.testing.assert_close(
        attention(x, condition), after_self + expected.permute(1, 2, 0).reshape(x.shape)
    )


def test_id_attention_starts_as_self_attention() -> None:
    attention = make_id_attention()
    torch.nn.init.normal_(attention.proj_out.weight)
    x, condition = torch.randn(2, 8, 3, 4), make_condition()
    plain = Attention.forward(attention, x, condition)
    assert not torch.equal(plain, x)
    assert torch.equal(attention(x, condition), plain)


def test_one_token_leaves_the_queries_without_gradient() -> None:
    """Why z_id becomes several tokens: the weights over a single key are always 1."""
    gradients = {}
    for num_tokens in (1, 4):
        attention = make_id_attention()
        fill_by_name(attention)
        attention(torch.randn(2, 8, 3, 4), make_condition(num_tokens)).square().sum().backward()
        assert attention.id_q.weight.grad is not None
        gradients[num_tokens] = attention.id_q.weight.grad.abs().max().item()
    assert gradients[1] < 1e-4
    assert gradients[4] > 1e-1


@pytest.mark.parametrize("name", ["num_heads", "num_id_heads"])
def test_heads_divide_the_channels(name: str) -> None:
    heads = {"num_heads": 2, "num_id_heads": 2, name: 3}
    with pytest.raises(IdfsrError, match=rf"model\.{name}: found 3, wanted a divisor of 8"):
        IdAttention(8, token_channels=6, **heads)


def test_silu_works_in_place_without_gradients_alone() -> None:
    x = torch.randn(3)
    kept, wanted = x.clone(), torch.nn.functional.silu(x)
    torch.testing.assert_close(silu(x), wanted, rtol=0, atol=0)
    assert torch.equal(x, kept)
    with torch.no_grad():
        assert silu(x).data_ptr() == x.data_ptr()
    assert torch.equal(x, wanted)


@pytest.mark.parametrize("out_channels", [16, 24])
def test_residual_block_without_gradients_gives_the_same_and_leaves_what_it_got(
    out_channels: int,
) -> None:
    block = ResBlock(16, out_channels, "none", embed_channels=6, style_channels=5, dropout=0.0)
    fill_by_name(block)
    x, condition = torch.randn(2, 16, 8, 8), make_condition()
    kept = x.clone()
    wanted = block(x, condition)
    with torch.no_grad():
        torch.testing.assert_close(block(x, condition), wanted, rtol=0, atol=0)
    assert torch.equal(x, kept)
