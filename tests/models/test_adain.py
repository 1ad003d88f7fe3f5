import torch

from idfsr.models.adain import match_statistics


def test_each_channel_gets_mean_and_unbiased_spread_of_the_style() -> None:
    content = torch.randn(2, 3, 5, 4)
    style = 3 * torch.randn(2, 3, 6, 7) + torch.arange(3.0)[:, None, None]
    matched = match_statistics(content, style)
    torch.testing.assert_close(matched.mean((2, 3)), style.mean((2, 3)))
    torch.testing.assert_close(matched.std((2, 3)), style.std((2, 3)), rtol=1e-4, atol=0)


def test_flat_channels_become_the_mean() -> None:
    style = torch.randn(1, 1, 4, 4)
    matched = match_statistics(torch.ones(1, 1, 2, 2), style)
    torch.testing.assert_close(matched, style.mean().expand(1, 1, 2, 2))
