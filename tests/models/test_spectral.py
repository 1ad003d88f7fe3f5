import pytest
import torch
from torch import nn
from torch.nn import functional

from idfsr.models.spectral import (
    DilatedViews,
    Residuals,
    conv_pair,
    fold_spectral_norm,
    settle_spectral_norm,
    spectral_conv,
)


def settled(module: nn.Module) -> nn.Module:
    """Let the power iterations of training find the norms."""
    for _ in range(200):
        module(torch.zeros(1, 3, 8, 8))
    return module.eval()


def test_convolution_has_norm_one() -> None:
    convolution = settled(spectral_conv(3, 5, stride=2))
    convolution(torch.zeros(1, 3, 8, 8))
    assert convolution.state_dict().keys() == {"weight_orig", "weight_u", "weight_v", "bias"}
    norm = torch.linalg.matrix_norm(convolution.weight.flatten(1), 2)
    torch.testing.assert_close(norm, torch.tensor(1.0), rtol=1e-4, atol=0)


def test_folding_changes_names_and_not_results() -> None:
    pair = settled(conv_pair(3, 4, dilations=(3, 2)))
    x = torch.randn(2, 3, 9, 7)
    before = pair(x)
    fold_spectral_norm(pair)
    assert pair.state_dict().keys() == {"0.weight", "0.bias", "2.weight", "2.bias"}
    torch.testing.assert_close(pair(x), before)
    assert before.shape == (2, 4, 9, 7)


def test_pairs_are_added_one_after_the_other() -> None:
    blocks = settled(Residuals(3, {"a": (1, 1), "b": (2, 1)}, activated=True))
    x = torch.randn(1, 3, 6, 6)
    wanted = x
    for first, _, second, _ in (blocks.get_submodule("a"), blocks.get_submodule("b")):
        hidden = functional.leaky_relu(first(wanted), 0.2)
        wanted = wanted + functional.leaky_relu(second(hidden), 0.2)
    torch.testing.assert_close(blocks(x), wanted)


def test_views_are_merged_from_the_widest_to_the_narrowest() -> None:
    seen = []

    def make_view(dilation: int) -> nn.Module:
        seen.append(dilation)
        return nn.Conv2d(1, 1, 1, bias=False)

    views = DilatedViews(make_view, nn.Conv2d(4, 1, 1, bias=False))
    assert seen == [4, 3, 2, 1]
    with torch.no_grad():
        for index, view in enumerate((views.conv1, views.conv2, views.conv3, views.conv4)):
            view.weight.fill_(index)
        views.convi.weight.copy_(torch.tensor([1.0, 10.0, 100.0, 1000.0]).reshape(1, 4, 1, 1))
        assert views(torch.ones(1, 1, 1, 1)).item() == 1 + 10 + 200 + 3000


def test_settled_vectors_give_the_spectral_norm() -> None:
    torch.manual_seed(0)
    convolution = spectral_conv(3, 5).eval()
    with torch.no_grad():
        convolution.weight_u.mul_(0.3)  # as an average over steps
    settle_spectral_norm(convolution)
    convolution(torch.zeros(1, 3, 4, 4))  # evaluation divides by the norm
    weight = convolution.weight.detach().flatten(1)
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, rel=1e-4)
