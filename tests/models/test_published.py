from pathlib import Path

import pytest
import torch
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.models.published import load_network, load_published, save_network
from idfsr.models.rrdb import RestorerConfig, TimedRestorer


def make_network() -> nn.Module:
    network = nn.Module()
    network.conv = nn.Conv2d(2, 3, 1)
    return network


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapper", ["state_dict", "params_ema", "params", ""])
def test_wrappers_and_prefixes_are_taken_off(tmp_path: Path, prefix: str, wrapper: str) -> None:
    published = make_network()
    state = {prefix + name: tensor for name, tensor in published.state_dict().items()}
    state |= {prefix + "conv.mask": torch.zeros(1), "step_counter": torch.zeros(1)}
    torch.save({wrapper: state, "meta": {"epoch": 3}} if wrapper else state, tmp_path / "n")
    network = load_published(make_network(), tmp_path / "n", "a toy", derived=("mask",))
    for name, tensor in published.state_dict().items():
        assert torch.equal(network.state_dict()[name].cpu(), tensor)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"conv.weight": torch.zeros(3, 2, 1, 1)}, "n: a toy: .* 1 missing such as conv.bias"),
        (
            {"conv.weight": torch.zeros(3, 2, 1, 1), "conv.bias": torch.zeros(4)},
            r"conv.bias has shape \(4,\), wanted \(3,\)",
        ),
        (
            {
                "conv.weight": torch.zeros(3, 2, 1, 1),
                "conv.bias": torch.zeros(3),
                "conv.more": torch.zeros(1),
            },
            "1 unexpected such as conv.more",
        ),
        ([torch.zeros(1)], "n: found list, wanted a toy"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: object, words: str) -> None:
    torch.save(content, tmp_path / "n")
    with pytest.raises(IdfsrError, match=words):
        load_published(make_network(), tmp_path / "n", "a toy")


def test_tensors_of_the_network_itself_are_wanted_too(tmp_path: Path) -> None:
    published, network = make_network(), make_network()
    for module in (published, network):
        module.register_buffer("memory", torch.randn(2))
    torch.save(published.state_dict(), tmp_path / "n")
    assert torch.equal(load_published(network, tmp_path / "n", "a toy").memory, published.memory)
    torch.save(make_network().state_dict(), tmp_path / "n")
    with pytest.raises(IdfsrError, match="1 missing such as memory"):
        load_published(network, tmp_path / "n", "a toy")


SMALL = RestorerConfig(channels=4, growth=4, num_blocks=1)


def test_our_files_bring_their_sizes(tmp_path: Path) -> None:
    saved = TimedRestorer(SMALL)
    save_network(tmp_path / "n.safetensors", saved, SMALL)
    network = load_network(TimedRestorer, RestorerConfig(), tmp_path / "n.safetensors", "a toy")
    for name, tensor in saved.state_dict().items():
        assert torch.equal(network.state_dict()[name].cpu(), tensor)
    assert not network.training
    with pytest.raises(IdfsrError, match=r"n.safetensors: metadata found: TimedRestorer; wanted"):
        load_network(nn.Linear, 3, tmp_path / "n.safetensors", "a toy")


def test_published_files_have_the_published_sizes(tmp_path: Path) -> None:
    published = TimedRestorer(SMALL)
    torch.save(published.state_dict(), tmp_path / "n.pth")
    network = load_network(TimedRestorer, SMALL, tmp_path / "n.pth", "a toy")
    assert torch.equal(network.time_embed[0].bias.cpu(), published.time_embed[0].bias)
    with pytest.raises(IdfsrError, match="a toy: tensors of another network"):
        load_network(TimedRestorer, RestorerConfig(), tmp_path / "n.pth", "a toy")


@pytest.mark.parametrize("more", [[], [nn.GroupNorm(1, 3)], [nn.InstanceNorm2d(3)]])
def test_channels_come_last_where_nothing_normalises_them(
    tmp_path: Path, more: list[nn.Module]
) -> None:
    network = nn.Sequential(nn.Conv2d(2, 3, 3), *more)
    torch.save(network.state_dict(), tmp_path / "n")
    convolution = load_published(network, tmp_path / "n", "a toy")[0]
    memory_format = torch.contiguous_format if more else torch.channels_last
    assert convolution.weight.is_contiguous(memory_format=memory_format)
